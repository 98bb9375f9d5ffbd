"""Blocks of rounds recorded once and replayed train to the very bits of rounds played one by one; a CPU stands in for CUDA graphs."""

from typing import Any
from unittest.mock import patch

import pytest
import torch
from helpers.emulated_graphs import Recorder, emulated_graph
from helpers.tiny_trials import STATES, needed_by, trial_of

import landscape
from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.losses._base import LOSSES
from landscape.components.regularizers._base import REGULARIZERS
from landscape.training.cuda_graph_blocks import block_size, block_sizes, period
from landscape.training.gan import GAN

INTERVAL = 4
"""Rounds between two points of the learning curves, and so of a block."""
BASE = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 8}},
    "loss": "non_saturating",
    "batch_size": 4,
    "budget": {"amount": 64 * INTERVAL},
}
MORE = {
    "lazy terms": {"regularizers": [{"name": "r1", "every": 2}]},
    "a linear schedule": {"g_optimizer": {"schedule": {"name": "linear", "start": 0.0, "final": 0.0}}},
    "a cosine schedule": {"d_optimizer": {"schedule": {"name": "cosine", "start": 0.02}}},
    "an exponential schedule": {"d_optimizer": {"schedule": {"name": "exponential", "decay": 0.9, "final": 0.3}}},
    "SGD with momentum": {"d_optimizer": {"name": "sgd", "momentum": 0.9, "learning_rate": 0.01}},
    "simultaneous": {"order": "simultaneous"},
    "G first": {"order": "g_first", "reuse_z": True},
    "five D steps": {"d_steps_per_round": 5, "budget": {"amount": 5 * 64 * INTERVAL, "unit": "d_steps"}},
    "two G steps, larger batches": {"g_steps_per_round": 2, "g_batch_size": 6},
    "an average whose half-life rises": {"ema": {"half_life_images": 40, "burn_in": 0.2}},
    "augmentation whose p rises": {"regularizers": [{"adaptive_augmentation": {"target": None, "final": 0.9, "end": 0.5}}]},
    "simultaneous with an adaptive augmentation": {"order": "simultaneous", "regularizers": ["adaptive_augmentation"]},
    "a late average of a relative width": {"ema": {"relative_width": 0.2, "start": 5}, "g_steps_per_round": 2, "g_batch_size": 4},
    "a late average": {"ema": {"decay": 0.9, "start": 6}},
    "bf16": {"precision": "bf16"},
    "an epoch's end": {"batch_size": 300},
    "classes": {"task": "class_conditional", "g_normalization": "conditional_batch"},
    "networks that grow": {"architecture": {"progressive": {"fmap_base": 32, "fmap_max": 8, "grown": 0.06}}, "ema": {"decay": 0.9}},
    "points": {"dataset": "ring", "architecture": "mlp_2d"},
}


def model(**fields: Any) -> GAN:
    gan = landscape.build(BASE | fields)
    gan.prepare(torch.device("cpu"), "eager", emulated_graph)
    torch.manual_seed(1)
    return gan


def check(in_blocks: GAN, one_by_one: GAN, stretches: tuple[int, ...] = (2 * INTERVAL, INTERVAL + 3, INTERVAL + 1)) -> None:
    """The same rounds, single ones before, between and after blocks: the same bits."""
    random = torch.get_rng_state()
    states = []
    for gan in (one_by_one, in_blocks):
        torch.set_rng_state(random)
        for rounds in stretches:
            gan.run_rounds(rounds)
        states.append(torch.get_rng_state())
    mine, theirs = in_blocks.state_dict(), one_by_one.state_dict()
    assert [name for name in theirs if not torch.equal(mine[name], theirs[name])] == []
    assert in_blocks.extra_state() == one_by_one.extra_state()
    assert torch.equal(*states)
    for stepper, other in zip(in_blocks.rounds.steppers, one_by_one.rounds.steppers, strict=True):
        assert stepper.steps == other.steps


def check_fields(**fields: Any) -> None:
    one_by_one, in_blocks = model(**fields), model(**fields)
    one_by_one.release_blocks()
    with patch.object(Recorder, "replay", autospec=True, side_effect=Recorder.replay) as replay:
        check(in_blocks, one_by_one)
    size = block_size(in_blocks.config)
    assert in_blocks.execution == f"eager, {size} rounds a replay"
    assert size * replay.call_count >= 2 * INTERVAL
    assert len({id(each.args[0]) for each in replay.call_args_list}) >= 1 + (size > period(in_blocks.config))


# What BASE's network is not for.
OTHERS = {"energies": {"architecture": {"autoencoder_mlp": {"g_width": 8, "d_width": 8}}}}
ENERGY_REGULARIZERS = {"pulling_away"}


@pytest.mark.usefixtures("without_flite")
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in ("resnet19", "resnet107") else n for n in sorted(ARCHITECTURES)]
)
def test_every_architecture(name):
    check_fields(**trial_of(name))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss(name):
    check_fields(loss=name, **OTHERS.get(LOSSES[name].facts.inputs, {}))


