"""A component chosen by name with its hyperparameters, and the short ways of writing such a choice."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from landscape.core.component_text import parse_component
from landscape.core.errors import UserError
from landscape.core.frozen_model import Frozen, UserErrorAsValueError


def from_shorthand(value: object, *, is_data: bool = True) -> object:
    """Write out a short form: `hinge:margin=1` or `{hinge: {margin: 1}}` as `{name: hinge, hyperparameters: {margin: 1}}`.

    Anything else is returned unchanged. `is_data` says whether it may be a data set, as for `parse_component`.

    Raises:
        UserErrorAsValueError: The short form cannot be read.
    """
    if isinstance(value, str):
        try:
            return parse_component(value, is_data=is_data)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
    if isinstance(value, Mapping) and "name" not in value and len(value) == 1:
        ((name, given),) = value.items()
        if given is not None and not isinstance(given, Mapping):
            raise UserErrorAsValueError(UserError(f"{name}: expected its hyperparameters as name: value, found {given!r}"))
        given = dict(given or {})
        return {"name": name, "hyperparameters": given} | ({"every": given.pop("every")} if "every" in given else {})
    return value


class Choice(Frozen):
    """A component and its hyperparameters. Once a TrialConfig is validated, every hyperparameter is listed, defaults included."""

    name: str
    hyperparameters: dict[str, Any] = Field(default_factory=dict)

    def label(self) -> str:
        """Return `hinge` or `gradient_penalty[weight=10]`, as plots and tables show it."""
        given = ", ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in sorted(self.hyperparameters.items()))
        return f"{self.name}[{given}]" if given else self.name


class RegularizerChoice(Choice):
    """A regularizer that is applied at every `every`-th step and is then scaled by `every`.

    The steps are those of D, or those of G for a term of G's loss.
    """

    every: Annotated[int, Field(ge=1)] = 1


def _no_data(value: object) -> object:
    return from_shorthand(value, is_data=False)


def _drop_none(value: object) -> object:
    """Read one regularizer or a list of them. The name `none` stands for an empty list, so that search spaces can cross it."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [s for s in map(_no_data, items) if s is not None and not (isinstance(s, Mapping) and s.get("name") == "none")]


ComponentChoice = Annotated[Choice, BeforeValidator(from_shorthand)]
TaskChoice = Annotated[Choice, BeforeValidator(_no_data)]


Regularizers = Annotated[
    tuple[Annotated[RegularizerChoice, BeforeValidator(from_shorthand)], ...],
    BeforeValidator(_drop_none),
]


class MetricChoice(Choice):
    """A metric of a protocol."""
