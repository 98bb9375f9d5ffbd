"""The cells of a study: the combinations of its axes' entries. Combinations without meaning are skipped, with the reason."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError, unknown
from landscape.space.axes import COMPONENT_AXES, choices
from landscape.space.search_range import Assignment, Parameter, components, set_field


@dataclass(frozen=True)
class Skipped:
    """A combination that has no meaning, or no model of its own."""

    labels: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Cell:
    """One combination of entries: a family of models, and the parameters that are searched in it."""

    labels: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    """The searched parameters by name, sorted."""
    data: Mapping[str, Any]
    """The fields of the TrialConfig before any proposal."""

    @property
    def id(self) -> str:
        """The labels joined into one text, which is unique in the space."""
        return " / ".join(self.labels.values())

    def config(self, assignment: Assignment, *, seed: int) -> TrialConfig:
        """Return the configuration of the trial for one proposal.

        Args:
            assignment: The proposed values by parameter name. Parameters that are missing keep their defaults.
            seed: The seed of the trial.

        Raises:
            UserError: A value is not in the search space, or does not make a valid configuration.
        """
        data = copy.deepcopy(dict(self.data)) | {"seed": seed}
        for name, value in assignment.items():
            if name not in self.parameters:
                raise unknown(f"parameter of cell {self.id!r}", name, self.parameters)
            if not self.parameters[name].holds(value):
                raise UserError(f"{name}={value!r} lies outside the search space of cell {self.id!r}")
            for dotted, part in self.parameters[name].fields(name, value).items():
                # A component that is searched is written out, so that parameters of its own find it.
                set_field(data, dotted, choices(dotted, part) if dotted in COMPONENT_AXES else part)
        return TrialConfig.parse(data, source=f"cell {self.id!r}")

    def middle(self) -> TrialConfig:
        """Return the configuration whose searched parameters lie in the middle of their ranges. Its seed is 0.

        Raises:
            UserError: The values do not make a valid configuration.
        """
        return self.config({name: parameter.at(0.5) for name, parameter in self.parameters.items()}, seed=0)


def applies(name: str, parameter: Parameter, labels: Mapping[str, str], data: Mapping[str, Any]) -> bool:
    """Return whether a search parameter belongs to a cell.

    It does if its condition holds there and the cell has a component or a field that the parameter sets.
    """
    if any(labels[axis] not in allowed for axis, allowed in parameter.when.items()):
        return False
    used = {c["name"] for c in components(data)}
    return any((head := dotted.split(".")[0]) in TrialConfig.model_fields or head in used for dotted in parameter.targets(name))
