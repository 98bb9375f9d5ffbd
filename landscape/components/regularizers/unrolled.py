"""Unrolled discriminator steps."""

import torch
from torch import Tensor

from landscape.components.numerics.input_gradients import as_leaf
from landscape.components.regularizers._base import REGULARIZERS, Unrolling
from landscape.core.registry import NonNegativeInt


@REGULARIZERS.register(site="around_g", revision=2, paper="Metz et al. 2017, arXiv:1611.02163")
def unrolled(unrolling: Unrolling, *, k: NonNegativeInt = 5) -> dict[str, Tensor]:
    """Unrolled GAN: G answers to D as it would be after k more updates on this batch. Gradients pass through these updates.

    The updates are those of D's optimizer from its present state (its Adam with its moments). D itself does not change. In a zero-sum game
    (`minimax`) G minimizes the whole value, the part of the real samples included, because D's future weights depend on G there too.

    Args:
        unrolling: D, its loss on this batch and its optimizer as functions of its parameters.
        k: The number of steps ahead: 0, 1, 5 and 10 in the paper. With 0, training is unchanged.

    Returns:
        D's parameters after k steps, name -> tensor, differentiable in G.
    """
    # The optimizer has moments for what it updates: not for the layers that a growing D does not use yet.
    updated = {name.partition("/")[2] for name in unrolling.moments}
    parameters = {name: as_leaf(p) for name, p in unrolling.discriminator.named_parameters() if name in updated}
    moments = unrolling.moments
    for _ in range(k):
        gradients = torch.autograd.grad(unrolling.d_loss(parameters), list(parameters.values()), create_graph=True, materialize_grads=True)
        parameters, moments = unrolling.optimizer_step(parameters, dict(zip(parameters, gradients, strict=True)), moments)
    return parameters
