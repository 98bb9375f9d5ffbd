"""The two-way game of unpaired translation: who sees what, what both generators minimize, the pool, who is updated, what is refused."""

import itertools

import pytest
import torch

import landscape
from landscape.components.losses._base import LOSSES
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.training.two_way import from_pool
from landscape.trial.operations import operations

BASE = {
    "dataset": "printed_digits:per_class=5",
    "task": "unpaired",
    "architecture": {"resnet_translation": {"width": 4, "blocks": 1}},
    "loss": "least_squares",
    "regularizers": ["cycle", "identity"],
    "batch_size": 4,
    "budget": {"amount": 20},
}
LOGITS = [name for name in LOSSES if LOSSES[name].facts.inputs == "logits"]


def model(**fields):
    gan = landscape.build(BASE | fields)
    torch.manual_seed(0)
    return gan


def changed(gan, play):
    before = {name: p.detach().clone() for name, p in gan.named_parameters()}
    play()
    return {".".join(name.split(".")[:2]) for name, p in gan.named_parameters() if not torch.equal(p, before[name])}


def networks_of(gan):
    return gan.generator.there, gan.generator.back, gan.discriminator.there, gan.discriminator.back


@pytest.mark.parametrize("loss", LOGITS)
def test_both_directions_are_adversarial_games_whose_losses_add_up(loss):
    gan = model(loss=loss, task={"unpaired": {"pool": 0}})
    batch, z = gan.rounds.stream.next(4), gan.draw_z(4)
    a, b = batch.condition, batch.real
    g, f, d_b, d_a = networks_of(gan)
    call = LOSSES[loss].function

    def of(side, real, fake):
        found = [getattr(call(*pair), side) for pair in zip(*(o.logit.unbind(1) for o in (real, fake)), strict=True)]
        return torch.stack(found).mean()

    d = gan.game.d_objective(batch, gan.game.fakes(batch, z), due=()).total
    pooled = {"relativistic_average", "relativistic_pairing"} & {loss}
    if not pooled:
        torch.testing.assert_close(d, of("d", d_b(b), d_b(g(z, a))) + of("d", d_a(a), d_a(f(z, b))))
    found = gan.game.g_objective(batch, z, due=gan.game.due(0))
    cycle = 10 * ((f(z, g(z, a)) - a).abs().mean() + (g(z, f(z, b)) - b).abs().mean())
    identity = 5 * ((g(z, b) - b).abs().mean() + (f(z, a) - a).abs().mean())
    torch.testing.assert_close(found.terms["cycle"], cycle)
    torch.testing.assert_close(found.terms["identity"], identity)
    if not pooled:
        expected = of("g", d_b(b), d_b(g(z, a))) + of("g", d_a(a), d_a(f(z, b))) + cycle + identity
        torch.testing.assert_close(found.total, expected)


def test_every_call_of_a_generator_gets_its_picture_and_every_d_pictures_alone():
    gan = model(joint_d_call=False, order="g_first", architecture={"resnet_translation": {"width": 4, "blocks": 1, "takes_z": True}})
    calls = []
    for name, network in zip(("G", "F", "D_B", "D_A"), networks_of(gan), strict=True):
        network.register_forward_pre_hook(lambda _, given, name=name: calls.append((name, given)))
    gan.rounds.g_step()
    g_step, calls[:] = list(calls), []
    gan.rounds.d_step()
    # G is given a, then b, then F(b), and F is given G(a), then b, then a.
    (a, b, _), (_, second, third) = ([given[1] for who, given in g_step if who == name] for name in ("G", "F"))
    assert torch.equal(b, second)
    assert torch.equal(a, third)
    assert len({given[0].data_ptr() for who, given in g_step if who in ("G", "F")}) == 1
    for who, given in g_step + calls:
        if who in ("G", "F"):
            assert given[1].shape == (4, 1, 8, 8)
        else:
            assert len(given) == 1 or given[1] is None
            assert given[0].shape == (4, 1, 8, 8)
    assert [who for who, _ in calls] == ["G", "F", "D_B", "D_B", "D_A", "D_A"]


def test_a_step_of_d_moves_both_discriminators_and_a_step_of_g_both_generators():
    gan = model()
    assert changed(gan, gan.rounds.d_step) == {"discriminator.there", "discriminator.back"}
    assert changed(gan, gan.rounds.g_step) == {"generator.there", "generator.back"}


