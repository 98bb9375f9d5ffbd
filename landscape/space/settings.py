"""The settings of a study beside its axes: searcher, number of trials, confirmation, limits."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from landscape.core.frozen_model import Frozen


class SearcherChoice(Frozen):
    """Who proposes. `per-cell`: from the trials of the cell alone; `across`: from those of all cells, for what they share."""

    name: Literal["optuna-tpe", "optuna-gp", "gp-ucb", "random", "grid"] = "optuna-tpe"
    scope: Literal["per-cell", "across"] = "per-cell"
    startup: Annotated[int, Field(ge=1)] = 10
    """Random proposals (in each cell, or across all) before the model takes over."""

    @model_validator(mode="after")
    def _gaussian_processes_need_one_space(self) -> Self:
        if self.scope == "across" and self.name in ("optuna-gp", "gp-ucb"):
            raise ValueError(f"{self.name} takes no conditional space: use scope per-cell, or optuna-tpe across cells")
        return self


class Trials(Frozen):
    """How many models are trained: in all, or in each cell. Every cell gets the same number."""

    total: Annotated[int, Field(ge=1)] | None = None
    per_cell: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.total is None) == (self.per_cell is None):
            raise ValueError("give a number of trials, or per_cell")
        return self


class Confirmation(Frozen):
    """Retraining of the best setting of each level on fresh seeds, after the search; verdicts use only these."""

    seeds: Annotated[int, Field(ge=2)] = 5


class Limits(Frozen):
    """When a trial is given up."""

    attempts: Annotated[int, Field(ge=1)] = 3
    """Times a trial is started whose process died, before it is recorded as failed."""
    hang_seconds: Annotated[float, Field(gt=0)] = 1800.0
    """Time without a sign of life after which a trial's process is ended."""


def total_or_per_cell(value: object) -> object:
    """A plain number of trials means their total: `60` -> {total: 60}."""
    return {"total": value} if isinstance(value, int) else value
