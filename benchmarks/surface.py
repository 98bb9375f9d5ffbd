"""Compare searchers on a synthetic response surface that is mixed, conditional and noisy, at equal budgets.

`python -m benchmarks.surface [--repeats 20] [--trials 48] [--jobs 1]` prints one table. The surface has two cells with a share of the
budget each. A rate in log, a whole number and a choice are searched in both, and a weight in one cell only. Scores have normal noise, and
rates that are too high diverge. A search is judged by the true cost of the trial that it saw as the best one, and by the area that its
trials dominate with two costs, as a share of the best possible one.
"""

import argparse
import functools
import itertools
import math
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from scipy.stats import t as student

from landscape.space.search_range import Assignment, Parameter
from landscape.space.settings import SearcherChoice
from landscape.sweep.search.make_searcher import make_searcher

NAMES = ("random", "qmc", "optuna-tpe", "optuna-tpe across", "optuna-gp", "optuna-gp-front", "gp-ucb")
NOISE, STARTUP = 0.15, 8
SHARED = {
    "rate": Parameter(min=1e-5, max=1e-1, scaling="log"),
    "steps": Parameter(min=1, max=8, integer=True),
    "kind": Parameter(choices=["a", "b", "c"]),
}
CELLS = (SHARED, SHARED | {"weight": Parameter(min=0.1, max=100, scaling="log")})
"""What is searched in each cell. The weight is conditional: only the second cell has it."""
WORST = (6.0, 3.0)
"""The costs up to which dominated areas are measured."""


def costs(cell: int, x: Assignment) -> tuple[float, float] | None:
    """Return the two true costs of a setting, lower is better; None if it diverges.

    The first is 0 at the best setting, which has the weight 10 in the second cell, and 0.3 at the best one of the first cell. The best rate
    depends on the choice and on the number. The second cost falls where the first one rises.
    """
    rate, steps, kind = math.log10(float(x["rate"])), int(x["steps"]), "abc".index(str(x["kind"]))
    if rate > -1.7:
        return None
    shift = rate + 3.2 - 0.4 * kind - 0.1 * (steps - 3)
    first = shift**2 + 0.08 * (steps - 3) ** 2 + 0.25 * kind
    away = 0.3 if cell == 0 else 0.5 * (math.log10(float(x["weight"])) - 1) ** 2
    return first + away, 0.4 * abs(shift - 0.8) + 0.05 * (8 - steps) + 0.2 * (2 - kind)


def search(name: str, trials: int, seed: int) -> tuple[float, float]:
    """Run one search, and return the true first cost of the trial that it saw as the best one, and the share of the dominated area."""
    learner, _, scope = name.partition(" ")
    choice = SearcherChoice(name=learner, startup=STARTUP * (2 if scope else 1), scope=scope or "per-cell")
    searchers = [make_searcher(choice, 2 * seed)] * 2 if scope else [make_searcher(choice, 2 * seed + cell) for cell in (0, 1)]
    noise = np.random.default_rng([seed, 7])
    seen: list[tuple[float, float]] = []
    reached = []
    for number in range(trials):
        cell, index = number % 2, number // 2
        x = searchers[cell].ask(number, index, CELLS[cell])
        true, errors = costs(cell, x), noise.normal(0.0, NOISE, 2)
        first, second = (None, None) if true is None else (true[0] + errors[0], true[1] + errors[1])
        searchers[cell].tell(number, *((first, second) if learner == "optuna-gp-front" else (first,)))
        if true is not None and first is not None:
            seen.append((first, true[0]))
            reached.append(true)
    return min(seen)[1] if seen else WORST[0], dominated(reached) / best_area()


def dominated(points: list[tuple[float, float]]) -> float:
    """Return the area between `points` and `WORST` that they dominate."""
    area, height = 0.0, WORST[1]
    for first, second in sorted(points):
        if second < height and first < WORST[0]:
            area += (WORST[0] - first) * (height - second)
            height = second
    return area


@functools.cache
def best_area() -> float:
    """Return the area that a fine grid over the second cell dominates, whose weight is at its best."""
    grid = itertools.product(np.linspace(-5, -1.7, 200), range(1, 9), "abc")
    found = (costs(1, {"rate": 10.0**rate, "steps": steps, "kind": kind, "weight": 10.0}) for rate, steps, kind in grid)
    return dominated([one for one in found if one is not None])


def interval(values: np.ndarray) -> str:
    """Return a mean with Student's 95% interval over repeats."""
    reach = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return f"{values.mean():.3f} [{values.mean() - reach:.3f}, {values.mean() + reach:.3f}]"


def main() -> None:
    """Run every searcher with the same seeds, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--trials", type=int, default=48)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    budget = f"{given.trials} trials, {given.repeats} repeats"
    print(f"| searcher, {budget} | true cost of its best trial | minus that of random | dominated area |")
    print("|---|---|---|---|")
    random: np.ndarray | None = None
    for name in NAMES:
        tasks = [(name, given.trials, seed) for seed in range(given.repeats)]
        if given.jobs > 1:
            with ProcessPoolExecutor(given.jobs) as pool:
                found = np.array(list(pool.map(search, *zip(*tasks, strict=True))))
        else:
            found = np.array(list(itertools.starmap(search, tasks)))
        random = found[:, 0] if random is None else random
        difference = "" if name == "random" else interval(found[:, 0] - random)
        print(f"| {name} | {interval(found[:, 0])} | {difference} | {interval(found[:, 1])} |", flush=True)


if __name__ == "__main__":
    main()
