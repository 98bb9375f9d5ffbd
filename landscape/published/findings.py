"""Reads conclusions of papers as claims that a study can decide. Users write hypotheses of their own in the same form."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.core import strict_yaml
from landscape.core.errors import UserError
from landscape.core.frozen_model import Frozen

FINDINGS = Path(__file__).parent / "findings.yaml"
EQUAL = 1.1
"""Two levels are called similar where their ratio lies between 1 / 1.1 and 1.1. The margin is fixed here, before any study is looked at."""


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Claim(Frozen):
    """A statement about the levels of one axis, or about two scores, that confirmation runs can support or contradict."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
    claim: Annotated[str, Field(min_length=1)]
    """The statement, in words. A finding of several parts is several claims, `F3` and `F3b`, because each part has a verdict of its own."""
    source: str = ""
    """The paper, figure, table or section where it is stated."""
    data: Names = ()
    """The data sets on which the claim was made, by their names here. Empty if it is about no data in particular."""
    score: str = ""
    """The public name of the score by which it was made. Without an extractor it is that score through any; `FID` and `IS` have theirs.
    Empty if it is about the study's own objective.
    """
    comparison: str = ""
    """The numbers or the statistic behind it, as the source has them."""
    axis: str = ""
    """The axis whose levels the claim compares."""
    levels: Names = ()
    """The levels, by label or by component. Each of them is compared with each of `against`."""
    against: Names = ()
    expect: Literal["better", "not_better", "similar"] = "better"
    """What the claim says of `levels`: better than `against`; not better than it; or within `margin` of it."""
    margin: Annotated[float, Field(gt=1)] = EQUAL
    """The ratio that still counts as similar, for `similar`, and as no lead, for `not_better`. Without ratios `similar` is left open."""
    where: dict[str, Names] = Field(default_factory=dict)
    """The levels of other axes, by axis, to which the claim is limited."""
    correlates: Names = ()
    """Two scores whose ranks over all models agree, in place of an axis. They are read through the same extractor."""
    sides: tuple[dict[str, Names], ...] = ()
    """Two descriptions of trials by their components, in place of an axis: more trials of the search of the first reach the target."""
    target: float | None = None
    """For `sides`, the score to reach on the claim's own data and score. Elsewhere, or if none is given, it is both sides' median."""
    curve: str = ""
    """A learning curve that stays at or below `at_most` in trials with the components of `where`, in place of an axis."""
    at_most: float | None = None
    last_to_best: Annotated[float, Field(gt=1)] | None = None
    """In place of an axis: the last weights of trainings score worse than their best ones by at least this ratio."""
    seed_part: Annotated[float, Field(gt=0, lt=1)] | None = None
    """In place of an axis: the seed's part of the variance within a cell is at most this, the rest being that of hyperparameters."""
    least: Annotated[float, Field(ge=-1, le=1)] = 0.9
    """For `correlates`, Spearman's correlation is at least this. For `curve` and `last_to_best`, the share of trials of the search is."""
    needs: str = ""
    """What would have to be recorded to decide it, if no study's records can."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        pair = bool(self.axis or self.levels or self.against)
        shares = (bool(self.sides), bool(self.curve), self.last_to_best is not None, self.seed_part is not None)
        if pair + bool(self.correlates) + sum(shares) + bool(self.needs) != 1:
            raise ValueError(
                "give one of: an axis with levels and against; two scores under correlates; two sides; a curve; last_to_best;"
                " seed_part; or what deciding it needs"
            )
        if pair and not (self.axis and self.levels and self.against):
            raise ValueError("a comparison names its axis, its levels, and the levels against which they are held")
        if self.correlates and len(self.correlates) != 2:
            raise ValueError("correlates names two scores")
        if self.sides and len(self.sides) != 2:
            raise ValueError("sides describes two kinds of trials")
        if bool(self.curve) != (self.at_most is not None):
            raise ValueError("a curve and at_most come together")
        return self


@lru_cache
def findings() -> tuple[Claim, ...]:
    """Return the published findings, in the order of their numbers.

    Raises:
        UserError: the file that comes with the program is damaged.
    """
    document = strict_yaml.read(FINDINGS)
    entries = document.data.get("findings")
    if not isinstance(entries, list):
        raise UserError(f"{FINDINGS} holds no list of findings")
    return tuple(Claim.parse(entry, source=f"{FINDINGS.name}, finding {i + 1}") for i, entry in enumerate(entries))
