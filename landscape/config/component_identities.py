"""What a config's or a protocol's components are: their hyperparameters completed, and the revision or source hash of each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from landscape.config.choices import Choice, MetricChoice
from landscape.core.registry import Component, Registry

ChoiceT = TypeVar("ChoiceT", bound=Choice)


def completed(choice: ChoiceT, component: Component[Any]) -> ChoiceT:
    """`choice` under the component's registered name, with every hyperparameter filled in and checked."""
    return choice.model_copy(update={"name": component.name, "hyperparameters": component.complete(choice.hyperparameters)})


def component_choices(data: Mapping[str, Any]) -> Iterator[tuple[str, Any, Component[Any]]]:
    """(axis, name and hyperparameters, component) of every component of a config as plain data."""
    from landscape.components.architectures._base import ARCHITECTURES
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.normalizations._base import NORMALIZATIONS
    from landscape.components.regularizers._base import REGULARIZERS

    registries: dict[str, Registry[Any]] = {
        "architecture": ARCHITECTURES,
        "dataset": DATASETS,
        "loss": LOSSES,
        "d_normalization": NORMALIZATIONS,
        "g_normalization": NORMALIZATIONS,
    }
    for axis, registry in registries.items():
        yield axis, data[axis], registry[data[axis]["name"]]
    for choice in data["regularizers"]:
        yield "regularizers", choice, REGULARIZERS[choice["name"]]


def component_identities(data: Mapping[str, Any]) -> dict[str, Any]:
    """Revision or source hash of every component of a config as plain data: part of its digest."""
    found = [(axis, component.identity) for axis, _, component in component_choices(data)]
    return {axis: identity for axis, identity in found if axis != "regularizers"} | {
        "regularizers": [identity for axis, identity in found if axis == "regularizers"]
    }


def resolve_protocol(metrics: Sequence[MetricChoice], extractor: Choice) -> dict[str, Any]:
    """The fields of a protocol that its components decide: every metric's and the extractor's hyperparameters filled in.

    Raises:
        UserError: an unknown metric or extractor, or a hyperparameter that it does not have or that is out of range.
    """
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    return {
        "metrics": tuple(completed(m, METRICS[m.name]) for m in metrics),
        "extractor": completed(extractor, EXTRACTORS[extractor.name]),
    }


def protocol_identities(metrics: Sequence[MetricChoice], extractor: Choice) -> dict[str, str]:
    """Revision or source hash of every metric of a protocol and of its extractor, by name."""
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    identities = {m.name: METRICS[m.name].identity for m in metrics}
    return identities | {f"extractor {extractor.name}": EXTRACTORS[extractor.name].identity}


def protocol_components(data: Mapping[str, Any]) -> Iterator[tuple[Any, Component[Any]]]:
    """(name and hyperparameters, component) of every metric of a protocol as plain data, and of its extractor."""
    from landscape.components.extractors._base import EXTRACTORS
    from landscape.components.metrics._base import METRICS

    for choice in data["metrics"]:
        yield choice, METRICS[choice["name"]]
    yield data["extractor"], EXTRACTORS[data["extractor"]["name"]]
