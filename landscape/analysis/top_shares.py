"""How the order of the levels of an axis depends on the share of best trials by which they are judged."""

import itertools
from dataclasses import dataclass

import pandas as pd

from landscape.analysis.frames import AXIS, TrialTable
from landscape.analysis.quantiles import quantile, rank_of

SHARES = (0.01, 0.05, 0.1, 0.25, 0.5)
"""The shares of best trials whose worst score is compared. The Landscape study takes 5% (Kurach et al. 2019, arXiv:1807.04720)."""


@dataclass(frozen=True)
class TopShares:
    """The order of the levels of an axis at each share of best trials."""

    levels: tuple[str, ...]
    """The levels that have scores, by name."""
    frame: pd.DataFrame
    """A row for each share, with these columns.

    - `share`, and `is_best`: whether it takes the best trial alone of each level.
    - `ahead`: the level with the best quantile. Several with equal ones are joined by ` = `.
    - `order`: all levels, the best first, joined by `, `.
    - `level{i}`, `level{i}_low` and `level{i}_high`: the quantile of `levels[i]`. The ends are order statistics, NaN for too few trials.
    """


def levels_by_share(table: TrialTable, axis: str, score: str) -> TopShares | None:
    """Return the quantiles of the levels of `axis` at each share of `SHARES`, over all search trials that have the level.

    A share that takes the same trial of each level as a smaller share is left out. Without two levels that have scores there is nothing to
    return.
    """
    search, facts = table.role("search"), table.scores[score]
    names = sorted(search.frame[AXIS + axis].unique())
    costs = {str(name): search.where(search.frame[AXIS + axis] == name).costs(score) for name in names}
    costs = {name: values for name, values in costs.items() if len(values)}
    if len(costs) < 2:
        return None
    rows, taken = [], None
    for share in SHARES:
        ranks = [rank_of(len(values), share) for values in costs.values()]
        if ranks == taken:
            continue
        taken = ranks
        found = {name: quantile(values, share) for name, values in costs.items()}
        ordered = sorted(found, key=lambda name: (found[name].value, name))
        groups = [" = ".join(group) for _, group in itertools.groupby(ordered, key=lambda name: found[name].value)]
        row: dict[str, object] = {"share": share, "is_best": set(ranks) == {1}, "ahead": groups[0], "order": ", ".join(groups)}
        for i, interval in enumerate(found.values()):
            row |= (interval.mirrored() if facts.sign < 0 else interval).columns(f"level{i}")
        rows.append(row)
    return TopShares(tuple(costs), pd.DataFrame(rows))
