"""What the best of k trials can be expected to score, and the budget curve that follows from it.

The best of all n trials has no honest interval and improves with n. The expected best of k can be compared at equal k.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from landscape.analysis.interval import Interval, Values, as_values

DRAWS = 2000
MEMORY = 6_000_000
"""The largest number of random numbers that are drawn at once. With more than 3,000 trials there are fewer draws, but at least 200."""
FEWEST = 10
FEWEST_WITHOUT_BOUND = 40
REACH = 4
"""What may lie below the best score is put as far below it as the score of this index lies above it.

With the second best one (index 1) the interval covers 89 to 92% of normal scores at k = n / 5, and with this one 95%.
"""
LARGEST_SHARE = 5
"""The interval is given for 2 <= k <= n / 5, where it has at least nominal coverage in simulations (tests/analysis/test_best.py)."""


def weights(n: int, k: int) -> Values:
    """Return the probability that the i-th best of n (i = 1..n) is the best of k drawn without replacement: C(n-i, k-1) / C(n, k)."""
    result = np.zeros(n)
    chance = k / n
    for i in range(1, n - k + 2):
        result[i - 1] = chance
        chance *= (n - i - k + 1) / (n - i) if n > i else 0.0
    return result


def expected_best(values: ArrayLike, k: int) -> float:
    """Return the mean of the smallest value over all subsets of k values. It is exact, and unbiased for the expected best of k new trials.

    Args:
        values: The scores [n]. Lower is better. If more than n - k of them are +inf (diverged), so is the result.
        k: The number of trials, from 1 to n.

    Raises:
        ValueError: k is not in 1..n, because n trials say nothing about the best of more.
    """
    ordered = as_values(values)
    if not 1 <= k <= len(ordered):
        raise ValueError(f"the best of {k} cannot be estimated from {len(ordered)} trials: k must lie between 1 and their number")
    w = weights(len(ordered), k)
    used = w > 0  # 0 * inf would be NaN
    return float(w[used] @ ordered[used])


def budget_curve(
    values: ArrayLike,
    budgets: Sequence[int],
    *,
    random_state: int,
    lower_bound: float | None = None,
    worst: float | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
) -> list[Interval]:
    """Expected best of k for each k of `budgets` that is at most n / 2 (beyond, the estimate hangs on a handful of trials).

    The interval is a Bayesian bootstrap (Rubin 1981) with conservative ends: the chance that the best of k falls between two neighboring
    scores is drawn, and the whole of it is put on the better one for the low end, on the worse one for the high end. What may lie below the
    best score seen is put at `lower_bound` (the score's own, such as 0) where n < 40, and as far below the best as the fifth best lies
    above it where n is larger.
    What may lie above the worst score seen is put at `worst`: a level of 20 trials of which none diverged may still have a share that does,
    and without it the interval covers .89 and less where diverged trials count as far worse than the others.

    Args:
        values: finite scores [n], lower is better; the caller has put `worst` in the place of diverged trials.
        budgets: numbers of trials k.
        random_state: seed of the draws.
        lower_bound: the best value that the score can take; None when it has none.
        worst: what a diverged trial counts as; None where the worst of `values` is the worst that can be.
        level: nominal coverage.
        draws: of the bootstrap; fewer where 6 million numbers would not hold them, 200 at least.

    Raises:
        ValueError: a score is infinite, or worse than `worst`.
    """
    ordered = as_values(values)
    n = len(ordered)
    if not np.isfinite(ordered).all():
        raise ValueError(f"{np.sum(~np.isfinite(ordered))} of {n} scores are infinite: say what a diverged trial counts as")
    if n and worst is not None and ordered[-1] > worst:
        raise ValueError(f"a score of {ordered[-1]:g} is worse than {worst:g}, what a diverged trial counts as")
    inside = [k for k in budgets if 1 <= k <= max(1, n // 2) and n > 0]
    draws = max(200, min(draws, MEMORY // max(1, n)))
    uniform = np.sort(np.random.default_rng(random_state).random((draws, n)), axis=1)  # [draws, n]
    log_survival = np.log1p(-uniform)
    below, above = _below_best(ordered, lower_bound), ordered[-1:] if worst is None else np.array([worst])
    return [_one_budget(ordered, log_survival, k, (below, above), level) for k in inside]


def _below_best(ordered: Values, lower_bound: float | None) -> float | None:
    if len(ordered) >= FEWEST_WITHOUT_BOUND:
        gap = ordered[0] - (ordered[REACH] - ordered[0])
        return float(gap if lower_bound is None else max(gap, lower_bound))
    return lower_bound if len(ordered) >= FEWEST else None


def _one_budget(ordered: Values, log_survival: Values, k: int, ends: tuple[float | None, Values], level: float) -> Interval:
    """Return the estimate for one k. `ends` are the scores assumed for what may lie below the best and above the worst score."""
    n, (below, above) = len(ordered), ends
    point = expected_best(ordered, k)
    if below is None or not 2 <= k <= n / LARGEST_SHARE:
        return Interval(point, n=n, level=level, absent=f"coverage was shown for 2 <= k <= n/{LARGEST_SHARE} and n >= {FEWEST} only")
    # The best of k lies above the i-th score with probability (1 - u_i)^k. mass [draws, n + 1]: below the best, between neighbors, above.
    mass = -np.diff(np.exp(k * log_survival), axis=1, prepend=1.0, append=0.0)
    tail = (1 - level) / 2
    low = np.quantile(mass @ np.concatenate([[below], ordered]), tail)
    high = np.quantile(mass @ np.concatenate([ordered, above]), 1 - tail)
    return Interval(point, float(low), float(high), level=level, kind="Bayesian bootstrap, conservative ends", n=n)
