"""Compares several views of the same models: how each ranks them, whether the rankings agree, and which models one view misjudges.

A score can be optimized for the network that it looks through (FD-loss, arXiv 2604.28190), so that one view alone can be deceived.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from landscape.analysis.correlation import kendall_correlation, rank_correlation
from landscape.analysis.interval import Interval
from landscape.results.record import Estimate

Views = Mapping[str, Mapping[str, Estimate]]
"""The score of each model through each view. Every view has scored every model."""


@dataclass(frozen=True)
class Misjudged:
    """A model that one view ranks decidedly differently from all other views that decide."""

    model: str
    view: str
    flattered: bool
    """Whether the view places the model better than the others do."""
    opponents: tuple[str, ...]
    """The models against which it does so."""


def ranks(views: Views) -> dict[str, dict[str, float]]:
    """Return the rank of each model in each view, from 1 for the best. Equal scores share the mean of their ranks."""
    found = {}
    for view, scores in views.items():
        models = list(scores)
        found[view] = dict(zip(models, map(float, rankdata([_cost(scores[model]) for model in models])), strict=True))
    return found


def _cost(estimate: Estimate) -> float:
    if estimate.direction == "none":
        raise ValueError("a score that is neither better high nor low ranks no models")
    return -estimate.value if estimate.direction == "higher" else estimate.value


def agreement_of(one: Mapping[str, Estimate], two: Mapping[str, Estimate]) -> Interval:
    """Return Kendall's tau-b of two views over the same models, with its interval."""
    return kendall_correlation(*_costs(one, two))


def spearman_of(one: Mapping[str, Estimate], two: Mapping[str, Estimate]) -> Interval:
    """Return Spearman's correlation of two views over the same models, with its interval."""
    return rank_correlation(*_costs(one, two))


def _costs(one: Mapping[str, Estimate], two: Mapping[str, Estimate]) -> tuple[list[float], list[float]]:
    return [_cost(one[model]) for model in one], [_cost(two[model]) for model in one]


def agreements(views: Views) -> dict[tuple[str, str], Interval]:
    """Return the agreement of every pair of views."""
    return {(a, b): agreement_of(views[a], views[b]) for a, b in combinations(views, 2)}


def misjudged(views: Views) -> list[Misjudged]:
    """Return the models that one view orders against some model differently from all other views that decide.

    At least two other views must decide, or one if there are two views. A view decides between two models if the intervals of their
    scores do not overlap. Scores without intervals decide nothing. The models with the most contradictions come first.
    """
    needed = min(2, max(len(views) - 1, 1))
    models = list(next(iter(views.values()), {}))
    signs = {view: _decisions([scores[model] for model in models]) for view, scores in views.items()}
    deciding, net = (sum(f(sign) for sign in signs.values()) for f in (np.abs, np.asarray))
    found = []
    for view, sign in signs.items():
        others = deciding - np.abs(sign)
        against = (others >= needed) & (net - sign == -sign * others)
        for index, model in enumerate(models):
            for flattered, side in ((True, 1), (False, -1)):
                opponents = tuple(models[other] for other in np.flatnonzero(against[index] & (sign[index] == side)))
                found += [Misjudged(model, view, flattered, opponents)] if opponents else []
    return sorted(found, key=lambda one: (-len(one.opponents), one.model, one.view, one.flattered))


def contradicted(views: Views) -> list[Misjudged]:
    """Return the models about whose order a view contradicts the others, as they are shown.

    Of two views, what one places better the other places worse, so that each model is named once for each order.
    """
    return [one for one in misjudged(views) if one.flattered or len(views) > 2]


def judged(one: Misjudged, views: Views) -> str:
    """Return in words how the view contradicts the others about the model. Where there are two views, neither is known to be wrong."""
    return "better through" if len(views) == 2 else "flattered by" if one.flattered else "wronged by"


def best_models(views: Views) -> dict[str, str]:
    """Return the best model by each view. Of several with the same score, it is the one with the best mean rank over the views.

    A model that is the best by every view is therefore named for every view.
    """
    of, mean = ranks(views), dict(by_mean_rank(views))
    return {view: min(found, key=lambda model: (found[model], mean[model])) for view, found in of.items()}


def _decisions(scores: Sequence[Estimate]) -> NDArray[np.int16]:
    """Return for each pair [n, n] 1 if the first score is better beyond both intervals, -1 if the second is, and 0 otherwise."""
    none = (math.nan, math.nan)
    low, high = np.array([one.interval or none for one in scores], dtype=np.float64).reshape(-1, 2).T
    cost = np.array([_cost(one) for one in scores])
    apart = (low[:, None] > high[None]) | (high[:, None] < low[None])
    better, worse = cost[:, None] < cost[None], cost[:, None] > cost[None]
    return np.where(apart, better.astype(np.int16) - worse, 0).astype(np.int16)


def by_mean_rank(views: Views) -> Sequence[tuple[str, float]]:
    """Return the models with their mean rank over the views, the best one first."""
    of = ranks(views)
    models = list(next(iter(views.values()), {}))
    return sorted(((m, sum(view[m] for view in of.values()) / len(of)) for m in models), key=lambda pair: pair[1])
