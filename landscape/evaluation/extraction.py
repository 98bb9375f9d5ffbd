"""Passes a set of samples through an extractor once, for all metrics."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.extractors._base import EXTRACTORS, Extractor, Features
from landscape.components.metrics._base import SampleSet
from landscape.components.numerics.precision import without_tf32
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.evaluation.feature_cache import cached_features
from landscape.evaluation.given import Given, require_finite
from landscape.evaluation.handling import require_channels, to_levels

CHUNK = 256
"""The number of samples that are passed to the extractor at a time."""

ExtractionProgress = Callable[[str, int, int], None]
"""A function that is told what is extracted, how many samples are done, and how many there are."""


@dataclass(frozen=True)
class EvaluationOptions:
    """How an evaluation runs. Nothing here changes a score by more than rounding."""

    weights: Path | None = None
    """The file of the extractor's weights, if they are not in their usual place."""
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    cache: bool = True
    """Whether features are kept on disk and used again."""
    progress: ExtractionProgress | None = None
    raise_out_of_memory: bool = False
    """Whether a metric that runs out of memory ends the whole evaluation with `torch.OutOfMemoryError`, for a caller that tries again
    with more memory. Otherwise only that metric counts as failed.
    """


def load_extractor(protocol: Protocol, dataset: Dataset | None = None, options: EvaluationOptions | None = None) -> Extractor:
    """Load the protocol's extractor with its weights.

    Raises:
        UserError: The weights are missing, damaged, or not those that the protocol names.
    """
    options = options or EvaluationOptions()
    component = EXTRACTORS[protocol.extractor.name]
    if options.weights is not None and "weights" not in component.injected:
        raise UserError(f"extractor {component.name!r} has no weights: leave them out")
    if protocol.precision != "fp32" and "precision" not in component.injected:
        raise UserError(f"extractor {component.name!r} runs in fp32 only: leave precision={protocol.precision!r} out of the protocol")
    extractor: Extractor = component.call(
        hyperparameters=protocol.extractor.hyperparameters,
        dataset=dataset,
        weights=options.weights,
        device=options.device,
        precision=protocol.precision,
        resize=protocol.resize,
    )
    if protocol.weights_hash and protocol.weights_hash != extractor.weights_hash:
        message = f"protocol {protocol.name!r} is bound to {component.name!r} weights {protocol.weights_hash}"
        raise UserError(f"{message}, found {extractor.weights_hash or 'none'}: use those weights, or the protocol without the hash")
    return extractor


def sample_set(
    given: Given, protocol: Protocol, extractor: Extractor | None, options: EvaluationOptions, *, keep_images: bool = True
) -> SampleSet:
    """Bring `given` to the forms that metrics read: levels, features and logits. If it holds features itself, these are used.

    Args:
        given: Samples, or features alone.
        protocol: Says how images are quantized.
        extractor: The extractor, or None if no metric needs features.
        options: The device, the cache and the progress.
        keep_images: Whether a metric reads the images themselves.
    """
    if given.samples is None or extractor is None:
        images = None if given.samples is None or not keep_images else to_levels(given.samples, protocol.quantize)
        return SampleSet(images, given.features, given.logits, given.labels)
    require_channels(given.samples, protocol, extractor)
    images = to_levels(given.samples, protocol.quantize) if keep_images else None
    made = _features(given, protocol, extractor, options)
    return SampleSet(images, made.features, made.logits, given.labels)


def _features(given: Given, protocol: Protocol, extractor: Extractor, options: EvaluationOptions) -> Features:
    def compute() -> Features:
        levels = (to_levels(part, protocol.quantize) for part in given.chunks(CHUNK))
        return extract(levels, len(given), extractor, given.source, options.progress)

    component = EXTRACTORS[protocol.extractor.name]
    if not (options.cache and given.cached and component.facts.cached):
        return compute()
    assert given.samples is not None
    identity = {
        "content": given.content,
        "quantize": protocol.quantize if given.samples.is_floating_point() else "levels",
        "extractor": f"{extractor.name} {component.identity} {sorted(protocol.extractor.hyperparameters.items())}",
        "weights": extractor.weights_hash,
        "handling": str(sorted(extractor.handling.items())),
        "precision": protocol.precision,
    }
    return cached_features(identity, compute)


def extract(levels: Iterable[Tensor], total: int, extractor: Extractor, what: str, progress: ExtractionProgress | None = None) -> Features:
    """Return the features and logits of all batches in order, on the CPU.

    Raises:
        UserError: The extractor gave NaN or infinity.
    """
    features, logits, done = [], [], 0
    for part in levels:
        with without_tf32():  # The features of the other set may come from a CPU, which has no TF32.
            made = extractor(part)
        features.append(made.features.to(torch.float32).cpu())
        logits += [] if made.logits is None else [made.logits.to(torch.float32).cpu()]
        done += len(part)
        if progress is not None:
            progress(f"{extractor.name} features of {what}", done, total)
    joined = torch.cat(features)
    require_finite(joined, f"{extractor.name} features of {what}")
    return Features(joined, torch.cat(logits) if logits else None)
