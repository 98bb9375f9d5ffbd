"""What a study answers, as data: the best level of each axis, its lead, its cost, and what it would take to decide the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from landscape.analysis.interval import Interval
from landscape.analysis.variance import VarianceShares

State = Literal["decided", "suggested", "open"]
"""How far an axis is settled.

With `decided` the best level is better than every other confirmed level. With `suggested` some level is shown to be worse than another
one, but the best level has a rival left. With `open` nothing is shown.
"""


@dataclass(frozen=True)
class Effort:
    """The number and time of some trainings."""

    trials: int = 0
    """The number of trainings."""
    seconds: float = 0.0
    """The time of training, evaluation and set-up, summed over trainings."""


@dataclass(frozen=True)
class ToDecide:
    """What it would take to decide an open pair, if its true difference is the observed one."""

    seeds: int
    """The number of seeds that each of the two settings would have in all."""
    trainings: int
    """The number of trainings in addition to those that were done."""
    seconds: float
    """The time of these trainings if they run one after the other."""


@dataclass(frozen=True)
class PairAnswer:
    """Two levels of an axis, compared seed by seed with the same levels on all other axes."""

    better: str
    """The level with the better mean over the common seeds. If seeds diverged, it is the level with fewer diverged seeds."""
    other: str
    difference: Interval
    """The ratio better / other of geometric means if the study's answer `is_log`, otherwise the difference better - other in the score's
    own direction. The interval holds jointly for all pairs of the axis and all looks.
    """
    decided: bool
    seeds: int
    """The number of common seeds behind the difference."""
    by_divergence: bool = False
    """Whether the pair was decided by the numbers of diverged seeds (Fisher's exact test), because there is no mean to compare."""
    resolvable: float | None = None
    """The smallest true ratio (above 1) or difference (above 0) that this number of seeds decides in 4 of 5 cases. It is None without an
    interval.
    """
    to_decide: ToDecide | None = None
    """What it would take to decide the pair. It is None for a decided pair, and if 1,000 seeds would not be enough."""


@dataclass(frozen=True)
class LevelAnswer:
    """One level of an axis."""

    level: str
    mean: Interval
    """The mean over the confirmation seeds, which is geometric if the answer `is_log`. Its interval does not hold jointly with those of
    other levels.
    """
    scores: tuple[float | None, ...] = ()
    """The score of each seed in the order of training. With several blocks it is the mean over them. It is None for a seed that diverged or
    failed.
    """
    diverged: int = 0
    """The number of confirmation trainings that diverged."""
    settings: tuple[str, ...] = ()
    """The setting digests of the confirmation runs that represent the level."""
    search: Effort = Effort()
    """All trials of the search that have this level."""
    confirmation: Effort = Effort()
    """The confirmation runs of the level. A run of a setting that represents several levels counts for each of them."""

    @property
    def seeds(self) -> int:
        """The number of confirmation seeds that have a score."""
        return sum(score is not None for score in self.scores)


@dataclass(frozen=True)
class AxisAnswer:
    """What the study says of one axis."""

    axis: str
    state: State
    sentence: str
    """A sentence that names the best level and what is open, and says on what the comparison is conditional."""
    best: str | None = None
    """The confirmed level that is ahead in most pairs. It is None if fewer than two levels were confirmed."""
    runner_up: str | None = None
    pairs: tuple[PairAnswer, ...] = ()
    """All pairs of confirmed levels that have common seeds. Pairs of the best level come first, those with closer rivals before others."""
    levels: tuple[LevelAnswer, ...] = ()
    """The levels, the best one first and those without confirmation last."""
    partners: tuple[Mapping[str, str], ...] = ()
    """The levels of the other axes with which this axis was compared, one mapping for each block. The comparison is conditional on them."""
    variance: Interval = field(default_factory=lambda: Interval(None, absent="no trials"))
    """The share of the variance of the search's ranks that the axis explains."""

    @property
    def contrast(self) -> PairAnswer | None:
        """The pair of the best level and the runner-up."""
        return next((p for p in self.pairs if {p.better, p.other} == {self.best, self.runner_up}), None)

    @property
    def rival(self) -> PairAnswer | None:
        """The pair that keeps the axis from being decided: the best level and the closest other level that it is not shown to beat.

        It is None if the best level beats every level that it was compared with.
        """
        return next((p for p in self.pairs if not p.decided and self.best in (p.better, p.other)), None)

    @property
    def beaten(self) -> tuple[str, ...]:
        """The levels that are shown to be worse than some other level."""
        return tuple(dict.fromkeys(p.other for p in self.pairs if p.decided))


@dataclass(frozen=True)
class Chosen:
    """The confirmed setting that is ahead of most others on common seeds, which is the one to train."""

    setting: str
    """The setting digest."""
    labels: Mapping[str, str]
    """The level on each axis."""
    assignment: Mapping[str, bool | int | float | str]
    mean: Interval
    """The mean over its seeds. The interval holds jointly for all confirmed settings (Bonferroni), because this one is the best of them."""
    of: int
    """The number of settings that were confirmed."""
    trials: tuple[str, ...] = ()
    """The digests of its confirmation runs."""
    symptoms: Mapping[str, int] = field(default_factory=dict)
    """The number of these runs that show each symptom of training health."""
    unhealthy: int = 0
    """The number of these runs that show any."""


@dataclass(frozen=True)
class StudyAnswer:
    """What the study says."""

    score: str
    """The public name of the score that everything here is about."""
    sentence: str
    """One or two sentences that say what to do."""
    is_log: bool = False
    """Whether means are geometric and pairs are compared by ratios."""
    axes: tuple[AxisAnswer, ...] = ()
    """The axes with two or more levels, in falling order of their share of variance."""
    chosen: Chosen | None = None
    variance: VarianceShares = field(default_factory=VarianceShares)
    looks: tuple[int, ...] = ()
    """The numbers of seeds at which pairs were judged."""
    search: Effort = Effort()
    confirmation: Effort = Effort()
    warnings: tuple[str, ...] = field(default=())

    @property
    def decided(self) -> tuple[AxisAnswer, ...]:
        return tuple(a for a in self.axes if a.state == "decided")

    def axis(self, name: str) -> AxisAnswer | None:
        """Return the answer for one axis, or None if the study does not compare its levels."""
        return next((a for a in self.axes if a.axis == name), None)
