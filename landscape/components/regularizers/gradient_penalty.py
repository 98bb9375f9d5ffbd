"""The gradient penalty of WGAN-GP."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu

from landscape.components.numerics.input_gradients import input_gradient, per_sample_norm
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_term", revision=2, paper="Gulrajani et al. 2017, arXiv:1704.00028, eq. 3")
def gradient_penalty(
    critique: Critique, *, weight: NonNegative = 10.0, target: NonNegative = 1.0, sides: Literal["two", "one"] = "two"
) -> Tensor:
    """WGAN-GP: penalty (slope - target)^2 at random points between real and generated samples; slope = sqrt(1e-4 + |grad D|^2).

    Slopes refer to the samples as the data set gives them, with images in [0, 1] as in compare_gan (as is the 1e-4). For a source with
    images in [-1, 1], the same D has half the slope: WGAN-GP's own penalty with weight 10 and target 1 (CIFAR-10) is `weight: 2.5, target:
    2` here.

    Args:
        critique: D's view of the batch, with `real` and `fake` [N, ...].
        weight: The weight lambda. It is 10 in the paper, and 0.1 to 100 in the Landscape study.
        target: The slope that D should have.
        sides: `two` also penalizes slopes below the target (the paper's choice), `one` only slopes above it.

    Returns:
        The penalty of each sample [N].
    """
    real, fake = critique.real, critique.fake
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
    gradient, _ = input_gradient(lambda x: critique.critic(x).logit, real + share * (fake - real))
    excess = per_sample_norm(gradient, epsilon=1e-4) - target
    return weight * (relu(excess) if sides == "one" else excess).square()
