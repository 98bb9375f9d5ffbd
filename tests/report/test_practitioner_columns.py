"""The simulated practitioners beside the budget curve: each trial keeps its own selection score."""

import numpy as np
import pytest
from helpers.made_trials import trial

from landscape.analysis.frames import trials_frame
from landscape.analysis.practitioner import expected_choice
from landscape.report.figures import budgets
from landscape.results.record import Status

SCORE = "FD[x]"


@pytest.mark.parametrize("direction", ["lower", "higher"])
def test_practitioners_choose_by_the_selection_scores_of_the_same_trials(direction):
    """Trials are named against their order, and two of them diverged, one has no score, and one setting has two seeds."""
    rng, sign = np.random.default_rng(0), -1 if direction == "higher" else 1
    values = rng.lognormal(1, 1, 40)
    trials = [trial(f"t{99 - i}", float(x), direction=direction, cell={"loss": "ab"[i % 2]}) for i, x in enumerate(values)]
    trials += [trial(f"lost{i}", status=Status.DIVERGED, cell={"loss": "a"}) for i in range(2)] + [trial("unscored", cell={"loss": "b"})]
    trials += [trial(f"seed{i}", x, direction=direction, cell={"loss": "b"}, setting="twice") for i, x in enumerate((3.0, 5.0))]
    chosen_by = sign * values + rng.normal(0, 1, 40)
    selection = {f"t{99 - i}": float(x) for i, x in enumerate(chosen_by)} | {"unscored": -100.0, "seed0": 2.0, "seed1": 1.0}
    table = trials_frame(trials)
    found = budgets.data(table, SCORE, None, selection)
    seeds = [sign * x for x in (3.0, 5.0)]
    worst = max(*(sign * values), *seeds)
    costs = np.array([*(sign * values), worst, worst, min(seeds)])
    by = np.array([*chosen_by, np.inf, np.inf, 1.0])
    assert set(found["n"]) == {43}
    for row in found.itertuples():
        exact = sign * expected_choice(by, costs, row.trials)
        assert abs(row.practitioner - exact) <= 4.5 * row.practitioner_error
        assert row.practitioner_low <= row.practitioner <= row.practitioner_high
    last = found.iloc[-1]
    assert sign * (last["practitioner"] - last["expected"]) > 3 * last["practitioner_error"]
    assert list(budgets.data(table, SCORE, "loss", selection)["level"].unique()) == ["a", "b"]
    assert "practitioner" not in budgets.data(table, SCORE)
