"""Scores a generator that a trial left."""

from functools import partial

from landscape.components.datasets._base import Dataset
from landscape.config.compatibility import require_independent_judge
from landscape.config.protocol import Protocol
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import Given
from landscape.evaluation.models import evaluate_model
from landscape.evaluation.sampling import draw_under, protocol_mode
from landscape.evaluation.scoring import Aids, enough, score
from landscape.evaluation.splits import RealSamples, reporting
from landscape.results.record import Scores
from landscape.trial.saved_generator import Trained


def evaluate_trained(real: Given | Dataset, model: Trained, protocol: Protocol, *, options: EvaluationOptions | None = None) -> Scores:
    """Score a generator that a trial left, as `evaluate_model` does. `real` may also be samples that were given.

    Raises:
        UserError: The same as in `evaluate_model`.
    """
    require_independent_judge(model.config, protocol.extractor)
    labels = reporting(real, protocol).samples.labels if isinstance(real, Dataset) else real.labels
    sampler = model.sampling(protocol.sampling_batch, labels)
    if isinstance(real, Dataset):
        return evaluate_model(sampler, real, protocol, generator=model.generator, latent=model.draw_z, options=options)
    chosen = RealSamples(enough(real, protocol.n_real, "real", protocol), "as given")
    number = protocol.n_fake or len(chosen.samples)
    draws = [partial(draw_under, protocol, sampler, number, protocol.seed + run) for run in range(protocol.averaging_runs)]
    with protocol_mode(model.generator, sampler, protocol):
        aids = Aids(generator=model.generator, latent=model.draw_z)
        return score(chosen, draws, protocol, aids, options or EvaluationOptions(), "last")


def samples_of(model: Trained, number: int, protocol: Protocol) -> Given:
    """Return the samples of the first averaging run that `evaluate_trained` scores, `number` of them if the protocol names no number."""
    sampler = model.sampling(protocol.sampling_batch)
    with protocol_mode(model.generator, sampler, protocol):
        return draw_under(protocol, sampler, protocol.n_fake or number, protocol.seed)
