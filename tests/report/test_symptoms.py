"""Which entries of a record's diagnosis count as symptoms on a page."""

import pytest
from helpers.confirmed_study import AXES, SCORE, study_of

from landscape.analysis.frames import trials_frame
from landscape.report.view import View


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
