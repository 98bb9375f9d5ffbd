"""Compares several views of the same models: how each ranks them, whether the rankings agree, and which models one view misjudges.

A score can be optimized for the network that it looks through (FD-loss, arXiv 2604.28190), so that one view alone can be deceived.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from scipy.stats import kendalltau, norm, rankdata

from landscape.analysis.interval import Interval
from landscape.results.record import Estimate

FEWEST_MODELS = 10
"""The fewest models for which a rank correlation gets an interval. In simulations at 10, 15 and 30 models it covers 93 to 98%."""

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
    """Return Kendall's tau-b of two views over the same models, which is 1 for equal orders and -1 for reversed ones.

    The interval is that of Fieller, Hartley and Pearson (1957): the inverse hyperbolic tangent of tau has a variance of about
    0.437 / (n - 4). It says how far tau would move with other models of the same kind.
    """
    models = list(one)
    kind = "Fieller, Hartley & Pearson over models"
    if len(models) < 2:
        return Interval(None, kind=kind, n=len(models), absent="fewer than two models have no order")
    tau = float(kendalltau([_cost(one[m]) for m in models], [_cost(two[m]) for m in models]).statistic)
    if math.isnan(tau):
        return Interval(None, kind=kind, n=len(models), absent="one view scores all models alike")
    if len(models) < FEWEST_MODELS:
        return Interval(tau, kind=kind, n=len(models), absent=f"fewer than {FEWEST_MODELS} models")
    if abs(tau) == 1:
        return Interval(tau, kind=kind, n=len(models), absent="the order is the same throughout (or reversed)")
    half = float(norm.ppf(0.975)) * math.sqrt(0.437 / (len(models) - 4))
    low, high = (math.tanh(math.atanh(tau) + sign * half) for sign in (-1, 1))
    return Interval(tau, low, high, kind=kind, n=len(models))


def agreements(views: Views) -> dict[tuple[str, str], Interval]:
    """Return the agreement of every pair of views."""
    return {(a, b): agreement_of(views[a], views[b]) for a, b in combinations(views, 2)}


def misjudged(views: Views) -> list[Misjudged]:
    """Return the models that one view orders against some model differently from all other views that decide.

    At least two other views must decide, or one if there are two views. A view decides between two models if the intervals of their
    scores do not overlap. Scores without intervals decide nothing. The models with the most contradictions come first.
    """
    needed = min(2, max(len(views) - 1, 1))
    found: dict[tuple[str, str, bool], list[str]] = {}
    models = list(next(iter(views.values()), {}))
    for a, b in combinations(models, 2):
        signs = {view: _decided(scores[a], scores[b]) for view, scores in views.items()}
        for view, sign in signs.items():
            others = [s for v, s in signs.items() if v != view and s]
            if sign and len(others) >= needed and all(s == -sign for s in others):
                found.setdefault((a, view, sign > 0), []).append(b)
                found.setdefault((b, view, sign < 0), []).append(a)
    listed = [Misjudged(model, view, flattered, tuple(opponents)) for (model, view, flattered), opponents in found.items()]
    return sorted(listed, key=lambda m: (-len(m.opponents), m.model, m.view))


def _decided(one: Estimate, two: Estimate) -> int:
    """Return 1 if the first score is better beyond both intervals, -1 if the second is, and 0 otherwise."""
    if one.interval is None or two.interval is None:
        return 0
    if one.interval[0] <= two.interval[1] and two.interval[0] <= one.interval[1]:
        return 0
    return 1 if _cost(one) < _cost(two) else -1


def by_mean_rank(views: Views) -> Sequence[tuple[str, float]]:
    """Return the models with their mean rank over the views, the best one first."""
    of = ranks(views)
    models = list(next(iter(views.values()), {}))
    return sorted(((m, sum(view[m] for view in of.values()) / len(of)) for m in models), key=lambda pair: pair[1])
