"""docs/data.md agrees with the code."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("docs_data", DOCS / "data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(generator):
    assert (DOCS / "data.md").read_text(encoding="utf-8") == generator.page(), "run `python docs/data.py`"


def test_every_set_of_files_is_on_the_page(generator):
    from landscape.components.datasets._base import DATASETS

    downloaded = {name for name in DATASETS if DATASETS[name].facts.downloads}
    assert {*generator.TABLES, *generator.SAME_FILES} == downloaded
    by_hand = {name for name in DATASETS if DATASETS[name].facts.samples == "images" and not DATASETS[name].facts.downloads}
    given = {"folder", "pairs", "unpaired", "zip"}
    made = {"digits", "printed_digits", "stacked_words_digits", "convex_polygons"}
    assert by_hand - given - made == {*generator.BY_HAND, *generator.SPOKEN}


def test_every_extractor_with_weights_is_on_the_page(generator):
    from landscape.components.extractors._base import EXTRACTORS

    assert {*generator.WEIGHTS, *generator.INSTALLED} == {name for name in EXTRACTORS if EXTRACTORS[name].facts.files}
