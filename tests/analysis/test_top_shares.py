"""How the order of levels depends on the share of best trials by which they are judged."""

import math

import numpy as np
import pandas as pd
import pytest

from landscape.analysis.frames import ScoreFacts, TrialTable
from landscape.analysis.top_shares import levels_by_share


def table_of(scores, direction="lower"):
    """Return a table of search trials with the given scores of each level. None stands for a diverged trial."""
    rows = [
        {
            "digest": f"{level}{i}",
            "setting": f"{level}{i}",
            "role": "search",
            "status": "diverged" if value is None else "completed",
            "axis:loss": level,
            "score:FD": math.nan if value is None else value,
        }
        for level, values in scores.items()
        for i, value in enumerate(values)
    ]
    return TrialTable(pd.DataFrame(rows), ("loss",), {}, {"FD": ScoreFacts("FD", direction)})


def by_share(table):
    """Return the frame by share, with the names of the levels in the place of their numbers."""
    found = levels_by_share(table, "loss", "FD")
    names = {f"level{i}{end}": f"{level}{end}" for i, level in enumerate(found.levels) for end in ("", "_low", "_high")}
    return found.frame.rename(columns=names).set_index("share")


LUCKY = [1.0, *np.linspace(50, 60, 99)]
STEADY = list(np.linspace(10, 20, 100))


def test_a_level_with_one_lucky_trial_is_ahead_at_the_smallest_share_alone():
    found = by_share(table_of({"lucky": LUCKY, "steady": STEADY}))
    assert found["ahead"].to_dict() == {0.01: "lucky", 0.05: "steady", 0.1: "steady", 0.25: "steady", 0.5: "steady"}
    assert found["order"][0.01] == "lucky, steady"
    for share in found.index:
        rank = math.ceil(share * 100 - 1e-9) - 1
        assert (found["lucky"][share], found["steady"][share]) == (sorted(LUCKY)[rank], sorted(STEADY)[rank])
    assert found["steady_low"][0.25] < found["steady"][0.25] < found["steady_high"][0.25]
    assert math.isnan(found["steady_low"][0.01])


def test_higher_scores_are_ahead_where_they_are_better():
    scores = {"lucky": [-x for x in LUCKY], "steady": [-x for x in STEADY]}
    found = by_share(table_of(scores, "higher"))
    assert (found["ahead"][0.01], found["ahead"][0.5]) == ("lucky", "steady")
    assert found["lucky"][0.01] == -1.0
    assert found["steady_low"][0.25] < found["steady"][0.25] < found["steady_high"][0.25]


def test_shares_that_take_the_same_trials_are_one_row_and_equal_levels_are_said():
    found = by_share(table_of({"b": [1.0, 2.0, None, None], "a": [1.0, 3.0, 4.0, 5.0]}))
    # Of four trials, 1% to 25% are the best one.
    assert list(found.index) == [0.01, 0.5]
    assert list(found["is_best"]) == [True, False]
    assert list(found["order"]) == ["a = b", "b, a"]


@pytest.mark.parametrize("scores", [{"a": [1.0, 2.0]}, {"a": [1.0], "b": []}])
def test_one_level_is_not_compared(scores):
    assert levels_by_share(table_of(scores), "loss", "FD") is None
