"""Finds symptoms of a trial's learning curves by rules, each with the figure behind it. They are hints and no verdicts.

docs/studies.md, "Training health", says from which trials the thresholds were taken, and how often each rule is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from landscape.results.record import HEALTHY, Scores, Status
from landscape.trial.degradation import compare

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


def diagnosis_of(status: Status, curves: Mapping[str, Curve], data: Tensor, scores: Iterable[Scores]) -> dict[str, Any]:
    """Return the diagnosis of a trial with this status. Only a completed training can be healthy.

    The other arguments are those of `diagnose`.
    """
    if status is Status.STOPPED_EARLY:
        return {}
    found = diagnose(curves, data, scores)
    return found if status is Status.COMPLETED else {name: figures for name, figures in found.items() if name != HEALTHY}


def diagnose(curves: Mapping[str, Curve], data: Tensor, scores: Iterable[Scores] = ()) -> dict[str, Any]:
    """Return the symptoms that are present, by name, with the figures behind them, or `healthy` with all figures that the rules read.

    A trial that left nothing to read is neither, and nothing is returned.

    Args:
        curves: The learning curves of a TrialRecord.
        data: The training samples [N, ...], which are uint8 images or float points.
        scores: The scores of the trial, in which the last weights may stand beside the best ones.
    """
    found: dict[str, Any] = {}
    read: dict[str, Any] = {}
    diversity = _tail_mean(curves.get("sample_diversity", ()))
    reference = data_diversity(data)
    beside = {"sample_diversity": diversity, "data_diversity": reference}
    is_lacking = diversity is not None and diversity < LOSS_RATIO * reference
    if diversity is not None:
        read |= beside
        if is_lacking:
            found["mode_collapse" if diversity < COLLAPSE_RATIO * reference else "diversity_lost"] = beside
    accuracy = _accuracy(curves)
    if accuracy is not None:
        read["d_accuracy"] = accuracy
        found |= _of_discriminator(accuracy, beside if is_lacking else {})
    gradient = _tail_mean(curves.get("g_gradient_norm", ()))
    if gradient is not None:
        read["g_gradient_norm"] = gradient
        if gradient < VANISHED:
            found["generator_gradient_vanished"] = {"g_gradient_norm": gradient}
    compared = compare(tuple(curves.get("selection_objective", ())), scores)
    if compared is not None:
        read |= compared.figures
        if compared.is_degraded:
            found["degraded_after_best"] = compared.figures
    return found or ({HEALTHY: read} if read else {})


def data_diversity(data: Tensor, n: int = 256) -> float:
    """Return the mean Euclidean distance between `n` evenly spaced samples of the data, in the range that networks see."""
    index = torch.linspace(0, len(data) - 1, min(n, len(data))).long()
    chosen = data[index].flatten(1).float()
    return float(torch.pdist(chosen / 255 if data.dtype == torch.uint8 else chosen).mean())


def _of_discriminator(accuracy: float, lacking: dict[str, Any]) -> dict[str, Any]:
    """Return the symptom that D's accuracy is, if it is one.

    Args:
        accuracy: The mean of its accuracies on real and on generated samples.
        lacking: The figures of samples that lack diversity. It is empty if they do not.
    """
    figures: dict[str, Any] = {"d_accuracy": accuracy}
    if accuracy > CERTAIN:
        return {"discriminator_wins": figures}
    if accuracy < UNDECIDED[0]:
        return {"discriminator_behind": figures}
    return {"discriminator_undecided": figures | lacking} if accuracy <= UNDECIDED[1] and lacking else {}


def _accuracy(curves: Mapping[str, Curve]) -> float | None:
    """Return the mean accuracy of D over real and generated samples, or None of a loss without probabilities."""
    real, fake = (_tail_mean(curves.get(f"d_accuracy_{side}", ())) for side in ("real", "fake"))
    return None if real is None or fake is None else (real + fake) / 2


def _tail_mean(curve: Curve) -> float | None:
    """Return the mean over the last quarter of a curve, or None if it is empty."""
    tail = [y for _, y in curve[-max(1, int(len(curve) * TAIL)) :]]
    return sum(tail) / len(tail) if tail else None
