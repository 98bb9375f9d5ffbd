"""What a page says of single trials: which entries of a diagnosis count as symptoms, and which trials were screened out."""

from dataclasses import replace

import pytest
from helpers.confirmed_study import AXES, SCORE, study_of

from landscape.analysis.frames import trials_frame
from landscape.report.health_table import health_table
from landscape.report.study_tables import unfinished_table
from landscape.report.view import View, view_of


@pytest.mark.parametrize(
    ("diagnosis", "found"),
    [
        ({"discriminator_undecided": {"d_accuracy": 0.5}}, ()),
        ({"discriminator_undecided": {"d_accuracy": 0.5, "sample_diversity": 1.0, "data_diversity": 2.0}}, ("discriminator_undecided",)),
        ({"mode_collapse": {"sample_diversity": 0.1, "data_diversity": 1.0}, "discriminator_wins": None}, ("mode_collapse",)),
        ({"healthy": {"g_gradient_norm": 1.0}}, ()),
        ({"degraded_after_best": {"score": SCORE, "last": 9.0, "best": 2.0}}, ("degraded_after_best",)),
    ],
)
def test_an_undecided_discriminator_of_an_earlier_version_is_no_symptom(diagnosis, found):
    study = study_of(seeds=0)
    object.__setattr__(study.trials[0].record, "diagnosis", diagnosis)
    table = trials_frame(study.trials, axes=tuple(AXES))
    assert View(study, table, SCORE, {}).symptoms[0] == found


def test_trials_that_degraded_have_a_column_and_healthy_ones_have_none():
    study = study_of(seeds=0)
    for i, trial in enumerate(study.trials):
        found = {"degraded_after_best": {"last": 9.0, "best": 2.0}} if i < 2 else {"healthy": {"g_gradient_norm": 1.0}}
        object.__setattr__(trial.record, "diagnosis", found)
    table = health_table(View(study, trials_frame(study.trials, axes=tuple(AXES)), SCORE, {}))
    assert table is not None
    assert [column.label for column in table.columns][-1] == "Degraded after best"
    assert table.frame["degraded_after_best"].sum() == 2
    assert (table.frame["healthy"] * table.frame["trials"]).sum() == pytest.approx(len(study.trials) - 2)
    assert list(table.frame).count("healthy") == 1


def test_a_screened_trial_is_marked_and_is_in_no_table_of_the_second_stage():
    study = study_of(seeds=0)
    left = study.trials[:5]
    out = [
        replace(t, scores={"few": replace(s, protocol={"name": "quick/screening", "digest": "few"})})
        for t in study.trials[5:]
        for s in t.scores.values()
    ]
    study = replace(study, trials=(*left, *out), facts={**study.facts, "protocol": {"name": "quick", "digest": "p"}})
    view = view_of(study)
    assert list(view.table.frame["status"]) == ["completed"] * 5 + ["screened out"] * 7
    assert len(view.table.costs(SCORE)) == 5
    assert "7 trials of the search were screened out by few samples; tables of the search hold the 5 others" in view.warnings[0]
    unfinished = unfinished_table(view).frame
    assert list(unfinished["status"]) == ["screened out"] * 7
    assert set(unfinished["reason"]) == {"few samples showed that it does not win"}
    few = view_of(study, "few")
    assert list(few.table.frame["status"]) == ["completed"] * 12
