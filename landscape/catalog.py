"""What there is to choose from, as plain data: every component with its hyperparameters, the protocols, the named studies."""

import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from landscape.architectures._base import ARCHITECTURES
from landscape.datasets._base import DATASETS
from landscape.features._base import FEATURES
from landscape.losses._base import LOSSES
from landscape.metrics._base import METRICS
from landscape.normalizations._base import NORMALIZATIONS
from landscape.registry import Component, Hyperparameter, Registry
from landscape.regularizers._base import REGULARIZERS

BOUND_SIGNS = {"gt": "> ", "ge": ">= ", "lt": "< ", "le": "<= "}


def describe_hyperparameter(hyperparameter: Hyperparameter) -> dict[str, Any]:
    """Name, default, type and range (or choices) of one hyperparameter, as text where JSON has no word for it."""
    kind, limits = _type_and_range(hyperparameter.annotation)
    return {"name": hyperparameter.name, "default": _plain(hyperparameter.default), "type": kind, "range": limits}


def _type_and_range(annotation: Any) -> tuple[str, str]:
    if typing.get_origin(annotation) is typing.Annotated:
        base, *limits = typing.get_args(annotation)
        signs = [
            f"{sign}{value:g}"
            for limit in limits
            for name, sign in BOUND_SIGNS.items()
            if (value := getattr(limit, name, None)) is not None
        ]
        return _type_and_range(base)[0], " and ".join(signs)
    if typing.get_origin(annotation) is typing.Literal:
        return "choice", " | ".join(str(choice) for choice in typing.get_args(annotation))
    return getattr(annotation, "__name__", None) or str(annotation), ""


def describe(component: Component[Any]) -> dict[str, Any]:
    """One component: name, what it is, hyperparameters, declared facts, source paper, identity."""
    facts = component.facts
    assert is_dataclass(facts)
    details = {f.name: _plain(getattr(facts, f.name)) for f in fields(facts) if f.name != "paper"}
    return {
        "name": component.name,
        "what": component.summary,
        "hyperparameters": [describe_hyperparameter(h) for h in component.hyperparameters.values()],
        "details": {name: value for name, value in details.items() if value not in (None, "", [], {}, False)},
        "source": getattr(facts, "paper", ""),
        "identity": component.identity,
        "plugin": component.is_plugin,
    }


def _plain(value: Any) -> Any:
    """`value` as JSON can hold it; functions have no plain form and become None."""
    if isinstance(value, Mapping):
        return {_key(k): _plain(v) for k, v in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(v) for v in value)
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value if isinstance(value, str | int | float | bool | None) else None


def _key(key: Any) -> str:
    return "x".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _components(registry: Registry[Any]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [describe(registry[name]) for name in registry]


def _protocols() -> list[dict[str, Any]]:
    from landscape.protocols import PROTOCOLS

    return []


def _studies() -> list[dict[str, Any]]:
    return []


CATALOG: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
    "losses": _components(LOSSES),
    "regularizers": _components(REGULARIZERS),
    "normalizations": _components(NORMALIZATIONS),
    "architectures": _components(ARCHITECTURES),
    "datasets": _components(DATASETS),
    "extractors": _components(FEATURES),
    "metrics": _components(METRICS),
    "protocols": _protocols,
    "studies": _studies,
}
"""Kind -> its entries. A plugin's components are among them once it is loaded."""
