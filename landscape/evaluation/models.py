"""Scores a trained model on a data set, for selection or for the report, and computes the floor that real samples reach."""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from scipy.special import stdtrit
from torch import Tensor

from landscape.components.datasets._base import Dataset, SplitName
from landscape.components.metrics._base import METRICS
from landscape.components.tasks._base import Task
from landscape.config.protocol import Protocol
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import Given
from landscape.evaluation.model_parts import NO_PARTS, ModelParts, evaluation_mode
from landscape.evaluation.paired_yardsticks import OF_PAIRS, of_targets_and_baseline
from landscape.evaluation.sampling import Sampler, draw_under, pairs_of, protocol_mode
from landscape.evaluation.scoring import Aids, score
from landscape.evaluation.splits import RealSamples, reporting, selection, whole
from landscape.evaluation.two_ways import ways_of
from landscape.results.record import Estimate, Scores
from landscape.results.score_names import CLASS_BLIND, SCREENING, SELECTION, matches

FLOOR_DRAWS = 4
"""The number of sets of real samples that the floor averages over."""
FEWEST_FOR_SPREAD = 3
"""The fewest draws whose spread is used. With two draws a spread has one degree of freedom, which says next to nothing."""
RESOLVED = "smallest difference in"
"""The beginning of the names of estimates that say by how much two models must differ."""
SELECTION_SEED_OFFSET = 500_000
"""A number that is added to seeds in selection, so that its latents differ from those of every reporting run."""


def evaluate_model(
    sampler: Sampler,
    dataset: Dataset,
    protocol: Protocol | str,
    *,
    parts: ModelParts = NO_PARTS,
    options: EvaluationOptions | None = None,
    checkpoint: str = "last",
) -> Scores:
    """Score a trained model for the report. Samples are drawn anew for each averaging run, and the protocol chooses the real samples.

    Args:
        sampler: A function of a number and a seed that returns images in [0, 1] or points.
        dataset: The data set on which the model was trained.
        protocol: A protocol or the name of one.
        parts: The networks of the model, of which `generator` is the one that the sampler runs.
        options: The device, the cache, the weights and the progress.
        checkpoint: Which weights these are, for the record.

    Raises:
        UserError: There are too few real samples, samples are not finite or leave [0, 1], or weights are missing or wrong.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    real = reporting(dataset, protocol)
    number = protocol.n_fake or len(real.samples)
    draws = [partial(draw_under, protocol, sampler, number, protocol.seed + run) for run in range(protocol.averaging_runs)]
    with protocol_mode(parts.generator, sampler, protocol), evaluation_mode(parts.discriminator), evaluation_mode(parts.encoder):
        ways = ways_of(sampler, real.samples, protocol)
        aids = Aids(dataset=dataset, parts=parts, pairs=pairs_of(sampler, protocol), ways=ways)
        return score(real, draws, protocol, aids, options or EvaluationOptions(), checkpoint)


def select_model(
    sampler: Sampler,
    dataset: Dataset,
    protocol: Protocol | str,
    *,
    generator: Callable[[Tensor], Tensor] | None = None,
    options: EvaluationOptions | None = None,
    checkpoint: str = "last",
) -> Scores:
    """Score a model for selection, with other real samples and other seeds than `evaluate_model`, in one run, by the objective alone.

    Raises:
        UserError: The same as in `evaluate_model`, or the protocol has no objective.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    real, chosen = selection(dataset, protocol), selection_protocol(protocol)
    number = min(protocol.n_fake or len(real.samples), len(real.samples))
    with protocol_mode(generator, sampler, protocol):
        draws = [partial(draw_under, chosen, sampler, number, protocol.seed + SELECTION_SEED_OFFSET)]
        aids = Aids(dataset=dataset, pairs=pairs_of(sampler, chosen), ways=ways_of(sampler, real.samples, chosen))
        return score(real, draws, chosen, aids, options or EvaluationOptions(), checkpoint)


def selection_protocol(protocol: Protocol) -> Protocol:
    """Return `protocol` as it selects models: with the metrics of its objectives alone and in one run.

    Raises:
        UserError: The protocol has no objective, or none of its metrics gives one of its objectives.
    """
    if not protocol.objective:
        raise UserError(f"protocol {protocol.name!r} has no objective to select by: override `objective` with one of its scores")
    wanted = [name for name in (protocol.objective, protocol.second_objective) if name]
    for name in wanted:
        if not any(gives(m.name, name) for m in protocol.metrics):
            raise UserError(f"no metric of protocol {protocol.name!r} gives its objective {name!r}")
    chosen = tuple(m for m in protocol.metrics if any(gives(m.name, name) for name in wanted))
    return varied(protocol, name=protocol.name + SELECTION, metrics=[m.to_json() for m in chosen], averaging_runs=1)


def screening_protocol(protocol: Protocol, n_fake: int) -> Protocol:
    """Return `protocol` as the first of two stages scores models: with the metrics of its objectives alone, in one run of few samples.

    Raises:
        UserError: As for `selection_protocol`.
    """
    return varied(selection_protocol(protocol), name=protocol.name + SCREENING, n_fake=n_fake)


