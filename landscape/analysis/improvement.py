"""The probability of improvement, which says how often a trial of one kind scores better than a trial of another kind."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from landscape.analysis.interval import Interval, Values, as_values

FEWEST = 3
"""The number of trials that each side needs for an interval. Coverage was simulated from 3 against 3 on
(tests/analysis/test_improvement.py).
"""

EXTRA = 0.25
"""The weight of a placement of 1/2 that is added to each side.

Without it the interval covers only .93 if one side wins 96 to 99 pairs of 100, because few losses show little of the spread. With it
the interval covers .95 and more.
"""


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike, *, level: float = 0.95) -> Interval:
    """P(ours < theirs) + P(ours = theirs) / 2 for scores where lower is better; +inf (diverged) ties with +inf.

    The point is the share of pairs that `ours` wins (Vargha and Delaney 2000, their A). Its variance is that of DeLong et al. 1988:
    the placements of both sides (how many of the others a trial beats) may differ in spread, as they do where one side is more dispersed or
    has diverged trials. The interval is formed on the logit scale with Student's t, its degrees of freedom by Welch (Brunner and Munzel
    2000, section 2; the logit is Pauly, Asendorf and Konietschke 2016, section 3). It is joined with the interval of the same placements
    and one more of 1/2 on each side, of weight `EXTRA`, which is wider where one side nearly always wins.

    Where every pair has the same winner the variance is 0. There the interval is exact: min(m, n) disjoint pairs are independent, so a
    true probability p lets all of them have one winner with chance p^min(m, n) at most (Clopper and Pearson 1934 for these pairs).

    Args:
        ours: scores [m], lower is better; +inf stands for a diverged trial.
        theirs: scores [n].
        level: nominal coverage.

    Returns:
        The estimate in [0, 1]; without interval where a side has fewer than 3 trials or all trials of both sides tie.
    """
    a, b = as_values(ours), as_values(theirs)
    m, n = len(a), len(b)
    if m == 0 or n == 0:
        return Interval(None, n=m + n, level=level, absent="no trials on one side")
    beaten, beaten_by = _placements(a, b), 1 - _placements(b, a)
    point = float(beaten.mean())
    if min(m, n) < FEWEST:
        return Interval(point, n=m + n, level=level, absent=f"fewer than {FEWEST} trials on one side: coverage was not shown")
    if a[0] == a[-1] == b[0] == b[-1]:
        return Interval(point, n=m + n, level=level, absent="all trials of both sides tie")
    low, high = _one_winner(point, min(m, n), level) if point in (0.0, 1.0) else _logit_interval(point, beaten, beaten_by, level)
    return Interval(point, low, high, level=level, kind="placements on the logit scale, Welch", n=m + n)


def _placements(a: Values, b: Values) -> Values:
    """Return, for each of the sorted `a` [m], the share of the sorted `b` [n] that it is better than. A tie counts half."""
    not_better = np.searchsorted(b, a, side="left") + np.searchsorted(b, a, side="right")
    return np.asarray(1 - not_better / (2 * len(b)), dtype=np.float64)


def _one_winner(point: float, pairs: int, level: float) -> tuple[float, float]:
    """Return the interval for the case that all pairs have the same winner."""
    reach = ((1 - level) / 2) ** (1 / pairs)
    return (reach, 1.0) if point == 1 else (0.0, 1 - reach)


def _logit_interval(point: float, beaten: Values, beaten_by: Values, level: float) -> tuple[float, float]:
    """Return the plain interval, joined with that of the placements and one more of 1/2 on each side."""
    plain = _from_moments(point, *_moments(beaten, 0.0), *_moments(beaten_by, 0.0), level)
    own, theirs = _moments(beaten, EXTRA), _moments(beaten_by, EXTRA)
    m, n = len(beaten) + EXTRA, len(beaten_by) + EXTRA
    center = ((beaten.sum() + EXTRA / 2) + (beaten_by.sum() + EXTRA / 2)) / (m + n)
    wider = _from_moments(float(center), *own, *theirs, level)
    return min(plain[0], wider[0]), max(plain[1], wider[1])


def _moments(placements: Values, extra: float) -> tuple[float, int]:
    """Return the squared standard error and the degrees of freedom of the mean of placements, with one more of 1/2 of weight `extra`."""
    n = len(placements) + extra
    mean = (placements.sum() + extra / 2) / n
    squares = np.square(placements - mean).sum() + extra * (0.5 - mean) ** 2
    return float(squares / (n - 1) / n), len(placements) - 1


def _from_moments(point: float, own: float, own_freedom: int, theirs: float, their_freedom: int, level: float) -> tuple[float, float]:
    freedom = (own + theirs) ** 2 / (own**2 / own_freedom + theirs**2 / their_freedom)
    center = math.log(point / (1 - point))
    reach = float(student.ppf((1 + level) / 2, freedom)) * math.sqrt(own + theirs) / (point * (1 - point))
    return _logistic(center - reach), _logistic(center + reach)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
