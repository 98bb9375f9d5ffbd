"""Ranks of levels on the pages of a study, recomputed from the records alone, and the sentence where there are too few matched cells."""

import csv
import json
import math
from statistics import median_low

import pandas as pd
import pytest
from helpers.html_page import page_of
from scipy.stats import friedmanchisquare, studentized_range

from landscape.analysis.critical_difference import ranked
from landscape.report.build import build
from landscape.report.figures import mean_ranks

pytestmark = pytest.mark.usefixtures("quick_figures")


def costs_of(study, score):
    """Return the median cost of each cell by its levels, from the files alone."""
    cells = {}
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        if record["study"]["role"] != "search" or record["status"] not in ("completed", "diverged"):
            continue
        values = [json.loads(p.read_text())["estimates"][score]["value"] for p in path.parent.glob("scores/*.json")]
        cost = math.inf if record["status"] == "diverged" else values[0]
        cells.setdefault(tuple(record["study"]["cell"].items()), []).append(cost)
    return pd.Series({tuple(dict(key).values()): median_low(of) for key, of in cells.items()})


def test_ranks_stand_on_both_pages_and_in_files(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 72, confirm=0, pictures=False)
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    costs = costs_of(study, synthetic.OBJECTIVE)
    costs.index.names = list(synthetic.AXES)
    blocks = costs.unstack("d_normalization").dropna().rank(axis=1)
    for parsed in (page_of(page), page_of(page.parent / "plain.html")):
        head, *rows = parsed.tables["table-ranks_d_normalization"]
        assert [cell["text"] for cell in head] == ["D normalization", "Mean rank ↓", "Behind the best by", "Not told apart from"]
        assert [row[0]["text"] for row in rows] == list(blocks.mean().sort_values().index)
    with (page.parent / "ranks_d_normalization.csv").open(encoding="utf-8") as file:
        written = {row["level"]: row for row in csv.DictReader(file)}
    assert {level: float(row["mean_rank"]) for level, row in written.items()} == pytest.approx(blocks.mean().to_dict())
    critical = studentized_range.ppf(0.95, 3, math.inf) / math.sqrt(2) * math.sqrt(3 * 4 / (6 * len(blocks)))
    last = written[blocks.mean().idxmax()]
    assert float(last["behind"]) - float(last["behind_low"]) == pytest.approx(critical)
    text = " ".join("".join(page_of(page).text).split())
    assert f"Ranks of the levels over {len(blocks)} matched cells" in text
    assert f"no level differs: p = {friedmanchisquare(*blocks.to_numpy().T).pvalue:.2g}" in text
    with (page.parent / "figure_ranks_d_normalization.csv").open(encoding="utf-8") as file:
        assert [row["level"] for row in csv.DictReader(file)] == list(written)


def test_too_few_matched_cells_are_said_in_words(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 24, confirm=0, pictures=False, axes=("loss", "architecture"))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    for parsed in (page_of(page), page_of(page.parent / "plain.html")):
        text = " ".join("".join(parsed.text).split())
        assert "2 matched cells with all 4 levels: ranks cannot tell 4 levels apart over fewer than 3," in text
        assert "4 matched cells with all 2 levels: ranks cannot tell 2 levels apart over fewer than 6," in text
        assert "table-ranks_loss" not in parsed.tables
    assert not list(page.parent.glob("ranks_*.svg"))


@pytest.mark.parametrize(("costs", "lines"), [([(1, 2, 3, 4)] * 6 + [(1, 3, 2, 4)] * 4, 3), ([(1, 2)] * 6, 0)])
def test_the_drawing_has_a_point_for_each_level_and_a_bar_for_each_group(costs, lines):
    found = ranked([dict(zip("abcd", row, strict=False)) for row in costs])
    frame = mean_ranks.data(found)
    (axes,) = mean_ranks.draw(frame, found.critical_difference).axes
    points = sorted(line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1)
    assert points == sorted(frame["mean_rank"])
    assert sum(line.get_linewidth() > 3 for line in axes.lines) == lines == len(found.groups)
    assert any("critical difference" in text.get_text() for text in axes.texts) == (len(costs[0]) > 2)
