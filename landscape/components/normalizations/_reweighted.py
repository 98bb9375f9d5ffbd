"""A layer that computes with a function of its weight, in place of the weight itself."""

import torch
from torch import Tensor, nn

from landscape.core.errors import UserError


class Reweighted(nn.Module):
    """A linear map or convolution whose weight passes through `effective_weight` at every call.

    The wrapped layer stays a child, `layer`: its raw weight is found, initialized and penalized as that of any layer, before or
    after wrapping (a parametrization would hand initializers a copy, which they would fill in vain).
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        weight = getattr(layer, "weight", None)
        if not isinstance(weight, nn.Parameter) or weight.ndim < 2:
            name = type(layer).__name__
            raise UserError(f"{name} cannot be normalized by its weight: wrap a layer whose `weight` is a matrix or a kernel")
        self.layer = layer

    @property
    def weight(self) -> nn.Parameter:
        """The raw weight, which is what is trained."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return weight  # type: ignore[return-value]

    @property
    def bias(self) -> nn.Parameter | None:
        """The wrapped layer's own bias."""
        bias: nn.Parameter | None = self.layer.bias  # type: ignore[assignment]
        return bias

    def effective_weight(self) -> Tensor:
        """The weight that the layer computes with, of the shape of the raw one."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        if "weight" in self.layer.__dict__:  # The effective weight lies there already, made with those of the whole network.
            made: Tensor = self.layer(x)
            return made
        weight = self.effective_weight()
        if torch.compiler.is_compiling():
            traced: Tensor = torch.func.functional_call(self.layer, {"weight": weight}, (x,))
            return traced
        # An attribute of the instance is found before the parameter of that name. functional_call does the same for some 70 us more.
        attributes = self.layer.__dict__
        attributes["weight"] = weight
        try:
            output: Tensor = self.layer(x)
        finally:
            del attributes["weight"]
        return output


def output_axis(layer: nn.Module) -> int:
    """Axis of `layer.weight` that counts output channels: 1 for transposed convolutions, else 0."""
    return 1 if isinstance(layer, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)) else 0


def as_matrix(weight: Tensor, axis: int) -> Tensor:
    """Weight as [outputs, everything else], e.g. [out, in * kh * kw] of a convolution's kernel."""
    return weight.transpose(0, axis).flatten(1) if axis else weight.flatten(1)
