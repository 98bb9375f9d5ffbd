"""A plugin with an image task: images without noise from images with noise."""

import torch
from torch import Tensor

from landscape.components.tasks import TASKS, Batch, Rows
from landscape.core.registry import Positive


def noisy(condition: Tensor, shape: tuple[int, ...], *, deviation: float) -> Tensor:
    """Return the noisy images as they are. This is the baseline, which needs no learning."""
    return condition


@TASKS.register(
    condition="image",
    has_target=True,
    d_sees="pair",
    baseline=noisy,
    paper="Yang et al. 2018, arXiv:1708.00961, for a GAN on this task",
)
def denoising(rows: Rows, *, deviation: Positive = 0.2) -> Batch:
    """Denoising: G receives an image with Gaussian noise, and D judges an image beside it. Images are in [0, 1].

    Args:
        rows: The images without noise, [N, C, H, W]. They are the targets.
        deviation: The standard deviation of the noise.
    """
    with_noise = rows.samples + deviation * torch.randn_like(rows.samples)
    return Batch(rows.samples, with_noise.clamp(0, 1).mul(255).round().div(255))
