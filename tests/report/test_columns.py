"""Columns of settings: each varied setting once, whole numbers as such, and no column that an axis already shows."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from landscape.report import formats
from landscape.report.build import page_environment
from landscape.report.setting_columns import setting_columns
from landscape.report.study_tables import best_trials_table, kind_of, trials_table
from landscape.report.tables import RENDERERS, Column, Table
from landscape.report.view import view_of
from landscape.results.studies import read_study


@pytest.fixture(scope="module")
def view(synthetic, tmp_path_factory):
    root = tmp_path_factory.mktemp("columns")
    synthetic.write_study(root, 24, confirm=0, pictures=False)
    return view_of(read_study(root / "digits"))


def test_settings_that_are_always_equal_share_a_column_and_axes_are_not_repeated(view):
    found = {s.name: s.same for s in setting_columns(view.table)}
    assert found["learning_rate"] == ("d_optimizer.learning_rate", "g_optimizer.learning_rate")
    assert found["beta1"] == ("d_optimizer.beta1", "g_optimizer.beta1")
    assert not {"loss", "architecture", "d_normalization", "regularizers", "seed"} & set(found)
    labels = [column.label for column in trials_table(view).columns]
    assert sum("learning_rate" in label for label in labels) == 1
    assert len(labels) == len(set(labels))


def test_settings_with_one_last_part_keep_names_of_their_own(view):
    frame = view.table.frame.assign(**{"hyper:a.rate": range(len(view.table.frame)), "hyper:b.rate": range(len(view.table.frame), 0, -1)})
    frame["hyper:c.rate"], frame["hyper:d.rate"] = frame["hyper:b.rate"], frame["hyper:a.rate"]
    names = [s.name for s in setting_columns(dataclasses.replace(view.table, frame=frame))]
    assert "rate" in names
    assert "b.rate" in names


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [([59.0, 1024], "count", "1,024"), ([0.5, 2.0], "number", "2.00"), ([True, False], "text", "False"), (["a", "1"], "text", "1")],
)
def test_whole_numbers_are_written_as_such(values, kind, shown):
    column = pd.Series(values, dtype=object)
    assert kind_of(column) == kind
    assert RENDERERS[kind](values[-1]) == shown
    if kind == "count":
        assert RENDERERS[kind](59.0) == "59"


def test_a_cell_has_a_key_to_sort_by_only_where_it_shows_something_else():
    columns = (Column("name", "Name"), Column("fd", "FD", "number"), Column("note", "Note"))
    frame = pd.DataFrame({"name": ["a/b&c"], "fd": [1.23456], "note": [""]})
    template = page_environment().from_string('{% import "macros.html.j2" as m %}{{ m.table(t) }}')
    text = template.render(t=Table("t", "T", "", columns, frame))
    assert re.findall(r'data-sort="[^"]*"', text) == ['data-sort="1.23456"', 'data-sort=""']


LONG = "x" * 300


def test_drawing_names_of_any_length_and_script_says_nothing_on_stderr(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False, axes=("loss",))
    for path in study.rglob("*.json"):
        path.write_text(path.read_text().replace("hinge", LONG).replace("wasserstein", "漢字"), encoding="utf-8")
    code = f"""
from landscape.report.build import build
build({str(tmp_path / "results")!r}, {str(tmp_path / "reports")!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stderr == ""
    assert LONG in (tmp_path / "reports" / "digits" / "index.html").read_text(encoding="utf-8")


def test_json_of_a_study_is_what_the_columns_come_from(view):
    record = json.loads((view.study.folder / "trials" / view.table.frame["digest"].iloc[0] / "record.json").read_text())
    shown = next(s for s in setting_columns(view.table) if s.name == "learning_rate")
    assert view.table.frame[shown.column].iloc[0] == record["config"]["d_optimizer"]["learning_rate"]


def test_counts_among_scores_are_whole_and_other_scores_are_not(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path, 12, confirm=0, pictures=False, axes=("loss",))
    for path in study.glob("trials/*/scores/*.json"):
        content = json.loads(path.read_text())
        content["estimates"]["modes"] = content["estimates"]["MS-SSIM"] | {"value": 59.0, "direction": "higher", "bounds": [0, 1000]}
        path.write_text(json.dumps(content))
    table = best_trials_table(view_of(read_study(study)))
    shown = {row[0].text: row[-1].text for row in table.rows()}
    assert shown["modes ↑"] == "59"
    assert "." in shown["MS-SSIM ↓"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-29T13:56:29+00:00", "2026-11-29 13:56 UTC"),
        ("2026-11-29T13:56:29Z", "2026-11-29 13:56 UTC"),
        ("some day", "some day"),
        ("", ""),
    ],
)
def test_moments_are_written_for_people(text, shown):
    assert formats.moment(text) == shown


def test_only_words_that_no_column_holds_are_broken():
    table = Table("t", "", "", (Column("name", "Name"),), pd.DataFrame({"name": ["gradient_penalty · wasserstein", LONG]}))
    assert [row[0].breaks for row in table.rows()] == [False, True]
