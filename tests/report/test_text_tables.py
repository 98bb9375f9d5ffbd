"""Tables for papers: every value with its interval, bold for decided levels alone, names that break neither format; and reports that follow a sweep."""

import csv
import io
import itertools
import re
from dataclasses import replace

import pandas as pd
import pytest

from landscape.core.errors import UserError
from landscape.report import formats
from landscape.report.build import Wanted, build
from landscape.report.tables import Column, Table
from landscape.report.text_tables import WRITERS, parse_kinds, written
from landscape.report.watching import changes


def table(name="levels_loss"):
    frame = pd.DataFrame({"level": ["hinge", "a|b_c%"], "score": [3.25, 10.0], "score_low": [3.0, 9.0], "score_high": [3.5, 12.0]})
    return Table(name, "By loss", "", (Column("level", "loss"), Column("score", "FD ↓", "number", True)), frame)


def test_markdown():
    text = written(table(), WRITERS["md"], {"loss": "hinge"}, "FD by loss. Protocol quick (abc).")
    assert "| loss | FD ↓ |\n| --- | ---: |\n| **hinge** | 3.25 \\[3.00, 3.50\\] |\n| a\\|b\\_c% | 10.0 \\[9.00, 12.0\\] |\n" in text
    assert text.startswith("<!-- levels_loss -->\n\n### By loss\n\nFD by loss. Protocol quick (abc).\n\n| loss |")


def test_latex():
    text = written(table(), WRITERS["tex"], {"loss": "hinge"}, "50% of all.")
    assert r"\textbf{hinge} & 3.25 {[}3.00, 3.50{]} \\" in text
    assert r"a|b\_c\% & 10.0 {[}9.00, 12.0{]} \\" in text
    assert r"\caption[{By loss}]{By loss. 50\% of all.}" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2


def test_rows_that_all_say_the_same_are_one_sentence():
    frame = pd.DataFrame(
        {"level": ["a", "b_1", "c"], "score": [0.5, 0.5, 0.5], "score_low": [0.1, 0.1, 0.1], "score_high": [1.0, 1.0, 1.0]}
    )
    equal = replace(table("cells"), frame=frame)
    said = "The same in all 3 rows (loss): FD ↓ 0.500 [0.100, 1.00]."
    assert equal.sentence == said
    assert said.replace("[", "\\[").replace("]", "\\]") in written(equal, WRITERS["md"], {}, "A caption.")
    text = written(equal, WRITERS["tex"], {}, "A caption.")
    assert r"FD $\downarrow$ 0.500 {[}0.100, 1.00{]}." in text
    assert "tabular" not in text
    assert replace(equal, frame=frame.head(2)).sentence == ""
    assert replace(equal, frame=frame.assign(score_low=[0.1, 0.1, 0.2])).sentence == ""


@pytest.mark.parametrize("decided", [{}, {"architecture": "hinge"}])
def test_nothing_is_bold_where_nothing_is_decided(decided):
    assert "**" not in written(table(), WRITERS["md"], decided, "")


@pytest.mark.usefixtures("quick_figures")
def test_files_lie_beside_the_page_and_hold_the_values_of_the_csv(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 24, confirm=0, pictures=False, axes=("loss",))
    (page, _) = build(tmp_path / "results", tmp_path / "reports", wanted=Wanted(tables=("md", "tex")))
    folder = page.parent / "tables"
    assert {"answer.md", "answer.tex", "levels_loss.md", "cells.tex", "best_trials.md"} <= {p.name for p in folder.iterdir()}
    text = (folder / "levels_loss.md").read_text(encoding="utf-8")
    assert f"Protocol quick ({synthetic.protocol()['digest']})." in text
    assert text.count("Protocol quick") == 1
    assert "**" not in text
    for row in csv.DictReader(io.StringIO((page.parent / "levels_loss.csv").read_text(encoding="utf-8"))):
        value = formats.number(float(row["quantile"]))
        ends = formats.interval(float(row["quantile_low"]), float(row["quantile_high"]))
        assert f"{value} {ends}".replace("[", "\\[").replace("]", "\\]") in text
    assert not re.search(r"(?<!\\)[_%#]", (folder / "cells.tex").read_text(encoding="utf-8").split("\n", 1)[1])


@pytest.mark.parametrize("text", ["pdf", "md,html", ""])
def test_another_kind_is_one_clear_line(text):
    with pytest.raises(UserError, match="choose from md, tex"):
        parse_kinds(text)


@pytest.mark.usefixtures("quick_figures")
def test_watching_builds_again_when_a_trial_has_ended_and_not_otherwise(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 6, confirm=0, pictures=False, axes=("loss",))
    looks = []

    def sleep(_):
        looks.append(1)
        if len(looks) == 3:
            cell = {"loss": "hinge"}
            synthetic.write_trial(study, cell, 6, "search", synthetic.np.random.default_rng(1), pictures=False)

    found = list(itertools.islice(changes(lambda: [study], 5, sleep=sleep), 2))
    assert len(looks) == 3  # two looks at what had not changed
    assert len(found[1]) > len(found[0])
    (page, _) = build(tmp_path / "results", tmp_path / "reports", wanted=Wanted(refresh=20))
    assert '<meta http-equiv="refresh" content="20">' in page.read_text(encoding="utf-8")
    assert "7 models trained" in page.read_text(encoding="utf-8")
