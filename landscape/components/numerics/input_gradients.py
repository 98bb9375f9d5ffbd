"""Gradients with respect to inputs, taken in one place, so that how a step is executed can change in one place."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.numerics.precision import full_precision


def input_gradient(function: Callable[[Tensor], Tensor], points: Tensor, *, differentiable: bool = True) -> tuple[Tensor, Tensor]:
    """Gradient of `function` (points [N, ...] -> values [N], each of its own sample) at `points`.

    Returns:
        gradient, the shape of `points`, in float32 or better; and the values [N]. With `differentiable` both can be differentiated
        again with respect to the function's parameters (a gradient penalty needs that). Both passes, forward and backward, are taken
        without autocast.
    """
    # A node of its own: under unrolling the function's parameters depend on the fakes too, and that path is not D's slope.
    points = points.view_as(points) if points.requires_grad else points.detach().requires_grad_(True)
    with full_precision(points.device):
        values = function(points)
        (gradient,) = torch.autograd.grad(values.sum(), points, create_graph=differentiable)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32)), values


def per_sample_norm(gradient: Tensor, epsilon: float = 0.0) -> Tensor:
    """Euclidean norm of each sample: [N, ...] -> [N], sqrt(epsilon + sum of squares). `epsilon` > 0 keeps it differentiable at 0."""
    return (gradient.flatten(1).square().sum(1) + epsilon).sqrt()
