"""Scores two sets of samples under a protocol: features are computed once, then every metric, then the mean over averaging runs."""

import statistics
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from landscape.components.datasets._base import Dataset, Modes
from landscape.components.extractors._base import EXTRACTORS, Extractor
from landscape.components.metrics._base import METRICS, Evidence, Pairs, SampleSet
from landscape.config.protocol import Protocol
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions, load_extractor, sample_set
from landscape.evaluation.given import Given, SampleSource, as_given
from landscape.evaluation.handling import describe
from landscape.evaluation.model_parts import NO_PARTS, ModelParts, features_of, logits_of
from landscape.evaluation.sampling import reads_classes
from landscape.evaluation.splits import RealSamples, reporting, whole
from landscape.evaluation.two_ways import Ways
from landscape.results.record import Estimate, Scores
from landscape.results.score_names import matches

GIVEN = "given"
"""The name of the extractor of features whose file names none."""


@dataclass(frozen=True)
class Aids:
    """What some metrics need beside the two sets."""

    dataset: Dataset | None = None
    """The data set of the real samples, which has the classifier, the modes, and the training and validation samples."""
    train: Given | None = None
    """The samples that the model was trained on. None stands for the training split of the data set."""
    validation: Given | None = None
    """Real samples for choices inside a metric. None stands for the validation split of the data set."""
    modes: Modes | None = None
    """The modes of the mixture. None stands for those of the data set."""
    parts: ModelParts = NO_PARTS
    """The networks of the model, in evaluation mode."""
    extractor: Extractor | None = None
    """The protocol's extractor, if it is loaded already."""
    pairs: Pairs | None = None
    """The conditions of the generated samples, if they are images."""
    ways: Ways | None = None
    """What the model made in both directions, if it translates between two sets of pictures."""


