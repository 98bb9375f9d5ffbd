"""A convolution for inference: with its batch norm folded in, its activation fused into the call, and channels last in memory."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, hardtanh_, relu_

from landscape.components.numerics.processor import fast_bfloat16, has_onednn

Activation = Literal["none", "relu", "relu6"]
_ONEDNN: dict[Activation, tuple[str, list[float]]] = {"none": ("none", []), "relu": ("relu", []), "relu6": ("hardtanh", [0.0, 6.0])}
"""Maps each activation to oneDNN's name and the numbers that it takes."""


class FoldedConvolution(nn.Module):
    """A convolution with its batch norm folded in, followed by its activation. With oneDNN it is one fused call.

    On a processor without bfloat16 convolutions the same arithmetic is done in float32: weights and results are rounded to bfloat16,
    sums are not. A score in bf16 thus means the same everywhere, though it is fast only where the processor supports it.

    Args:
        weight: The kernel [out, in / groups, height, width].
        bias: The bias [out].
        stride: The stride in both directions.
        padding: The number of zeros on each side, in height and in width.
        activation: The activation. `relu6` is min(max(x, 0), 6).
        groups: The number of groups. For a depthwise convolution it is the number of channels.
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self, weight: Tensor, bias: Tensor, stride: int, padding: tuple[int, int], *, activation: Activation = "relu", groups: int = 1
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        self.stride, self.padding, self.groups = (stride, stride), padding, groups
        self.activation: Activation = activation

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type == "cpu" and x.dtype == torch.bfloat16 and not fast_bfloat16():
            return self._convolved(x.float(), self.weight.float(), self.bias.float()).bfloat16()
        return self._convolved(x, self.weight, self.bias)

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        if x.device.type == "cpu" and has_onednn():
            attribute, numbers = _ONEDNN[self.activation]
            fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x, weight, bias, self.padding, self.stride, (1, 1), self.groups, attribute, numbers, ""
            )
            return fused
        made = conv2d(x, weight, bias, self.stride, self.padding, 1, self.groups)
        if self.activation == "none":
            return made
        return relu_(made) if self.activation == "relu" else hardtanh_(made, 0.0, 6.0)


def folded(state: Mapping[str, Tensor], convolution: str, norm: str, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return weight and bias (float64) that combine a convolution without bias with the batch norm after it (in evaluation).

    Args:
        state: The tensors of a weights file.
        convolution: The name of the convolution in the file, with `<convolution>.weight` [out, in / groups, height, width].
        norm: The name of the batch norm, with `<norm>.weight`, `.bias`, `.running_mean` and `.running_var`, each [out].
        epsilon: The number that the norm adds to the variance.
    """
    weight, bias, mean, variance = (state[f"{norm}.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var"))
    scale = weight / (variance + epsilon).sqrt()
    return state[f"{convolution}.weight"].double() * scale[:, None, None, None], bias - mean * scale
