"""A searched parameter: a range or choices, and the fields of a TrialConfig that it sets. Nothing here knows Ray or Optuna."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.config.trial_config import TrialConfig
from landscape.core.frozen_model import Frozen

Scalar = bool | int | float | str
Assignment = Mapping[str, Scalar]
"""One proposal: maps parameter names to values. For a choice that sets several fields, the value is its label."""

COMPONENT_FIELDS = ("task", "architecture", "loss", "d_normalization", "g_normalization")


def _several(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else (value,)


OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Parameter(Frozen):
    """A range (`min`, `max`) or a list of `choices`.

    A choice may be a mapping of dotted fields to values, because published settings often vary several numbers together.
    """

    min: float | None = None
    max: float | None = None
    scaling: Literal["linear", "log"] = "linear"
    integer: bool = False
    points: Annotated[int, Field(ge=2)] | None = None
    """The number of values that a grid search takes from the range."""
    choices: tuple[Scalar | dict[str, Scalar], ...] = ()
    sets: OneOrMore = ()
    """The dotted fields that take the value. If empty, the parameter's own name is the field."""
    when: dict[str, OneOrMore] = Field(default_factory=dict)
    """Restricts the parameter to some cells, by axis and labels. If empty, it is searched in every cell that has what it sets."""

    @model_validator(mode="after")
    def _range_or_choices(self) -> Self:
        if bool(self.choices) == (self.min is not None or self.max is not None):
            raise ValueError("give either min and max, or choices")
        if self.choices:
            if len(set(map(_label, self.choices))) < len(self.choices):
                raise ValueError("choices must differ from each other")
            if any(isinstance(c, dict) for c in self.choices) and (self.sets or not all(isinstance(c, dict) for c in self.choices)):
                raise ValueError("choices that are mappings name the fields themselves: all of them mappings, and no `sets`")
            return self
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError("a range needs min and max, min below max")
        if self.scaling == "log" and self.min <= 0:
            raise ValueError("a log scale needs min above 0")
        if self.integer and (self.min % 1 or self.max % 1):
            raise ValueError("an integer range needs whole numbers as min and max")
        return self

    @property
    def values(self) -> tuple[Scalar, ...]:
        """The values that a proposal may take if there are choices; empty for a range."""
        return tuple(_label(c) for c in self.choices)

    def at(self, share: float) -> Scalar:
        """Return the value at a `share`, in [0, 1], of the (scaled) range or of the list of choices."""
        if self.choices:
            return self.values[min(int(share * len(self.choices)), len(self.choices) - 1)]
        assert self.min is not None
        assert self.max is not None
        low, high = (self.min - 0.5, self.max + 0.5) if self.integer else (self.min, self.max)
        value = low * (high / low) ** share if self.scaling == "log" else low + share * (high - low)
        # Rounding errors may lead past an end of the range.
        value = min(max(value, self.min), self.max)
        return round(value) if self.integer else value

    def share(self, value: Scalar) -> float:
        """Return where `value` lies, as a share in [0, 1]. This is the inverse of `at`, up to rounding."""
        if self.choices:
            return (self.values.index(value) + 0.5) / len(self.choices)
        assert self.min is not None
        assert self.max is not None
        low, high, x = self.min, self.max, float(value)
        if self.integer:
            low, high = low - 0.5, high + 0.5
        if self.scaling == "log":
            low, high, x = math.log(low), math.log(high), math.log(x)
        return min(max((x - low) / (high - low), 0.0), 1.0)

    def grid(self) -> list[Scalar]:
        """Return every choice, or `points` values spread evenly over the (scaled) range, ends included.

        The list is empty for a range without `points`.
        """
        if self.choices:
            return list(self.values)
        if self.points is None:
            return []
        assert self.min is not None
        assert self.max is not None
        low, high, last = self.min, self.max, self.points - 1
        if self.scaling == "log":
            spread: list[float] = [low * (high / low) ** (i / last) for i in range(self.points)]
        else:
            spread = [low + (high - low) * i / last for i in range(self.points)]
        return list(dict.fromkeys(round(x) for x in spread)) if self.integer else list(spread)

    def holds(self, value: object) -> bool:
        """Return whether `value` could have been proposed."""
        if self.choices:
            return any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in self.values)
        if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
            return False
        assert self.min is not None
        assert self.max is not None
        return self.min <= value <= self.max and not (self.integer and value % 1)

    def targets(self, name: str) -> tuple[str, ...]:
        """Return every dotted field that the parameter may set if it is called `name`."""
        of_choices = {dotted: None for c in self.choices if isinstance(c, dict) for dotted in c}
        return tuple(of_choices) or self.sets or (name,)

    def fields(self, name: str, value: Scalar) -> dict[str, Scalar]:
        """Return the dotted fields that `value` sets, each with its value."""
        for choice in self.choices:
            if isinstance(choice, dict) and _label(choice) == value:
                return dict(choice)
        return dict.fromkeys(self.targets(name), value)


def _label(choice: Scalar | dict[str, Scalar]) -> Scalar:
    """Return the label of a choice. One that sets several fields is written `field=value, ...`."""
    if not isinstance(choice, dict):
        return choice
    return ", ".join(f"{dotted}={value:g}" if isinstance(value, float) else f"{dotted}={value}" for dotted, value in choice.items())


def set_field(data: dict[str, Any], dotted: str, value: Any) -> bool:
    """Enter `value` into the fields of a TrialConfig, in place.

    `d_optimizer.learning_rate` names a field. `gradient_penalty.weight` names a hyperparameter of a component (and `.every` the interval of
    a regularizer) wherever `data` uses that component.

    Returns:
        Whether anything was set. False if the component is not used.
    """
    head, *rest = dotted.split(".")
    if head in TrialConfig.model_fields:
        node = data
        for part in [head, *rest][:-1]:
            if not isinstance(node.get(part), dict):
                node[part] = {}
            node = node[part]
        node[[head, *rest][-1]] = value
        return True
    places = [c for c in components(data) if c["name"] == head]
    for place in places:
        if rest == ["every"]:
            place["every"] = value
        else:
            place["hyperparameters"][".".join(rest)] = value
    return bool(places)


def components(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the component choices (`name`, `hyperparameters`) in the fields of a TrialConfig."""
    return [data[field] for field in COMPONENT_FIELDS if data.get(field)] + list(data.get("regularizers", ()))
