"""Each symptom's threshold from both sides, and pictures beside their nearest training pictures."""

import pytest
import torch

from landscape.results.record import HEALTHY, Status, TrialRecord
from landscape.trial.diagnosis import CERTAIN, COLLAPSE_RATIO, LOSS_RATIO, UNDECIDED, VANISHED, data_diversity, diagnose
from landscape.trial.pictures import nearest_training_samples

DATA = torch.rand(64, 3, generator=torch.Generator().manual_seed(0))


def diagnosis(**curves):
    return diagnose({name: [(float(i), value) for i in range(8)] for name, value in curves.items()}, DATA)


def symptoms(**curves):
    return {name: figures for name, figures in diagnosis(**curves).items() if name != HEALTHY}


def accuracy(real, fake):
    return symptoms(d_accuracy_real=real, d_accuracy_fake=fake)


def test_thresholds_are_those_that_are_documented():
    assert (COLLAPSE_RATIO, LOSS_RATIO, CERTAIN, UNDECIDED, VANISHED) == (0.25, 0.85, 0.99, (0.45, 0.55), 1e-6)


def test_a_discriminator_has_won_above_its_threshold():
    assert accuracy(1.0, 0.985) == {"discriminator_wins": {"d_accuracy": pytest.approx(0.9925)}}
    assert accuracy(1.0, 0.975) == {}


@pytest.mark.parametrize(("real", "fake"), [(0.46, 0.46), (0.5, 0.5), (0.9, 0.18), (0.54, 0.54)])
def test_a_discriminator_that_tells_nothing_is_at_the_optimum_unless_samples_lack_diversity(real, fake):
    data = data_diversity(DATA)
    for share, found in ((1.0, set()), (0.86, set()), (0.84, {"diversity_lost", "discriminator_undecided"})):
        assert set(symptoms(d_accuracy_real=real, d_accuracy_fake=fake, sample_diversity=share * data)) == found
    assert accuracy(real, fake) == {}
    figures = symptoms(d_accuracy_real=real, d_accuracy_fake=fake, sample_diversity=0.2 * data)["discriminator_undecided"]
    assert figures == {"d_accuracy": (real + fake) / 2, "sample_diversity": pytest.approx(0.2 * data), "data_diversity": data}


@pytest.mark.parametrize(("real", "fake", "found"), [(0.44, 0.44, "discriminator_behind"), (0.46, 0.46, None), (0.56, 0.56, None)])
def test_a_discriminator_is_behind_below_its_threshold_and_decided_above_the_other(real, fake, found):
    assert list(accuracy(real, fake)) == ([found] if found else [])
    lacking = symptoms(d_accuracy_real=real, d_accuracy_fake=fake, sample_diversity=0.5 * data_diversity(DATA))
    assert ("discriminator_undecided" in lacking) == (real == 0.46)


@pytest.mark.parametrize(("norm", "found"), [(0.5e-6, True), (2e-6, False), (10.0, False), (0.0, True)])
def test_a_gradient_has_vanished_below_its_threshold(norm, found):
    assert ("generator_gradient_vanished" in symptoms(g_gradient_norm=norm)) is found


@pytest.mark.parametrize(
    ("share", "found"), [(0.24, ["mode_collapse"]), (0.26, ["diversity_lost"]), (0.84, ["diversity_lost"]), (0.86, []), (1.5, [])]
)
def test_samples_have_collapsed_or_lost_a_part_below_two_shares_of_the_datas_diversity(share, found):
    assert list(symptoms(sample_diversity=share * data_diversity(DATA))) == found


def test_the_last_quarter_of_a_curve_decides():
    early_only = [(float(i), 1e-9 if i < 6 else 1.0) for i in range(8)]
    late_only = [(float(i), 1.0 if i < 6 else 1e-9) for i in range(8)]
    assert list(diagnose({"g_gradient_norm": early_only}, DATA)) == [HEALTHY]
    assert "generator_gradient_vanished" in diagnose({"g_gradient_norm": late_only}, DATA)


def test_a_healthy_trial_says_so_with_every_figure_that_was_read():
    data = data_diversity(DATA)
    healthy = {"sample_diversity": data, "data_diversity": data, "d_accuracy": 0.75, "g_gradient_norm": 2.0}
    assert diagnosis(sample_diversity=data, d_accuracy_real=0.7, d_accuracy_fake=0.8, g_gradient_norm=2.0) == {
        HEALTHY: pytest.approx(healthy)
    }
    # A loss without probabilities has no accuracy, and a trial without curves has nothing that could be healthy.
    assert diagnosis(g_gradient_norm=2.0) == {HEALTHY: {"g_gradient_norm": 2.0}}
    assert diagnosis() == {}


def test_being_healthy_is_no_symptom():
    def named(diagnosis):
        return TrialRecord("d", "s", "r", {}, Status.COMPLETED, diagnosis=diagnosis).symptoms

    assert named({HEALTHY: {"g_gradient_norm": 2.0}}) == named({}) == ()
    assert named({"mode_collapse": {"sample_diversity": 0.1}}) == ("mode_collapse",)


@pytest.mark.parametrize("chunk", [2, 7, 100])
def test_beside_a_sample_stands_its_nearest_training_picture(chunk):
    generator = torch.Generator().manual_seed(0)
    training = torch.randint(0, 256, (40, 1, 4, 4), dtype=torch.uint8, generator=generator)
    samples = torch.randint(0, 256, (6, 1, 4, 4), dtype=torch.uint8, generator=generator)
    squared = (samples[:, None].double() - training[None].double()).square().sum(dim=(2, 3, 4))
    expected = training[squared.argmin(dim=1)]
    assert torch.equal(nearest_training_samples(samples, training, chunk), expected)
