"""EfficientNet-Lite for inference: batch norms folded, activations fused into the convolutions, channels last.

The layers are those of Google's EfficientNet-Lite (Tan & Le 2019, arXiv:1905.11946, without squeeze-and-excitation and with ReLU6),
padded as TensorFlow pads: where a stride leaves an odd number of zeros, the odd one stands at the right and at the bottom.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from landscape.components.architectures._layers import same_padding
from landscape.components.extractors._folded_convolution import Activation, FoldedConvolution, folded

BATCH_NORM_EPSILON = 1e-3
CLASSES = 1000
WIDTH = 1280
STRIDES = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each of the seven stages; all other blocks have stride 1. The stem before them has stride 2."""
DEPTHS: Mapping[str, tuple[int, ...]] = {"lite0": (1, 2, 2, 3, 3, 4, 1), "lite1": (1, 3, 3, 4, 4, 5, 1), "lite2": (1, 3, 3, 4, 4, 5, 1)}
"""Blocks of each stage."""


class Stages(NamedTuple):
    """What the network says of a batch."""

    features: Tensor
    """[N, d] means over positions: of the last 1x1 convolution (d = 1280), or of the output of the stage that was asked for."""
    logits: Tensor
    """[N, 1000] of ImageNet's classes."""


class SamePadded(nn.Module):
    """A folded convolution that pads as TensorFlow does: ceil(size / stride) positions, the odd zero last."""

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, activation: Activation, groups: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = weight.shape[2], stride
        # A stride of 1 needs as many zeros on each side, which the convolution adds by itself.
        inside = self.kernel // 2 if stride == 1 else 0
        self.convolution = FoldedConvolution(weight, bias, stride, (inside, inside), activation=activation, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride > 1:
            (top, bottom), (left, right) = (same_padding(size, self.kernel, self.stride) for size in x.shape[2:])
            x = pad(x, (left, right, top, bottom))
        made: Tensor = self.convolution(x)
        return made


class Block(nn.Module):
    """An inverted residual block: 1x1 convolution to a wider space, depthwise convolution, 1x1 convolution back without activation."""

    def __init__(self, state: Mapping[str, Tensor], name: str, stride: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if f"{name}._expand_conv.weight" in state:
            layers.append(SamePadded(*_folded(state, f"{name}._expand_conv", f"{name}._bn0"), 1, "relu6"))
        weight, bias = _folded(state, f"{name}._depthwise_conv", f"{name}._bn1")
        layers.append(SamePadded(weight, bias, stride, "relu6", groups=len(bias)))
        layers.append(SamePadded(*_folded(state, f"{name}._project_conv", f"{name}._bn2"), 1, "none"))
        self.layers = nn.Sequential(*layers)
        first = state.get(f"{name}._expand_conv.weight", state[f"{name}._depthwise_conv.weight"].transpose(0, 1))
        self.is_residual = stride == 1 and first.shape[1] == len(state[f"{name}._project_conv.weight"])

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return x + made if self.is_residual else made


class EfficientNetLite(nn.Module):
    """Images (N, 3, H, W) in about [-1, 1] -> features and logits.

    Args:
        state: the tensors of the weights file, by its names.
        size: `lite0`, `lite1` or `lite2`.
        stage: whose output is averaged over positions: 1 to 7, or None for the last 1x1 convolution.
    """

    def __init__(self, state: Mapping[str, Tensor], size: str, stage: int | None = None) -> None:
        super().__init__()
        self.stage = stage
        self.stem = SamePadded(*_folded(state, "_conv_stem", "_bn0"), 2, "relu6")
        stages, number = [], 0
        for depth, stride in zip(DEPTHS[size], STRIDES, strict=True):
            stages.append(nn.Sequential(*(Block(state, f"_blocks.{number + i}", stride if i == 0 else 1) for i in range(depth))))
            number += depth
        self.stages = nn.ModuleList(stages)
        self.head = SamePadded(*_folded(state, "_conv_head", "_bn1"), 1, "relu6")
        self.output = nn.Linear(WIDTH, CLASSES)
        self.output.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})

    def forward(self, images: Tensor) -> Stages:
        x = self.stem(images.contiguous(memory_format=torch.channels_last))
        features = None
        for number, stage in enumerate(self.stages, 1):
            x = stage(x)
            if number == self.stage:
                features = x.mean((2, 3))  # [N, width of that stage]
        pooled = self.head(x).mean((2, 3))  # [N, 1280]
        return Stages(pooled if features is None else features, self.output(pooled))


def _folded(state: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias, float32, of a convolution with its batch norm."""
    weight, bias = folded(state, convolution, norm, BATCH_NORM_EPSILON)
    return weight.float(), bias.float()
