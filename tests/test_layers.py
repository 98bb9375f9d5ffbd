"""Imports run one way between the rooms and have no circles, and heavy packages are imported only where they belong.

All imports in the source are counted.
"""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "landscape"
ROOMS = {
    *("core", "results", "components", "config", "space", "training", "evaluation", "trial", "analysis", "report"),
    *("sweep", "reproductions", "inventory", "published", "cli"),
}
TOP = {"__init__.py", "__main__.py", "api.py"}
MOST_LEVELS = 12


@pytest.fixture(scope="module")
def architecture():
    """The module `docs/architecture.py`, which reads the imports."""
    spec = importlib.util.spec_from_file_location("docs_architecture", ROOT / "docs" / "architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_lies_in_a_room():
    assert {p.name for p in PACKAGE.glob("*.py")} == TOP
    assert {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()} == ROOMS


def test_rooms_import_one_way(architecture):
    assert architecture.circle(architecture.room_graph()) == []
    assert len(architecture.levels()) <= MOST_LEVELS


def test_modules_import_one_way(architecture):
    assert architecture.circle(architecture.module_graph()) == []


def test_a_circle_is_seen(architecture):
    assert architecture.circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
    assert not architecture.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})


def test_imports_are_read_wherever_they_stand(architecture, tmp_path):
    file = tmp_path / "module.py"
    file.write_text(
        "import one\nfrom two import deep, name\nif TYPE_CHECKING:\n    from three import x\n\ndef f():\n    import four.part\n    from two import deep\n"
    )
    assert architecture.imports_of(file, {"two.deep"}) == {"one", "two.deep", "two", "three", "four.part"}


def test_modules_import_each_other_by_their_own_names(architecture):
    for module, path in architecture.modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module} has a relative import"
                assert node.module != "landscape" or module == "landscape" or {a.name for a in node.names} == {"api"}, module


def test_pages_are_those_that_the_code_gives(architecture):
    remedy = "run python docs/architecture.py"
    text = architecture.TABLE_IN.read_text(encoding="utf-8")
    assert architecture.with_table(text) == text, remedy
    assert architecture.PICTURE.read_text(encoding="utf-8") == architecture.picture(), remedy


def offenders(architecture, packages: set[str], allowed: set[str]) -> set[str]:
    """Return the modules outside the `allowed` rooms that import one of `packages`."""
    found = {m: {i.split(".")[0] for i in architecture.imports_of(p)} & packages for m, p in architecture.modules().items()}
    return {m for m, hits in found.items() if hits and architecture.room_of(m) not in allowed}


def test_only_the_sweep_imports_ray_and_only_it_and_the_analysis_optuna(architecture):
    assert offenders(architecture, {"ray"}, {"sweep"}) == set()
    assert offenders(architecture, {"optuna"}, {"sweep", "analysis"}) == set()


def test_lightning_has_one_name(architecture):
    assert offenders(architecture, {"lightning"}, set()) == set()


def test_analysis_and_report_never_import_torch(architecture):
    others = ROOMS - {"analysis", "report", "published", "results"} | {"api", "landscape", "__main__"}
    assert offenders(architecture, {"torch", "ray", "torchvision"}, others) == set()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import landscape", {"torch", "ray", "numpy", "pandas", "pydantic"}),
        ("import landscape.report", {"torch", "ray", "optuna"}),
        ("import landscape.report.build", {"torch", "ray", "optuna"}),
        ("import landscape.cli", {"torch", "ray", "optuna", "numpy", "pandas", "pydantic", "matplotlib", "rich"}),
        ("import landscape.trial.run_trial", {"ray", "optuna", "lmdb", "pandas"}),
        ("import landscape.space.space", {"torch", "ray", "optuna"}),
    ],
)
def test_what_an_import_loads(statement, absent):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert absent & set(run.stdout.split()) == set()