@pytest.mark.parametrize(
    "fields",
    [
        {"order": "simultaneous", "joint_d_call": True},
        {"loss": "wasserstein", "regularizers": ["cycle", "gradient_penalty", "instance_noise", "lecam", "l2"]},
        {"loss": "hinge", "d_normalization": "spectral", "regularizers": ["consistency", "differentiable_augmentation"]},
        {"regularizers": ["cycle", "feature_matching", "weight_clipping"], "precision": "bf16", "g_batch_size": 6},
        {"architecture": {"unet": {"width": 4}}, "ema": {"decay": 0.9}, "horizontal_flip": True, "dequantize": True},
        {"architecture": {"srresnet": {"width": 4, "blocks": 1}}, "g_normalization": "self_modulated"},
    ],
)
def test_other_settings_cross_the_task(fields):
    gan = model(**fields)
    gan.run_rounds(3)
    assert len(changed(gan, lambda: gan.run_rounds(1)) - {"average.there", "average.back"}) == 4
    assert gan.parameter_counts()["generator"] == 2 * sum(p.numel() for p in gan.generator.there.parameters())


def test_each_direction_keeps_states_of_its_own():
    gan = model(regularizers=["lecam"])
    gan.run_rounds(2)
    there, back = (gan.game.states[f"{side} lecam"] for side in ("there", "back"))
    assert not torch.equal(there["real"], back["real"])
    assert {name: value.shape for name, value in gan.game.states["there pool"].items()} == {"pictures": (50, 1, 8, 8), "held": ()}
    assert gan.game.states["back pool"]["held"] == 8


def test_each_direction_has_an_augmentation_that_follows_its_own_d():
    """D calls the real pictures of one direction real, and none of the other."""
    gan = model(regularizers=[{"adaptive_augmentation": {"images": 40, "interval": 1}}])
    for way, level in zip(gan.game.ways, (50.0, -50.0), strict=True):
        parameters = list(way.discriminator.parameters())
        with torch.no_grad():
            parameters[-1].fill_(level)
    gan.run_rounds(2)
    there, back = (gan.game.states[f"{side} adaptive_augmentation"]["moved"].item() for side in ("there", "back"))
    assert (there, back) == (pytest.approx(2 * 4 / 40), 0)
    assert [value for _, value in gan.curves.points["augmentation_p_there"]] == [0, pytest.approx(4 / 40)]
    assert [value for _, value in gan.curves.points["augmentation_p_back"]] == [0, 0]


def test_the_two_sets_of_pictures_are_drawn_in_permutations_of_their_own():
    gan = model()
    stream, data = gan.rounds.stream, gan.dataset
    n, m = len(data.split("train")), len(data.other["train"])
    seen = [stream.next(25) for _ in range(4)]
    a, b = (torch.cat([getattr(batch, name) for batch in seen]) for name in ("condition", "real"))

    def rows(pictures, among):
        return [int((among.float() / 255 == picture).flatten(1).all(1).nonzero()[0]) for picture in pictures]

    assert (n, m) == (1197, 50)
    found = rows(a, data.other["train"].samples)
    distinct = len(data.other["train"].samples.flatten(1).unique(dim=0))
    assert len(set(found[:50])) == len(set(found[50:])) == distinct
    assert found[:50] != found[50:]
    assert len(set(rows(b, data.split("train").samples))) > 95


# Tests of the pool.


def one_by_one(pool, held, made, slots, coins):
    """The pool of the source: pictures come one after the other."""
    pool, shown = list(pool), []
    for picture, slot, coin in zip(made, slots, coins, strict=True):
        if held < len(pool):
            pool[held], held = picture, held + 1
            shown.append(picture)
        elif coin:
            shown.append(pool[slot])
            pool[slot] = picture
        else:
            shown.append(picture)
    return shown, pool, held


