"""Compares the levels of an axis across studies of different tasks, by the share of the way from a task's baseline to its floor.

Raw scores of two tasks never share a scale: a Frechet distance of completed digits says nothing beside one of enlarged photographs. Within
a task, the score of the baseline (what needs no learning) is 0 and that of real samples is 1, so that levels of different tasks can stand
in one table. What is decided of two levels is that of each study by itself, and is compared as such.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from landscape.analysis.answer import AxisAnswer, PairAnswer, State
from landscape.analysis.answer_words import difference_in_words
from landscape.analysis.critical_difference import LevelRanks, ranked
from landscape.analysis.interval import Interval
from landscape.core.wording import join, plural

LEVEL = 0.95
"""The coverage of the intervals of one study, jointly for all pairs of levels of the axis."""


@dataclass(frozen=True)
class Ends:
    """The two scores of a task between which its models are placed."""

    start: float
    """The score that stands for 0: that of the task's baseline, or of real samples under exchanged classes."""
    name: str
    """The name of what scores it."""
    floor: float
    """The score of real samples, which stands for 1."""
    is_log: bool
    """Whether shares are taken of logarithms."""


@dataclass(frozen=True)
class LevelInTask:
    """One level of the axis in one study."""

    level: str
    place: int
    """Its place among the confirmed levels of the study, 1 for the best."""
    share: Interval
    """The share of the way from the baseline to the floor that the mean over fresh seeds goes. It is below 0 for a level that is worse than
    the baseline, and above 1 for one that scores better than the real samples at hand.
    """


@dataclass(frozen=True)
class StudyOfTask:
    """What one study says of the levels of the axis."""

    study: str
    task: str
    dataset: str
    score: str
    state: State
    best: str | None
    ends: Ends | None
    """None if the task has no baseline, or nothing was scored that shares could be taken of."""
    levels: tuple[LevelInTask, ...]
    pairs: tuple[PairAnswer, ...] = ()
    """The pairs of levels with common seeds, whose intervals hold jointly with coverage `LEVEL`."""
    decided_together: frozenset[tuple[str, str]] = frozenset()
    """The better and the other level of the pairs that are also decided if the intervals of all studies hold together with `LEVEL`."""
    is_log: bool = False
    """Whether the differences of pairs are ratios."""


@dataclass(frozen=True)
class PairOverStudies:
    """Two levels in the studies that compare them."""

    levels: tuple[str, str]
    decided: tuple[tuple[StudyOfTask, PairAnswer], ...]
    """The studies that decide which one is better, each with its contrast."""

    @property
    def turns(self) -> bool:
        """Whether one level is shown to be better in one study, and the other one in another study."""
        return len({pair.better for _, pair in self.decided}) > 1


def ends_of(start: float | None, name: str, floor: float | None, *, is_log: bool) -> Ends | None:
    """Return the ends of a task, or None if one is missing, if both are the same, or if a logarithm of one does not exist."""
    if start is None or floor is None or start == floor:
        return None
    if is_log and min(start, floor) <= 0:
        return None
    return Ends(start, name, floor, is_log)


def share_of(score: float, ends: Ends) -> float:
    """Return the share of the way from the start to the floor. A score that diverged has gone -inf of it.

    Raises:
        ValueError: The score has no logarithm, although shares are taken of logarithms.
    """
    if not math.isfinite(score):
        return -math.inf
    if not ends.is_log:
        return (ends.start - score) / (ends.start - ends.floor)
    return math.log(ends.start / score) / math.log(ends.start / ends.floor)


def levels_of(axis: AxisAnswer, ends: Ends | None) -> tuple[LevelInTask, ...]:
    """Return the confirmed levels of an axis in the order of the study's answer, with their shares if the task has both ends.

    The interval is that of the mean over seeds, carried over at the given ends. It says nothing of the error of these.
    """
    confirmed = [level for level in axis.levels if level.mean.value is not None]
    return tuple(LevelInTask(level.level, place, _carried(level.mean, ends)) for place, level in enumerate(confirmed, 1))


