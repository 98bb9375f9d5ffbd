"""How much the colors of generated images overlap with those of real images."""

import math

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import normal_if_varied, standard_error
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

AT_ONCE = 512
"""The number of images whose colors are held as floats at a time."""
TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
"""Linear red, green and blue to X, Y and Z (ITU-R BT.709 primaries, white D65)."""
WHITE = (0.95047, 1.0, 1.08883)
"""X, Y and Z of D65's white for the observer of 2 degrees."""
RANGES = {"saturation": (0.0, 1.0), "L": (0.0, 100.0), "a": (-110.0, 110.0), "b": (-110.0, 110.0)}
"""The values that the bins divide. The ends of `a` and `b` hold all colors of sRGB."""


def saturation(images: Tensor) -> Tensor:
    """Return the saturation of HSV [N, H, W], from 0 to 1, of images [N, 3, H, W] in [0, 1]. It is 0 for black."""
    most, least = images.amax(1), images.amin(1)
    return torch.where(most > 0, (most - least) / most.clamp(min=1e-12), 0.0)


def lab(images: Tensor) -> Tensor:
    """Return CIE 1976 L*a*b* [N, 3, H, W] (white D65) of sRGB images [N, 3, H, W] in [0, 1]."""
    linear = torch.where(images > 0.04045, ((images + 0.055) / 1.055) ** 2.4, images / 12.92)
    xyz = torch.einsum("ij,njhw->nihw", torch.tensor(TO_XYZ, dtype=images.dtype, device=images.device), linear)
    xyz = xyz / torch.tensor(WHITE, dtype=images.dtype, device=images.device).view(1, 3, 1, 1)
    x, y, z = torch.where(xyz > 0.008856, xyz.clamp(min=0).pow(1 / 3), 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def histograms(images: Tensor, bins: int) -> dict[str, Tensor]:
    """Return, by the name of a quantity, the share of each image's pixels in each bin, [N, bins] float64.

    Args:
        images: Levels [N, 3, H, W] in [0, 255].
        bins: The number of bins of equal width between the ends of `RANGES`.
    """
    parts: dict[str, list[Tensor]] = {name: [] for name in RANGES}
    for some in torch.split(images, AT_ONCE):
        scaled = some.float() / 255
        lightness, a, b = lab(scaled).unbind(1)
        for name, values in {"saturation": saturation(scaled), "L": lightness, "a": a, "b": b}.items():
            parts[name].append(_shares(values.flatten(1), RANGES[name], bins))
    return {name: torch.cat(found) for name, found in parts.items()}


def _shares(values: Tensor, ends: tuple[float, float], bins: int) -> Tensor:
    low, high = ends
    places = ((values - low) / (high - low) * bins).long().clamp(0, bins - 1)
    counts = torch.zeros(len(values), bins, dtype=torch.float64, device=values.device)
    counts.scatter_add_(1, places, torch.ones_like(values, dtype=torch.float64))
    return counts / values.shape[1]


def intersection(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Return the sum of the smaller shares of two mean histograms, and its standard error over images.

    The error is that of the linear part of the sum: with the smaller histogram of each bin held, the sum is a mean over images.

    Args:
        real: The histogram of each real image [n, bins], each of sum 1.
        fake: The histogram of each generated image [m, bins].
    """
    p, q = real.mean(0), fake.mean(0)
    # Where p is the smaller one, the sum is p's part there and q's part elsewhere. As q sums to 1, that part varies like q's part in the
    # bins of p. A bin in which both are equal belongs to each of them by half.
    weight = (p < q).double() + 0.5 * (p == q).double()
    error = math.hypot(*(standard_error(rows @ weight) if len(rows) > 1 else 0.0 for rows in (real, fake)))
    return float(torch.minimum(p, q).sum()), error


@METRICS.register(
    needs=frozenset({"images"}),
    names=("saturation_intersection", "L_intersection", "a_intersection", "b_intersection"),
    direction="higher",
    paper="Isola et al. 2017, arXiv:1611.07004, for the histograms of L, a and b",
)
def color_intersection(evidence: Evidence, *, bins: PositiveInt = 64) -> dict[str, Estimate]:
    """Overlap of the colors of all generated pixels with those of all real pixels, in [0, 1]: saturation, and L, a and b of CIELAB.

    It is the sum over bins of the smaller of both shares. Grayish images have too many pixels of little saturation, so that it falls. It
    says nothing of where a color stands in an image. With few images it is biased downwards; real samples against real ones show by how
    much.

    Args:
        evidence: The generated and the real images, in color.
        bins: The number of bins of each quantity.

    Raises:
        UserError: The samples are no color images, or hold NaN.
    """
    sets = [(evidence.real.images, "real"), (evidence.fake.images, "generated")]
    real, fake = (on_device(checked(images, whose, "images", "color_intersection", minimum=1), evidence) for images, whose in sets)
    for images, whose in ((real, "real"), (fake, "generated")):
        if images.ndim != 4 or images.shape[1] != 3:
            raise UserError(f"color_intersection needs color images, {whose} samples are {tuple(images.shape[1:])}: leave the metric out")
    theirs, ours = histograms(real, bins), histograms(fake, bins)
    found = {}
    for name in RANGES:
        value, error = intersection(theirs[name], ours[name])
        found[f"{name}_intersection"] = Estimate(
            value,
            "higher",
            normal_if_varied(value, error, (0.0, 1.0)),
            interval_kind="delta method over images, at this size",
            bounds=(0.0, 1.0),
            n_real=len(real),
            n_fake=len(fake),
            note=f"{bins} bins",
        )
    return found
