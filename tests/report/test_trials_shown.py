"""What a page says of single trials: which entries of a diagnosis count as symptoms, and which trials were screened out."""

from dataclasses import replace

import pytest
from helpers.confirmed_study import AXES, SCORE, study_of

from landscape.analysis.frames import trials_frame
from landscape.report.study_tables import unfinished_table
from landscape.report.view import View, view_of


@pytest.mark.parametrize(
    ("diagnosis", "found"),
    [
        ({"discriminator_undecided": {"d_accuracy": 0.5}}, ()),
        ({"discriminator_undecided": {"d_accuracy": 0.5, "sample_diversity": 1.0, "data_diversity": 2.0}}, ("discriminator_undecided",)),
        ({"mode_collapse": {"sample_diversity": 0.1, "data_diversity": 1.0}, "discriminator_wins": None}, ("mode_collapse",)),
    ],
)
def test_an_undecided_discriminator_of_an_earlier_version_is_no_symptom(diagnosis, found):
    study = study_of(seeds=0)
    object.__setattr__(study.trials[0].record, "diagnosis", diagnosis)
    table = trials_frame(study.trials, axes=tuple(AXES))
    assert View(study, table, SCORE, {}).symptoms[0] == found


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
