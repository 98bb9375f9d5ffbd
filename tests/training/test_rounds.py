"""What a round does, counted and compared with the same done by hand: who sees what, what is averaged, what curves hold."""

import copy
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

import landscape
import landscape.training.gan
from landscape.components.datasets._load import load_dataset
from landscape.config.trial_config import TrialConfig
from landscape.training.component_calls import pair_of
from landscape.training.data_stream import DataStream

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
    batch, z = gan.rounds.stream.next(8), gan.draw_z(8)
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


def test_the_half_life_of_the_average_rises_over_the_burn_in():
    """G stands still, its average begins at a distance of 1: R3GAN's 0.5^(images / half-life), which rises along half a cosine."""
    gan = model(ema={"half_life_images": 100, "burn_in": 0.5}, g_optimizer={"learning_rate": 1e-30}, budget={"amount": 16})
    weight, average = next(gan.generator.parameters()), next(gan.average.parameters())
    gan.counts.g_steps = 1
    found, expected = [], []
    for i in range(16):
        with torch.no_grad():
            average.copy_(weight + 1)
        gan.run_rounds(1)
        found.append((average - weight).mean().item())
        half_life = 100 * 0.5 * (1 - math.cos(math.pi * min(i / 8, 1)))
        expected.append(0.5 ** (8 / half_life) if half_life else 0.0)
    assert found == pytest.approx(expected, abs=1e-5)
    assert found[0] == 0
    assert found[-1] == pytest.approx(0.5**0.08, abs=1e-5)


@pytest.mark.parametrize(("name", "index"), [("cuda", 3), ("cuda:1", 1)])
def test_a_gpu_without_an_index_is_the_current_one(name, index, monkeypatch):
    """torch gives the share of memory that a process may take by index alone."""
    asked = []

    def fraction(device):
        assert isinstance(device, int)
        asked.append(device)
        return 1.0

    monkeypatch.setattr(torch.cuda, "current_device", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=1))
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", fraction)
    stream = DataStream.of(load_dataset("digits"), seed=0, device=torch.device(name), horizontal_flip=False, dequantize=False)
    assert stream.samples.device.type == "cpu"  # which no GPU of one byte holds
    assert asked == [index]


@pytest.mark.parametrize("loss", ["mmd", "vae", "non_saturating"])
def test_a_budget_in_images_is_what_the_data_stream_gives(loss):
    gan = model(loss=loss, d_steps_per_round=5, g_batch_size=16, budget={"amount": 400, "unit": "images"})
    gan.run_rounds(gan.rounds.total)
    assert gan.counts.images == 400


def test_an_encoder_follows_its_schedule_to_the_end():
    falling = {"learning_rate": 1e-3, "schedule": {"name": "linear"}}
    gan = model(loss="vae", d_steps_per_round=5, budget={"amount": 100}, d_optimizer=falling, g_optimizer=falling)
    gan.run_rounds(20)
    assert (
        gan.rounds.d_stepper.optimizer.param_groups[0]["lr"]
        == gan.rounds.g_stepper.optimizer.param_groups[0]["lr"]
        == pytest.approx(1e-3 / 20)
    )


def test_began_reports_what_d_measured():
    gan = model(loss="began", architecture={"autoencoder_mlp": {"g_width": 8, "d_width": 8}})
    batch, z = gan.rounds.stream.next(8), gan.draw_z(8)
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
    pair = pair_of(gan.game.loss, torch.full((4,), 0.6), fakes)
    gan.rounds.state.last_logits = (torch.full((4,), 0.6) - pair.boundary, fakes - pair.boundary)
    gan.observe()
    assert (gan.curves.points["d_accuracy_real"][0][1], gan.curves.points["d_accuracy_fake"][0][1]) == (real, fake)


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic_pairing", "relativistic_average"])
def test_losses_of_differences_have_no_accuracy(loss):
    gan = model(loss=loss)
    gan.run_rounds(1)
    assert "d_loss" in gan.curves.points
    assert not [name for name in gan.curves.points if "accuracy" in name]


def test_a_budget_in_seconds_anneals_by_the_clock(tmp_path, monkeypatch):
    """Instance noise that falls to 0 at the end of the budget: the share that is spent reaches it. A round takes 1/64 s by this clock."""
    from landscape.trial import stretches
    from landscape.trial.run_trial import prepare_and_run

    seen = []
    config = TrialConfig.parse(BASE | {"regularizers": ["instance_noise"], "budget": {"amount": 1.0, "unit": "seconds"}})
    original = landscape.training.rounds.Rounds.play_with_progress_given

    def play_round(gan):
        seen.append(float(gan.game.progress))
        original(gan)

    monkeypatch.setattr(stretches, "time", SimpleNamespace(perf_counter=lambda: len(seen) / 64))
    monkeypatch.setattr(landscape.training.rounds.Rounds, "play_with_progress_given", play_round)
    prepare_and_run(config, None, folder=tmp_path, pictures=False)
    # Stretches of 1, 4 and 16 rounds, then as many as end within 0.3 s; the clock is read before each.
    starts = [0, *[1] * 4, *[5] * 16, *[21] * 19, *[40] * 19, *[59] * 19]
    assert seen == [start / 64 for start in starts]


LINEAR = {"architecture": {"mlp": {"width": 8, "depth": 1}}, "g_normalization": "none"}


