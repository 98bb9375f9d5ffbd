"""What the targets and the baseline of a task score in the place of a model whose condition is an image, a text or speech."""

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.metrics._base import METRICS, Pairs
from landscape.components.tasks._asked import as_floats, conditions
from landscape.components.tasks._base import Task
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import Given
from landscape.evaluation.scoring import Aids, score
from landscape.evaluation.splits import RealSamples
from landscape.evaluation.two_ways import OF_WAYS, Ways, of_baseline, of_targets
from landscape.results.record import Estimate, Scores
from landscape.results.score_names import BASELINE, COPY

OF_PAIRS = frozenset({"pairs", "draws"}) | OF_WAYS
"""What only models of a task with images or texts as conditions have."""


def pairs_for(task: Task, real: Given, seed: int) -> Pairs | None:
    """Return what a model of `task` is asked for beside the real samples: row i of each belongs together.

    It is None for a task whose condition is neither an image, a text nor speech.

    Raises:
        UserError: The real set has features alone, or lacks the pictures or texts that the task reads.
    """
    if not task.facts.is_of_rows:
        return None
    if real.samples is None or ("inputs" in task.reads and real.inputs is None):
        raise UserError(
            f"a model of task {task.name!r} makes samples of pictures, which {real.source!r} does not have: score it on its data"
        )
    if "tokens" in task.facts.reads and real.tokens is None:
        what = {"text": "texts", "speech": "phones"}[task.facts.condition]
        raise UserError(f"a model of task {task.name!r} makes samples of {what}, which {real.source!r} does not have: score it on its data")
    if "other" in task.facts.reads and real.other is None:
        raise UserError(
            f"a model of task {task.name!r} translates a second set of pictures, which {real.source!r} has not: score it on its data"
        )
    other = real.other.samples if "other" in task.facts.reads and real.other is not None else None
    return Pairs(task, conditions(task, real.samples, real.inputs, seed, real.tokens, other))


def of_targets_and_baseline(
    real: RealSamples, dataset: Dataset, protocol: Protocol, task: Task | None, options: EvaluationOptions
) -> tuple[Scores | None, dict[str, Estimate]]:
    """Return what the targets score under the metrics of pairs, and what the task's baseline scores, as `baseline SCORE`.

    If samples are played, what the targets score after they were played is among the latter, as `copy synthesis SCORE`.
    Both are nothing without a task whose condition is an image, a text or speech. The targets of texts are the real samples to which they
    belong, and their baseline is the same samples in random order, like those of a perfect generator that ignores its text. Scores that
    need several draws under a condition have neither.
    """
    pairs = None if task is None else pairs_for(task, real.samples, protocol.seed)
    if task is None or pairs is None:
        return None, {}

    def scored(metrics: list[dict[str, Any]], made: Given, ways: Ways | None = None) -> Scores:
        draws = [partial(lambda made: made, made)]
        return score(real, draws, varied(protocol, metrics=metrics), Aids(dataset=dataset, pairs=pairs, ways=ways), options, "real")

    alone = [m for m in protocol.metrics if "draws" not in METRICS[m.name].facts.needs]
    of_pairs = [m.to_json() for m in alone if METRICS[m.name].facts.needs & OF_PAIRS]
    goes_both_ways = task.facts.game == "two_way"
    perfect = of_targets(real.samples, dataset, protocol) if goes_both_ways else None
    if goes_both_ways:
        reach = OF_PAIRS if perfect is not None else frozenset()
        of_pairs = [m.to_json() for m in alone if METRICS[m.name].facts.needs & reach and "cycles" not in METRICS[m.name].facts.needs]
    targets = scored(of_pairs, replace(real.samples, labels=None, cached=False), perfect) if of_pairs else None
    if task.facts.condition == "text":
        assert real.samples.samples is not None
        order = torch.randperm(len(real.samples), generator=torch.Generator().manual_seed(protocol.seed))
        others = Given(real.samples.samples[order], source="real samples of other texts", cached=False)
        of_others = scored(of_pairs, others).estimates if of_pairs else {}
        return targets, {BASELINE + score: _noted(e, "real samples of other texts") for score, e in of_others.items()}
    of_sets = [m.to_json() for m in alone if not METRICS[m.name].facts.needs & {"generator", "discriminator", "labels"}]
    yardsticks = dict[str, Estimate]()
    if task.facts.played is not None and real.samples.samples is not None:
        played = Given(task.facts.played(real.samples.samples), source="played real samples", cached=False)
        yardsticks |= {COPY + score: e for score, e in scored(of_sets, played).estimates.items()}
    made, name = _baseline(task, pairs, dataset)
    if made is None:
        return targets, yardsticks
    images = Given(_levels(made), source=f"baseline of {task.name}", cached=False)
    copied = of_baseline(real.samples) if goes_both_ways else None
    return targets, yardsticks | {BASELINE + score: _noted(e, name) for score, e in scored(of_sets, images, copied).estimates.items()}


def _baseline(task: Task, pairs: Pairs, dataset: Dataset) -> tuple[Tensor | None, str]:
    """Return the samples [N, C, H, W] of the task's baseline in [0, 1] and their name, or None if it has none."""
    if task.facts.baseline_is_mean:
        mean = as_floats(dataset.split("train").samples).mean(0)
        return mean.expand(len(pairs.conditions), *mean.shape), "mean of the training samples"
    name = getattr(task.facts.baseline, "__name__", "baseline").replace("_", " ")
    return task.baseline(pairs.conditions, tuple(dataset.shape)), name


def _noted(estimate: Estimate, name: str) -> Estimate:
    return replace(estimate, note=f"{name}; {estimate.note}" if estimate.note else name)


def _levels(images: Tensor) -> Tensor:
    return (images * 255).round().to(torch.uint8)
