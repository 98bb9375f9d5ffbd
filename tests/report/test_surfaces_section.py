"""Response surfaces on both pages of a study and in its files."""

import csv
import json
import re

import pytest
from helpers.html_page import page_of


def with_assignments(study):
    """Say in the files of a study what its search chose, and in which range."""
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        record["study"]["assignment"] = {"learning_rate": record["config"]["d_optimizer"]["learning_rate"]}
        path.write_text(json.dumps(record))
    facts = json.loads((study / "study.json").read_text())
    facts["space"]["search"] = {"learning_rate": {"min": 10**-4.5, "max": 10**-2.5, "scaling": "log", "choices": []}}
    (study / "study.json").write_text(json.dumps(facts))


@pytest.fixture(scope="module")
def page(reported):
    return reported(72, with_assignments, confirm=0, pictures=False, axes=("loss", "architecture"))


@pytest.mark.parametrize("name", ["index.html", "plain.html"])
def test_surfaces_stand_on_both_pages(page, name):
    parsed = page_of(page / name)
    head, row = parsed.tables["table-response_surfaces"]
    assert [cell["text"] for cell in head][:4] == ["Surface", "Hyperparameter", "Length scale", "Change along it (ratio)"]
    assert re.fullmatch(r"all cells: \d+ trials, 8 cells, \d+ diverged", row[0]["text"])
    assert row[1]["text"] == "learning_rate"
    assert {"surface_1.svg", "surface_1.png", "surface_1.pdf", "figure_surface_1.csv"} <= set(parsed.links)
    assert parsed.problems == []


def test_the_files_have_the_numbers(page):
    """The FD of the synthetic trials has a valley at a rate of 10^-3.4."""
    with (page / "response_surfaces.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert float(row["explained"]) > 0.2
    assert 10**-4 < float(row["best"]) < 10**-2.8
    assert float(row["change_low"]) > 1
    with (page / "figure_surface_1.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    drawn = sum(one["what"] == "trial" for one in rows)
    assert f"all cells: {drawn} trials" in row["surface"]


def test_a_study_without_searched_ranges_says_nothing_of_surfaces(reported):
    page = reported(12, confirm=0, pictures=False, axes=("loss",))
    assert "response_surfaces.csv" not in page_of(page / "index.html").links
    assert not list(page.glob("surface_*"))
