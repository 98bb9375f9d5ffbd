"""Simulates practitioners who train k models of a study, choose one by the selection samples, and report its score on other samples.

This is the budget curve of the GAN Landscape (Kurach et al. 2019, arXiv:1807.04720: the least FID within a budget, averaged over 1,000
simulated practitioners). It shows what `landscape.analysis.best` cannot: what a budget earns if the choice is made by other samples than
those of the report, and how much one practitioner differs from the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from landscape.analysis.best import MEMORY, weights
from landscape.analysis.interval import Values

PRACTITIONERS = 1000
"""The number of simulated practitioners, which is the paper's."""
FEWEST_PRACTITIONERS = 200


@dataclass(frozen=True)
class Practitioners:
    """What the simulated practitioners of one budget report."""

    trials: int
    """The number k of models that each of them trains."""
    mean: float
    """The mean of the scores that they report."""
    error: float
    """The standard error of `mean` that the simulation leaves."""
    low: float
    """The score that 2.5% of them stay below. It says how practitioners differ given these trials, and not how sure the mean is."""
    high: float
    """The score that 2.5% of them exceed."""


def simulated_practitioners(
    selection: ArrayLike,
    reporting: ArrayLike,
    budgets: Sequence[int],
    *,
    random_state: int,
    practitioners: int = PRACTITIONERS,
    level: float = 0.95,
) -> list[Practitioners]:
    """Return what practitioners report at each budget of 1 to n trials.

    Each of them draws trials without replacement. With one more trial, the earlier ones are kept, so that the same practitioner is at
    every budget. Of several trials with the same selection score the one drawn first is chosen.

    The paper's practitioners spend their budget on a fixed list of settings before those that the search proposes. Here the list and the
    search are studies of their own (`search_spaces/landscape-*-grid.yaml`), so that all trials of a study are alike.

    Args:
        selection: The cost of each trial by which it is chosen [n]. Lower is better, and +inf is chosen last.
        reporting: The cost that is reported [n], finite. The caller has put the worst score in the place of diverged trials.
        budgets: The numbers of trials k. Those outside of 1..n are left out.
        random_state: The seed of the draws.
        practitioners: Their number. There are fewer with more than 6,000 trials, but at least 200.
        level: The share of practitioners between `low` and `high`.

    Raises:
        ValueError: The two have different lengths, or a reported score is not finite.
    """
    chosen_by, reported = _scores(selection, reporting)
    n = len(reported)
    inside = [k for k in budgets if 1 <= k <= n]
    if not inside:
        return []
    repeats = max(FEWEST_PRACTITIONERS, min(practitioners, MEMORY // n))
    order = np.tile(np.arange(n, dtype=np.int32), (repeats, 1))
    drawn = np.random.default_rng(random_state).permuted(order, axis=1)[:, : max(inside)]  # [practitioners, largest budget]
    ranks = rankdata(chosen_by, method="dense").astype(np.int32)[drawn]
    least = np.minimum.accumulate(ranks, axis=1)
    is_new = np.concatenate([np.ones((repeats, 1), dtype=bool), least[:, 1:] < least[:, :-1]], axis=1)
    place = np.maximum.accumulate(np.where(is_new, np.arange(max(inside)), 0), axis=1)
    outcome = np.take_along_axis(reported[drawn], place, axis=1)  # [practitioners, largest budget]
    tails = ((1 - level) / 2, (1 + level) / 2)
    found = []
    for k in inside:
        scores = outcome[:, k - 1]
        low, high = np.quantile(scores, tails)
        error = float(scores.std(ddof=1)) / len(scores) ** 0.5
        found.append(Practitioners(k, float(scores.mean()), error, float(low), float(high)))
    return found


def expected_choice(selection: ArrayLike, reporting: ArrayLike, k: int) -> float:
    """Return the exact mean over practitioners: the reported cost of the trial of least selection cost, over all subsets of k trials.

    Trials with the same selection cost count by the mean of their reported costs. With equal `selection` and `reporting` it is
    `landscape.analysis.best.expected_best`.

    Args:
        selection: The cost of each trial by which it is chosen [n]. Lower is better, and +inf is chosen last.
        reporting: The cost that is reported [n], finite.
        k: The number of trials, from 1 to n.

    Raises:
        ValueError: The two have different lengths, a reported score is not finite, or k is not in 1..n.
    """
    chosen_by, reported = _scores(selection, reporting)
    if not 1 <= k <= len(reported):
        raise ValueError(f"the choice among {k} cannot be estimated from {len(reported)} trials: k must lie between 1 and their number")
    ranks = rankdata(chosen_by, method="dense").astype(int) - 1
    means = np.bincount(ranks, reported) / np.bincount(ranks)
    return float(weights(len(reported), k) @ means[np.sort(ranks)])


def _scores(selection: ArrayLike, reporting: ArrayLike) -> tuple[Values, Values]:
    chosen_by, reported = (np.asarray(x, dtype=np.float64).ravel() for x in (selection, reporting))
    if len(chosen_by) != len(reported):
        raise ValueError(f"{len(chosen_by)} selection scores and {len(reported)} reported ones: every trial has one of each")
    if not np.isfinite(reported).all():
        raise ValueError(f"{np.sum(~np.isfinite(reported))} of {len(reported)} scores are not finite: say what a diverged trial counts as")
    return chosen_by, reported
