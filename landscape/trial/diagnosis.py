"""Why a trial went as it did: named symptoms, each with the figure behind it. Rules over learning curves, not verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Curve = Sequence[tuple[float, float]]
TAIL = 0.25
"""Share of a curve, from its end, that a symptom is read from."""
COLLAPSE_RATIO = 0.25
"""Diversity of samples below this share of the data's own diversity counts as collapse."""
CERTAIN, UNDECIDED = 0.99, (0.45, 0.55)
"""D accuracy above which D has won; range of accuracies at which D tells nothing."""
VANISHED = 1e-6
"""Norm of G's gradient below which G no longer learns."""


def diagnose(curves: Mapping[str, Curve], data: Tensor) -> dict[str, Any]:
    """Symptoms present, by name, with the figures they rest on.

    Args:
        curves: learning curves of a TrialRecord.
        data: training samples, uint8 images or float points, [N, ...].
    """
    found: dict[str, Any] = {}
    diversity = _tail_mean(curves.get("sample_diversity", ()))
    reference = data_diversity(data)
    if diversity is not None and diversity < COLLAPSE_RATIO * reference:
        found["mode_collapse"] = {"sample_diversity": diversity, "data_diversity": reference}
    real, fake = (_tail_mean(curves.get(f"d_accuracy_{side}", ())) for side in ("real", "fake"))
    if real is not None and fake is not None:
        accuracy = (real + fake) / 2
        if accuracy > CERTAIN:
            found["discriminator_wins"] = {"d_accuracy": accuracy}
        elif UNDECIDED[0] <= accuracy <= UNDECIDED[1]:
            found["discriminator_undecided"] = {"d_accuracy": accuracy}
    gradient = _tail_mean(curves.get("g_gradient_norm", ()))
    if gradient is not None and gradient < VANISHED:
        found["generator_gradient_vanished"] = {"g_gradient_norm": gradient}
    return found


def data_diversity(data: Tensor, n: int = 256) -> float:
    """Mean Euclidean distance between `n` evenly spaced samples of the data, in the networks' range."""
    index = torch.linspace(0, len(data) - 1, min(n, len(data))).long()
    chosen = data[index].flatten(1).float()
    return float(torch.pdist(chosen / 255 if data.dtype == torch.uint8 else chosen).mean())


def _tail_mean(curve: Curve) -> float | None:
    """Mean over the last quarter of a curve; None for an empty one."""
    tail = [y for _, y in curve[-max(1, int(len(curve) * TAIL)) :]]
    return sum(tail) / len(tail) if tail else None
