"""The modified inception score of the EBGAN paper."""

import math
from typing import Literal

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import normal_if_varied
from landscape.components.metrics._samples import checked, named, on_device
from landscape.results.record import Estimate


def reversed_divergences(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return KL(p(y) || p(y|x_i)) [N] and p(y|x) [N, k] for `logits` [N, k], in float64."""
    log_p = logits.double().log_softmax(dim=1)
    p = log_p.exp()
    marginal = p.mean(dim=0)
    entropy = torch.special.entr(marginal).sum()
    return -entropy - log_p @ marginal, p


@METRICS.register(
    needs=frozenset({"logits"}), names=("modified_IS[{extractor}]",), direction="higher", paper="Zhao et al. 2017, arXiv:1609.03126"
)
def modified_inception(evidence: Evidence, *, square: Literal["inside", "outside", "none"] = "inside") -> dict[str, Estimate]:
    """I' = E_x KL(p(y) || p(y|x))^2, whose divergence is squared and has the reverse order of the inception score's.

    Args:
        evidence: Logits [N, k] of the generated set.
        square: Whether the square is inside or outside of the mean, because the paper's formula can be read in both ways. `none` leaves it
            out.

    Raises:
        UserError: There are no logits or fewer than two samples, or they hold NaN.
    """
    logits = on_device(checked(evidence.fake.logits, "generated", "logits", "modified_inception"), evidence)
    divergence, p = reversed_divergences(logits)
    mean = float(divergence.mean())
    value = float(divergence.square().mean()) if square == "inside" else mean ** (2 if square == "outside" else 1)
    # Each sample also acts on the terms of all others through p(y). `outer` is the derivative of the score by each divergence.
    outer = {"inside": 2 * divergence, "outside": torch.full_like(divergence, 2 * mean), "none": torch.ones_like(divergence)}[square]
    own = divergence.square() if square == "inside" else outer * divergence
    marginal = p.mean(dim=0)
    log_ratio = marginal.clamp(min=torch.finfo(torch.float64).tiny).log() + 1 - logits.double().log_softmax(dim=1)
    through_marginal = p @ (outer[:, None] * log_ratio).mean(dim=0)
    error = float((own + through_marginal).std()) / math.sqrt(len(logits))
    return {
        named("modified_IS", evidence): Estimate(
            value,
            "higher",
            normal_if_varied(value, error, (0.0, None)),
            interval_kind="delta method over samples",
            bounds=(0.0, None),
            n_fake=len(logits),
            note=f"square {square} the mean" if square != "none" else "not squared",
        )
    }
