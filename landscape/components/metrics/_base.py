"""What a metric is given and returns, and the registry of metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscape.components.datasets._base import Modes
from landscape.core.errors import UserError
from landscape.core.registry import Registry


@dataclass(frozen=True)
class SampleSet:
    """One set of samples, through whatever was asked for; what no metric needs stays None."""

    images: Tensor | None = None
    """(N, C, H, W) uint8 or float32 levels in [0, 255]; or points (N, D) float32."""
    features: Tensor | None = None
    """[N, d] float32."""
    logits: Tensor | None = None
    """[N, k] float32, of the extractor's classes."""
    labels: Tensor | None = None
    """[N] int64."""


@dataclass(frozen=True)
class Evidence:
    """Everything a metric may ask for. A metric declares what it needs; only that is computed."""

    real: SampleSet
    fake: SampleSet
    train: SampleSet | None = None
    """The samples the model was trained on (memorization, classifier accuracy scores)."""
    validation: SampleSet | None = None
    """Real samples for choices inside a metric (Parzen's sigma)."""
    modes: Modes | None = None
    generator: Callable[[Tensor], Tensor] | None = None
    """z [N, latent] -> samples in [0, 1], evaluation mode, differentiable."""
    latent: Callable[[int], Tensor] | None = None
    """n -> z [n, latent], from the protocol's seed."""
    discriminator: Callable[[Tensor], Tensor] | None = None
    """Samples in [0, 1] -> logits [N], evaluation mode."""
    extractor: str = ""
    """Public name of the extractor, for the names of scores."""
    is_fid: bool = False
    real_is_stratified: bool = False
    """Whether the real set is a split that holds the same share of each label as the whole data set."""
    seed: int = 0
    device: torch.device | None = None


def need(value: Any, what: str, metric: str) -> Any:
    """`value`, or a UserError that says what `metric` lacks."""
    if value is None:
        raise UserError(f"{metric} needs {what}, which this evaluation does not have: leave the metric out or provide it")
    return value


@dataclass(frozen=True)
class MetricFacts:
    """needs: any of `features`, `logits`, `images`, `labels`, `train`, `validation`, `modes`, `generator`, `discriminator`.

    names: the public names it returns, as patterns over `{extractor}` (for `list` and for objectives); `direction` of the first, and
    `target`: `real` where the best value is that of held-out real samples.
    """

    needs: frozenset[str] = frozenset({"features"})
    names: tuple[str, ...] = ()
    direction: str = "lower"
    target: str = ""
    paper: str = ""


METRICS: Registry[MetricFacts] = Registry("metric", "landscape.components.metrics", MetricFacts)
"""A metric is function(evidence, *, hyperparameters) -> dict[name, Estimate]; the maths is in pure functions of tensors beside it."""
