"""Everything that can be chosen, as plain data: components with their hyperparameters, protocols and named studies."""

import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.datasets._base import DATASETS
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.losses._base import LOSSES
from landscape.components.metrics._base import METRICS
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.tasks._base import TASKS
from landscape.core.registry import Component, Hyperparameter, Registry
from landscape.space import study_files

BOUND_SIGNS = {"gt": "> ", "ge": ">= ", "lt": "< ", "le": "<= "}


def describe_hyperparameter(hyperparameter: Hyperparameter) -> dict[str, Any]:
    """Return name, default, type and range (or choices) of one hyperparameter.

    Values that JSON cannot express are given as text.
    """
    kind, limits = _type_and_range(hyperparameter.annotation)
    return {"name": hyperparameter.name, "default": as_json(hyperparameter.default), "type": kind, "range": limits}


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
    """Describe one component: name, summary, hyperparameters, declared facts, source paper and identity."""
    facts = component.facts
    assert is_dataclass(facts)
    # Presets repeat every fact, so they are left out; the hyperparameter `preset` lists their names.
    details = {f.name: as_json(getattr(facts, f.name)) for f in fields(facts) if f.name not in ("paper", "presets")}
    return {
        "name": component.name,
        "what": component.summary,
        "hyperparameters": [describe_hyperparameter(h) for h in component.hyperparameters.values()],
        "details": {name: value for name, value in details.items() if value not in (None, "", [], {}, False)},
        "source": getattr(facts, "paper", ""),
        "identity": component.identity,
        "plugin": component.is_plugin,
    }


def as_json(value: Any) -> Any:
    """Convert `value` to what JSON can hold. Functions and other objects become None."""
    if isinstance(value, Mapping):
        return {_key(k): as_json(v) for k, v in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(as_json(v) for v in value)
    if isinstance(value, tuple | list):
        return [as_json(v) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    return value if isinstance(value, str | int | float | bool | None) else None


def _key(key: Any) -> str:
    return "x".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _components(registry: Registry[Any]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [describe(registry[name]) for name in registry]


def published_counts(architecture: Component[Any]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return the parameter counts of (G, D) at the shapes that the sources publish.

    The result maps each preset ("" if there are none) to a mapping from the shape to the two counts.
    """
    facts = architecture.facts
    default = architecture.hyperparameters["preset"].default if "preset" in architecture.hyperparameters else ""
    found = {default: facts} | dict(facts.presets)
    return {preset: {_key(shape): counts for shape, counts in f.published.items()} for preset, f in found.items() if f.published}


def with_parameter_counts(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Extend the entries of architectures by the numbers of trainable parameters of G and D.

    The numbers are those published, and those at defaults on 3x32x32 images or 2-D points.
    """
    return [e | {"details": e["details"] | _counts(ARCHITECTURES[e["name"]])} for e in entries]


def _counts(architecture: Component[Any]) -> dict[str, Any]:
    published = {
        f"{preset} {shape}".strip(): {"generator": g, "discriminator": d}
        for preset, counts in published_counts(architecture).items()
        for shape, (g, d) in counts.items()
    }
    return ({"published": published} if published else {}) | {"parameters": _parameters(architecture)}


def _parameters(architecture: Component[Any]) -> dict[str, Any]:
    import torch

    from landscape.components.datasets._drawing.stacked_texts import LANGUAGE
    from landscape.components.datasets._speaking.flite import VOICES
    from landscape.components.datasets._speech import Speech
    from landscape.config.network_layout import Texts
    from landscape.config.trial_config import TrialConfig
    from landscape.training.building import build_networks, trainable_parameters

    facts = architecture.facts
    wanted = {"logit": "logits", "energy": "energies"}[facts.output]
    loss = next(name for name in LOSSES if LOSSES[name].facts.inputs == wanted)
    points = facts.samples == "points"
    speech = "speech" in facts.conditions
    shape = (2,) if points else (1, 64, 64) if speech else (3, 32, 32)
    where = {"dataset": "ring"} if points else {"dataset": "digits", "resolution": 32, "channels": 3}
    where = {"dataset": "spoken_words", "resolution": 64, "channels": 1} if speech else where
    # The parameters of an architecture that takes a condition alone are those under the first task that gives it.
    tasks = ["unconditional", *TASKS]
    task = next(name for name in tasks if TASKS[name].facts.condition in facts.conditions)
    where |= {"dataset": "stacked_words_digits"} if TASKS[task].facts.condition == "text" else {}
    config = TrialConfig.parse({**where, "architecture": architecture.name, "loss": loss, "task": task})
    # On the meta device nothing is allocated and no random number is drawn.
    with torch.device("meta"):
        texts = Texts(Speech.vocabulary, Speech.length, len(VOICES)) if speech else Texts(LANGUAGE.vocabulary, LANGUAGE.length)
        networks = build_networks(config, shape, texts=texts)
    counts = {"generator": trainable_parameters(networks.generator), "discriminator": trainable_parameters(networks.discriminator)}
    return counts | {"at": "x".join(map(str, shape)) + ("" if task == tasks[0] else f", {task}")}


def _protocols() -> list[dict[str, Any]]:
    from landscape.config import protocols

    found = []
    for name in protocols.names():
        protocol = protocols.get(name)
        facts = {k: v for k, v in protocol.to_json().items() if k in ("version", "real_split", "n_real", "n_fake", "objective") and v}
        details = facts | {"extractor": protocol.extractor.label(), "metrics": [m.label() for m in protocol.metrics]}
        found.append({"name": name, "what": protocol.note, "details": details, "digest": protocol.digest()})
    return found


def _studies() -> list[dict[str, Any]]:
    found = []
    for name, path in study_files.available().items():
        study = study_files.load_space(name)
        axes = {axis: [e.label for e in entries] for axis, entries in study.axes.items()}
        details = {
            "data set": study.dataset.label(),
            "trials": {k: n for k, n in study.trials.to_json().items() if n},
            "searcher": study.searcher.name,
        } | axes
        found.append({"name": name, "what": study.note, "details": details, "file": str(path)})
    return found


CATALOG: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
    "tasks": _components(TASKS),
    "losses": _components(LOSSES),
    "regularizers": _components(REGULARIZERS),
    "normalizations": _components(NORMALIZATIONS),
    "architectures": _components(ARCHITECTURES),
    "datasets": _components(DATASETS),
    "extractors": _components(EXTRACTORS),
    "metrics": _components(METRICS),
    "protocols": _protocols,
    "studies": _studies,
}
"""Maps each kind to a function that returns its entries. Components of a plugin are among them once the plugin is loaded."""
