"""The columns on stability in the tables of levels, beside figures computed from the committed records here."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from landscape.analysis.comparison import is_spread_a_ratio
from landscape.report.study_tables import levels_table
from landscape.report.view import view_of
from landscape.results.studies import read_study

STUDY = Path(__file__).parents[2] / "results/published/cifar10-small"
FD = "FD[efficientnet_lite:lite0-112]"


@pytest.fixture(scope="module")
def view():
    return view_of(read_study(STUDY))


@pytest.fixture(scope="module")
def by_loss():
    """The FD of each trial of the search, and whether its record says that it collapsed, by loss."""
    found = {}
    for file in STUDY.glob("trials/*/record.json"):
        record = json.loads(file.read_text())
        if record["study"].get("role", "search") == "search":
            (scores,) = [json.loads(path.read_text()) for path in file.parent.glob("scores/photographs-2k-*.json")]
            fd = scores["estimates"][FD]["value"]
            found.setdefault(record["config"]["loss"]["name"], []).append((fd, bool(record["diagnosis"].get("mode_collapse"))))
    return found


def test_the_spread_is_the_ratio_of_quartiles_and_collapsed_trials_are_counted(view, by_loss):
    table = levels_table(view, "loss")
    shown = {row["level"]: row for row in table.frame.to_dict("records")}
    assert shown.keys() == by_loss.keys()
    for loss, trials in by_loss.items():
        fd, collapsed = (np.array(of) for of in zip(*trials, strict=True))
        low, high = np.quantile(fd, [0.25, 0.75], method="inverted_cdf")
        assert shown[loss]["spread"] == pytest.approx(high / low)
        assert 1 <= shown[loss]["spread_low"] <= high / low <= shown[loss]["spread_high"]
        ends = binomtest(int(collapsed.sum()), len(collapsed)).proportion_ci(method="exact")
        row = [shown[loss][f"collapsed_share{end}"] for end in ("", "_low", "_high")]
        assert row == pytest.approx([collapsed.mean(), ends.low, ends.high])
    keys = [column.key for column in table.columns]
    assert keys[keys.index("diverged_share") :][:3] == ["diverged_share", "collapsed_share", "spread"]
    assert "spread: bootstrap, from 25 trials on" in table.caption
    assert {"spread_low", "collapsed_share_high"} <= set(table.csv().decode().splitlines()[0].split(","))


def test_several_seeds_of_a_setting_give_shares_no_interval(view):
    frame = view.table.frame.copy()
    search = frame.index[frame["role"] == "search"]
    frame.loc[search[:2], "setting"] = "same"
    frame.loc[search[:2], "axis:loss"] = "hinge"
    shown = levels_table(replace(view, table=replace(view.table, frame=frame)), "loss").frame.set_index("level")
    assert np.isnan(shown.loc["hinge", "collapsed_share_low"])
    assert not np.isnan(shown.loc["hinge", "collapsed_share"])
    assert not np.isnan(shown.loc["wasserstein", "collapsed_share_low"])


def test_a_score_that_is_no_ratio_has_a_difference_of_quartiles(view):
    facts = {**view.table.scores, FD: replace(view.facts, name="score", direction="higher", scale="")}
    other = replace(view, table=replace(view.table, scores=facts))
    shown = levels_table(other, "loss")
    assert not is_spread_a_ratio(replace(view.facts, direction="higher", scale="log"))  # Its costs are negative.
    assert next(column.label for column in shown.columns if column.key == "spread") == "Interquartile range ↓"
    values = view.table.role("search").frame
    of = -values.loc[values["axis:loss"] == "hinge", f"score:{FD}"]  # As costs, lower is better.
    low, high = np.quantile(of, [0.25, 0.75], method="inverted_cdf")
    assert shown.frame.set_index("level").loc["hinge", "spread"] == pytest.approx(high - low)
