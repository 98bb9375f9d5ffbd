"""Layers that compute with a function of their weight instead of the weight itself."""

import torch
from torch import Tensor, nn

from landscape.core.errors import UserError

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
"""The linear maps and convolutions, whose weight is a matrix or a kernel."""


class Reweighted(nn.Module):
    """A linear map or convolution whose weight passes through `effective_weight` at every call.

    The wrapped layer stays a child, `layer`. Its raw weight can therefore be found, initialized and penalized like that of any other
    layer, before and after wrapping. (With torch's parametrizations, initializers would fill a copy of the weight without any effect.)
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        weight = getattr(layer, "weight", None)
        if not isinstance(weight, nn.Parameter) or weight.ndim < 2:
            name = type(layer).__name__
            raise UserError(f"{name} cannot be normalized by its weight: wrap a layer whose `weight` is a matrix or a kernel")
        self.layer = layer
        self.is_given = False
        """Whether the layer's weight is the effective one already, which `EffectiveWeights` puts there in compiled code."""

    @property
    def weight(self) -> nn.Parameter:
        """The raw weight, which is the one that is trained."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return weight  # type: ignore[return-value]

    @property
    def bias(self) -> nn.Parameter | None:
        """The wrapped layer's own bias."""
        bias: nn.Parameter | None = self.layer.bias  # type: ignore[assignment]
        return bias

    def effective_weight(self) -> Tensor:
        """Return the weight that the layer computes with, in the shape of the raw weight."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        if self.is_given or "weight" in self.layer.__dict__:  # `EffectiveWeights` has put the weight there.
            made: Tensor = self.layer(x)
            return made
        weight = self.effective_weight()
        if torch.compiler.is_compiling():
            traced: Tensor = torch.func.functional_call(self.layer, {"weight": weight}, (x,))
            return traced
        # An attribute of the instance is found before the parameter of the same name. functional_call would take 70 us longer.
        attributes = self.layer.__dict__
        attributes["weight"] = weight
        try:
            output: Tensor = self.layer(x)
        finally:
            del attributes["weight"]
        return output


def output_axis(layer: nn.Module) -> int:
    """Return the axis of `layer.weight` that counts the output channels: 1 for transposed convolutions, otherwise 0."""
    return 1 if isinstance(layer, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)) else 0


def as_matrix(weight: Tensor, axis: int) -> Tensor:
    """Return the weight as a matrix [outputs, everything else], which is [out, in * kh * kw] for the kernel of a convolution."""
    return weight.transpose(0, axis).flatten(1) if axis else weight.flatten(1)
