"""The moving average of G: what it holds, from which step on, and that evaluation reads it."""

import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.training import weight_average
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


def test_buffers_of_the_average_are_those_of_the_network():
    """Parameters move by a share; a batch norm's statistics are copied, because a mean of variances is no variance."""
    average, network = (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)) for _ in range(2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
        for parameter in average.parameters():
            parameter.fill_(0.0)
    network[1].running_mean.fill_(5.0)
    network[1].running_var.fill_(7.0)
    network[1].num_batches_tracked.fill_(3)
    weight_average.move(average, network, 0.25)
    parameters = list(average.parameters())
    assert len(parameters) == 4
    assert all(torch.equal(p, torch.full_like(p, 0.25)) for p in parameters)
    assert len(list(average.buffers())) == 3
    for mine, theirs in zip(average.buffers(), network.buffers(), strict=True):
        assert torch.equal(mine, theirs)
        assert mine is not theirs


@pytest.mark.parametrize("start", [0, 1, 3])
def test_the_average_starts_after_as_many_steps_as_are_asked_for(start):
    """Up to step `start` the average is a copy of G; the step after it is the first that is averaged."""
    gan = model(ema={"decay": 0.5, "start": start})
    weight, average = next(gan.generator.parameters()), next(gan.average.parameters())
    for step in range(1, 6):
        before = average.detach().clone()
        gan.run_rounds(1)
        expected = weight if step <= start else torch.lerp(before, weight, 0.5)
        torch.testing.assert_close(average, expected.detach())
        assert not torch.equal(before, average)
        assert torch.equal(average, weight) is (step <= start)


@pytest.mark.parametrize(("width", "power"), [(0.05, 16.97), (0.10, 6.94), (0.15, 3.56), (12**-0.5, 0.0)])
def test_the_power_of_a_relative_width(width, power):
    """The paper's figures to their digits, and the width of the profile s^gamma on [0, 1] by integration."""
    gamma = weight_average.power_of(width)
    assert gamma == pytest.approx(power, abs=0.006)
    time = (np.arange(100_000) + 0.5) / 100_000
    profile = time**gamma / (time**gamma).sum()
    mean = profile @ time
    assert np.sqrt(profile @ (time - mean) ** 2) == pytest.approx(width, rel=1e-5)


@pytest.mark.parametrize("budget", [{"amount": 24}, {"amount": 1000, "unit": "seconds"}])
@pytest.mark.parametrize("start", [0, 4])
@pytest.mark.parametrize("per_round", [1, 3])
def test_an_average_of_a_relative_width_has_the_profile_of_a_power(per_round, start, budget):
    """Step s of t has the share that the profile x^gamma has between s - 1 and s: (s^(gamma+1) - (s-1)^(gamma+1)) / t^(gamma+1), in NumPy."""
    width, rounds = 0.12, 7
    fields = {"g_steps_per_round": per_round, "g_batch_size": 8, "g_optimizer": {"learning_rate": 0.05}}
    gan = model(ema={"relative_width": width, "start": start}, budget=budget, **fields)
    weight, seen = next(gan.generator.parameters()), []
    moved = gan.rounds._update_average

    def watched():
        seen.append(weight.detach().double().numpy().copy())
        moved()

    gan.rounds._update_average = watched
    gan.run_rounds(rounds)
    averaged = np.stack(seen[start:])
    assert len(averaged) == rounds * per_round - start
    cut = np.arange(len(averaged) + 1) ** (weight_average.power_of(width) + 1)
    expected = np.tensordot(np.diff(cut / cut[-1]), averaged, 1)
    found = next(gan.average.parameters()).double().numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.abs(averaged[-1] - expected).max() > 1e-3


def test_evaluation_reads_the_average_and_not_the_network():
    gan = model(ema={"decay": 0.9})
    gan.run_rounds(3)
    assert gan.sampler is gan.average
    assert gan.sampler is not gan.generator
    z = gan.draw_z(4)
    assert not torch.allclose(gan.sampler.eval()(z, None), gan.generator.eval()(z, None))


def test_without_an_average_evaluation_reads_the_network_as_it_is_now():
    plain = model()
    z = plain.draw_z(4)
    before = plain.sampler.eval()(z, None)
    plain.run_rounds(3)
    after = plain.sampler.eval()(z, None)
    assert torch.equal(after, plain.generator.eval()(z, None))
    assert not torch.allclose(after, before)


def test_every_epoch_has_an_order_of_its_own():
    """Each epoch is a permutation, no two are the same, and the order depends on the seed."""
    samples = torch.arange(40)[:, None].to(torch.float32)

    def epochs(seed, count=3):
        stream = DataStream(samples, None, seed, torch.device("cpu"))
        return [stream.take(40).tolist() for _ in range(count)]

    first = epochs(1)
    assert [sorted(order) for order in first] == [list(range(40))] * 3
    assert len({tuple(order) for order in first}) == 3
    assert epochs(1) == first
    assert epochs(2)[0] != first[0]


def test_schedule_free_is_evaluated_with_its_own_average_and_trained_without():
    """The average of G is the optimizer's x, and the statistics of its norms are those of the network. Training never reads it."""
    free = {"name": "schedule_free", "learning_rate": 0.01}
    gan = model(d_optimizer=free, g_optimizer=free, g_normalization="batch")
    gan.run_rounds(5)
    assert gan.sampler is gan.average
    averages = [gan._rounds.g_stepper.optimizer.state[p]["x"] for p in gan.generator.parameters()]
    assert len(averages) > 4
    for mine, x, present in zip(gan.average.parameters(), averages, gan.generator.parameters(), strict=True):
        assert torch.equal(mine, x)
        assert not torch.equal(mine, present)
    for mine, present in zip(gan.average.buffers(), gan.generator.buffers(), strict=True):
        assert torch.equal(mine, present)
    other = model(d_optimizer=free, g_optimizer=free, g_normalization="batch")
    for parameter in other.average.parameters():
        parameter.fill_(torch.nan)
    other.run_rounds(5)
    assert all(torch.equal(a, b) for a, b in zip(gan.generator.parameters(), other.generator.parameters(), strict=True))