def _carried(mean: Interval, ends: Ends | None) -> Interval:
    if ends is None:
        return Interval(None, absent="the task has no baseline")
    known = [share_of(x, ends) for x in (mean.value, mean.low, mean.high) if x is not None]
    if len(known) < 3:
        return replace(mean, value=known[0], low=None, high=None)
    return replace(mean, value=known[0], low=min(known[1:]), high=max(known[1:]))


def ranks_over_studies(studies: Sequence[StudyOfTask]) -> LevelRanks | None:
    """Return the ranks of the levels over studies by their places in each, or None if fewer than two levels were confirmed."""
    blocks = [{level.level: float(level.place) for level in study.levels} for study in studies]
    return ranked(blocks) if len({level for block in blocks for level in block}) > 1 else None


def verdict(studies: Sequence[StudyOfTask], axis: str) -> str:
    """Return whether what wins one task wins the others, in words that say how far it was decided."""
    known = [study for study in studies if study.best is not None]
    if len(known) < 2:
        return f"Fewer than two studies confirmed levels of {axis}, so that nothing is said across tasks."
    bests = dict.fromkeys(study.best for study in known)
    winners = {str(best): [study.study for study in known if study.best == best] for best in bests}
    decided = [study.study for study in known if study.state == "decided"]
    if len(winners) == 1:
        said = f"{next(iter(winners))} is ahead in all {len(known)} studies"
    else:
        said = "No level is ahead everywhere: " + ", ".join(f"{level} in {join(of)}" for level, of in winners.items())
    how = f"decided in {join(decided)}" if decided else "decided in none of them"
    return f"{said} ({how})."


def pairs_over_studies(studies: Sequence[StudyOfTask]) -> tuple[PairOverStudies, ...]:
    """Return the pairs of levels that at least two studies compare, in the order of the levels' names."""
    found = []
    for levels in itertools.combinations(sorted({level for s in studies for p in s.pairs for level in (p.better, p.other)}), 2):
        of = [(study, pair) for study in studies for pair in study.pairs if {pair.better, pair.other} == set(levels)]
        if len(of) > 1:
            found.append(PairOverStudies(levels, tuple(one for one in of if one[1].decided)))
    return tuple(found)


def together(studies: int) -> float:
    """Return the coverage that each study's intervals need so that those of all studies hold together with `LEVEL` (Bonferroni)."""
    return 1 - (1 - LEVEL) / studies


def order_in_words(studies: Sequence[StudyOfTask]) -> tuple[str, ...]:
    """Return a sentence for each pair of levels whose order turns round and is decided both times, or one that says that none does.

    The last sentence says with which coverage the intervals behind it hold jointly.
    """
    pairs = pairs_over_studies(studies)
    if not pairs:
        return ("No pair of levels is compared in at least two studies.",)
    said = [_turn_in_words(pair, len(studies)) for pair in pairs if pair.turns]
    if not said:
        twice = sum(len(pair.decided) > 1 for pair in pairs)
        of = f"of {plural(len(pairs), 'pair')} that at least two studies compare, {twice or 'none'}"
        same = ", each with the same level ahead" if twice else ""
        said = [f"No pair of levels is shown to turn round: {of} {'is' if twice < 2 else 'are'} decided in at least two{same}."]
    least = f"{100 * max(0.0, 1 - len(studies) * (1 - LEVEL)):.3g}%"
    joint = f"The intervals of a study's pairs hold jointly with {LEVEL:.0%} confidence"
    return (*said, f"{joint}, those of all {len(studies)} studies with {least} or more.")


def _turn_in_words(turned: PairOverStudies, studies: int) -> str:
    clauses = [
        f"{pair.better} is better in {study.study}, where {difference_in_words(pair, study.score, study.is_log)}"
        for study, pair in turned.decided
    ]
    kept = [(study, pair) for study, pair in turned.decided if (pair.better, pair.other) in study.decided_together]
    if replace(turned, decided=tuple(kept)).turns:
        holds = "this holds too"
    else:
        lost = [study.study for study, pair in turned.decided if (study, pair) not in kept]
        holds = f"{join(lost)} {'is' if len(lost) == 1 else 'are'} open, and so is the turn"
    order = f"The order of {join(turned.levels)} turns round: {'; '.join(clauses)}."
    return f"{order} With {LEVEL:.0%} for all {studies} studies together, {holds}."
