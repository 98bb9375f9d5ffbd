"""The built script and style are those of the sources beside them; nothing in them or their lock names an address to load from."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import landscape.report

REPORT = Path(landscape.report.__file__).parent
ASSETS, FRONTEND = REPORT / "assets", REPORT / "frontend"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_assets_were_built_from_these_sources():
    built = json.loads((ASSETS / "built.json").read_text())
    names = {"build.mjs", "package.json", "package-lock.json", *(f"src/{p.name}" for p in (FRONTEND / "src").iterdir())}
    remedy = "run `npm ci --ignore-scripts && npm run build` in landscape/report/frontend"
    assert {name: digest(FRONTEND / name) for name in names} == built["sources"], remedy
    assert {name: digest(ASSETS / name) for name in built["assets"]} == built["assets"], remedy


def test_the_lock_pins_every_package_and_names_no_registry():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    packages = {name: p for name, p in lock["packages"].items() if name}
    assert packages
    assert all(p["version"] and p["integrity"].startswith("sha512-") for p in packages.values())
    assert not any("resolved" in p for p in packages.values())
    wanted = json.loads((FRONTEND / "package.json").read_text())
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_every_bundled_package_has_its_license_beside_the_bundle():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    text = (ASSETS / "LICENSES.txt").read_text(encoding="utf-8")
    for name in json.loads((FRONTEND / "package.json").read_text())["dependencies"]:
        assert f"{name} {lock[f'node_modules/{name}']['version']}" in text
    assert len(re.findall(r"(?i)permission", text)) > 20


def test_the_script_holds_neither_eval_nor_an_element_that_could_end_it():
    for name in ("page.js", "published.js"):
        script = (ASSETS / name).read_text(encoding="utf-8")
        assert "</script" not in script
        assert not re.search(r"\beval\(|new Function\(", script)
    assert "</style" not in (ASSETS / "page.css").read_text(encoding="utf-8")
    assert "@import" not in (ASSETS / "page.css").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_second_build_gives_the_same_bytes(tmp_path):
    if shutil.which("node") is None or not (FRONTEND / "node_modules").is_dir():
        pytest.skip("needs node and `npm ci --ignore-scripts` in landscape/report/frontend")
    copy = tmp_path / "report" / "frontend"
    shutil.copytree(FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(FRONTEND / "node_modules")
    subprocess.run(["node", "--preserve-symlinks", "build.mjs"], cwd=copy, check=True)
    for name in ("page.js", "page.css", "published.js"):
        assert (tmp_path / "report" / "assets" / name).read_bytes() == (ASSETS / name).read_bytes()