@pytest.mark.parametrize(
    ("regularizer", "objective"),
    [
        ("r1", "d"),
        ("l2", "d"),
        ("top_k", "g"),
        ({"name": "r1", "order": "simultaneous"}, "both"),
        ({"name": "l2", "order": "simultaneous"}, "both"),
    ],
)
def test_lazy_terms_count_k_times_at_every_kth_step(regularizer, objective):
    given = {"name": regularizer} if isinstance(regularizer, str) else dict(regularizer)
    order = given.pop("order", "d_first")

    def terms(every, step):
        gan = model(regularizers=[given | {"every": every}], order=order, **LINEAR)
        batch, z, due = gan.rounds.stream.next(8), gan.draw_z(8), gan.game.due(step)
        gan.game.progress.fill_(1.0)
        if objective == "both":
            return gan.game.both_objectives(batch, z, due=due)[0].terms
        if objective == "d":
            return gan.game.d_objective(batch, gan.generator(z, None).detach(), due=due).terms
        return gan.game.g_objective(batch, z, due=due).terms

    name = given["name"]
    for step in range(5):
        found, always = terms(4, step), terms(1, step)
        torch.testing.assert_close(found["adversarial"], always["adversarial"])
        assert (name in found) == (step % 4 == 0)
    assert always[name] != 0
    torch.testing.assert_close(terms(4, 0)[name], 4 * terms(1, 0)[name])


def test_reused_z_is_that_of_the_last_d_step():
    for reuse in (False, True):
        gan = model(reuse_z=reuse, d_steps_per_round=2, g_steps_per_round=2)
        seen = []
        gan.generator.register_forward_pre_hook(lambda module, given, seen=seen: seen.append(given[0].clone()))
        gan.run_rounds(1)
        assert not torch.equal(seen[0], seen[1])
        assert [torch.equal(z, seen[1]) for z in seen[2:4]] == [reuse, reuse]


def by_hand(gan, updates, rate):
    """Weights after `updates` of plain gradient descent on the non-saturating loss: `d`, `g`, or `both` at the same weights."""
    g, d, stream = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator), copy.copy(gan.rounds.stream)

    def step(side):
        real = stream.next(8).real if side != "g" else None
        fake = g(gan.draw_z(8), None)
        losses = {}
        if side != "g":
            losses[d] = (nn.functional.softplus(-d(real).logit) + nn.functional.softplus(d(fake.detach()).logit)).mean()
        if side != "d":
            losses[g] = nn.functional.softplus(-d(fake).logit).mean()
        gradients = {network: torch.autograd.grad(loss, list(network.parameters()), retain_graph=True) for network, loss in losses.items()}
        for network, found in gradients.items():
            with torch.no_grad():
                for parameter, gradient in zip(network.parameters(), found, strict=True):
                    parameter -= rate * gradient

    for side in updates:
        step(side)
    return [*g.parameters(), *d.parameters()]


@pytest.mark.parametrize(
    ("order", "d_steps", "updates"),
    [
        ("d_first", 1, ["d", "g"]),
        ("d_first", 2, ["d", "d", "g"]),
        ("g_first", 1, ["g", "d"]),
        ("g_first", 2, ["g", "d", "d"]),
        ("g_after_first_d", 2, ["d", "g", "d"]),
        ("simultaneous", 1, ["both"]),
    ],
)
def test_a_round_by_hand(order, d_steps, updates):
    optimizer = {"name": "sgd", "learning_rate": 0.5}
    gan = model(order=order, d_steps_per_round=d_steps, d_optimizer=optimizer, g_optimizer=optimizer, **LINEAR)
    torch.manual_seed(9)
    expected = by_hand(gan, updates, 0.5)
    torch.manual_seed(9)
    gan.run_rounds(1)
    torch.testing.assert_close([*gan.generator.parameters(), *gan.discriminator.parameters()], expected)


def stream_of_ramps(**options):
    """256 images of 1x4 pixels: levels i, 0, 0, 255."""
    levels = torch.tensor([[i, 0, 0, 255] for i in range(256)], dtype=torch.uint8).view(256, 1, 1, 4)
    return DataStream(levels, None, seed=0, device=torch.device("cpu"), **options)


def test_every_epoch_shows_each_sample_once_in_an_order_of_its_own():
    stream = stream_of_ramps(horizontal_flip=False, dequantize=False)
    epochs = [stream.take(256).tolist() for _ in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(256))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    again = stream_of_ramps(horizontal_flip=False, dequantize=False)
    assert [again.take(256).tolist() for _ in range(3)] == epochs


def test_half_of_the_images_are_mirrored():
    images = torch.cat([stream_of_ramps(horizontal_flip=True).next(256).real for _ in range(8)]).flatten(1)
    mirrored = images[:, 0] == 1
    assert 0.45 < mirrored.float().mean() < 0.55  # 2,048 of them: three standard deviations are 0.033
    upright = torch.where(mirrored[:, None], images.flip(1), images)
    assert (upright[:, 1:] == torch.tensor([0.0, 0, 1])).all()
    assert stream_of_ramps().next(256).real.flatten(1)[:, 3].unique().tolist() == [1]


def test_dequantized_levels_fill_their_steps():
    stream = stream_of_ramps(dequantize=True)
    levels = 256 * torch.cat([stream.next(256).real for _ in range(8)]).flatten(1)
    assert (levels[:, 1] < 1).all()
    assert ((levels[:, 3] >= 255) & (levels[:, 3] < 256)).all()
    assert sorted(levels[:256, 0].long().tolist()) == list(range(256))
    within = levels - levels.floor()
    assert within.mean() == pytest.approx(0.5, abs=0.02)
    assert within.std() == pytest.approx(12**-0.5, abs=0.01)