@pytest.mark.parametrize("name", sorted(REGULARIZERS))
def test_every_regularizer(name):
    needed = {"loss": "margin_energy", **OTHERS["energies"]} if name in ENERGY_REGULARIZERS else {}
    check_fields(regularizers=[name], **needed, **needed_by(name))


@pytest.mark.parametrize("name", [*STATES, *MORE])
def test_every_state(name):
    fields = (STATES | MORE)[name]
    changing = next((what for what in ("momentum", "beta2") if f"final_{what}" in str(fields)), None)
    if changing:
        gan = model(**fields)
        assert gan.execution == f"eager, round by round ({changing} changes with every step)"
    else:
        check_fields(**fields)


def test_what_cannot_be_recorded_runs_round_by_round():
    one_by_one, in_blocks = model(), model()
    one_by_one.release_blocks()
    for gan in (one_by_one, in_blocks):
        gan.game.after_d_update = gan.game.progress.item
    with pytest.warns(UserWarning, match="recording failed, rounds run one by one"):
        check(in_blocks, one_by_one)
    assert in_blocks.execution.startswith("eager, round by round (RuntimeError: operation not permitted when stream is capturing")


@pytest.mark.parametrize("error", [AssertionError("expected stride 256==1"), MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_a_recording_that_breaks_off_in_whatever_way_does_not_end_the_training(error):
    def record(work, device):
        emulated_graph(work, device)
        raise error

    one_by_one, in_blocks = model(), landscape.build(BASE)
    one_by_one.release_blocks()
    in_blocks.load_state_dict(one_by_one.state_dict())
    in_blocks.prepare(torch.device("cpu"), "eager", record)
    with pytest.warns(UserWarning, match="recording failed, rounds run one by one"):
        check(in_blocks, one_by_one)
    assert in_blocks.execution.startswith(f"eager, round by round ({type(error).__name__}")


def test_once_warmed_up_the_host_plays_no_round():
    """What is left of a stretch, or before a point of the learning curves, is replayed too, in smaller blocks."""
    fields = {"budget": {"amount": 64 * 19}}
    one_by_one, in_blocks = model(**fields), model(**fields)
    one_by_one.release_blocks()
    assert block_sizes(in_blocks.config) == (9, 8, 4, 2, 1)
    played, play = [], in_blocks.rounds.play
    in_blocks.rounds.play = lambda: (played.append(in_blocks.counts.rounds), play())
    check(in_blocks, one_by_one, (10, 31, 17, 6))
    assert played == [0, 1, 2]


def test_smaller_blocks_keep_the_period_of_lazy_terms():
    gan = model(regularizers=[{"name": "r1", "every": 3}], budget={"amount": 64 * 17})
    assert block_sizes(gan.config) == (6, 3)
    fields = {"regularizers": [{"name": "r1", "every": 2}], "budget": {"amount": 64 * 9}}
    one_by_one, in_blocks = model(**fields), model(**fields)
    one_by_one.release_blocks()
    assert block_sizes(in_blocks.config) == (8, 4, 2)
    check(in_blocks, one_by_one, (9, 20, 13))


def test_a_smaller_block_that_cannot_be_recorded_is_left_out():
    one_by_one, in_blocks = model(budget={"amount": 64 * 19}), landscape.build(BASE | {"budget": {"amount": 64 * 19}})
    one_by_one.release_blocks()
    in_blocks.load_state_dict(one_by_one.state_dict())
    made = []

    def record(work, device):
        made.append(work)
        if len(made) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return emulated_graph(work, device)

    in_blocks.prepare(torch.device("cpu"), "eager", record)
    with pytest.warns(UserWarning, match="recording failed, blocks of . rounds run otherwise: OutOfMemoryError"):
        check(in_blocks, one_by_one, (40, 30))
    assert in_blocks.execution == "eager, 9 rounds a replay"
    assert len(made) == 2


def test_blocks_one_after_the_other_are_read_at_the_next_point_of_a_curve():
    fields = {"regularizers": [{"name": "r1", "every": 2}], "budget": {"amount": 64 * 34}}
    one_by_one, in_blocks = model(**fields), model(**fields)
    one_by_one.release_blocks()
    assert block_size(in_blocks.config) == 10
    check(in_blocks, one_by_one, (46,))


def test_a_block_is_a_multiple_of_the_period_of_lazy_terms():
    gan = model(regularizers=[{"name": "r1", "every": 4}, {"name": "l2", "every": 3}], d_steps_per_round=2, budget={"amount": 64 * 100})
    # 4 is due again after 2 rounds of two D steps and, of one G step, after 4.
    assert period(gan.config) == 12
    assert block_size(gan.config) == 12


@pytest.mark.parametrize(("rounds", "size"), [(63, 0), (64, 1), (64 * 16, 16), (64 * 17, 8), (64 * 100, 14), (200_000, 15)])
def test_size_of_a_block(rounds, size):
    gan = model(budget={"amount": rounds})
    assert block_size(gan.config) == size
    assert ("round by round" in gan.execution) == (size == 0)
