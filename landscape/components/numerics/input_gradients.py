"""Gradients of networks with respect to their inputs. All of them are taken here, so that their execution can be changed in one place."""

import re
from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.numerics.precision import full_precision

TRACES_LEAVES = tuple(map(int, re.findall(r"\d+", torch.__version__)[:2])) >= (2, 15)
"""Whether this torch's compiler takes `requires_grad_` of a tensor that is made inside of compiled code. That of 2.11 refuses it."""
_ZEROS: dict[str, Tensor] = {}


def prepare_to_compile(device: torch.device) -> None:
    """Make what `as_leaf` needs inside of compiled code on `device`, where nothing that requires a gradient can be made."""
    _ZEROS.setdefault(device.type, torch.zeros((), device=device, requires_grad=True))


def as_leaf(tensor: Tensor) -> Tensor:
    """Return the values of `tensor` as a tensor of its own, with respect to which a gradient can be taken."""
    if torch.compiler.is_compiling() and not TRACES_LEAVES:
        # Adding a zero that requires a gradient is the one way that the compiler of torch 2.11 takes.
        return tensor.detach() + _ZEROS[tensor.device.type]
    return tensor.detach().requires_grad_(True)


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
    points = points.view_as(points) if points.requires_grad else as_leaf(points)
    with full_precision(points.device):
        values = function(points)
        (gradient,) = torch.autograd.grad(values.sum(), points, create_graph=differentiable)
    return gradient.to(torch.promote_types(gradient.dtype, torch.float32)), values


def per_sample_norm(gradient: Tensor, epsilon: float = 0.0) -> Tensor:
    """Return the Euclidean norm of each sample, [N, ...] -> [N], as sqrt(epsilon + sum of squares). `epsilon` > 0 keeps it smooth."""
    return (gradient.flatten(1).square().sum(1) + epsilon).sqrt()
