"""What a round does, counted and compared with the same done by hand: who sees what, what is averaged, what curves hold."""

import pytest
import torch
from torch import nn

import landscape
import landscape.gan
from landscape.config import TrialConfig

BASE = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 8}},
    "loss": "non_saturating",
    "batch_size": 8,
    "budget": {"amount": 64},
}


def model(**fields):
    torch.manual_seed(3)
    gan = landscape.build(BASE | fields)
    gan.prepare(torch.device("cpu"))
    return gan


def batches_seen(gan):
    """Sizes of the batches that D is called with in a round."""
    sizes: list[int] = []
    gan.discriminator.register_forward_pre_hook(lambda module, given: sizes.append(len(given[0])))
    gan.run_rounds(1)
    return sizes


def test_a_joint_call_is_joint_in_both_steps():
    assert batches_seen(model()) == [8, 8, 8]
    assert batches_seen(model(joint_d_call=True)) == [16, 16]


def test_g_of_a_joint_call_sees_the_statistics_of_both_kinds():
    gan = model(joint_d_call=True, d_normalization="batch")
    batch, z = gan.stream.next(8), gan.draw_z(8)
    with torch.no_grad():
        found = gan.game.g_objective(batch, z, due=()).total
        logits = gan.discriminator(torch.cat([batch.real, gan.generator(z, None)]), None).logit[8:]
    torch.testing.assert_close(found, nn.functional.softplus(-logits).mean())


@pytest.mark.parametrize(
    ("fields", "images"),
    [
        ({}, 8),
        ({"d_steps_per_round": 5, "budget": {"amount": 320}}, 40),
        ({"g_steps_per_round": 2}, 4),
        ({"loss": "mmd", "d_steps_per_round": 5, "g_batch_size": 16}, 16),
    ],
)
def test_half_life_of_the_average_is_in_images(fields, images):
    """A G that stands still: its average has lost half of its distance after as many images as `half_life_images` says."""
    gan = model(ema={"half_life_images": 4 * images}, g_optimizer={"learning_rate": 1e-30}, **fields)
    weight, average = next(gan.generator.parameters()), next(gan.average.parameters())
    with torch.no_grad():
        average.copy_(weight + 1)
    gan.counts.g_steps = 1
    while gan.counts.images < 4 * images:
        gan.run_rounds(1)
    torch.testing.assert_close(average - weight, torch.full_like(weight, 0.5), atol=1e-5, rtol=0)


@pytest.mark.parametrize("loss", ["mmd", "vae", "non_saturating"])
def test_a_budget_in_images_is_what_the_data_stream_gives(loss):
    gan = model(loss=loss, d_steps_per_round=5, g_batch_size=16, budget={"amount": 400, "unit": "images"})
    gan.run_rounds(gan.total_rounds)
    assert gan.counts.images == 400


def test_an_encoder_follows_its_schedule_to_the_end():
    falling = {"learning_rate": 1e-3, "schedule": {"name": "linear"}}
    gan = model(loss="vae", d_steps_per_round=5, budget={"amount": 100}, d_optimizer=falling, g_optimizer=falling)
    gan.run_rounds(20)
    assert gan.d_stepper.optimizer.param_groups[0]["lr"] == gan.g_stepper.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 / 20)


def test_began_reports_what_d_measured():
    gan = model(loss="began", architecture={"autoencoder_mlp": {"g_width": 8, "d_width": 8}})
    batch, z = gan.stream.next(8), gan.draw_z(8)
    assert gan.game.d_objective(batch, gan.generator(z, None), due=()).report.keys() == {"convergence", "k"}
    assert gan.game.g_objective(batch, z, due=()).report == {}


@pytest.mark.parametrize(
    ("loss", "real", "fake"),
    [
        ("non_saturating", 1.0, 0.0),
        ("least_squares", 1.0, 0.75),
        ({"least_squares": {"real_label": 1.0, "fake_label": -1.0}}, 1.0, 0.0),
        ("least_squares_sigmoid", 1.0, 0.0),
    ],
)
def test_accuracy_is_cut_where_the_loss_cuts(loss, real, fake):
    """D says 0.6 of all real samples and of one fake in four, 0.4 of the other fakes."""
    gan = model(loss=loss)
    fakes = torch.tensor([0.6, 0.4, 0.4, 0.4])
    pair = gan.game._call_loss(torch.full((4,), 0.6), fakes)
    gan.last_logits = (torch.full((4,), 0.6) - pair.boundary, fakes - pair.boundary)
    gan._observe()
    assert (gan.curves.points["d_accuracy_real"][0][1], gan.curves.points["d_accuracy_fake"][0][1]) == (real, fake)


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic_pairing", "relativistic_average"])
def test_losses_of_differences_have_no_accuracy(loss):
    gan = model(loss=loss)
    gan.run_rounds(1)
    assert "d_loss" in gan.curves.points
    assert not [name for name in gan.curves.points if "accuracy" in name]


def test_a_budget_in_seconds_anneals_by_the_clock(tmp_path):
    """Instance noise that falls to 0 at the end of the budget: the share that is spent reaches it."""
    from landscape.trial import run_trial

    seen = []
    config = TrialConfig.parse(BASE | {"regularizers": ["instance_noise"], "budget": {"amount": 1.0, "unit": "seconds"}})
    original = landscape.gan.GAN.play_round

    def play_round(gan):
        seen.append(float(gan.game.progress))
        original(gan)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landscape.gan.GAN, "play_round", play_round)
        run_trial(config, None, folder=tmp_path, pictures=False)
    assert seen == sorted(seen)
    assert seen[0] < 0.5 < seen[-1] <= 1
