"""Importances on made searches whose truth is known: what matters comes first, by both methods, and what only some trials have is found."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.confirmed_study import SCORE, trial

from landscape.analysis.frames import trials_frame
from landscape.analysis.importance import importances
from landscape.report.importance_table import hyperparameter_importance_table
from landscape.report.view import view_of
from landscape.results.record import Status
from landscape.results.studies import Study

SPACE = {
    "search": {"rate": {"min": 1e-4, "max": 1e-1, "scaling": "log"}, "penalty": {"min": 0.0, "max": 1.0}, "idle": {"choices": [1, 2, 4]}}
}


def searched(n=120, *, loss=0.0, rate=0.0, penalty=0.0, diverged=0.0, seed=0) -> Study:
    """`n` random trials whose cost depends on the loss, the rate and the weight of a penalty that half of the trials have."""
    rng, trials = np.random.default_rng(seed), []
    for ask in range(n):
        labels = {"loss": str(rng.choice(["hinge", "minimax"])), "regularizers": str(rng.choice(["none", "r1"]))}
        assignment = {"rate": float(10 ** rng.uniform(-4, -1)), "idle": int(rng.choice([1, 2, 4]))}
        assignment |= {"penalty": float(rng.uniform())} if labels["regularizers"] == "r1" else {}
        cost = loss * (labels["loss"] == "hinge") + rate * abs(np.log10(assignment["rate"]) + 3) + penalty * assignment.get("penalty", 0.5)
        status = Status.DIVERGED if rng.random() < diverged else Status.COMPLETED
        one = trial(labels, "search", rate=0.0, seed=ask, cost=cost + 0.1 * rng.normal(), ask=ask, status=status)
        trials.append(replace(one, record=replace(one.record, study={**one.record.study, "assignment": assignment})))
    return Study("made", Path(), {"space": SPACE}, tuple(trials))


def found(study: Study, **how):
    shares = importances(study, trials_frame(study.trials), SCORE, **how)
    return {one.name: one for one in shares}


def test_what_matters_comes_first_by_both_methods():
    for truth in ("loss", "rate"):
        shares = found(searched(200, **{truth: 3.0}), repeats=3)
        assert next(iter(shares)) == truth
        assert shares[truth].is_axis == (truth == "loss")
        for method in ("ped_anova", "fanova"):
            of = {name: getattr(one, method) for name, one in shares.items() if getattr(one, method) is not None}
            assert sum(share.value for share in of.values()) == pytest.approx(1)
            assert of[truth].value > 0.5
            assert of[truth].low <= of[truth].value <= of[truth].high
            assert of[truth].low > max(share.high for name, share in of.items() if name != truth)


def test_a_hyperparameter_of_some_trials_is_judged_among_them():
    shares = found(searched(200, penalty=3.0), repeats=4)
    assert 60 < shares["penalty"].trials < 140
    assert shares["rate"].trials == 200
    assert shares["penalty"].fanova is None
    assert shares["penalty"].ped_anova.value > max(shares[name].ped_anova.value for name in ("rate", "loss", "idle"))


def test_diverged_trials_count_as_the_worst():
    study = searched(200, rate=3.0)
    costly = [
        replace(t, record=replace(t.record, status=Status.DIVERGED), scores={}) if t.record.study["cell"]["loss"] == "hinge" else t
        for t in study.trials
    ]
    shares = found(replace(study, trials=tuple(costly)), repeats=2)
    assert shares["loss"].fanova.value > 0.5


def test_the_same_records_give_the_same_shares_and_more_trials_a_smaller_spread():
    few, many = searched(40, rate=3.0, loss=1.5), searched(240, rate=3.0, loss=1.5)
    assert found(few, repeats=2) == found(few, repeats=2)
    few_spread, many_spread = (found(study, repeats=4)["rate"].fanova for study in (few, many))
    assert many_spread.high - many_spread.low < few_spread.high - few_spread.low


def test_where_nothing_can_be_said():
    assert found(searched(19, rate=3.0)) == {}
    lost = searched(40, diverged=1.1)
    assert found(lost) == {}
    one = searched(40)
    same = [
        replace(t, record=replace(t.record, study={**t.record.study, "cell": {"loss": "a"}, "assignment": {"rate": 1.0}}))
        for t in one.trials
    ]
    assert found(replace(one, trials=tuple(same))) == {}


@pytest.mark.parametrize(("trials", "share"), [(30, "17%"), (60, "10%")])
def test_the_table_names_the_share_that_counts_as_the_best(trials, share):
    """Of fewer than 50 trials the best five count, which are more than a tenth."""
    table = hyperparameter_importance_table(view_of(searched(trials, rate=3.0)))
    (column,) = [column for column in table.columns if column.key == "ped_anova"]
    assert column.help == f"What the best {share} of the trials have in common, against all"


def test_a_forest_is_grown_on_no_more_trials_than_it_has_time_for(monkeypatch):
    """PED-ANOVA reads all trials whatever their number. The share of the forest stays near, and the table says how many it read."""
    from optuna.importance import FanovaImportanceEvaluator

    seen, evaluate = [], FanovaImportanceEvaluator.evaluate

    def watched(self, study, **how):
        seen.append(len(study.trials))
        return evaluate(self, study, **how)

    monkeypatch.setattr(FanovaImportanceEvaluator, "evaluate", watched)
    study = searched(200, rate=3.0)
    whole = found(study, repeats=1)
    monkeypatch.setattr("landscape.analysis.importance.FOREST_TRIALS", 100)
    monkeypatch.setattr("landscape.report.importance_table.FOREST_TRIALS", 100)
    some = found(study, repeats=1)
    assert seen == [200, 160, 100, 100]
    assert {name: one.ped_anova for name, one in some.items()} == {name: one.ped_anova for name, one in whole.items()}
    assert some["rate"].fanova.value == pytest.approx(whole["rate"].fanova.value, abs=0.1)
    assert "fANOVA reads 100 trials drawn at random and leaves out" in hyperparameter_importance_table(view_of(study)).caption
