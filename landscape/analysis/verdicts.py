"""What a study decides, and what it does not. Verdicts rest on confirmation runs alone: fresh seeds of each level's best setting.

The best of many trials is partly luck (winner's curse): scores of the search choose which setting stands for a level, and never judge it.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from landscape.analysis.frames import AXIS, SCORE, ScoreFacts, TrialTable
from landscape.analysis.interval import Interval, Values
from landscape.analysis.seeds import FEWEST_SEEDS, seed_contrast, seed_mean

NOT_CONFIRMED = "no verdict: not confirmed"


@dataclass(frozen=True)
class Contrast:
    """Two levels, `better` having the lower mean cost; `difference` better - other, or their ratio in log."""

    better: str
    other: str
    difference: Interval
    decided: bool


@dataclass(frozen=True)
class Verdict:
    """What the confirmation runs say of one axis."""

    axis: str
    text: str
    levels: pd.DataFrame
    """A row a confirmed level: setting, seeds, mean with interval, what the search had scored it."""
    contrasts: tuple[Contrast, ...] = field(default=())
    is_log: bool = False
    """Whether means are geometric and contrasts ratios."""

    @property
    def is_decided(self) -> bool:
        return any(c.decided for c in self.contrasts)


def verdict(table: TrialTable, axis: str, score: str, *, level: float = 0.95) -> Verdict:
    """Compare the levels of `axis` by their confirmation runs; intervals hold jointly (Bonferroni over the pairs of this axis)."""
    facts = table.scores[score]
    groups = _representatives(table, axis, score)
    each = {name: group.costs(score, each_seed=True) for name, group in groups.items()}
    # One scale for the whole axis: a score with a value at or below 0 has no logarithm.
    log = facts.is_log and all((costs > 0).all() for costs in each.values())
    rows = pd.DataFrame([_level_row(name, group, score, facts, log) for name, group in groups.items()])
    enough = {name: costs for name, costs in each.items() if len(costs) >= FEWEST_SEEDS}
    if not enough:
        return Verdict(axis, NOT_CONFIRMED, rows, is_log=log)
    if len(enough) == 1:
        return Verdict(axis, f"{NOT_CONFIRMED}: only {next(iter(enough))} has {FEWEST_SEEDS} or more confirmation runs", rows, is_log=log)
    contrasts = _contrasts(enough, facts, level, log)
    return Verdict(axis, _text(contrasts), rows, contrasts, log)


def _representatives(table: TrialTable, axis: str, score: str) -> dict[str, TrialTable]:
    """Confirmation runs of the setting that stands for each level.

    It is the one whose runs name `<axis>=<level>` among what they confirm (written by the sweep), else the level's best of the search if
    that was confirmed. A level whose best setting was not confirmed has no representative: another would understate it.
    """
    confirmed = table.role("confirmation").finished()
    chosen: dict[str, TrialTable] = {}
    for name in sorted(str(x) for x in confirmed.frame[AXIS + axis].unique()):
        runs = confirmed.where(confirmed.frame[AXIS + axis] == name)
        named = [f"{axis}={name}" in claims for claims in runs.frame["confirms"]]
        if any(named):
            runs = runs.where(pd.Series(named, index=runs.frame.index))
            best = str(runs.frame["setting"].iloc[0])
        else:
            best = _best_of_search(table, axis, name, score)
        if (runs.frame["setting"] == best).any():
            chosen[name] = runs.where(runs.frame["setting"] == best)
    return chosen


def _best_of_search(table: TrialTable, axis: str, level: str, score: str) -> str:
    """The setting of `level` that the search scored best; "" when it scored none."""
    search = table.role("search").frame
    found = search[search[AXIS + axis] == level]
    if SCORE + score not in found or found[SCORE + score].isna().all():
        return ""
    costs = found[SCORE + score].to_numpy(dtype=np.float64) * table.scores[score].sign
    return str(found["setting"].iloc[int(np.nanargmin(costs))])


def _level_row(name: str, group: TrialTable, score: str, facts: ScoreFacts, log: bool) -> dict[str, object]:
    costs = group.costs(score, each_seed=True)
    mean = seed_mean(costs, log=log)
    mean = mean.mirrored() if facts.sign < 0 else mean
    first = group.frame.iloc[0]
    return {
        "level": name,
        "cell": first["cell"],
        "setting": first["setting"],
        "seeds": len(costs),
        "diverged": int((group.frame["status"] == "diverged").sum()),
        "scores": tuple(float(x) * facts.sign for x in sorted(costs)),
        **mean.columns("mean"),
        "why_no_interval": mean.absent,
    }


def _contrasts(groups: dict[str, Values], facts: ScoreFacts, level: float, log: bool) -> tuple[Contrast, ...]:
    pairs = list(itertools.combinations(groups, 2))
    joint = 1 - (1 - level) / len(pairs)
    found = []
    for a, b in pairs:
        better, other = sorted((a, b), key=lambda name: (float(groups[name].mean()), name))
        difference = seed_contrast(groups[better], groups[other], log=log, level=joint)
        if difference.value is not None and difference.value > (1 if log else 0):
            better, other = other, better
            difference = seed_contrast(groups[better], groups[other], log=log, level=joint)
        decided = difference.high is not None and difference.high < (1 if log else 0)
        # Decided on costs, shown in the score's own direction.
        found.append(Contrast(better, other, difference.mirrored() if facts.sign < 0 and not log else difference, decided))
    return tuple(found)


def _text(contrasts: tuple[Contrast, ...]) -> str:
    beaten: dict[str, list[str]] = {}
    for c in contrasts:
        if c.decided:
            beaten.setdefault(c.better, []).append(c.other)
    parts = [f"{better} beats {join(others)}" for better, others in sorted(beaten.items(), key=lambda item: -len(item[1]))]
    undecided = [f"{c.better} or {c.other}" for c in contrasts if not c.decided]
    parts += [f"not decided: {', '.join(undecided)}"] if undecided else []
    return "; ".join(parts)


def join(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
