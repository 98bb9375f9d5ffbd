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
BEST, INDICATOR, EVEN = REAL / (REAL + FIXED), (REAL >= FIXED).astype(np.float64), np.full(len(X), 0.5)
"""The best D against the fixed G in the game of 2014 and with the absolute error, and a D that knows nothing."""

STATED = (
    ("error of D against the fixed G", "2014, proposition 1", 0.0),
    ("value of the game of this D, -log 4 + 2 JSD", "2014, equation 5", value_of(BEST, FIXED)),
    ("value of the game for the best D, after training: -log 4", "2014, theorem 1", -math.log(4)),
    ("error of D after training", "2014, proposition 1", 0.0),
    ("error of D against the fixed G, absolute error: the indicator of p_real >= p_fake", "absolute error", 0.0),
    ("error of the map of G, absolute error with r1: z = F(x)", "absolute error", 0.0),
    ("V of EBGAN, over the last quarter: m", "Zhao et al. 2017, theorem 1", MARGIN),
)
"""What is stated, where, and the value that theory foretells, in the order in which `_play` returns what a seed reaches."""


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
    found = []
    for (says, source, theory), pairs in zip(STATED, zip(*(_play(rounds, seed) for seed in range(seeds)), strict=True), strict=True):
        before, after = zip(*pairs, strict=True)
        found.append(Statement(says, source, theory, float(np.mean(before)), seed_mean(after, log=theory == 0), after))
    return tuple(found)


def quantile_error(snapshot: Snapshot) -> float:
    """Return the mean distance of G(z) from the quantile of the data at the level of z. G may also map z in falling order."""
    return float(min(np.abs(mapped - QUANTILES).mean() for mapped in (snapshot.mapped, snapshot.mapped[::-1])))


def frame(found: Sequence[Statement]) -> pd.DataFrame:
    """Return a row for each statement: its words, its source, theory, the values before and after learning, the interval, each seed."""
    names = ["statement", "source", "theory", "unlearned", "measured", "low", "high"]
    rows = [(s.says, s.source, s.theory, s.unlearned, s.found.value, s.found.low, s.found.high, *s.reached) for s in found]
    return pd.DataFrame(rows, columns=[*names, *(f"seed_{seed}" for seed in range(len(found[0].reached)))])


def _play(rounds: int, seed: int) -> tuple[tuple[float, float], ...]:
    """Return for each of the `STATED` the value before anything is learned, and the one that this seed reaches."""
    energies = [e.value for e in energy_game(rounds, seed)]
    minimax, absolute = (against_fixed_g(loss, rounds // 2, seed) for loss in ("minimax", "absolute_error"))
    many = {"d_steps_per_round": 5, "seed": seed}
    first, last = snapshots(game("non_saturating", **many), (rounds,))
    unmapped, mapped = snapshots(game("absolute_error", **many, regularizers=[{"r1": {"gamma": 0.1}}]), (rounds,))
    return (
        (error_of(EVEN, BEST, FIXED), error_of(minimax, BEST, FIXED)),
        (value_of(EVEN, FIXED), value_of(minimax, FIXED)),
        (first.value, last.value),
        (first.d_error, last.d_error),
        (error_of(EVEN, INDICATOR, FIXED), error_of(absolute, INDICATOR, FIXED)),
        (quantile_error(unmapped), quantile_error(mapped)),
        (energies[0], float(np.mean(energies[-10:]))),
    )
