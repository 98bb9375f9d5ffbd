"""The settings of a study other than its axes: searcher, number of trials, confirmation, screening, early stopping, limits."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.core.frozen_model import Frozen
from landscape.space.search_range import OneOrMore, Scalar

NEWER: tuple[tuple[str, str, Any], ...] = (
    *(("", "ruleset", ""), ("", "screening", None), ("", "early_stopping", None), ("", "first", [])),
    *(("searcher", "divergence", "worst"), ("searcher", "shuffled", False), ("searcher", "matched", False)),
    ("protocol", "second_objective", ""),
)
"""Fields that came after the first kept studies, with their defaults, at which they are no part of a study's identity."""


class SearcherChoice(Frozen):
    """The searcher that proposes values.

    With scope `per-cell` it learns from the trials of each cell alone. With `across` it learns from the trials of all cells, for the
    parameters that they share.
    """

    name: Literal["optuna-tpe", "optuna-gp", "optuna-gp-front", "gp-ucb", "random", "qmc", "grid"] = "optuna-tpe"
    """`qmc` proposes the points of a scrambled Sobol sequence. `optuna-gp-front` improves two scores, the protocol's `objective` and
    `second_objective`, and looks for the best trade-offs.
    """
    scope: Literal["per-cell", "across"] = "per-cell"
    startup: Annotated[int, Field(ge=1)] = 10
    """The number of random proposals (in each cell, or over all cells) before the searcher's model is used."""
    divergence: Literal["worst", "constraint"] = "worst"
    """What the model learns of a trial without a score.

    With `worst` it has the worst score so far. With `constraint` a second model learns where trials have none. The model of the scores
    still needs one, and has the median of those so far: a neutral value, which calls the place neither good nor bad. Only Optuna's
    searchers take constraints.
    """
    shuffled: bool = False
    """Whether `grid` proposes the points of a cell in an order that is drawn once, so that the first n are n points drawn at random."""
    matched: bool = False
    """Whether `random` proposes the same values in all cells: proposal n of each has the same value of every field that both search.

    Cells can then be compared setting by setting. The draw of a parameter depends on the first field that it sets, and on n.
    """

    @model_validator(mode="after")
    def _as_the_searcher_can(self) -> Self:
        if self.shuffled and self.name != "grid":
            raise ValueError(f"{self.name} has no points in an order to shuffle: use grid, or leave shuffled out")
        if self.matched and (self.name, self.scope) != ("random", "per-cell"):
            raise ValueError(f"{self.name} with scope {self.scope} does not match cells: use random per-cell, or leave matched out")
        if self.scope == "across" and self.name in ("optuna-gp", "optuna-gp-front", "gp-ucb"):
            raise ValueError(f"{self.name} takes no conditional space: use scope per-cell, or optuna-tpe across cells")
        if self.divergence == "constraint" and not self.name.startswith("optuna-"):
            raise ValueError(f"{self.name} takes no constraint: use one of Optuna's searchers, or leave divergence out")
        return self


class First(Frozen):
    """A setting that is proposed before the searcher's own, such as the one that a source recommends."""

    when: dict[str, OneOrMore] = Field(default_factory=dict)
    """Restricts it to some cells, by axis and labels. If empty, every cell gets it."""
    values: dict[str, Scalar]
    """The value of every parameter that is searched in these cells."""


class Trials(Frozen):
    """The number of models that are trained, in all or in each cell. Every cell gets the same number."""

    total: Annotated[int, Field(ge=1)] | None = None
    per_cell: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.total is None) == (self.per_cell is None):
            raise ValueError("give a number of trials, or per_cell")
        return self


def _top(value: object) -> object:
    """Read the text `top 3` as 3."""
    found = re.fullmatch(r"top\s+(\d+)", value.strip()) if isinstance(value, str) else None
    return int(found[1]) if found else value


class Confirmation(Frozen):
    """Retraining of each level's best setting on fresh seeds after the search. Verdicts use only these trials."""

    seeds: Annotated[int, Field(ge=0)] = 5
    """The number of fresh seeds for each setting. With 0 there is no confirmation, and below 5 there are no verdicts."""
    most_seeds: Annotated[int, Field(ge=1)] | None = None
    """The largest number of seeds for settings of pairs that are still open. It has an effect if it is larger than `seeds`.

    The number of seeds is doubled each time until it reaches this limit. Each look at the scores gets a part of the error rate, so the more
    looks are possible, the stricter is the first one.
    """
    axes: tuple[str, ...] = ()
    """The axes whose levels are compared. If empty, these are all axes with at least two levels."""
    cells: Annotated[int, BeforeValidator(_top), Field(ge=1)] = 1
    """The number of combinations of the other axes within which the levels of an axis are compared. It may be written as `top 3`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.seeds == 1:
            raise ValueError("one seed has no spread: give 5 seeds or more, or 0 for no confirmation")
        if self.most_seeds is not None and self.most_seeds < self.seeds:
            raise ValueError(f"most_seeds={self.most_seeds} is below seeds={self.seeds}: give more, or leave it out")
        return self


class Screening(Frozen):
    """Scoring in two stages, for protocols whose scores take longer than it takes to see that a model is not among the best.

    All trials of the search are scored by the objective alone, with few samples. When the search has ended, the whole protocol scores
    those of which this does not show that they cannot win.
    """

    n_fake: Annotated[int, Field(ge=50)]
    """The number of generated samples of the first stage. It is at most that of the real samples, as for every selection."""


class EarlyStopping(Frozen):
    """A rule that ends trials of the search on the way, by their scores at rungs, which are the same shares of each training.

    A trial is compared with those that its searcher learns from: those of its cell, or of all cells if the searcher's scope is `across`.
    """

    rule: Literal["asha", "median"]
    """With `asha`, asynchronous successive halving (Li et al. 2020, arXiv:1810.05934), one of `reduction` trials goes on at each rung.

    With `median`, a trial ends whose best score so far is worse than the median of the completed trials at the same rung (Golovin et al.
    2017, Google Vizier). Both are Optuna's pruners.
    """
    reduction: Annotated[int, Field(ge=2, le=16)] = 3
    """Each rung lies at `reduction` times the share of the one before. With `asha`, one of so many trials goes on at each."""
    first: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The share of its training after which a trial reaches the first rung."""
    startup: Annotated[int, Field(ge=1)] = 5
    """The number of completed trials before `median` ends any. It has no effect with `asha`."""
    metric: str = ""
    """The score at the rungs, as the protocol's metrics give it. If it is empty, it is the protocol's objective."""
    n_fake: Annotated[int, Field(ge=50)] | None = None
    """The number of generated samples at the rungs. If it is left out, it is that of every selection."""

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of the training at each rung, ascending. The end of the training is no rung."""
        found = [self.first]
        while (share := found[-1] * self.reduction) < 1 - 1e-9:
            found.append(share)
        return tuple(found)


class Limits(Frozen):
    """When a trial is given up."""

    attempts: Annotated[int, Field(ge=1)] = 3
    """How many times a trial is started whose process dies, before it is recorded as failed."""
    hang_seconds: Annotated[float, Field(gt=0)] = 1800.0
    """The time without a sign of life after which a trial's process is ended."""


def total_or_per_cell(value: object) -> object:
    """Read a plain number of trials as their total: `60` becomes `{total: 60}`."""
    return {"total": value} if isinstance(value, int) else value
