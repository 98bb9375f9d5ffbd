"""The seed's part of the variance within a cell: by hand, where it cannot be told, and the coverage of its interval."""

import math

import numpy as np
import pytest
from scipy.stats import t

from landscape.analysis.seed_part import UNKNOWN, seed_part

CELLS = np.repeat([0, 1, 2], 4)
Y = np.array([1.0, 3.0, 2.0, 6.0, 5.0, 4.0, 8.0, 7.0, 2.0, 9.0, 4.0, 5.0])
RUNS = {"a": [1.0, 1.5, 2.0], "b": [3.0, 3.2, 3.7], "c": [2.0, 6.9, 2.2]}


def each(n):
    return [str(i) for i in range(n)]


def pooled(groups):
    return sum(((np.asarray(x) - np.mean(x)) ** 2).sum() for x in groups) / sum(len(x) - 1 for x in groups)


def jackknifed(groups, units):
    """The variance of the logarithm of the pooled variance, each unit left out in turn."""
    without = np.log([pooled(left) for left in units])
    n = len(without)
    return (n - 1) / n * ((without - without.mean()) ** 2).sum()


def test_the_part_and_its_errors_by_hand():
    found = seed_part(Y, CELLS, each(12), RUNS, log=False)
    cells, runs = Y.reshape(3, 4), list(RUNS.values())
    ratio = pooled(runs) / pooled(cells)
    assert found.value == pytest.approx(ratio)
    # Either variance is left out a unit at a time: a setting, or a trial.
    seeds = jackknifed(runs, [[r for j, r in enumerate(runs) if j != i] for i in range(3)])
    left = [[np.delete(c, i) if k == j else c for j, c in enumerate(cells)] for k in range(3) for i in range(4)]
    trials = jackknifed(cells, left)
    assert seeds > 3 / 6
    trials = max(trials, 3 / 9)
    freedom = (seeds + trials) ** 2 / (seeds**2 / 2 + trials**2 / 9)
    reach = math.exp(t.ppf(0.975, freedom) * math.sqrt(seeds + trials))
    assert (found.low, found.high) == pytest.approx((ratio / reach, min(1.0, ratio * reach)))
    assert found.n == 9


def test_a_scale_changes_nothing_and_logarithms_are_taken_of_positive_costs_alone():
    runs = {name: np.array(of) for name, of in RUNS.items()}
    plain = seed_part(Y, CELLS, each(12), runs, log=False)
    logs = seed_part(np.exp(Y), CELLS, each(12), {k: np.exp(v) for k, v in runs.items()}, log=True)
    assert (logs.value, logs.low, logs.high) == pytest.approx((plain.value, plain.low, plain.high))
    assert seed_part(Y - 1, CELLS, each(12), runs, log=True).value == pytest.approx(
        seed_part(Y - 1, CELLS, each(12), runs, log=False).value
    )


def test_diverged_runs_are_left_out():
    lost = np.append(Y, math.inf)
    runs = {**RUNS, "a": [*RUNS["a"], math.inf], "d": [math.inf, 1.0]}
    assert seed_part(lost, np.append(CELLS, 2), each(13), runs, log=False) == seed_part(Y, CELLS, each(12), RUNS, log=False)


def test_seeds_of_the_search_come_first():
    settings = [str(i // 2) for i in range(12)]
    found = seed_part(Y, CELLS, settings, RUNS, log=False)
    seeds = pooled(Y.reshape(6, 2))
    between = pooled(Y.reshape(6, 2).mean(axis=1).reshape(3, 2))
    assert found.value == pytest.approx(min(1.0, seeds / (between + seeds / 2)))
    # Means of two seeds vary by H + S / 2.
    apart = Y + np.tile(np.repeat([0.0, 9.0], 2), 3)
    between = pooled(apart.reshape(6, 2).mean(axis=1).reshape(3, 2))
    assert seed_part(apart, CELLS, settings, log=False).value == pytest.approx(seeds / (between + seeds / 2))


def test_what_cannot_be_told_is_said():
    assert seed_part(Y, CELLS, each(12), log=False).absent == UNKNOWN
    assert seed_part(Y, CELLS, each(12), {"a": [1.0, math.inf], "b": [2.0, 2.0]}, log=False).absent == UNKNOWN
    assert seed_part([], [], [], log=True).absent == UNKNOWN
    assert "one setting a cell" in seed_part(Y[:3], [0, 1, 2], each(3), RUNS, log=False).absent
    few = seed_part(Y, CELLS, each(12), {"a": RUNS["a"], "b": RUNS["b"]}, log=False)
    assert (few.value > 0, few.has_interval) == (True, False)
    assert "fewer than 3 settings" in few.absent
    assert "fewer than 5 settings more than cells" in seed_part(Y[:7], [0, 0, 0, 1, 1, 1, 2], each(7), RUNS, log=False).absent


def drawn(rng, of, shape):
    if of == "skewed":
        return rng.exponential(size=shape) - 1
    deviation = np.exp(rng.normal(0, 0.4, (*shape[:-1], 1)) - 0.16) if of == "unequal" else 1.0
    return rng.normal(size=shape) * deviation


@pytest.mark.slow
@pytest.mark.parametrize("of", ["normal", "skewed", "unequal"])
@pytest.mark.parametrize("part", [0.1, 0.5])
@pytest.mark.parametrize(
    ("cells", "trials", "seeds", "confirmed", "of_each"),
    [(2, 4, 1, 3, 5), (9, 3, 1, 7, 5), (27, 6, 1, 7, 5), (6, 20, 1, 12, 10), (4, 6, 5, 0, 0)],
)
def test_intervals_cover(cells, trials, seeds, confirmed, of_each, part, of):
    rng, hits, repetitions = np.random.default_rng(1), 0, 1000
    cell, setting = np.repeat(np.arange(cells), trials * seeds), np.repeat(np.arange(cells * trials), seeds).astype(str).tolist()
    for _ in range(repetitions):
        between = drawn(rng, "skewed" if of == "skewed" else "normal", (cells * trials, 1)) * math.sqrt(1 - part)
        costs = between + drawn(rng, of, (cells * trials, seeds)) * math.sqrt(part)
        runs = drawn(rng, of, (confirmed, of_each)) * math.sqrt(part) if confirmed else []
        found = seed_part(costs.ravel(), cell, setting, dict(zip(each(confirmed), runs, strict=True)), log=False)
        hits += found.low <= part <= found.high
    floor = {"normal": 0.95, "skewed": 0.93, "unequal": 0.91}[of]
    assert hits / repetitions >= floor - 3 * math.sqrt(floor * (1 - floor) / repetitions)