def evaluate(
    real: SampleSource,
    fake: SampleSource,
    protocol: Protocol | str,
    *,
    aids: Aids | None = None,
    options: EvaluationOptions | None = None,
    checkpoint: str = "given",
) -> Scores:
    """Score the generated samples `fake` against `real` under `protocol`.

    Args:
        real: Images (N, C, H, W) as uint8 or floats in [0, 1] (also channels-last), points (N, D), a SampleSet (also of features alone), or
            a Dataset, of which the protocol's split and number are taken.
        fake: The same for the generated set. If there are more than the protocol's number, the first ones are taken. Labels
            are left out unless a metric of the protocol reads the classes of generated samples.
        protocol: A protocol or the name of one.
        aids: What some metrics need beside the two sets.
        options: The device, the cache, the weights and the progress.
        checkpoint: Which weights made `fake`, for the record.

    Returns:
        The estimates by public name. A metric that could not be computed is in `failures` with the reason.

    Raises:
        UserError: A set is empty, too small for the protocol, not finite, or not comparable, or weights are missing or wrong.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    aids = aids or Aids()
    if isinstance(real, Dataset):
        aids = aids if aids.dataset is not None else replace(aids, dataset=real)
        chosen = reporting(real, protocol)
    else:
        chosen = RealSamples(enough(as_given(real, "real"), protocol.n_real, "real", protocol), "as given")
    made = reporting(fake, protocol).samples if isinstance(fake, Dataset) else as_given(fake, "generated")
    made = enough(made, protocol.n_fake, "generated", protocol)
    if not reads_classes(protocol):
        made = replace(made, labels=None)  # `draw_under` says why; a file of samples scores as its model does.
    return score(chosen, [lambda: made], protocol, aids, options or EvaluationOptions(), checkpoint)


def require_scorable(dataset: Dataset, protocol: Protocol, options: EvaluationOptions | None = None, *, border: int = 0) -> tuple[str, ...]:
    """Check that models of `dataset` can be scored under `protocol`.

    Args:
        dataset: The data set.
        protocol: The protocol.
        options: The device and the weights.
        border: The number of pixels that scores of the task cut off at each side.

    Returns:
        A line for each metric that cannot be computed of these images.

    Raises:
        UserError: There are too few real samples, the images are too small for the objective, or the extractor's weights are missing.
    """
    reporting(dataset, protocol)
    notes = too_small(dataset, protocol, border)
    if needs(protocol, "features", "logits"):
        load_extractor(protocol, dataset, options)
    return notes


def too_small(dataset: Dataset, protocol: Protocol, border: int) -> tuple[str, ...]:
    """Return a line for each metric for which the images of a data set are too small.

    Raises:
        UserError: One of these metrics gives an objective of the protocol.
    """
    side = min(dataset.shape[1:], default=0) - 2 * border
    facts = {m.name: METRICS[m.name].facts for m in protocol.metrics}
    short = {name: of.smallest for name, of in facts.items() if len(dataset.shape) == 3 and side < of.smallest}
    lines = {
        name: f"{name} needs images of at least {least} pixels a side inside of the border, those of {dataset.name!r} have {max(side, 0)}"
        for name, least in short.items()
    }
    for wanted in filter(None, (protocol.objective, protocol.second_objective)):
        if line := next((lines[name] for name in short if matches(facts[name].names, wanted)), None):
            raise UserError(f"objective {wanted!r}: {line}: choose another objective or a larger resolution")
    return tuple(f"{line}: it will not be computed" for line in lines.values())


def enough(given: Given, wanted: int | None, what: str, protocol: Protocol) -> Given:
    """Return the first `wanted` samples, or all if `wanted` is None.

    Raises:
        UserError: There are fewer.
    """
    if wanted is None:
        return given
    if len(given) < wanted:
        message = f"protocol {protocol.name!r} needs {wanted} {what} samples, {given.source!r} has {len(given)}"
        raise UserError(f"{message}: give more or choose another protocol")
    return given.first(wanted)


def score(
    real: RealSamples, draws: Sequence[Callable[[], Given]], protocol: Protocol, aids: Aids, options: EvaluationOptions, checkpoint: str
) -> Scores:
    """Score the generated sets that `draws` make, one after the other, against the same real samples, whose features are shared."""
    started = time.perf_counter()
    first = draws[0]()
    extractor = _extractor(real.samples, first, protocol, aids, options)
    if extractor is not None:
        protocol = _pinned(protocol, extractor)
    known = _known(real.samples, protocol, aids, extractor, options)
    runs, failures = [], dict[str, str]()
    keep = needs(protocol, "images", "labels", "pairs")
    for number, draw in enumerate(draws):
        made = first if number == 0 else draw()
        _comparable(real.samples, made)
        fake = sample_set(made, protocol, extractor, options, keep_images=keep)
        evidence = replace(known, fake=fake)
        which = f"run {number + 1} of {len(draws)}: " if len(draws) > 1 else ""
        runs.append(_run(protocol, evidence, failures, which, raise_out_of_memory=options.raise_out_of_memory))
    estimates = {name: averaged([run[name] for run in runs]) for name in runs[0] if all(name in run for run in runs)}
    return Scores(
        protocol=protocol.to_json() | {"digest": protocol.digest()},
        estimates=estimates,
        failures=failures,
        checkpoint=checkpoint,
        seconds=time.perf_counter() - started,
        handling=_handling(real, first, protocol, extractor),
        environment={"device": str(options.device), "threads": torch.get_num_threads(), "torch": torch.__version__},
    )


def needs(protocol: Protocol, *what: str) -> bool:
    """Return whether any metric of the protocol needs any of `what`."""
    return any(METRICS[m.name].facts.needs & set(what) for m in protocol.metrics)


def _extractor(real: Given, fake: Given, protocol: Protocol, aids: Aids, options: EvaluationOptions) -> Extractor | None:
    """Return the extractor, or None if no metric reads features or the features were given."""
    if not needs(protocol, "features", "logits") or (real.samples is None and fake.samples is None):
        return None
    if real.samples is None or fake.samples is None:
        which, other = (real, fake) if real.samples is None else (fake, real)
        raise UserError(f"{which.source!r} holds features, {other.source!r} samples: give both as features, or both as samples")
    return aids.extractor or load_extractor(protocol, aids.dataset, options)


def _pinned(protocol: Protocol, extractor: Extractor) -> Protocol:
    return varied(protocol, weights_hash=extractor.weights_hash) if extractor.weights_hash != protocol.weights_hash else protocol


def _comparable(real: Given, fake: Given) -> None:
    """Refuse sets that no score can compare."""
    if real.extractor and fake.extractor and real.extractor != fake.extractor:
        message = f"features of {real.source!r} come from {real.extractor!r}, those of {fake.source!r} from {fake.extractor!r}"
        raise UserError(f"{message}: extract both with one")
    for one, two, what in ((real.samples, fake.samples, "samples"), (real.features, fake.features, "features")):
        if one is not None and two is not None and one.shape[1:] != two.shape[1:]:
            shapes = f"{real.source!r} {tuple(one.shape[1:])}, {fake.source!r} {tuple(two.shape[1:])}"
            raise UserError(f"{what} of the two sets have different shapes ({shapes}): bring them to one size and number of channels")


def _known(real: Given, protocol: Protocol, aids: Aids, extractor: Extractor | None, options: EvaluationOptions) -> Evidence:
    """Return all evidence except for the generated set. What no metric needs is left out."""
    dataset = aids.dataset
    train, validation = aids.train, aids.validation
    if dataset is not None:
        train = train or (whole(dataset, "train") if "train" in dataset.splits else None)
        validation = validation or (whole(dataset, "validation") if "validation" in dataset.splits else None)

    def aid(given: Given | None, name: str) -> SampleSet | None:
        if given is None or not needs(protocol, name):
            return None
        both = any({name, "features"} <= METRICS[m.name].facts.needs for m in protocol.metrics)
        return sample_set(given, protocol, extractor if both else None, options)

    name = extractor.name if extractor is not None else real.extractor or (GIVEN if real.samples is None else "")
    is_fid = extractor is not None and EXTRACTORS[protocol.extractor.name].facts.is_fid and extractor.name == protocol.extractor.name
    return Evidence(
        real=sample_set(real, protocol, extractor, options),
        fake=SampleSet(),
        train=aid(train, "train"),
        validation=aid(validation, "validation"),
        modes=aids.modes or (dataset.modes if dataset is not None else None),
        **_networks(aids.parts),
        extractor=name,
        is_fid=is_fid,
        real_is_stratified=protocol.n_real is None and real.is_stratified,
        classes=dataset.classes if dataset is not None else None,
        seed=protocol.seed,
        device=options.device,
        pairs=aids.pairs,
        ways=None if aids.ways is None else aids.ways.seen(protocol, extractor, options),
    )


def _networks(parts: ModelParts) -> dict[str, Any]:
    """Return the networks of a model in the forms in which metrics call them."""
    trained, untrained, encoder = parts.discriminator, parts.untrained, parts.encoder
    return {
        "generator": parts.generator,
        "latent": parts.latent,
        "discriminator": None if trained is None else logits_of(trained),
        "boundary": parts.boundary,
        "d_features": None if trained is None else features_of(trained),
        "untrained_d_features": None if untrained is None else lambda: features_of(untrained()),
        "encoder": encoder,
        "encoder_features": getattr(encoder, "features", None),
    }


def _run(protocol: Protocol, evidence: Evidence, failures: dict[str, str], which: str, *, raise_out_of_memory: bool) -> dict[str, Estimate]:
    """Compute every metric of the protocol for one generated set."""
    found: dict[str, Estimate] = {}
    for choice in protocol.metrics:
        try:
            metric = METRICS[choice.name]
            made = metric.function(evidence, **choice.hyperparameters)
            found |= {name: replace(e, scale="log") if matches(metric.facts.log_scale, name) else e for name, e in made.items()}
        except UserError as error:
            failures[choice.label()] = f"{which}{error}"
        except torch.AcceleratorError:
            raise  # The device does not work any more, for any metric.
        except Exception as error:
            if raise_out_of_memory and isinstance(error, torch.OutOfMemoryError):
                raise
            reason = " ".join(str(error).split())
            failures[choice.label()] = f"{which}{type(error).__name__}: {reason}"
            warnings.warn(f"metric {choice.name!r} failed: {failures[choice.label()]}", stacklevel=2)
    return found


def averaged(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean over averaging runs, with their population standard deviation as `spread`.

    The interval is the mean of the runs' intervals. This is the interval of one run and therefore wider than that of the mean. The real set
    is the same in all runs, so its part of the error does not become smaller with more runs.
    """
    if len(estimates) == 1:
        return estimates[0]
    values = [e.value for e in estimates]
    intervals = [e.interval for e in estimates if e.interval is not None]
    interval = None
    if len(intervals) == len(estimates):
        interval = (statistics.fmean(low for low, _ in intervals), statistics.fmean(high for _, high in intervals))
    return replace(
        estimates[0],
        value=statistics.fmean(values),
        spread=statistics.pstdev(values),
        interval=interval,
        interval_kind=f"{estimates[0].interval_kind}; mean of {len(values)} runs" if interval else "",
    )


def _handling(real: RealSamples, fake: Given, protocol: Protocol, extractor: Extractor | None) -> Mapping[str, str]:
    def of(given: Given) -> dict[str, Any]:
        if given.samples is None:
            return {"samples": "features as given"}
        return describe(given.samples, protocol, quantized=given.samples.is_floating_point())

    entries = {f"real: {k}": v for k, v in (of(real.samples) | {"choice": real.choice} | dict(real.samples.handling)).items()}
    entries |= {f"generated: {k}": v for k, v in (of(fake) | dict(fake.handling)).items()}
    return entries | ({f"extractor: {k}": v for k, v in extractor.handling.items()} if extractor is not None else {})
