"""Trials that were stopped early are in no table of full trials, even if someone has put scores beside their records."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import synthetic_study

from landscape.analysis.answering import answer_of
from landscape.analysis.two_studies import compare_studies
from landscape.report.health_table import health_table
from landscape.report.view import view_of
from landscape.results.record import Scores
from landscape.results.studies import read_study

STOPPED = 6
THEIR_OWN = {"trials", "unfinished"}
"""The tables that list every trial, and the stopped ones with their status."""
COUNTS = ["trials", "stopped_early", "time_in_all", "cost"]
"""The columns of other tables in which stopped trials and their time are counted."""


def with_stopped(study: Path) -> None:
    """Add trials that were stopped early in existing cells, with scores that would be the best of all."""
    rng = np.random.default_rng(3)
    cells = [t.record.study["cell"] for t in read_study(study).trials if t.record.study["role"] == "search"][:STOPPED]
    for ask, cell in enumerate(cells, start=1000):
        record = synthetic_study.write_trial(study, cell, ask, "search", rng, status="stopped_early")
        used = synthetic_study.protocol()
        scores = Scores(protocol=used, estimates=synthetic_study.estimates(0.001, rng))
        path = study / "trials" / record.digest / "scores" / f"{used['name']}-{used['digest']}.json"
        synthetic_study.write_json(path, scores.to_json())


@pytest.fixture(scope="module")
def pages(reported):
    """The folders of two pages of one study, without and with stopped trials."""
    return reported(72, pictures=False), reported(72, with_stopped, pictures=False)


def test_no_table_of_full_trials_changes(pages):
    without, having = ({path.stem: pd.read_csv(path) for path in folder.rglob("*.csv")} for folder in pages)
    assert without.keys() == having.keys()
    assert len(without) > 10
    for name in without.keys() - THEIR_OWN:
        one, other = (found[name].drop(columns=COUNTS, errors="ignore") for found in (without, having))
        pd.testing.assert_frame_equal(one, other, obj=name)
    assert having["cells"]["stopped_early"].sum() == STOPPED
    assert "stopped_early" not in without["cells"]


def test_stopped_trials_are_listed_and_marked(pages):
    _, having = pages
    trials = pd.read_csv(having / "trials.csv")
    stopped = trials[trials["status"] == "stopped_early"]
    assert len(stopped) == STOPPED
    scores = [column for column in trials if column.startswith(("score:", "low:", "high:"))]
    assert scores
    assert stopped[scores].isna().all(axis=None)
    unfinished = pd.read_csv(having / "unfinished.csv")
    assert (unfinished["status"] == "stopped early").sum() == STOPPED
    text = (having / "index.html").read_text()
    assert f"{STOPPED} stopped early" in text
    assert f"{STOPPED} trials of the search were stopped early and count in no table but their own" in text


def test_what_is_decided_compared_and_healthy_stays(tmp_path):
    plain = synthetic_study.write_study(tmp_path / "a", 72, pictures=False)
    other = synthetic_study.write_study(tmp_path / "b", 72, pictures=False)
    with_stopped(other)
    one, two = (view_of(read_study(folder)) for folder in (plain, other))
    answers = [answer_of(view.study, view.table, view.score) for view in (one, two)]
    assert answers[0].sentence == answers[1].sentence
    assert [axis.sentence for axis in answers[0].axes] == [axis.sentence for axis in answers[1].axes]
    healthy, marked = (health_table(view).frame for view in (one, two))
    assert marked["stopped_early"].sum() == STOPPED
    pd.testing.assert_frame_equal(healthy, marked.drop(columns="stopped_early"))
    differing = {each.what: (each.first, each.second) for each in compare_studies(one.study, two.study).differences}
    assert differing["trials stopped early"] == ("0", str(STOPPED))
    assert "finished trials" not in differing
