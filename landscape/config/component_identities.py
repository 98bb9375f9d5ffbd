"""The components named in a configuration or a protocol: their completed hyperparameters, and what identifies their code."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from landscape.config.choices import Choice, MetricChoice
from landscape.core.registry import Component, Registry

ChoiceT = TypeVar("ChoiceT", bound=Choice)


def completed(choice: ChoiceT, component: Component[Any]) -> ChoiceT:
    """Return `choice` under the component's registered name, with every hyperparameter filled in and checked.

    Raises:
        UserError: A hyperparameter is unknown or out of range.
    """
    return choice.model_copy(update={"name": component.name, "hyperparameters": component.complete(choice.hyperparameters)})


def component_choices(data: Mapping[str, Any]) -> Iterator[tuple[str, Any, Component[Any]]]:
    """Yield (axis, name and hyperparameters, component) for every component of a configuration given as plain data."""
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS
    from landscape.components.tasks._base import TASKS

    registries: dict[str, Registry[Any]] = {
        "architecture": ARCHITECTURES,
        "dataset": DATASETS,
        "loss": LOSSES,
        "task": TASKS,
        "d_normalization": NORMALIZATIONS,
        "g_normalization": NORMALIZATIONS,
    }
    for axis, registry in registries.items():
        # The task is not among the data of a digest where it is the default.
        if axis in data:
            yield axis, data[axis], registry[data[axis]["name"]]
    for choice in data["regularizers"]:
        yield "regularizers", choice, REGULARIZERS[choice["name"]]


def component_identities(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the revision or source hash of every component of a configuration given as plain data. The digest includes them."""
    found = [(axis, component.identity) for axis, _, component in component_choices(data)]
    return {axis: identity for axis, identity in found if axis != "regularizers"} | {
        "regularizers": [identity for axis, identity in found if axis == "regularizers"]
    }


def resolve_protocol(metrics: Sequence[MetricChoice], extractor: Choice) -> dict[str, Any]:
    """Return the fields of a protocol that its components decide: all hyperparameters of the metrics and of the extractor.

    Raises:
        UserError: A metric or the extractor is unknown, or one of its hyperparameters is unknown or out of range.
    """
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    return {
        "metrics": tuple(completed(m, METRICS[m.name]) for m in metrics),
        "extractor": completed(extractor, EXTRACTORS[extractor.name]),
    }


def protocol_identities(metrics: Sequence[MetricChoice], extractor: Choice) -> dict[str, str]:
    """Return the revision or source hash of every metric of a protocol and of its extractor, by name."""
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    identities = {m.name: METRICS[m.name].identity for m in metrics}
    return identities | {f"extractor {extractor.name}": EXTRACTORS[extractor.name].identity}


def protocol_components(data: Mapping[str, Any]) -> Iterator[tuple[Any, Component[Any]]]:
    """Yield (name and hyperparameters, component) for every metric of a protocol given as plain data, and for its extractor."""
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    for choice in data["metrics"]:
        yield choice, METRICS[choice["name"]]
    yield data["extractor"], EXTRACTORS[data["extractor"]["name"]]
