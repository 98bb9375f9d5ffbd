"""The Inception score: exp of the mutual information between a classifier's label and the generated sample."""

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
    """Return KL(p(y|x_i) || p(y)) [N] in nats and float64 for `logits` [N, k], where p(y) is the mean of p(y|x_i)."""
    log_p = logits.double().log_softmax(dim=1)
    p = log_p.exp()
    # A class whose probability underflows for every sample adds 0 * log 0 = 0.
    log_marginal = p.mean(dim=0).clamp(min=torch.finfo(torch.float64).tiny).log()
    return (p * (log_p - log_marginal)).sum(dim=1)


def split_logits(logits: Tensor, splits: int, seed: int | None) -> list[Tensor]:
    """Divide `logits` [N, k] into `splits` parts. They are shuffled first, as in torch-fidelity, unless `seed` is None."""
    if seed is not None:
        logits = logits[torch.from_numpy(np.random.RandomState(seed).permutation(len(logits))).to(logits.device)]
    edges = [i * len(logits) // splits for i in range(splits + 1)]
    return [logits[low:high] for low, high in itertools.pairwise(edges)]


@METRICS.register(
    needs=frozenset({"logits"}), names=("IS[{extractor}]", "IS"), direction="higher", paper="Salimans et al. 2016, arXiv:1606.03498"
)
def inception_score(evidence: Evidence, *, splits: PositiveInt = 10, shuffle: bool = True) -> dict[str, Estimate]:
    """Mean over splits of exp(mean KL(p(y|x) || p(y))). `spread` is the population standard deviation over splits.

    Args:
        evidence: Logits [N, k] of the generated set from any classifier.
        splits: The number of parts that are scored separately (1 in compare_gan, 10 elsewhere).
        shuffle: Whether samples are shuffled with the evaluation's seed before they are split, because files are often sorted.

    Raises:
        UserError: A split has fewer than two samples, there are no logits, or they hold NaN.
    """
    logits = on_device(checked(evidence.fake.logits, "generated", "logits", "inception_score", minimum=2 * splits), evidence)
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise UserError(f"inception_score: logits have shape {tuple(logits.shape)}, expected (samples, classes) with two classes or more")
    parts = [divergences(part) for part in split_logits(logits, splits, evidence.seed if shuffle else None)]
    scores = torch.stack([part.mean().exp() for part in parts])
    value = float(scores.mean())
    # Sample i moves the logarithm of the score by KL_i - mean KL. The change of p(y) adds nothing, because p(y) minimizes the mean KL.
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