@pytest.mark.parametrize(("size", "n"), [(5, 3), (5, 12), (1, 4), (6, 1), (3, 3)])
def test_the_pool_is_that_of_the_source(size, n):
    state = {"pictures": torch.zeros(size, 2), "held": torch.zeros((), dtype=torch.long)}
    pool, held, exchanged = [0.0] * size, 0, 0
    for step in range(12):
        made = torch.arange(step * n, (step + 1) * n).float() + 1
        torch.manual_seed(step)
        slots = torch.randint(size, (n,)).tolist()
        coins = (torch.rand(n) < 0.5).tolist()
        torch.manual_seed(step)
        before = state["pictures"].clone()
        shown, after = from_pool(state, made[:, None].expand(n, 2))
        assert torch.equal(state["pictures"], before)
        expected, pool, held = one_by_one(pool, held, made.tolist(), slots, coins)
        assert shown[:, 0].tolist() == expected
        assert after["pictures"][:, 1].tolist() == pool
        assert int(after["held"]) == held
        exchanged += sum(one != two for one, two in zip(expected, made.tolist(), strict=True))
        state = after
    assert exchanged > 0.2 * (12 * n - size)


def test_d_is_shown_earlier_pictures_and_g_is_judged_by_its_own():
    gan = model(task={"unpaired": {"pool": 4}}, regularizers=[])
    fakes = []
    for d in networks_of(gan)[2:]:
        d.register_forward_pre_hook(lambda _, given: fakes.append(given[0].detach().clone()))
    made = []
    gan.generator.there.register_forward_hook(lambda _, given, out: made.append(out.detach().clone()))
    for _ in range(6):
        gan.rounds.d_step()
    shown = fakes[1::4]
    assert torch.equal(shown[0], made[0])
    assert any(not torch.equal(one, two) for one, two in itertools.islice(zip(shown, made, strict=True), 1, None))
    fakes.clear()
    made.clear()
    gan.rounds.g_step()
    assert torch.equal(fakes[0], made[0])


def test_a_pool_of_none_keeps_nothing():
    gan = model(task={"unpaired": {"pool": 0}})
    gan.run_rounds(2)
    assert not any("pool" in name for name in gan.state_dict())


# Tests of refusals.


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (
            {"dataset": "digits"},
            "task 'unpaired' needs a second set of pictures, data set 'digits' has none: choose one of printed-digits, un",
        ),
        ({"architecture": "mlp"}, "architecture 'mlp' has no place for the image of task 'unpaired'"),
        ({"regularizers": [{"unrolled": {"k": 1}}]}, "'unrolled' looks ahead at the updates of one D, task 'unpaired' has two"),
        ({"regularizers": ["packing"]}, "packing shows D several samples as one"),
        ({"regularizers": ["pixel"]}, "'pixel' compares a sample with its target, task 'unpaired' has none"),
        ({"regularizers": ["mismatch"]}, "'mismatch' shows D wrong conditions"),
        ({"regularizers": ["auxiliary_classifier"]}, "'auxiliary_classifier' reads the classes that D names"),
        ({"loss": "mmd"}, "loss 'mmd' compares sets of samples without their conditions"),
        ({"loss": "vae"}, "task 'unpaired' .* loss 'vae' reads autoencoding: choose a loss on logits"),
        ({"loss": "began"}, "task 'unpaired' .* loss 'began' reads energies: choose a loss on logits"),
        (
            {"task": "unconditional", "architecture": "mlp"},
            "'cycle' reads generators of both directions, task 'unconditional' has one: .*unpaired",
        ),
    ],
)
def test_what_has_no_meaning_in_two_directions_is_refused(fields, reason):
    with pytest.raises(UndefinedCombinationError, match=reason) as refusal:
        TrialConfig.parse(BASE | fields)
    assert "\n" not in str(refusal.value)


def test_data_whose_two_sets_do_not_fit_are_refused():
    import dataclasses

    from landscape.components.datasets._load import load_dataset
    from landscape.config.choices import Choice
    from landscape.config.two_way_game import require_other

    whole = load_dataset("printed_digits:per_class=5")
    task = Choice(name="unpaired", hyperparameters={"pool": 50})
    require_other(task, whole)
    for other, words in (
        ({}, "has none: choose"),
        ({"train": whole.other["train"]}, "has none in its validation split"),
        (
            whole.other | {"train": dataclasses.replace(whole.other["train"], samples=torch.zeros(3, 1, 9, 9))},
            "two sets of pictures of one shape",
        ),
    ):
        with pytest.raises(UserError, match=words):
            require_other(task, dataclasses.replace(whole, other=other))


def test_the_work_of_both_directions_is_counted():
    both, one_d = (operations(TrialConfig.parse(BASE | {"regularizers": terms})) for terms in (["cycle", "identity"], []))
    assert both > 1.2 * one_d > 0
