"""The cells of a study: combinations of the levels of its axes, and those that are skipped with the reason."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError, unknown
from landscape.space.search_range import Assignment, Parameter, components, set_field


@dataclass(frozen=True)
class Skipped:
    """A combination that has no meaning, or no model of its own."""

    labels: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Cell:
    """One combination of entries: a family of models, and what is searched in it."""

    labels: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    """By name, sorted."""
    data: Mapping[str, Any]
    """Fields of TrialConfig before any proposal."""

    @property
    def id(self) -> str:
        """Its labels in one string, unique in the space."""
        return " / ".join(self.labels.values())

    def config(self, assignment: Assignment, *, seed: int) -> TrialConfig:
        """The trial of one proposal.

        Raises:
            UserError: a value that the space does not hold, or that makes no valid config.
        """
        data = copy.deepcopy(dict(self.data)) | {"seed": seed}
        for name, value in assignment.items():
            if name not in self.parameters:
                raise unknown(f"parameter of cell {self.id!r}", name, self.parameters)
            if not self.parameters[name].holds(value):
                raise UserError(f"{name}={value!r} lies outside the search space of cell {self.id!r}")
            for dotted, part in self.parameters[name].fields(name, value).items():
                set_field(data, dotted, part)
        return TrialConfig.parse(data, source=f"cell {self.id!r}")


def applies(name: str, parameter: Parameter, labels: Mapping[str, str], data: Mapping[str, Any]) -> bool:
    """Whether a search parameter belongs to a cell: its condition holds there, and the cell has the component that it sets."""
    if any(labels[axis] not in allowed for axis, allowed in parameter.when.items()):
        return False
    used = {c["name"] for c in components(data)}
    return any((head := dotted.split(".")[0]) in TrialConfig.model_fields or head in used for dotted in parameter.targets(name))
