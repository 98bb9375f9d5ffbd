"""The gradient penalty of DRAGAN."""

from typing import Literal

import torch
from torch import Tensor

from landscape.components.numerics.input_gradients import input_gradient, per_sample_norm
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative

Form = Literal["landscape", "lucic", "paper"]


def perturbed(real: Tensor, form: Form, scale: float, bounds: tuple[float, float] | None) -> Tensor:
    """Return the points near the data at which the slope is penalized: [N, ...] -> [N, ...]."""
    deviation = scale * real.std(correction=0)  # This is one scalar for the whole batch.
    noise = torch.rand_like(real)
    if form == "landscape":
        moved = real + 2 * deviation * (noise - 0.5)
        return moved if bounds is None else moved.clamp(*bounds)
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
    return real + share * deviation * noise if form == "lucic" else real + deviation * torch.randn_like(real)


@REGULARIZERS.register(site="d_term", revision=2, paper="Kodali et al. 2017, arXiv:1705.07215, algorithm 1")
def dragan(critique: Critique, *, weight: NonNegative = 10.0, scale: NonNegative = 0.5, form: Form = "landscape") -> Tensor:
    """DRAGAN: penalty (slope - 1)^2 at points near the real ones, with slope = sqrt(1e-4 + |grad|^2).

    The generated samples play no part. Slopes refer to the samples as the data set gives them, with images in [0, 1] as in compare_gan.

    Args:
        critique: D's view of the batch, with `real` [N, ...].
        weight: The weight lambda. It is 10 in the paper and in the code, and 0.1 to 100 in the Landscape study.
        scale: The size c of the perturbation in standard deviations of the batch (one scalar for the whole batch, population formula).
        form: Where the slope is taken, and of which function.
            `landscape`: At x + 2 c std (U - 1/2) with U uniform in [0, 1] per pixel, clipped to the range of the data; slope of the logit
            (compare_gan since v2).
            `lucic`: At x + a c std U with U per pixel and a share a in [0, 1] per sample, not clipped; slope of the sigmoid (compare_gan
            v1, "Are GANs Created Equal?").
            `paper`: At x + c std N(0, 1) per pixel, not clipped; slope of the sigmoid. This is the Gaussian noise of the paper's text at
            the scale of its code.

    Returns:
        The penalty of each sample [N].
    """
    points = perturbed(critique.real, form, scale, critique.bounds)

    def output(x: Tensor) -> Tensor:
        logit = critique.critic(x).logit
        return logit if form == "landscape" else logit.sigmoid()

    gradient, _ = input_gradient(output, points)
    return weight * (per_sample_norm(gradient, epsilon=1e-4) - 1).square()
