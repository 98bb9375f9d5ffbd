"""What a metric is given and returns, and the registry of metrics."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscape.components.datasets._base import Modes
from landscape.components.tasks._base import Task
from landscape.core.errors import UserError
from landscape.core.registry import Registry
from landscape.results.score_names import matches


@dataclass(frozen=True)
class SampleSet:
    """One set of samples in the forms that metrics ask for. Forms that no metric needs are None."""

    images: Tensor | None = None
    """Images (N, C, H, W) as uint8 or float32 levels in [0, 255], or points (N, D) float32."""
    features: Tensor | None = None
    """The features [N, d] float32."""
    logits: Tensor | None = None
    """The logits [N, k] float32 of the extractor's classes."""
    labels: Tensor | None = None
    """The class of each sample [N] int64."""


@dataclass(frozen=True)
class Pairs:
    """What the generated samples of a task with an image or a text as condition were asked for. Row i belongs to real sample i.

    Real sample i is the target of an image. To a text it is one of many right answers.
    """

    task: Task
    conditions: Tensor
    """The images [N, c, h, w] float32 in [0, 1], or the texts [N, L] int64, that the generator was given."""
    draws: Tensor | None = None
    """Several samples [n, D, C, H, W] under each of the first n conditions, as levels; None if there is no generator to draw them."""


@dataclass(frozen=True)
class BothWays:
    """What two generators made that translate between two sets of pictures: G from A to B, whose pictures are the real ones, and F back.

    Generated sample i is what G made of picture i of A.
    """

    a: SampleSet
    """The pictures of A."""
    back: SampleSet
    """What F made of the real samples, row by row."""
    classes: tuple[Tensor | None, Tensor | None]
    """The classes int64 of what G and of what F was given, one of each; None if the pictures have no labels."""
    cycles: tuple[Tensor, Tensor] | None = None
    """The mean absolute differences [N] of F(G(a)) from a, and of G(F(b)) from b, in [0, 1]; None where there are no generators."""
    identities: tuple[Tensor, Tensor] | None = None
    """The mean absolute differences [N] of G(b) from b, and of F(a) from a, in [0, 1]; None where there are no generators."""


@dataclass(frozen=True)
class Evidence:
    """Everything that a metric may ask for. A metric declares what it needs, and only that is computed."""

    real: SampleSet
    fake: SampleSet
    train: SampleSet | None = None
    """The samples that the model was trained on, for memorization and for classifier accuracy scores."""
    validation: SampleSet | None = None
    """Real samples for choices inside a metric, such as Parzen's sigma."""
    modes: Modes | None = None
    generator: Callable[[Tensor], Tensor] | None = None
    """Maps z [N, latent] to samples in [0, 1]. It is differentiable and in evaluation mode."""
    latent: Callable[[int], Tensor] | None = None
    """Draws n latent vectors [n, latent] from the protocol's seed."""
    discriminator: Callable[[Tensor], Tensor] | None = None
    """Maps samples in [0, 1] to logits [N]. It is in evaluation mode."""
    boundary: float | None = 0.0
    """The logit above which the discriminator calls a sample real. None if it gives energies, or only differences of its logits count."""
    d_features: Callable[[Tensor], Tensor] | None = None
    """Maps samples in [0, 1] to the discriminator's last features [N, F]. It is in evaluation mode."""
    untrained_d_features: Callable[[], Callable[[Tensor], Tensor]] | None = None
    """Makes such a function of the discriminator as it was before its training."""
    encoder: Callable[[Tensor], Tensor] | None = None
    """Maps samples in [0, 1] to latent vectors [N, latent], in a model that has an encoder. It is in evaluation mode."""
    encoder_features: Callable[[Tensor], Tensor] | None = None
    """Maps samples in [0, 1] to the encoder's features [N, F] before its last layer."""
    extractor: str = ""
    """The public name of the extractor, which is part of the names of scores."""
    is_fid: bool = False
    """Whether a Frechet distance of these features is called FID, because they are those of the 2015 Inception network."""
    real_is_stratified: bool = False
    """Whether the real set is a split that holds the same share of each label as the whole data set."""
    classes: int | None = None
    """The number of classes of the data set of the real samples. None if there is no data set, or it has no classes."""
    seed: int = 0
    device: torch.device | None = None
    pairs: Pairs | None = None
    """The conditions of the generated samples, if they are images or texts."""
    ways: BothWays | None = None
    """What a model of a two-way game made in both directions."""


def need(value: Any, what: str, metric: str) -> Any:
    """Return `value` if there is one.

    Raises:
        UserError: There is none. The line says what `metric` lacks.
    """
    if value is None:
        raise UserError(f"{metric} needs {what}, which this evaluation does not have: leave the metric out or provide it")
    return value


@dataclass(frozen=True)
class MetricFacts:
    """What is known of a metric before it is called."""

    needs: frozenset[str] = frozenset({"features"})
    """Any of `features`, `logits`, `images`, `labels`, `train`, `validation`, `modes`, `generator`, `discriminator`, `encoder`, `pairs`,
    `draws`, `ways` and `cycles`.

    `pairs` are the conditions of a task with targets, and `draws` several samples under each of some of them. `ways` are the pictures of a
    two-way game in both directions, and `cycles` what a generator makes of those of the other.
    """
    names: tuple[str, ...] = ()
    """The public names of the scores that it returns, as patterns with `{extractor}`. `list` and objectives use them."""
    direction: str = "lower"
    """Which values of the first score are better: `lower`, `higher` or `none`."""
    target: str = ""
    """`real` if the best value of the first score is that of held-out real samples."""
    log_scale: tuple[str, ...] = ()
    """Those of `names` whose values are never negative and are compared by their ratio. A search models their logarithm."""
    smallest: int = 0
    """The least side in pixels of images that it can score, inside of the border that their task cuts off."""
    paper: str = ""


METRICS: Registry[MetricFacts] = Registry("metric", "landscape.components.metrics", MetricFacts)
"""Metrics by name: functions(evidence, *, hyperparameters) -> dict[name, Estimate], whose formulas are pure functions of tensors."""


def is_on_log_scale(score: str, metrics: Iterable[str]) -> bool:
    """Return whether one of the metrics of these names gives the score of the public name `score` and declares a log scale for it."""
    return any(matches(METRICS[name].facts.log_scale, score) for name in metrics)
