"""The axes of a study, whose entries are crossed. An entry names components and may set other fields along with them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from landscape.config.choices import RegularizerChoice, Regularizers, TaskChoice
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError, unknown
from landscape.core.frozen_model import Frozen, UserErrorAsValueError
from landscape.core.strict_yaml import Where

COMPONENT_AXES = ("task", "loss", "d_normalization", "g_normalization", "regularizers", "architecture")


class LocatedError(UserErrorAsValueError):
    """A mistake whose place in the file is known."""

    def __init__(self, where: Where, error: UserError) -> None:
        super().__init__(error)
        self.where = where


class Entry(Frozen):
    """One value of an axis: the components that it names, and the other fields that it sets."""

    label: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]
    use: tuple[RegularizerChoice, ...] = ()
    overrides: dict[str, Any] = Field(default_factory=dict)


def choice_data(choice: RegularizerChoice) -> dict[str, Any]:
    """Return a component in the form in which the fields of a TrialConfig hold it."""
    return {"name": choice.name, "hyperparameters": dict(choice.hyperparameters), "every": choice.every}


_regularizers: TypeAdapter[tuple[RegularizerChoice, ...]] = TypeAdapter(Regularizers)
_component: TypeAdapter[Any] = TypeAdapter(TaskChoice)
"""What reads a component of any axis: `unpaired:pool=0` is a task here and never the data set of that name, whose text is a path."""


def choices(axis: str, value: Any) -> Any:
    """Return the components of an axis as data, whichever of the short forms they are written in."""
    if axis == "regularizers":
        return [choice_data(c) for c in _regularizers.validate_python(value)]
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping) and value.get("every") == 1:
        # `Entry` writes `every` for components of all axes alike, but only a regularizer has that field.
        value = {k: v for k, v in value.items() if k != "every"}
    return _component.validate_python(value).to_json()


def entries_of(axis: str, entries: Any) -> list[dict[str, Any]]:
    """Return the entries of one axis as data, with short forms written out and components checked.

    Raises:
        LocatedError: The list is empty, an entry is not valid, or two entries have the same label.
    """
    if not isinstance(entries, (list, tuple)) or not entries:
        raise LocatedError(("axes", axis), UserError(f"axes.{axis}: expected a list with at least one entry"))
    found: list[dict[str, Any]] = []
    for i, raw in enumerate(entries):
        try:
            entry = _entry(axis, raw)
        except (UserError, ValidationError) as error:
            message = str(error) if isinstance(error, UserError) else error.errors()[0]["msg"]
            raise LocatedError(("axes", axis, i), UserError(f"axes.{axis}: {message}")) from None
        if any(entry["label"] == other["label"] for other in found):
            message = f"axes.{axis}: two entries are called {entry['label']!r}: give one a label of its own"
            raise LocatedError(("axes", axis, i), UserError(message))
        found.append(entry)
    return found


def _entry(axis: str, raw: Any) -> dict[str, Any]:
    if isinstance(raw, Entry):
        return raw.to_json()
    detailed = isinstance(raw, Mapping) and bool(raw.keys() & {"use", "label", "overrides"})
    given: dict[str, Any] = dict(raw) if detailed else {"use": raw}
    if axis not in COMPONENT_AXES:
        if not detailed or not given.get("label") or not given.get("overrides"):
            raise UserError(f"{axis!r} is no axis of components ({', '.join(COMPONENT_AXES)}), so each entry needs a label and overrides")
        _check_overrides(given["overrides"], {name for each in COMPONENT_AXES for name in _registry(each)})
        return given
    if "use" not in given:
        raise UserError("the entry names no component: add use: <name>")
    used = choices(axis, given["use"])
    used = used if isinstance(used, list) else [used]
    for choice in used:
        _registry(axis)[choice["name"]].complete(choice["hyperparameters"])
    _check_overrides(given.get("overrides") or {}, {c["name"] for c in used})
    return {"label": _label(used), **given, "use": used}


def _check_overrides(overrides: Any, components: set[str]) -> None:
    if not isinstance(overrides, Mapping):
        raise UserError(f"overrides: write fields and their values, {{batch_size: 256}}, not {overrides!r}")
    for dotted in overrides:
        head, _, rest = str(dotted).partition(".")
        if head not in TrialConfig.model_fields and not (rest and head in components):
            raise unknown("field in overrides", head, TrialConfig.model_fields)


def _registry(axis: str) -> Any:
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS
    from landscape.components.tasks._base import TASKS

    return {"task": TASKS, "loss": LOSSES, "regularizers": REGULARIZERS, "architecture": ARCHITECTURES}.get(axis, NORMALIZATIONS)


def _label(used: list[dict[str, Any]]) -> str:
    parts = []
    for choice in used:
        every = f" every {choice['every']}" if choice.get("every", 1) > 1 else ""
        parts.append(RegularizerChoice(**choice).label() + every)
    return " + ".join(parts) or "none"