def gives(metric: str, score_name: str) -> bool:
    """Return whether `metric` returns the public name `score_name`, in which the extractor may stand without its variant."""
    return matches(METRICS[metric].facts.names, score_name)


def floor(
    dataset: Dataset,
    protocol: Protocol | str,
    *,
    options: EvaluationOptions | None = None,
    most_draws: int = FLOOR_DRAWS,
    task: Task | None = None,
) -> Scores:
    """Score held-out real samples in the place of generated ones, which shows what a perfect model can be expected to score at these sizes.

    They are scored by the same function with the same options as a model's samples. They have labels only if a metric reads those of
    generated samples. For such metrics they have as many samples of each class as the real set, because a model is asked for these classes.
    For all other metrics their classes are drawn by chance, because the samples of a stratified split would score better than any
    independent sample can. Neither the model nor a classifier was trained on them: they come from splits that are neither trained on nor
    reported on. If a data set has no such split, the rest of its samples is used, and scores that compare with the training set are left
    out.

    Up to `most_draws` disjoint draws are scored, as many as there are samples for. Values are means over them, and `spread` is their
    standard deviation. If there are not enough samples for one draw, fewer are used, and if the protocol compares equal numbers, both sets
    are cut. Every estimate says its numbers. For every score that has an interval or several draws, `smallest difference in NAME` is added.
    For every score that reads the classes of generated samples, `class-blind NAME` is added: the score of the same samples after their
    labels were exchanged at random, like those of a perfect generator that ignores the class.

    With a `task` whose condition is an image, scores that compare samples with their targets are those of the targets themselves, and
    `baseline NAME` is added for every score: that of the task's baseline on the conditions of all real samples.

    Raises:
        UserError: The data set has too few samples.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    options = options or EvaluationOptions()
    real, others = reporting(dataset, protocol), _others(dataset, protocol)
    targets, baseline = of_targets_and_baseline(real, dataset, protocol, task, options)
    number, draws_taken = _floor_size(real, others, protocol)
    draws_taken = min(draws_taken, most_draws)
    if number < len(real.samples) and protocol.n_fake is None:
        real = RealSamples(real.samples.first(number), f"{real.choice}, cut to {number}")
    if not _held_out(dataset, protocol):
        protocol = varied(protocol, metrics=[m.to_json() for m in protocol.metrics if "train" not in METRICS[m.name].facts.needs])
    of_samples = [m for m in protocol.metrics if not METRICS[m.name].facts.needs & OF_PAIRS]
    of_classes = [m.to_json() for m in of_samples if "labels" in METRICS[m.name].facts.needs]
    rest = [m.to_json() for m in of_samples if "labels" not in METRICS[m.name].facts.needs]

    def scores_of(metrics: list[Any], arranged: Callable[[Given], Given], classes: Tensor | None) -> Scores:
        draws = [
            partial(lambda part, name: arranged(_picked(others, part, name)), part.sort().values, f"floor {number}, draw {i}")
            for i, part in enumerate(_draws(others, number, draws_taken, protocol.seed, classes))
        ]
        return score(real, draws, varied(protocol, metrics=metrics), Aids(dataset=dataset), options, "real")

    scored = [] if targets is None else [targets]
    scored += [scores_of(rest, _as_they_are if of_classes else _unlabeled, None)] if rest or not (of_classes or scored) else []
    scored += [scores_of(of_classes, _as_they_are, real.samples.labels)] if of_classes else []
    known = {name: e for part in scored for name, e in part.estimates.items()}
    estimates = known | {f"{RESOLVED} {name}": found for name, e in known.items() if (found := smallest_difference(e, draws_taken))}
    if of_classes:
        blind = scores_of(of_classes, partial(_exchanged, seed=protocol.seed), real.samples.labels)
        estimates |= {CLASS_BLIND + name: e for name, e in blind.estimates.items()}
    return _joined(scored, protocol, estimates | baseline)


def _joined(scored: Sequence[Scores], protocol: Protocol, estimates: dict[str, Estimate]) -> Scores:
    """Return one set of scores under `protocol` from those of parts of its metrics, with `estimates` in the place of theirs."""
    pinned = varied(protocol, weights_hash=next(filter(None, (part.protocol["weights_hash"] for part in scored)), ""))
    return replace(
        scored[0],
        protocol=pinned.to_json() | {"digest": pinned.digest()},
        estimates=estimates,
        failures={name: reason for part in scored for name, reason in part.failures.items()},
        seconds=math.fsum(part.seconds for part in scored),
        handling={name: words for part in reversed(scored) for name, words in part.handling.items()},
    )


def smallest_difference(floor: Estimate, draws: int) -> Estimate | None:
    """Return the smallest difference between two models' scores that samples of these sizes tell from chance, from the floor of a score.

    Two models of equal quality differ by sampling alone. If s is the standard error of one score, that of a difference is sqrt(2) s, and
    one of twenty differences exceeds 1.96 times that. With three or more draws of real samples, s comes from their spread, with Student's t
    in place of 1.96. Otherwise it comes from the score's own interval.

    Args:
        floor: The score of real samples, the mean over `draws`.
        draws: The number of draws behind it.

    Returns:
        The difference, or None if neither is known.
    """
    how: dict[str, Any] = {"unit": floor.unit, "n_real": floor.n_real, "n_fake": floor.n_fake}
    if floor.spread is not None and floor.spread > 0 and draws >= FEWEST_FOR_SPREAD:
        deviation = floor.spread * math.sqrt(draws / (draws - 1))
        value = float(stdtrit(draws - 1, 0.975)) * math.sqrt(2) * deviation
        return Estimate(value, "none", note=f"from the spread over {draws} draws of real samples", **how)
    if floor.interval is not None and floor.interval[1] > floor.interval[0]:
        value = math.sqrt(2) * max(floor.interval[1] - floor.value, floor.value - floor.interval[0])
        return Estimate(value, "none", note="from the interval of the score of real samples", **how)
    return None


def floor_draws(dataset: Dataset, protocol: Protocol) -> int:
    """Return how many sets of samples `floor` scores."""
    return _floor_size(reporting(dataset, protocol), _others(dataset, protocol), protocol)[1]


def _floor_size(real: RealSamples, others: Sequence[Given], protocol: Protocol) -> tuple[int, int]:
    """Return the number of samples of a draw and the number of draws."""
    available, wanted = sum(map(len, others)), protocol.n_fake or len(real.samples)
    number = min(wanted, available)
    return number, min(FLOOR_DRAWS, available // number)


def _held_out(dataset: Dataset, protocol: Protocol) -> list[SplitName]:
    """Return the splits that are neither trained on nor reported on."""
    names: tuple[SplitName, ...] = ("validation", "test")
    return [] if protocol.real_split == "all" else [n for n in names if n in dataset.splits and n != protocol.real_split]


def _others(dataset: Dataset, protocol: Protocol) -> list[Given]:
    """Return the held-out splits, or other samples if there are none."""
    if held_out := _held_out(dataset, protocol):
        return [whole(dataset, name) for name in held_out]
    if protocol.real_split == "all" or set(dataset.splits) == {protocol.real_split}:
        return [selection(dataset, varied(protocol, n_real=None)).samples]
    return [whole(dataset, name) for name in dataset.splits if name != protocol.real_split]


def _draws(sets: Sequence[Given], number: int, draws: int, seed: int, classes: Tensor | None) -> list[Tensor]:
    """Return the indices [number] of each draw in `sets` laid end to end, disjoint where the set was not stratified.

    With the labels `classes` [M], every draw has the same numbers of each class as they have, or the same shares if M is not `number`. A
    class of which there is no sample is left out. Otherwise, draws from stratified sets have numbers of each class by chance, as
    independent samples have. If a draw needs more samples of a class than are left, some samples are used again.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(sum(map(len, sets)), generator=generator)
    known = [s.labels for s in sets if s.labels is not None]
    if len(known) < len(sets) or (classes is None and not all(given.is_stratified for given in sets)):
        return list(torch.split(order[: number * draws], number))
    labels = torch.cat(known)[order]
    values = labels.unique()  # type: ignore[no-untyped-call]
    members = [order[labels == value] for value in values]
    shares = torch.tensor([len(m) for m in members], dtype=torch.float64)
    used = [0] * len(members)
    parts = []
    for _ in range(draws):
        if classes is None:
            counts = torch.bincount(torch.multinomial(shares, number, replacement=True, generator=generator), minlength=len(members))
        else:
            wanted = classes.sort().values[torch.arange(number) * len(classes) // number]
            counts = (wanted[:, None] == values).sum(0)
        picked = []
        for i, count in enumerate(counts.tolist()):
            picked.append(members[i][(used[i] + torch.arange(count)) % len(members[i])])
            used[i] += count
        parts.append(torch.cat(picked))
    return parts


def _picked(sets: Sequence[Given], index: Tensor, name: str) -> Given:
    """Return the samples at `index` (ascending) of `sets` laid end to end, with their labels if all have labels."""
    rows = hashlib.sha256(index.numpy().tobytes()).hexdigest()[:16]
    parts, start = [], 0
    for given in sets:
        inside = index[(index >= start) & (index < start + len(given))] - start
        parts.append(given.take(inside, name))
        start += len(given)
    labels = [p.labels for p in parts if p.labels is not None]
    return Given(
        torch.cat([p.samples for p in parts if p.samples is not None]),
        labels=torch.cat(labels) if len(labels) == len(parts) else None,
        source=f"{sets[0].source} and other splits" if len(sets) > 1 else sets[0].source,
        identity=f"{'+'.join(s.identity for s in sets)}/{name}, rows {rows}",
        handling=sets[0].handling,
    )


def _exchanged(given: Given, seed: int) -> Given:
    """Return the same samples with their labels in random order."""
    if given.labels is None:
        return given
    order = torch.randperm(len(given), generator=torch.Generator().manual_seed(seed))
    return replace(given, labels=given.labels[order])


def _as_they_are(given: Given) -> Given:
    return given


def _unlabeled(given: Given) -> Given:
    return replace(given, labels=None)
