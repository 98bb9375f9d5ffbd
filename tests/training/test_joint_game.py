"""The joint game of inference: what D sees, what G and the encoder minimize, who is updated, and what is refused."""

import numpy as np
import pytest
import torch

import landscape
from landscape.components.architectures._joint import paired
from landscape.components.losses._base import LOSSES
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError

FIELDS = {
    "dataset": "digits",
    "task": "inference",
    "architecture": {"mlp": {"width": 8}},
    "loss": "non_saturating",
    "latent": {"dim": 5},
    "batch_size": 6,
    "budget": {"amount": 20},
}
LOGITS = [name for name in LOSSES if LOSSES[name].facts.inputs == "logits" and not LOSSES[name].facts.d_is_that_of]


def model(**fields):
    gan = landscape.build(FIELDS | fields)
    torch.manual_seed(0)
    return gan


def changed(gan, play):
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    play()
    return {name.partition(".")[0] for name, p in gan.named_parameters() if not torch.equal(p, before[name])}


@pytest.mark.parametrize("loss", LOGITS)
def test_the_encoder_and_g_minimize_the_loss_of_d_with_its_arguments_exchanged(loss):
    gan = model(loss=loss)
    batch, z = gan.rounds.stream.next(6), gan.draw_z(6)
    real = gan.discriminator(paired(batch.real, gan.encoder(batch.real))).logit
    fake = gan.discriminator(paired(gan.generator(z), z)).logit
    call = LOSSES[loss].function
    torch.testing.assert_close(gan.game.d_objective(batch, gan.game.fakes(batch, z), due=()).total, call(real, fake).d.mean())
    expected = call(fake, real).d.mean()
    g = gan.game.g_objective(batch, z, due=())
    torch.testing.assert_close(g.total, expected)
    networks = (*gan.generator.parameters(), *gan.encoder.parameters())
    found, wanted = (torch.autograd.grad(total, networks, retain_graph=True) for total in (g.total, expected))
    for mine, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(mine, theirs)
    assert all(float(gradient.abs().sum()) > 0 for gradient in found[: len(list(gan.generator.parameters()))][-1:] + found[-1:])


def test_a_step_of_d_moves_d_and_a_step_of_g_moves_g_and_the_encoder():
    gan = model(g_normalization="none")
    assert changed(gan, gan.rounds.d_step) == {"discriminator"}
    assert changed(gan, gan.rounds.g_step) == {"generator", "encoder"}


def test_a_round_shows_d_pairs_with_the_latent_vectors_of_both_sides():
    gan = model()
    seen, z = [], []
    gan.discriminator.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    gan.generator.register_forward_pre_hook(lambda _, given: z.append(given[0]))
    gan.run_rounds(1)
    assert [s.shape for s in seen] == [(6, 64 + 5)] * 4
    assert torch.equal(seen[1][:, 64:], z[0])
    assert torch.equal(seen[2][:, 64:] if torch.equal(seen[2][:, 64:], z[1]) else seen[3][:, 64:], z[1])


@pytest.mark.parametrize(
    "fields",
    [
        {"order": "simultaneous"},
        {"joint_d_call": True, "reuse_z": True},
        {"regularizers": ["gradient_penalty", "instance_noise"], "loss": "wasserstein"},
        {"regularizers": ["r1", "dragan", {"unrolled": {"k": 1}}]},
        {"dataset": "ring", "architecture": "mlp"},
        {"architecture": {"progressive": {"fmap_base": 16, "fmap_max": 4}}, "ema": {"decay": 0.9}, "budget": {"amount": 8}},
    ],
)
def test_other_settings_cross_the_task(fields):
    gan = model(**fields)
    gan.run_rounds(5)
    assert {"generator", "encoder", "discriminator"} <= changed(gan, lambda: gan.run_rounds(1))
    assert gan.parameter_counts().keys() == {"generator", "discriminator", "encoder"}


@pytest.mark.parametrize("fields", [{}, {"order": "simultaneous"}])
def test_the_total_variation_is_that_of_the_samples_of_g_alone(fields):
    gan = model(regularizers=[{"total_variation": {"weight": 0.5}}], g_normalization="none", **fields)
    batch, z = gan.rounds.stream.next(6), gan.draw_z(6)
    if fields:
        found = gan.game.both_objectives(batch, z, due=("total_variation",))[1].terms["total_variation"]
    else:
        found = gan.game.g_objective(batch, z, due=("total_variation",)).terms["total_variation"]
    images = gan.generator(z).detach().double().numpy()
    by_hand = 0.5 * ((np.diff(images, axis=2) ** 2).mean() + (np.diff(images, axis=3) ** 2).mean())
    np.testing.assert_allclose(found.item(), by_hand, rtol=1e-5)
    gan.run_rounds(2)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"loss": "minimax"}, "D's loss of 'minimax' is that of 'non_saturating': the two would be the same model"),
        ({"loss": {"least_squares": {"target": 0.5}}}, "target of loss 'least_squares' belongs to G's loss"),
        ({"loss": "mmd"}, "loss 'mmd' reads samples: choose a loss on logits"),
        ({"loss": "began", "architecture": "autoencoder_mlp"}, "loss 'began' reads energies: choose a loss on logits"),
        (
            {"regularizers": ["differentiable_augmentation"]},
            "'differentiable_augmentation' acts on images, in task 'inference' D sees pairs",
        ),
        ({"regularizers": ["adaptive_augmentation"]}, "'adaptive_augmentation' acts on images, in task 'inference' D sees pairs"),
        ({"regularizers": ["packing"]}, "'packing' stacks samples, in task 'inference' D sees pairs"),
        ({"architecture": {"mlp_2014": {"preset": "tfd"}}, "resolution": 48}, "this one bounds its weights"),
        ({"architecture": {"mlp": {"d_condition": "concat"}}}, "d_condition of architecture 'mlp' says how it takes a class"),
    ],
)
def test_what_has_no_meaning_for_pairs_is_refused(fields, reason):
    with pytest.raises(UndefinedCombinationError, match=reason):
        TrialConfig.parse(FIELDS | fields)


def test_single_games_have_no_encoder():
    gan = model(task="unconditional")
    assert gan.encoder is None
    assert not any("encoder" in name for name in gan.state_dict())
