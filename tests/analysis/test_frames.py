"""Records to one frame: one protocol, flattened hyperparameters, costs."""

import math
from pathlib import Path

import numpy as np
import pytest
from helpers.made_trials import trial

from landscape.analysis.frames import HYPER, SCORE, ScoreFacts, flatten_config, protocols, trials_frame
from landscape.analysis.searching import check_budgets, is_given_search, searcher_name
from landscape.core.errors import UserError
from landscape.results.record import Status
from landscape.results.studies import Study


def test_scores_of_two_protocols_do_not_share_a_column():
    trials = [trial("a", 1.0), trial("b", 2.0, protocol="q"), trial("c", 3.0)]
    with pytest.raises(UserError, match=r"scores of several protocols do not share a column: name one of p \(p\), q \(q\)"):
        trials_frame(trials)
    frame = trials_frame(trials, "q").frame
    assert frame[SCORE + "FD[x]"].tolist()[1] == 2.0
    assert frame[SCORE + "FD[x]"].isna().tolist() == [True, False, True]
    assert list(protocols(trials)) == ["p", "q"]
    with pytest.raises(UserError, match="choose from p, q"):
        trials_frame(trials, "r")


def test_one_row_a_trial_with_axes_cost_and_intervals():
    table = trials_frame([trial("a", 1.5), trial("b", status=Status.FAILED)])
    row = table.frame.iloc[0]
    assert (row["digest"], row["axis:loss"], row["seconds"], row["d_steps"]) == ("a", "hinge", 3.0, 400)
    assert (row["low:FD[x]"], row["high:FD[x]"]) == (0.5, 2.5)
    assert row[HYPER + "budget.amount"] == 400
    assert table.scores["FD[x]"] == ScoreFacts("FD[x]", "lower")
    assert table.axes == ("loss",)


def test_no_trials_and_no_scores_still_make_a_table():
    assert len(trials_frame([], axes=["loss"]).frame) == 0
    assert trials_frame([trial("a")]).scores == {}


def test_costs_count_diverged_as_infinite_and_leave_out_what_says_nothing():
    trials = [
        trial("a", 2.0),
        trial("b", status=Status.DIVERGED),
        trial("c", status=Status.FAILED),
        trial("d", 0.5, status=Status.STOPPED),  # it was scored before it was stopped, and is no trial of the full budget
        trial("e"),
    ]
    assert sorted(trials_frame(trials).costs("FD[x]")) == [2.0, math.inf]


@pytest.mark.parametrize(
    ("values", "median"), [([4.0, 1.0], 1.0), ([3.0, 1.0, 2.0], 2.0), ([1.0, None], 1.0), ([1.0, None, None], math.inf)]
)
def test_seeds_of_one_setting_count_by_their_lower_median(values, median):
    """Of an even number the lower one, because the mean of a score and a divergence has no meaning."""
    trials = [trial(str(i), v, setting="s", status=Status.DIVERGED if v is None else Status.COMPLETED) for i, v in enumerate(values)]
    table = trials_frame([*trials, trial("other", 9.0)])
    assert sorted(table.costs("FD[x]")) == [median, 9.0] if median < 9 else [9.0, median]
    assert len(table.costs("FD[x]", each_seed=True)) == len(values) + 1


def test_costs_of_a_score_where_higher_is_better_are_negated():
    table = trials_frame([trial("a", 0.25, direction="higher"), trial("b", status=Status.DIVERGED)])
    assert sorted(table.costs("FD[x]")) == [-0.25, math.inf]
    facts = ScoreFacts("precision", "higher", bounds=(0.0, 1.0))
    assert facts.lower_bound == -1.0
    assert not facts.is_log


@pytest.mark.parametrize(
    ("name", "log"), [("FD[classifier]", True), ("FID", True), ("FD_mean[x]", True), ("FD_infinity[x]", False), ("KID", False)]
)
def test_frechet_distances_are_modeled_in_log(name, log):
    assert ScoreFacts(name, "lower").is_log is log


def test_axes_stand_as_given_then_in_the_customary_order():
    cell = {"zeta": "1", "architecture": "mlp", "regularizer": "none", "loss": "hinge", "d_normalization": "batch"}
    table = trials_frame([trial("a", 1.0, cell=cell)], axes=["architecture", "loss"])
    assert table.axes == ("architecture", "loss", "d_normalization", "regularizer", "zeta")
    assert table.frame["cell"][0] == "mlp · hinge · batch · none · 1"


