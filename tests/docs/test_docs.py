"""The documents are right: commands exist, the plugin and the library example work, and the table of components is complete."""

import json
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import click
import pytest

from landscape.cli.app import landscape
from landscape.core import strict_yaml
from landscape.inventory import components
from landscape.space.space import Space

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("results/*.md"), *ROOT.glob("reports/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text, language):
    """Return the code blocks of one language."""
    return [textwrap.dedent(b) for b in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)]


def shell_lines(path):
    for block in blocks(path.read_text(encoding="utf-8"), "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if command := line.partition("#")[0].strip():
                yield re.sub(r"^([A-Z_]+=\S+ +)+", "", command)


def lines_of(*programs):
    return sorted({line for path in DOCUMENTS for line in shell_lines(path) if line.split()[0].split("/")[-1] in programs})


def make_targets():
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def make_variables():
    return set(re.findall(r"^([A-Z_]+) \?=", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)) | {"PYTHON"}


@pytest.mark.parametrize("line", lines_of("make"))
def test_make_lines(line):
    words = shlex.split(line)[1:]
    assert {w for w in words if "=" not in w} <= make_targets()
    assert {w.partition("=")[0] for w in words if "=" in w} <= make_variables()


@pytest.mark.parametrize("line", lines_of("landscape"))
def test_landscape_lines(line):
    command, context, arguments = landscape, click.Context(landscape, info_name="landscape"), shlex.split(line)[1:]
    if arguments in (["--help"], ["--version"]):
        return
    while isinstance(command, click.Group):
        _, command, arguments = command.resolve_command(context, arguments)
        context = click.Context(command, parent=context)
    _, rest, _ = command.make_parser(context).parse_args(list(arguments))
    assert rest == []


def test_the_first_two_commands_come_first():
    first = blocks(README, "sh")[0].splitlines()
    assert [line.split()[:2] for line in first] == [["make", "sweep"], ["make", "test"]]
    assert README.index("make sweep") < 1500


@pytest.fixture
def plugin(tmp_path):
    source = next(b for b in blocks(README, "python") if b.startswith("# my_loss.py"))
    body = [line for line in source.splitlines() if line.strip() and not line.startswith("#")]
    assert len(body) < 10
    path = tmp_path / "my_loss.py"
    path.write_text(source)
    return path


def test_the_loss_of_the_readme_trains(plugin, tmp_path):
    arguments = ["train", "--plugin", plugin, "--loss", "tempered:temperature=3", "--architecture", "mlp", "--steps", "5"]
    code = "import sys\nfrom landscape.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *map(str, arguments), "--protocol", "none", "--out", str(tmp_path / "trial")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "completed" in run.stdout


def test_the_study_of_the_readme_compares_that_loss(plugin, tmp_path):
    study = next(b for b in blocks(README, "yaml") if b.startswith("# my_study.yaml"))
    (tmp_path / "my_study.yaml").write_text(study)
    code = """
import sys
from landscape.core import registry
from landscape.space import study_files
registry.load_plugin(__import__("pathlib").Path(sys.argv[1]))
study = study_files.load_space("my_study.yaml")
print(*(cell.id for cell in study.cells()), sep="\\n")
"""
    run = subprocess.run([sys.executable, "-c", code, str(plugin)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    cells = run.stdout.splitlines()
    assert len(cells) == 6
    assert sum("tempered" in cell for cell in cells) == 2


def test_the_study_of_the_page_on_studies_is_one():
    text = blocks((ROOT / "docs" / "studies.md").read_text(encoding="utf-8"), "yaml")[0]
    document = strict_yaml.parse(text, "studies.md")
    study = Space.parse(document.data, document=document)
    assert len(study.cells()) == 12
    kept = Space.model_fields
    said = {"seeds", "seed", "limits", "confirmation"}
    assert {name: getattr(study, name) for name in said} == {name: kept[name].default for name in said}
    assert set(document.data) | {"claims"} == set(kept), "claims have an example of their own further down the page"


def test_the_architecture_of_contributing_trains():
    source = next(b for b in blocks((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), "python") if "def tiny" in b)
    imports = """
from math import prod
from torch import nn
import landscape
from landscape.components.architectures import ARCHITECTURES, Discriminator, Generator, Networks
from landscape.components.normalizations import Normalization
from landscape.core.registry import PositiveInt
"""
    use = """
fields = {"dataset": "digits", "architecture": "tiny", "loss": "hinge", "d_normalization": "spectral", "budget": {"amount": 4}, "batch_size": 8}
landscape.build(fields | {"regularizers": [{"packing": {"degree": 2}}]}).run_rounds(2)
"""
    run = subprocess.run([sys.executable, "-c", imports + source + use], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_library_example_runs(tmp_path):
    source = next(b for b in blocks(README, "python") if b.startswith("import landscape"))
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "completed" in run.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def listed():
    """Every kind with its entries, as `landscape list` prints them."""
    # This runs in a process of its own, because other tests of this one may have loaded plugins.
    run = subprocess.run([sys.executable, "-m", "landscape", "list", "--json"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("kind", [k for k in components.CATALOG if k not in ("studies",)])
def test_the_table_of_components_is_complete(kind, listed):
    row = next(line for line in README.splitlines() if line.startswith(f"| {kind} |"))
    named = set(re.findall(r"`([^`]+)`", row))
    assert named == {entry["name"].replace("_", "-") if kind == "datasets" else entry["name"] for entry in listed[kind]}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_named_evidence_is_there(path):
    """What a document calls by its path in results/published exists; a name with `<` or `*` stands for several."""
    named = re.findall(r"`(results/published/[^`\s<*]+)`", path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_lock_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--" not in lock
    pins = [line for line in lock.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==[\w.+!]+( ; .*)?$", line) for line in pins)


def test_the_lock_holds_every_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], *project["optional-dependencies"]["s3"]]
    locked = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines()}
    names = {re.split(r"[\[<>=!~; ]", w)[0].lower().replace("_", "-") for w in wanted}
    assert names - locked == set()
