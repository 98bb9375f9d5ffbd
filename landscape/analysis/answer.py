"""What a study answers, as data: by axis the best level, how far ahead it is, what it cost, and what deciding the rest would take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from landscape.analysis.interval import Interval
from landscape.analysis.variance import VarianceShares

State = Literal["decided", "suggested", "open"]
"""`decided`: the best level is better than every other one that was confirmed. `suggested`: some level is shown to be worse than another,
and the best one has a rival left. `open`: nothing is shown."""


@dataclass(frozen=True)
class Effort:
    """What was spent."""

    trials: int = 0
    """Trainings."""
    seconds: float = 0.0
    """Training, evaluation and set-up, of one place for trials."""


@dataclass(frozen=True)
class ToDecide:
    """What would decide an open pair, if its true difference is the one seen."""

    seeds: int
    """Seeds that each of the two settings would have in all."""
    trainings: int
    """Trainings on top of those done."""
    seconds: float
    """Of one place for trials."""


@dataclass(frozen=True)
class PairAnswer:
    """Two levels of an axis, compared seed by seed beside the same levels of all other axes."""

    better: str
    """The level with the better mean; where seeds diverged, the one with fewer of them."""
    other: str
    difference: Interval
    """The ratio better / other of geometric means where the study's answer `is_log`, else the difference better - other in the score's
    own direction. The interval holds jointly for all pairs of the axis and all looks."""
    decided: bool
    seeds: int
    """Common seeds behind it."""
    by_divergence: bool = False
    """Decided by the number of seeds that diverged (Fisher's exact test): there is no mean to compare."""
    resolvable: float | None = None
    """The smallest true ratio (above 1) or difference (above 0) that so many seeds decide 4 times in 5; None without an interval."""
    to_decide: ToDecide | None = None
    """None for a decided pair, and where 1,000 seeds would not do."""


@dataclass(frozen=True)
class LevelAnswer:
    """One level of an axis."""

    level: str
    mean: Interval
    """Over the confirmation seeds: geometric where the answer `is_log`. Not joint with other levels."""
    scores: tuple[float | None, ...] = ()
    """One a seed, in the order of training; the mean over blocks where there are several; None for a seed that diverged or failed."""
    diverged: int = 0
    """Confirmation trainings that diverged."""
    settings: tuple[str, ...] = ()
    """Setting digests of the confirmation runs that stand for the level."""
    search: Effort = Effort()
    """All trials of the search with this level."""
    confirmation: Effort = Effort()
    """Its confirmation runs; those of a setting that stands for several levels count for each of them."""

    @property
    def seeds(self) -> int:
        """Confirmation seeds that have a score."""
        return sum(score is not None for score in self.scores)


@dataclass(frozen=True)
class AxisAnswer:
    """What the study says of one axis."""

    axis: str
    state: State
    sentence: str
    """Plain text that names the best level and what is open, and says what the comparison is conditional on."""
    best: str | None = None
    """The confirmed level with the best mean; None where fewer than two levels were confirmed."""
    runner_up: str | None = None
    pairs: tuple[PairAnswer, ...] = ()
    """Every pair of confirmed levels; those of the best level first, the closest rival before others."""
    levels: tuple[LevelAnswer, ...] = ()
    """Best first, levels without confirmation last."""
    partners: tuple[Mapping[str, str], ...] = ()
    """The levels of the other axes beside which this one was compared, one mapping a block: the comparison is conditional on them."""
    variance: Interval = field(default_factory=lambda: Interval(None, absent="no trials"))
    """Share of the variance of the search's ranks that the axis explains."""

    @property
    def contrast(self) -> PairAnswer | None:
        """The best level against the runner-up."""
        return next((p for p in self.pairs if {p.better, p.other} == {self.best, self.runner_up}), None)

    @property
    def rival(self) -> PairAnswer | None:
        """The pair that keeps the axis from being decided: the best level with the closest other level that it is not shown to beat.

        It is None where the best level beats every level that it was compared with.
        """
        return next((p for p in self.pairs if not p.decided and self.best in (p.better, p.other)), None)

    @property
    def beaten(self) -> tuple[str, ...]:
        """Levels that are shown to be worse than some other one."""
        return tuple(dict.fromkeys(p.other for p in self.pairs if p.decided))


@dataclass(frozen=True)
class Chosen:
    """The confirmed setting with the best mean: what to train."""

    setting: str
    """Its setting digest."""
    labels: Mapping[str, str]
    """Axis -> level."""
    assignment: Mapping[str, bool | int | float | str]
    mean: Interval
    """Over its seeds, jointly for all confirmed settings (Bonferroni), since it is the best of them."""
    of: int
    """Settings that were confirmed."""
    trials: tuple[str, ...] = ()
    """Digests of its confirmation runs."""


@dataclass(frozen=True)
class StudyAnswer:
    """What the study says."""

    score: str
    """Public name of the score that everything here is about."""
    sentence: str
    """One or two lines that a person can act on."""
    is_log: bool = False
    """Whether means are geometric and pairs are compared by ratios."""
    axes: tuple[AxisAnswer, ...] = ()
    """Those with two or more levels, the largest share of variance first."""
    chosen: Chosen | None = None
    variance: VarianceShares = field(default_factory=VarianceShares)
    spread: float | None = None
    """Standard deviation over seeds of one setting, pooled over confirmed settings: of the log score where `is_log`."""
    looks: tuple[int, ...] = ()
    """Numbers of seeds at which pairs were judged."""
    search: Effort = Effort()
    confirmation: Effort = Effort()
    warnings: tuple[str, ...] = field(default=())

    @property
    def decided(self) -> tuple[AxisAnswer, ...]:
        return tuple(a for a in self.axes if a.state == "decided")

    def axis(self, name: str) -> AxisAnswer | None:
        """The answer for one axis."""
        return next((a for a in self.axes if a.axis == name), None)
