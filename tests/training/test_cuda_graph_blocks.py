"""A CUDA graph writes the outputs of every replay into the same memory: what is watched must be copied before the next one."""

import re

import pytest
import torch

import landscape
from landscape.training.gan import GAN
from landscape.training.gradients_of_update import Update

FIELDS = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 16}},
    "loss": "non_saturating",
    "batch_size": 16,
    "budget": {"amount": 10_000},
    "regularizers": ["r1"],
}


def model(device: str = "cpu", execution: str = "eager", **changed: object) -> GAN:
    gan = landscape.build(FIELDS | changed)
    gan.prepare(torch.device(device), execution)
    return gan


def replaying(function, outputs):
    """`function` with its outputs in the memory of its first outputs, as a CUDA graph has them; these are added to `outputs`."""
    first: list[Update] = []

    def call(*arguments):
        update = function(*arguments)
        if not first:
            first.append(update)
            outputs.append(update)
            return update
        states = [(first[0].states[owner], new) for owner, new in update.states.items()]
        for mine, theirs in ((first[0].terms, update.terms), (first[0].report, update.report), *states):
            for name in theirs:
                mine[name].copy_(theirs[name])
        for mine, theirs in zip(
            (first[0].total, *first[0].gradients, *first[0].logits), (update.total, *update.gradients, *update.logits), strict=True
        ):
            mine.copy_(theirs)
        return first[0]

    return call


def test_curves_are_those_of_updates_with_memory_of_their_own():
    own, replayed = model(regularizers=["r1", "lecam"]), model(regularizers=["r1", "lecam"])
    replayed.rounds.updates.lasting = False
    outputs: list[Update] = []
    gradients = replayed.rounds.gradients
    replayed.rounds.updates.of_d, replayed.rounds.updates.of_g = (replaying(each, outputs) for each in (gradients.of_d, gradients.of_g))
    for gan in (own, replayed):
        torch.manual_seed(1)
        gan.run_rounds(20)
    assert own.curves.sums == replayed.curves.sums
    assert set(own.curves.steps.values()) == {20}
    averages = [gan.states["lecam"].state_dict() for gan in (own, replayed)]
    assert averages[0] == averages[1]
    assert averages[0]["share"] > 0
    for update in outputs:
        for gradient in update.gradients:
            gradient.zero_()
    for mine, theirs in zip(own.rounds.steppers, replayed.rounds.steppers, strict=True):
        assert mine.gradient_norm() == theirs.gradient_norm() > 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
class TestOnAGpu:
    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    def test_replays_train_as_eager_updates_do(self, precision, monkeypatch):
        monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # its rounding grows to the tolerance within three rounds
        fields = {"architecture": {"dcgan": {"width": 8}}, "resolution": 32, "precision": precision}
        eager, compiled = (model("cuda", execution, **fields) for execution in ("eager", "compiled"))
        for gan in (eager, compiled):
            torch.manual_seed(1)
            gan.run_rounds(3)
        assert re.fullmatch(r"compiled, \d+ rounds a replay", compiled.execution)  # no update fell back, the penalty's neither
        tolerance = 1e-4 if precision == "fp32" else 2e-2
        for mine, theirs in zip(compiled.generator.parameters(), eager.generator.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=tolerance, atol=tolerance)

    @pytest.mark.parametrize("execution", ["auto", "compiled"])
    def test_blocks_of_rounds_train_as_single_rounds_do(self, execution):
        single, blocks = (model("cuda", each, budget={"amount": 64 * 16}) for each in ("eager", execution))
        for gan in (single, blocks):
            torch.manual_seed(1)
            gan.run_rounds(64)
        assert blocks.execution.endswith(", 16 rounds a replay")
        assert blocks.counts == single.counts
        for name in ("d_loss", "g_loss", "d_gradient_norm"):
            assert [y for _, y in blocks.curves.points[name]] == pytest.approx([y for _, y in single.curves.points[name]], rel=1e-2), name
        if execution == "auto":  # a compiled update may draw in another order
            assert torch.equal(blocks.rounds.state.last_z, single.rounds.state.last_z)

    def test_training_goes_on_after_a_recording_that_failed(self):
        waiting, single = model("cuda", "auto", budget={"amount": 64 * 16}), model("cuda", "eager", budget={"amount": 64 * 16})
        waiting.game.after_d_update = waiting.game.progress.item
        for gan in (waiting, single):
            torch.manual_seed(1)
            gan.run_rounds(40)
        assert "round by round" in waiting.execution
        assert torch.equal(waiting.rounds.state.last_z, single.rounds.state.last_z)
        again = model("cuda", "auto", budget={"amount": 64 * 16})
        again.run_rounds(40)
        assert again.execution.endswith("16 rounds a replay")

    def test_every_replay_draws_anew(self):
        gan = model("cuda", "auto", budget={"amount": 64 * 16})
        seen = []
        for _ in range(4):
            gan.run_rounds(16)
            seen.append(gan.rounds.state.last_z.clone())
        assert all(not torch.equal(mine, other) for i, mine in enumerate(seen) for other in seen[:i])

    def test_stretches_longer_than_a_replay_are_read_at_their_end(self):
        whole, apart = model("cuda", "compiled"), model("cuda", "compiled")
        torch.manual_seed(1)
        whole.run_rounds(30)
        torch.manual_seed(1)
        for _ in range(30):
            apart.run_rounds(1)
        assert whole.curves.sums == pytest.approx(apart.curves.sums)

    def test_norms_are_those_of_eager_updates(self):
        eager, compiled = (model("cuda", execution, budget={"amount": 64}) for execution in ("eager", "compiled"))
        for gan in (eager, compiled):
            torch.manual_seed(1)
            gan.run_rounds(4)
        for name in ("d_gradient_norm", "g_gradient_norm"):
            assert compiled.curves.points[name][0] == pytest.approx(eager.curves.points[name][0], rel=1e-3)

    def test_no_update_waits_for_the_host(self):
        gan = model("cuda", "eager")
        gan.run_rounds(3)
        torch.cuda.set_sync_debug_mode("error")
        try:
            for _ in range(3):
                for step in gan.rounds.sequence:
                    step()
        finally:
            torch.cuda.set_sync_debug_mode("default")
