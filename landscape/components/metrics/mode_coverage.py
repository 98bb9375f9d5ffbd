"""The modes of a known mixture that generated points reach."""

import math

import torch
from torch import Tensor

from landscape.components.datasets._base import Modes
from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import normal_if_varied, wilson
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate


def assigned_modes(points: Tensor, modes: Modes) -> tuple[Tensor, Tensor]:
    """Return the index of the nearest mode [N] of `points` [N, D], and whether it is nearer than the quality radius [N]."""
    centers = modes.centers.to(points)
    distances, nearest = torch.cdist(points, centers, compute_mode="donot_use_mm_for_euclid_dist").min(dim=1)
    return nearest, distances < modes.sigma * modes.radius_in_sigmas


def reverse_kl(counts: Tensor) -> tuple[float, float]:
    """Return KL(histogram || uniform) in nats of `counts` [K], one of which must be positive, and its standard error (delta method)."""
    shares = counts.double() / counts.sum()
    present = shares[shares > 0]
    logs = present.log()
    divergence = float((present * logs).sum()) + math.log(len(counts))
    variance = float((present * logs.square()).sum() - (present * logs).sum() ** 2)
    return max(divergence, 0.0), math.sqrt(max(variance, 0.0) / int(counts.sum()))


def histogram_estimates(counts: Tensor, samples: int, names: tuple[str, str], at_least: int, note: str) -> dict[str, Estimate]:
    """Return the number of modes with `at_least` samples, and the reverse KL of the histogram, which is left out if the histogram is empty.

    Args:
        counts: The number of samples of each mode [K].
        samples: The number of generated samples.
        names: The public names of the two scores.
        at_least: The number of samples from which a mode counts as found.
        note: A note for both scores.
    """
    modes = len(counts)
    found = float((counts >= at_least).sum())
    scores = {names[0]: Estimate(found, "higher", unit=f"of {modes}", bounds=(0.0, float(modes)), n_fake=samples, note=note)}
    if int(counts.sum()):
        value, error = reverse_kl(counts)
        bias = (modes - 1) / (2 * int(counts.sum()))
        scores[names[1]] = Estimate(
            value,
            "lower",
            normal_if_varied(value, error, (0.0, math.log(modes))),
            interval_kind="delta method over samples, at this size",
            unit="nat",
            bounds=(0.0, math.log(modes)),
            n_fake=samples,
            note=f"{note}; a uniform generator gives about {bias:.3g} at this size",
        )
    return scores


@METRICS.register(
    needs=frozenset({"images", "modes"}),
    names=("modes", "high_quality", "reverse_KL"),
    direction="higher",
    paper="Srivastava et al. 2017, arXiv:1705.07761; Lin et al. 2018, arXiv:1712.04086",
)
def mode_coverage(evidence: Evidence, *, at_least: PositiveInt = 1) -> dict[str, Estimate]:
    """Number of modes found, share of high-quality points, and KL(generated || uniform) over the modes of high-quality points.

    Args:
        evidence: Generated points [N, D], and the modes of the mixture.
        at_least: The number of high-quality points from which a mode counts as found.

    Raises:
        UserError: The modes are not known, or the samples are no points or hold NaN.
    """
    modes: Modes = need(evidence.modes, "a data set with known modes", "mode_coverage")
    points = on_device(checked(evidence.fake.images, "generated", "points", "mode_coverage", minimum=1), evidence)
    if points.ndim != 2 or points.shape[1] != modes.centers.shape[1]:
        raise UserError(
            f"mode_coverage: generated samples {tuple(points.shape)} and modes in {modes.centers.shape[1]} dimensions do not fit:"
            " use it for the points of that data set"
        )
    nearest, good = assigned_modes(points.float(), modes)
    counts = torch.bincount(nearest[good], minlength=len(modes.centers))
    share = int(good.sum()) / len(points)
    note = f"within {modes.radius_in_sigmas:g} sigma of a mode"
    quality = Estimate(
        share,
        "higher",
        wilson(int(good.sum()), len(points)),
        interval_kind="Wilson over samples",
        bounds=(0.0, 1.0),
        n_fake=len(points),
        note=note,
    )
    return histogram_estimates(counts, len(points), ("modes", "reverse_KL"), at_least, note) | {"high_quality": quality}
