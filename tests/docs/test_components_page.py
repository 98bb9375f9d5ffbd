"""docs/components.md agrees with the registries and the tests."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("components_page", ROOT / "docs" / "components.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date():
    # This runs in a process of its own, because other tests of this one may have loaded plugins.
    code = "import runpy, sys; sys.stdout.write(runpy.run_path('docs/components.py')['page']())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == (ROOT / "docs" / "components.md").read_text(encoding="utf-8"), "run `python docs/components.py`"


def test_every_component_has_an_oracle_and_no_other_does(generator):
    for kind, registry in generator.REGISTRIES.items():
        assert set(generator.ORACLES[kind]) == {name for name in registry if not registry[name].is_plugin}


def test_every_oracle_is_a_test(generator):
    for oracles in generator.ORACLES.values():
        for name, (_, test) in oracles.items():
            file, function = test.split("::")
            assert re.search(rf"^def {function}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (name, test)


def test_counts_of_every_preset_are_listed():
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.inventory.components import published_counts

    assert published_counts(ARCHITECTURES["mlp_2d"])["unrolled_paper"] == {"2": (49_666, 513)}
    assert published_counts(ARCHITECTURES["dcgan"]) == {"": {"3x64x64": (5_364_739, 4_314_753)}}
    assert set(published_counts(ARCHITECTURES["sndcgan"])["sngan"]) == {"3x32x32", "3x48x48"}
