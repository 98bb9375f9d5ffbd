"""Inception score: exp of the mutual information between a classifier's label and the generated sample."""

import itertools
import math

import numpy as np
import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import log_normal
from landscape.components.metrics._samples import checked, named, on_device
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate


def divergences(logits: Tensor) -> Tensor:
    """KL(p(y|x_i) || p(y)) [N] in nats of `logits` [N, k], p(y) being the mean of p(y|x_i); in float64."""
    log_p = logits.double().log_softmax(dim=1)
    p = log_p.exp()
    # a class that underflowed everywhere adds 0 * log 0 = 0
    log_marginal = p.mean(dim=0).clamp(min=torch.finfo(torch.float64).tiny).log()
    return (p * (log_p - log_marginal)).sum(dim=1)


def split_logits(logits: Tensor, splits: int, seed: int | None) -> list[Tensor]:
    """`logits` [N, k] in `splits` parts, shuffled first with `seed` (None: in the given order). Order as torch-fidelity's."""
    if seed is not None:
        logits = logits[torch.from_numpy(np.random.RandomState(seed).permutation(len(logits))).to(logits.device)]
    edges = [i * len(logits) // splits for i in range(splits + 1)]
    return [logits[low:high] for low, high in itertools.pairwise(edges)]


@METRICS.register(
    needs=frozenset({"logits"}), names=("IS[{extractor}]", "IS"), direction="higher", paper="Salimans et al. 2016, arXiv:1606.03498"
)
def inception_score(evidence: Evidence, *, splits: PositiveInt = 10, shuffle: bool = True) -> dict[str, Estimate]:
    """exp(mean KL(p(y|x) || p(y))) of each split, averaged; `spread` is the population standard deviation over splits.

    Args:
        evidence: logits [N, k] of the generated set, of any classifier.
        splits: parts that are scored alone (1 in compare_gan, 10 elsewhere).
        shuffle: by the evaluation's seed before splitting; files often come sorted.

    Raises:
        UserError: fewer than two samples a split, NaN, or no logits.
    """
    logits = on_device(checked(evidence.fake.logits, "generated", "logits", "inception_score", minimum=2 * splits), evidence)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise UserError(f"inception_score: logits have shape {tuple(logits.shape)}, expected (samples, classes) with two classes or more")
    parts = [divergences(part) for part in split_logits(logits, splits, evidence.seed if shuffle else None)]
    scores = torch.stack([part.mean().exp() for part in parts])
    value = float(scores.mean())
    # the score's logarithm moves with sample i by KL_i - mean KL: p(y) is the minimizer of the mean KL, so its own change adds nothing
    error = float(torch.cat(parts).std()) / math.sqrt(len(logits))
    size = len(logits) // splits
    note = f"{splits} split{'s' * (splits > 1)} of {size}; biased downwards by up to about {100 * (logits.shape[1] - 1) / (2 * size):.2g} %"
    interval = log_normal(value, error, (1.0, float(logits.shape[1])))
    kind = "delta method over samples, at this split size"
    estimate = Estimate(
        value,
        "higher",
        interval,
        interval_kind=kind,
        spread=float(scores.std(correction=0)),
        bounds=(1.0, float(logits.shape[1])),
        n_fake=len(logits),
        note=note,
    )
    return {"IS" if evidence.is_fid else named("IS", evidence): estimate}
