"""Compares cells and levels by counts, best, top quantile, spread, divergence, wins, diversity and cost. Each estimate has its interval."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from landscape.analysis.dispersion import quartile_spread
from landscape.analysis.frames import AXIS, SCORE, STOPPED_EARLY, ScoreFacts, TrialTable
from landscape.analysis.improvement import probability_of_improvement
from landscape.analysis.interval import Interval, Values
from landscape.analysis.proportions import share
from landscape.analysis.quantiles import quantile, rank_of, share_name, shown_share

DIVERSITY = ("MS-SSIM", "MS_SSIM", "ms_ssim", "Vendi", "vendi", "recall", "coverage")
"""The beginnings of the names of scores of diversity, the most direct one first."""


def diversity_score(scores: Mapping[str, ScoreFacts]) -> str | None:
    """Return the score that says how varied samples are, or None if the protocol has none."""
    for wanted in DIVERSITY:
        for name in scores:
            if name.startswith(wanted):
                return name
    return None


def compare_levels(table: TrialTable, axis: str, score: str, *, given_search: bool) -> pd.DataFrame:
    """Return one row for each level of `axis`, over all search trials that have it, with the best quantile first."""
    search = table.role("search")
    groups = {str(level): search.where(search.frame[AXIS + axis] == level) for level in sorted(search.frame[AXIS + axis].unique())}
    rows = []
    for level, group in groups.items():
        others = np.concatenate([np.empty(0), *(g.costs(score) for name, g in groups.items() if name != level)])
        wins = probability_of_improvement(group.costs(score), others) if len(groups) > 1 else Interval(None, absent="only one level")
        spread = spread_of(group.costs(score), table.scores[score]).within_search(given_search)
        row = (
            {"level": level}
            | _row(group, score, given_search)
            | spread.columns("spread")
            | wins.within_search(given_search).columns("wins")
        )
        rows.append(row)
    return _ordered(rows, table.scores[score])


def compare_cells(table: TrialTable, score: str, *, given_search: bool) -> pd.DataFrame:
    """Return one row for each cell, ordered by its best score."""
    search = table.role("search")
    rows = [
        {"cell": cell} | {a: group.frame[AXIS + a].iloc[0] for a in table.axes} | _row(group, score, given_search)
        for cell, group in ((str(c), search.where(search.frame["cell"] == c)) for c in sorted(search.frame["cell"].unique()))
    ]
    return _ordered(rows, table.scores[score], by="best")


def _ordered(rows: list[dict[str, Any]], facts: ScoreFacts, by: str = "quantile") -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    order = list(dict.fromkeys([by, "best"]))
    keys = frame[order].mul(facts.sign)
    return frame.loc[keys.sort_values(order, kind="stable").index].reset_index(drop=True)


def _row(group: TrialTable, score: str, given_search: bool) -> dict[str, Any]:
    facts = group.scores[score]
    costs = group.costs(score)
    status = group.frame["status"].value_counts()
    finished = int(status.get("completed", 0) + status.get("diverged", 0))
    stopped = int(status.get(STOPPED_EARLY, 0))
    level = shown_share(len(costs))
    top = score_quantile(costs, facts).within_search(given_search)
    diverged = share(int(status.get("diverged", 0)), finished).within_search(given_search)
    if group.frame["setting"].duplicated().any():
        diverged = Interval(diverged.value, n=finished, absent="several seeds of one setting are not independent")
    return {
        "trials": len(group.frame),
        "completed": int(status.get("completed", 0)),
        "diverged": int(status.get("diverged", 0)),
        "stopped_early": stopped,
        "other": len(group.frame) - finished - stopped,
        "n": len(costs),
        "best": best_of(costs, facts),
        "quantile_share": math.nan if level is None else level,
        "quantile_name": ""
        if level is None
        else f"{share_name(level).removesuffix(' quantile')}, {ordinal(rank_of(len(costs), level))} of {len(costs)}",
        **top.columns("quantile"),
        **diverged.columns("diverged_share"),
        **_diversity(group, score),
        "scores": tuple(float(x) * facts.sign for x in np.sort(costs)),
        "seconds_per_trial": _mean(group.frame.loc[group.frame["status"] != STOPPED_EARLY, "seconds"]),
        "seconds": float(group.frame["seconds"].sum()),
    }


def score_quantile(costs: Values, facts: ScoreFacts) -> Interval:
    """Return the top quantile that the number of trials supports, in the direction of the score."""
    found = quantile(costs)
    return found.mirrored() if facts.sign < 0 else found


def spread_of(costs: Values, facts: ScoreFacts) -> Interval:
    """Return the interquartile range of costs: a ratio for scores that are compared by ratios, otherwise a difference."""
    return quartile_spread(costs, log=is_spread_a_ratio(facts))


def is_spread_a_ratio(facts: ScoreFacts) -> bool:
    """Return whether the interquartile range of a score is a ratio."""
    return facts.is_log and facts.sign > 0


def best_of(costs: Values, facts: ScoreFacts) -> float:
    """Return the best score, or NaN if all trials diverged. It has no interval, because it is optimistic, the more so with more trials."""
    finite = costs[np.isfinite(costs)]
    return float(finite.min() * facts.sign) if len(finite) else math.nan


def _diversity(group: TrialTable, score: str) -> dict[str, float]:
    """Return the diversity of the group's best trial."""
    name = diversity_score(group.scores)
    column = SCORE + score
    if name is None or column not in group.frame or SCORE + name not in group.frame:
        return {}
    costs = group.frame[column].to_numpy(dtype=np.float64) * group.scores[score].sign
    if np.isnan(costs).all():
        return {"diversity": math.nan}
    return {"diversity": float(group.frame[SCORE + name].to_numpy(dtype=np.float64)[np.nanargmin(costs)])}


def _mean(values: Iterable[float]) -> float:
    finite = [v for v in values if not math.isnan(v)]
    return sum(finite) / len(finite) if finite else math.nan


def ordinal(n: int) -> str:
    """Return an ordinal number such as 1st, 2nd, 3rd, 4th or 11th."""
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
