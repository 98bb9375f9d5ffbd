"""A plugin with a metric: the difference in mean brightness of real and generated images."""

import math

from landscape.components.metrics import METRICS, Evidence, need
from landscape.results.record import Estimate


@METRICS.register(needs=frozenset({"images"}), names=("brightness_difference",), direction="none")
def brightness(evidence: Evidence) -> dict[str, Estimate]:
    """Mean level of the generated images minus that of the real ones, in levels of 0 to 255.

    Args:
        evidence: The images of both sets, (N, C, H, W) with levels in [0, 255].

    Returns:
        One estimate, with the normal interval of a difference of two means over independent images.
    """
    means = [need(s.images, "images", "brightness").float().flatten(1).mean(1).double() for s in (evidence.fake, evidence.real)]
    difference = float(means[0].mean() - means[1].mean())
    error = math.sqrt(sum(float(m.var()) / len(m) for m in means))
    return {
        "brightness_difference": Estimate(
            difference,
            "none",
            (difference - 1.96 * error, difference + 1.96 * error),
            interval_kind="normal, over images",
            unit="levels",
            bounds=(-255.0, 255.0),
            n_real=len(means[1]),
            n_fake=len(means[0]),
        )
    }
