"""Scores a generator that a trial left."""

from functools import partial
from typing import NamedTuple

from landscape.components.datasets._base import Dataset
from landscape.config.compatibility import require_independent_judge
from landscape.config.protocol import Protocol
from landscape.evaluation.exchanging import EXCHANGE_SEED, named, of_other_rows, under_exchange
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import Given
from landscape.evaluation.models import evaluate_model
from landscape.evaluation.paired_yardsticks import pairs_for
from landscape.evaluation.sampling import Sampler, draw_under, pairs_of, protocol_mode, reads_classes
from landscape.evaluation.scoring import Aids, enough, score
from landscape.evaluation.splits import RealSamples, reporting
from landscape.evaluation.two_ways import ways_of
from landscape.results.record import Scores
from landscape.trial.saved_generator import Trained


class _Sides(NamedTuple):
    """The two sides of an evaluation."""

    real: RealSamples
    sampler: Sampler
    number: int
    """The number of samples that are drawn."""


def evaluate_trained(real: Given | Dataset, model: Trained, protocol: Protocol, *, options: EvaluationOptions | None = None) -> Scores:
    """Score a generator that a trial left, as `evaluate_model` does. `real` may also be samples that were given.

    Raises:
        UserError: The same as in `evaluate_model`, or a metric reads classes and the real samples have one that the model does not make.
    """
    require_independent_judge(model.config, protocol.extractor)
    return _scored(real, model, protocol, _sides(real, model, protocol), options)


def _scored(real: Given | Dataset, model: Trained, protocol: Protocol, sides: _Sides, options: EvaluationOptions | None) -> Scores:
    if isinstance(real, Dataset):
        return evaluate_model(sides.sampler, real, protocol, parts=model.parts, options=options)
    draws = [partial(draw_under, protocol, sides.sampler, sides.number, protocol.seed + run) for run in range(protocol.averaging_runs)]
    with protocol_mode(model.generator, sides.sampler, protocol):
        ways = ways_of(sides.sampler, sides.real.samples, protocol)
        aids = Aids(parts=model.parts, pairs=pairs_of(sides.sampler, protocol), ways=ways)
        return score(sides.real, draws, protocol, aids, options or EvaluationOptions(), "last")


def evaluate_exchanged(real: Given | Dataset, model: Trained, protocol: Protocol, *, options: EvaluationOptions | None = None) -> Scores:
    """Score a generator that is given the conditions of other rows: every score that reads conditions, as `exchanged conditions NAME`.

    Raises:
        UserError: As in `evaluate_trained`, or there are no conditions to exchange, or no metric reads them.
    """
    protocol = under_exchange(protocol, model.task)
    sides = _sides(real, model, protocol)
    return named(
        _scored(real, model, protocol, sides._replace(sampler=of_other_rows(sides.sampler, protocol.seed + EXCHANGE_SEED)), options)
    )


def samples_of(real: Given | Dataset, model: Trained, protocol: Protocol) -> Given:
    """Return the samples of the first averaging run that `evaluate_trained` scores against `real`.

    Raises:
        UserError: The same as in `evaluate_trained`.
    """
    sides = _sides(real, model, protocol)
    with protocol_mode(model.generator, sides.sampler, protocol):
        return draw_under(protocol, sides.sampler, sides.number, protocol.seed)


def _sides(real: Given | Dataset, model: Trained, protocol: Protocol) -> _Sides:
    """Return the real samples, and the sampler of the model, whose samples have the classes of the real samples.

    If the model does not make all of these classes, and no metric reads classes, the classes of the model have equal shares.
    """
    if isinstance(real, Dataset):
        chosen = reporting(real, protocol)
    else:
        chosen = RealSamples(enough(real, protocol.n_real, "real", protocol), "as given")
    labels = chosen.samples.labels
    if labels is not None and not reads_classes(protocol) and not model.makes(labels):
        labels = None
    pairs = pairs_for(model.task, chosen.samples, protocol.seed)
    return _Sides(chosen, model.sampling(protocol.sampling_batch, labels, pairs), protocol.n_fake or len(chosen.samples))
