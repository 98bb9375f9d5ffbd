"""How well generated images keep what they were made of."""

import torch

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import decibels, mean_estimate, mean_over, pairs_of
from landscape.components.metrics._samples import checked
from landscape.core.errors import UserError
from landscape.results.record import Estimate

ROWS = 1024
"""The number of images that are measured at once."""


@METRICS.register(
    needs=frozenset({"pairs"}), names=("consistency",), direction="higher", paper="Lugmayr et al. 2021, NTIRE challenge, LR-PSNR"
)
def consistency(evidence: Evidence) -> dict[str, Estimate]:
    """PSNR between the condition and what the condition would be of the generated image, such as the same image made small again.

    It is computed over all colors without a border, and is the mean of the images' ratios. The condition was rounded to levels, so that
    the targets themselves reach about 58.9 dB, which is also the most that counts.

    Raises:
        UserError: The model has no targets, or the condition does not follow from the image.
    """
    pairs = pairs_of(evidence, "consistency")
    measure = pairs.task.facts.measured
    if measure is None:
        raise UserError(f"consistency: under task {pairs.task.name!r} the condition does not follow from the image: leave the metric out")
    made = checked(evidence.fake.images, "generated", "images", "consistency", minimum=1)
    errors = []
    for start in range(0, len(made), ROWS):
        part = made[start : start + ROWS].float() / 255
        rows = torch.arange(start, start + len(part)) % len(pairs.conditions)
        found = measure(part, **pairs.task.hyperparameters)
        errors.append(mean_over((255 * (found - pairs.conditions[rows])).square(), None))
    return {"consistency": mean_estimate(decibels(torch.cat(errors)), evidence, "higher", unit="dB")}
