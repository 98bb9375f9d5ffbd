"""What theory says about the game on a line, beside what games with several seeds reach."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from landscape.analysis.interval import Interval
from landscape.analysis.seeds import seed_mean
from landscape.reproductions._game_1d.recipe import (
    MARGIN,
    QUANTILES,
    REAL,
    SCALE,
    SHIFT,
    Snapshot,
    Values,
    X,
    against_fixed_g,
    energy_game,
    error_of,
    game,
    snapshots,
    value_of,
)

FIXED = norm.pdf(X, SHIFT, SCALE)
"""The density of the points of the fixed G."""


@dataclass(frozen=True)
class Statement:
    """One statement of theory and what the games reached."""

    says: str
    source: str
    theory: float
    unlearned: float
    """The same quantity, averaged over the seeds, before anything has been learned."""
    found: Interval
    """The mean over the seeds, geometric for errors, which are above 0."""
    reached: tuple[float, ...]
    """The value of each seed."""


def statements(rounds: int, seeds: int) -> tuple[Statement, ...]:
    """Play the games of the propositions with `seeds` seeds, `rounds` rounds each, and return what they reached."""
    best, indicator = REAL / (REAL + FIXED), (REAL >= FIXED).astype(np.float64)
    even, fixed_value = np.full(len(X), 0.5), value_of(best, FIXED)
    played = [_play(rounds, seed) for seed in range(seeds)]

    def stated(says: str, source: str, theory: float, before: Sequence[float], after: Sequence[float]) -> Statement:
        return Statement(says, source, theory, float(np.mean(before)), seed_mean(after, log=theory == 0), tuple(after))

    minimax, absolute = ([each.fixed[loss] for each in played] for loss in ("minimax", "absolute_error"))
    return (
        stated(
            "error of D against the fixed G",
            "2014, proposition 1",
            0.0,
            [error_of(even, best, FIXED)],
            [error_of(d, best, FIXED) for d in minimax],
        ),
        stated(
            "value of the game of this D, -log 4 + 2 JSD",
            "2014, equation 5",
            fixed_value,
            [value_of(even, FIXED)],
            [value_of(d, FIXED) for d in minimax],
        ),
        stated(
            "value of the game for the best D, after training: -log 4",
            "2014, theorem 1",
            -math.log(4),
            [each.adversarial[0].value for each in played],
            [each.adversarial[-1].value for each in played],
        ),
        stated(
            "error of D after training",
            "2014, proposition 1",
            0.0,
            [each.adversarial[0].d_error for each in played],
            [each.adversarial[-1].d_error for each in played],
        ),
        stated(
            "error of D against the fixed G, absolute error: the indicator of p_real >= p_fake",
            "absolute error",
            0.0,
            [error_of(even, indicator, FIXED)],
            [error_of(d, indicator, FIXED) for d in absolute],
        ),
        stated(
            "error of the map of G, absolute error with r1: z = F(x)",
            "absolute error",
            0.0,
            [quantile_error(each.absolute[0]) for each in played],
            [quantile_error(each.absolute[-1]) for each in played],
        ),
        stated(
            "V of EBGAN, over the last quarter: m",
            "Zhao et al. 2017, theorem 1",
            MARGIN,
            [each.margin_before for each in played],
            [each.margin_after for each in played],
        ),
    )


def quantile_error(snapshot: Snapshot) -> float:
    """Return the mean distance of G(z) from the quantile of the data at the level of z. G may also map z in falling order."""
    return float(min(np.abs(mapped - QUANTILES).mean() for mapped in (snapshot.mapped, snapshot.mapped[::-1])))


def frame(found: Sequence[Statement]) -> pd.DataFrame:
    """Return a row for each statement: its words, its source, theory, the values before and after learning, the interval, each seed."""
    names = ["statement", "source", "theory", "unlearned", "measured", "low", "high"]
    rows = [(s.says, s.source, s.theory, s.unlearned, s.found.value, s.found.low, s.found.high, *s.reached) for s in found]
    return pd.DataFrame(rows, columns=[*names, *(f"seed_{seed}" for seed in range(len(found[0].reached)))])


@dataclass(frozen=True)
class _Seed:
    fixed: dict[str, Values]
    adversarial: list[Snapshot]
    absolute: list[Snapshot]
    margin_before: float
    margin_after: float


def _play(rounds: int, seed: int) -> _Seed:
    energies = [e.value for e in energy_game(rounds, seed)]
    many = {"d_steps_per_round": 5, "seed": seed}
    return _Seed(
        {loss: against_fixed_g(loss, rounds // 2, seed) for loss in ("minimax", "absolute_error")},
        snapshots(game("non_saturating", **many), (rounds,)),
        snapshots(game("absolute_error", **many, regularizers=[{"r1": {"gamma": 0.1}}]), (rounds,)),
        energies[0],
        float(np.mean(energies[-10:])),
    )
