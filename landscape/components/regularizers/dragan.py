"""Gradient penalty of DRAGAN."""

from typing import Literal

import torch
from torch import Tensor

from landscape.components.numerics.input_gradients import input_gradient, per_sample_norm
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative

Form = Literal["landscape", "lucic", "paper"]


def perturbed(real: Tensor, form: Form, scale: float, bounds: tuple[float, float] | None) -> Tensor:
    """Points near the data, where the slope is penalized: [N, ...] -> [N, ...]."""
    deviation = scale * real.std(correction=0)  # one scalar of the whole batch
    noise = torch.rand_like(real)
    if form == "landscape":
        moved = real + 2 * deviation * (noise - 0.5)
        return moved if bounds is None else moved.clamp(*bounds)
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
    return real + share * deviation * noise if form == "lucic" else real + deviation * torch.randn_like(real)


@REGULARIZERS.register(site="d_term", revision=2, paper="Kodali et al. 2017, arXiv:1705.07215, algorithm 1")
def dragan(critique: Critique, *, weight: NonNegative = 10.0, scale: NonNegative = 0.5, form: Form = "landscape") -> Tensor:
    """Penalty (slope - 1)^2 at points near the real ones; slope = sqrt(1e-4 + |grad|^2). The fake samples play no part.

    Slopes are taken in the samples as the data set gives them, images in [0, 1] as in compare_gan.

    Args:
        critique: D's look at the batch; `real` [N, ...].
        weight: lambda; 10 in the paper and in the code, 0.1 to 100 in the Landscape study.
        scale: c, the perturbation in standard deviations of the batch (one scalar for the whole batch, population formula).
        form: where and what is differentiated.
            `landscape`: x + 2 c std (U - 1/2) with U uniform in [0, 1] per pixel, clipped to the data's range; gradient of the logit
                (compare_gan since v2).
            `lucic`: x + a c std U with U per pixel and a share a in [0, 1] per sample, not clipped; gradient of the sigmoid
                (compare_gan v1, "Are GANs Created Equal?").
            `paper`: x + c std N(0, 1) per pixel, not clipped, gradient of the sigmoid: the text's Gaussian noise at the code's scale.

    Returns:
        Per-sample penalty [N].
    """
    points = perturbed(critique.real, form, scale, critique.bounds)

    def output(x: Tensor) -> Tensor:
        logit = critique.critic(x).logit
        return logit if form == "landscape" else logit.sigmoid()

    gradient, _ = input_gradient(output, points)
    return weight * (per_sample_norm(gradient, epsilon=1e-4) - 1).square()
