"""Changes the metrics or the extractor of a protocol, as the options ask for it."""

from typing import TYPE_CHECKING, Any

from landscape.core.component_text import parse_component

if TYPE_CHECKING:
    from landscape.config.protocol import Protocol


def changed_protocol(protocol: "Protocol", metrics: tuple[str, ...], features: str | None) -> "Protocol":
    """Return `protocol` with other metrics or another extractor. Its name and its note say so. Without changes it is returned as it is."""
    from landscape.config.protocols import varied
    from landscape.results.score_names import CHANGED

    changes: dict[str, Any] = {}
    if metrics:
        listed = [part for text in metrics for part in ([text] if ":" in text else text.split(","))]
        changes["metrics"] = [parse_component(text) for text in listed]
    if features is not None:
        extractor, colon, which = features.partition(":")
        short = colon and "=" not in which
        changes["extractor"] = parse_component(f"{extractor}:trained_on={which}" if short else features)
        changes["weights_hash"] = ""
        changes["note"] = note_of(changes["extractor"]["name"], protocol.name)
    return varied(protocol, **changes, name=protocol.name + CHANGED, objective="") if changes else protocol


def note_of(extractor: str, protocol: str) -> str:
    """Return what a reader must know about scores under `protocol` through another extractor than its own."""
    from landscape.components.extractors._base import EXTRACTORS

    facts = EXTRACTORS[extractor].facts
    trained = f"trained on {facts.trained_on}; " if facts.trained_on else ""
    sees = f"it sees {facts.sees}. " if facts.sees else ""
    view = f"Samples, numbers and metrics of {protocol!r}, seen through {extractor!r}: {trained}{sees}"
    return f"{view}Comparable with no score of {protocol!r}."
