"""Finds symptoms of a trial's learning curves by rules, each with the figure behind it. They are hints and no verdicts.

docs/studies.md, "Training health", says from which trials the thresholds were taken, and how often each rule is wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Curve = Sequence[tuple[float, float]]
TAIL = 0.25
"""The last share of a curve from which a symptom is read."""
COLLAPSE_RATIO = 0.25
"""If the diversity of samples is below this share of the data's own diversity, it counts as collapse."""
LOSS_RATIO = 0.85
"""If the diversity of samples is below this share of the data's own, but does not count as collapse, a part of the data is missing."""
CERTAIN, UNDECIDED = 0.99, (0.45, 0.55)
"""The accuracy of D above which D has won, and the range of accuracies in which D does not tell real from generated samples.

Below the range D is behind: it takes samples for what they are not. Within it D is at the optimum of the game, where it is 1/2 everywhere
(Goodfellow et al. 2014, proposition 1), unless the samples show that the game is not there.
"""
VANISHED = 1e-6
"""The norm of G's gradient below which G no longer learns."""


def diagnose(curves: Mapping[str, Curve], data: Tensor) -> dict[str, Any]:
    """Return the symptoms that are present, by name, with the figures behind them.

    Args:
        curves: The learning curves of a TrialRecord.
        data: The training samples [N, ...], which are uint8 images or float points.
    """
    found: dict[str, Any] = {}
    diversity = _tail_mean(curves.get("sample_diversity", ()))
    reference = data_diversity(data)
    beside = {"sample_diversity": diversity, "data_diversity": reference}
    is_lacking = diversity is not None and diversity < LOSS_RATIO * reference
    if diversity is not None and is_lacking:
        found["mode_collapse" if diversity < COLLAPSE_RATIO * reference else "diversity_lost"] = beside
    real, fake = (_tail_mean(curves.get(f"d_accuracy_{side}", ())) for side in ("real", "fake"))
    if real is not None and fake is not None:
        accuracy = (real + fake) / 2
        if accuracy > CERTAIN:
            found["discriminator_wins"] = {"d_accuracy": accuracy}
        elif accuracy < UNDECIDED[0]:
            found["discriminator_behind"] = {"d_accuracy": accuracy}
        elif accuracy <= UNDECIDED[1] and is_lacking:
            found["discriminator_undecided"] = {"d_accuracy": accuracy} | beside
    gradient = _tail_mean(curves.get("g_gradient_norm", ()))
    if gradient is not None and gradient < VANISHED:
        found["generator_gradient_vanished"] = {"g_gradient_norm": gradient}
    return found


def data_diversity(data: Tensor, n: int = 256) -> float:
    """Return the mean Euclidean distance between `n` evenly spaced samples of the data, in the range that networks see."""
    index = torch.linspace(0, len(data) - 1, min(n, len(data))).long()
    chosen = data[index].flatten(1).float()
    return float(torch.pdist(chosen / 255 if data.dtype == torch.uint8 else chosen).mean())


def _tail_mean(curve: Curve) -> float | None:
    """Return the mean over the last quarter of a curve, or None if it is empty."""
    tail = [y for _, y in curve[-max(1, int(len(curve) * TAIL)) :]]
    return sum(tail) / len(tail) if tail else None