def test_hyperparameters_are_flattened_under_the_component_that_has_them():
    config = {
        "loss": {"name": "hinge", "hyperparameters": {"margin": 1.0}},
        "regularizers": [
            {"name": "l2", "hyperparameters": {"weight": 0.1}, "every": 1},
            {"name": "gradient_penalty", "hyperparameters": {"weight": 10.0}, "every": 4},
        ],
        "d_optimizer": {"name": "adam", "learning_rate": 2e-4, "schedule": {"name": "constant", "final": 0.0}},
        "latent": {"dim": 64, "distribution": "normal"},
        "ema": None,
        "shape": [1, 2],
    }
    assert flatten_config(config) == {
        "loss": "hinge",
        "loss.hinge.margin": 1.0,
        "regularizers": "gradient_penalty + l2",
        "regularizers.l2.weight": 0.1,
        "regularizers.l2.every": 1,
        "regularizers.gradient_penalty.weight": 10.0,
        "regularizers.gradient_penalty.every": 4,
        "d_optimizer": "adam",
        "d_optimizer.learning_rate": 2e-4,
        "d_optimizer.schedule": "constant",
        "d_optimizer.schedule.final": 0.0,
        "latent.dim": 64,
        "latent.distribution": "normal",
        "shape": "[1, 2]",
    }
    assert flatten_config({"regularizers": []}) == {"regularizers": "none"}


@pytest.mark.parametrize(
    ("searcher", "name", "given"),
    [
        ({"name": "random"}, "random", False),
        ("random", "random", False),
        ({"name": "tpe"}, "tpe", True),
        (None, "unknown", True),
        ({}, "unknown", True),
    ],
)
def test_only_random_search_proposes_independently(searcher, name, given):
    study = Study("s", Path(), {"searcher": searcher}, ())
    assert (searcher_name(study.facts), is_given_search(study)) == (name, given)


def test_trials_of_a_study_that_searches_nothing_are_independent():
    for searched, given in (({}, False), ({"rate": {"min": 0.1, "max": 1.0}}, True)):
        study = Study("s", Path(), {"searcher": {"name": "optuna-tpe"}, "space": {"search": searched}}, ())
        assert is_given_search(study) == given


@pytest.mark.parametrize(
    ("searcher", "assignments", "given"),
    [
        ({"name": "grid", "shuffled": True}, [{"rate": 1}, {"rate": 2}], False),
        ({"name": "grid", "shuffled": False}, [{"rate": 1}, {"rate": 2}], True),
        # The grid was used up, and began anew.
        ({"name": "grid", "shuffled": True}, [{"rate": 1}, {"rate": 2}, {"rate": 1}], True),
    ],
)
def test_a_part_of_a_grid_in_random_order_is_a_random_sample(searcher, assignments, given):
    trials = [trial(str(i), 1.0, ask=i, assignment=assignment) for i, assignment in enumerate(assignments)]
    assert is_given_search(Study("s", Path(), {"searcher": searcher, "space": {"search": {"rate": {}}}}, tuple(trials))) == given


def test_budgets_are_equal_only_with_equal_trials_and_equal_training():
    hinge, mlp = {"loss": "hinge"}, {"loss": "minimax"}
    equal = check_budgets(
        trials_frame([trial("a", 1.0, cell=hinge), trial("b", 1.0, cell=mlp), trial("x", cell=mlp, status=Status.SKIPPED)])
    )
    assert (equal.equal, equal.fewest, equal.most) == (True, 1, 1)
    assert equal.text == "Every cell got 1 trial, each with a training budget of 400 D steps."
    uneven = check_budgets(trials_frame([trial("a", 1.0, cell=hinge), trial("b", 1.0, cell=hinge), trial("c", 1.0, cell=mlp)]))
    assert not uneven.equal
    assert "between 1 and 2 trials" in uneven.text
    table = trials_frame([trial("a", 1.0, cell=hinge), trial("b", 1.0, cell=mlp)])
    table.frame.loc[1, HYPER + "budget.amount"] = 800
    half = check_budgets(trials_frame([trial("a", 1.0, cell=hinge)]), cells=2)
    assert not half.equal
    assert "between 0 and 1 trials" in half.text
    assert "1 of 2 cells have none yet" in half.text
    assert check_budgets(trials_frame([trial("a", 1.0, cell=hinge)]), cells=1).equal
    longer = check_budgets(table)
    assert not longer.equal
    assert "Training budgets differ (400 D steps, 800 D steps)" in longer.text
    assert check_budgets(trials_frame([], axes=["loss"])).text == "No trial was run."
    # Confirmation runs are no part of the search budget.
    assert check_budgets(
        trials_frame([trial("a", 1.0, cell=hinge), trial("b", 1.0, cell=hinge, role="confirmation"), trial("c", 1.0, cell=mlp)])
    ).equal


def test_a_frame_of_many_trials_keeps_numbers_numeric():
    frame = trials_frame([trial(str(i), float(i)) for i in range(50)]).frame
    assert frame[SCORE + "FD[x]"].dtype == np.float64
    assert frame[HYPER + "budget.amount"].dtype.kind in "if"


def test_scores_beside_a_trial_that_was_stopped_early_are_not_its_own():
    """A copy of the study may have trained it to its end. Here it is no trial of the full budget."""
    table = trials_frame([trial("a", 2.0), trial("b", 0.5, status=Status.STOPPED_EARLY)])
    assert table.costs("FD[x]").tolist() == [2.0]
    assert table.frame[SCORE + "FD[x]"].isna().tolist() == [False, True]
    assert "(1 of all were stopped early)" in check_budgets(table).text
