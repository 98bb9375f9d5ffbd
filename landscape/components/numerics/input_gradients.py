"""Gradients of networks with respect to their inputs. All of them are taken here, so that their execution can be changed in one place."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.numerics.precision import full_precision


def input_gradient(function: Callable[[Tensor], Tensor], points: Tensor, *, differentiable: bool = True) -> tuple[Tensor, Tensor]:
    """Return the gradient of `function` at `points`. The forward and the backward pass run without autocast.

    Args:
        function: Maps points [N, ...] to values [N], each of which depends on its own sample alone.
        points: Where the gradient is taken [N, ...].
        differentiable: Whether the result can be differentiated again with respect to the function's parameters, as a gradient penalty is.

    Returns:
        The gradient, which has the shape of `points` and is in float32 or better, and the values [N].
    """
    # The view makes a node of its own. With unrolling, the function's parameters depend on the generated samples too, and that path
    # must not count as a part of D's slope.
    points = points.view_as(points) if points.requires_grad else points.detach().requires_grad_(True)
    with full_precision(points.device):
        values = function(points)
        (gradient,) = torch.autograd.grad(values.sum(), points, create_graph=differentiable)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32)), values


def per_sample_norm(gradient: Tensor, epsilon: float = 0.0) -> Tensor:
    """Return the Euclidean norm of each sample, [N, ...] -> [N], as sqrt(epsilon + sum of squares). `epsilon` > 0 keeps it smooth."""
    return (gradient.flatten(1).square().sum(1) + epsilon).sqrt()
