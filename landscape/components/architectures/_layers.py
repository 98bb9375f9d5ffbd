"""Layers as the TensorFlow originals compute them (SAME padding, transposed convolution, zero insertion), and their initialization."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from landscape.components.normalizations._base import Norm, Normalization

Initializer = Callable[[Tensor], object]

normal: Initializer = partial(nn.init.normal_, std=0.02)
truncated_normal: Initializer = partial(nn.init.trunc_normal_, std=0.02, a=-0.04, b=0.04)
"""Cut at two standard deviations like TensorFlow's. The effective standard deviation is 0.0176."""
glorot: Initializer = nn.init.xavier_uniform_
glorot_relu: Initializer = partial(nn.init.xavier_uniform_, gain=2**0.5)


def as_is(tensor: Tensor) -> object:
    """Leave the values with which the framework filled the tensor: weights and biases are U[-1 / sqrt(fan-in), 1 / sqrt(fan-in)]."""
    return tensor


def uniform(bound: float) -> Initializer:
    """Return an initializer that draws from U[-bound, bound]."""
    return partial(nn.init.uniform_, a=-bound, b=bound)


def fan_in_normal(gain: float) -> Initializer:
    """Return an initializer that draws from N(0, gain^2 / fan-in). The outputs of a layer then vary `gain` times as much as its inputs."""

    def fill(weight: Tensor) -> object:
        return nn.init.normal_(weight, std=gain / weight[0].numel() ** 0.5)

    return fill


def fan_in_uniform(gain: float) -> Initializer:
    """Return an initializer that draws from a uniform distribution with standard deviation gain / sqrt(fan-in)."""

    def fill(weight: Tensor) -> object:
        bound = gain * (3 / weight[0].numel()) ** 0.5
        return nn.init.uniform_(weight, -bound, bound)

    return fill


def halvings(size: int, times: int) -> list[int]:
    """Return `size` and the sizes after each of `times` halvings: (28, 3) -> [28, 14, 7, 4].

    Sizes are rounded up, as strided SAME layers do.
    """
    sizes = [size]
    for _ in range(times):
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding (before, after). It gives ceil(size / stride) output positions, and an odd one is added after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SameConv2d(nn.Conv2d):
    """A convolution with SAME padding: [N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        (top, bottom), (left, right) = (same_padding(n, self.kernel_size[0], self.stride[0]) for n in input.shape[2:])
        if (top, left) == (bottom, right):
            return conv2d(input, self.weight, self.bias, self.stride, (top, left))
        return conv2d(pad(input, (left, right, top, bottom)), self.weight, self.bias, self.stride)


class SameConvTranspose2d(nn.ConvTranspose2d):
    """The transpose of a SAME convolution whose input has `size` positions: [N, inputs, h, h] -> [N, outputs, size, size]."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, size: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=bias)
        self.size = size

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        before, after = same_padding(self.size, self.kernel_size[0], self.stride[0])
        x = conv_transpose2d(input, self.weight, self.bias, self.stride, before)  # This removes `before` positions on every side.
        return x[:, :, : self.size, : self.size] if after > before else x


class UnpoolConv2d(nn.ConvTranspose2d):
    """Zero insertion and a 3x3 SAME convolution in one step: [N, inputs, h, h] -> [N, outputs, size, size], with size 2h or 2h - 1.

    Zero insertion puts each value at the top left of a 2x2 block. A transposed convolution never multiplies the zeros, which saves three
    quarters of the arithmetic. Its kernel is that of the convolution, rotated by 180 degrees.
    """

    def __init__(self, inputs: int, outputs: int, size: int, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 3, stride=2, padding=1, output_padding=1 - size % 2, bias=bias)


@dataclass(frozen=True)
class Layers:
    """Makes the layers of one network. They are initialized first and then wrapped, because a wrapper reads the initial weight."""

    normalization: Normalization
    dense_init: Initializer = normal
    conv_init: Initializer = truncated_normal
    transposed_init: Initializer = normal
    bias_init: Initializer = nn.init.zeros_

    def dense(self, inputs: int, outputs: int, *, bias: bool = True, init: Initializer | None = None) -> nn.Module:
        """Make a fully connected layer."""
        return self.finish(nn.Linear(inputs, outputs, bias), init or self.dense_init)

    def conv(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, bias: bool = True, init: Initializer | None = None
    ) -> nn.Module:
        """Make a SAME convolution."""
        if stride == 1 and kernel % 2:  # SAME pads both sides equally here, so torch's own layer can be used.
            return self.finish(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias), init or self.conv_init)
        return self.finish(SameConv2d(inputs, outputs, kernel, stride, bias=bias), init or self.conv_init)

    def transposed(self, inputs: int, outputs: int, kernel: int, stride: int, size: int) -> nn.Module:
        """Make a SAME transposed convolution to `size`."""
        return self.finish(SameConvTranspose2d(inputs, outputs, kernel, stride, size), self.transposed_init)

    def unpool_conv(self, inputs: int, outputs: int, size: int) -> nn.Module:
        """Make zero insertion to `size` with a 3x3 convolution, which is initialized as a convolution."""
        return self.finish(UnpoolConv2d(inputs, outputs, size), self.conv_init)

    def norm(self, channels: int, *spatial: int) -> Norm:
        """Make the norm that follows a layer with that many channels on maps of that size.

        Without a size, the layer's output is a vector.
        """
        return self.normalization.follow(channels, spatial)

    def unwrapped(self) -> "Layers":
        """Return a maker of layers that are not wrapped, for layers that the source never wraps."""
        return replace(self, normalization=Normalization(follow=self.normalization.follow))

    def finish(self, layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d, init: Initializer) -> nn.Module:
        """Return `layer` after initializing and wrapping it."""
        if not layer.weight.is_meta:  # On the meta device tensors have no values, and drawing them would take most of the time.
            init(layer.weight)
            if layer.bias is not None:
                self.bias_init(layer.bias)
        return self.normalization.wrap(layer)


class Modulated(nn.Module):
    """A block that passes the latent vector to the norms inside it: forward(x, z=None)."""

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        raise NotImplementedError


class Chain(nn.Module):
    """Layers applied one after the other. Norms and modulated blocks also receive the latent vector z."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        for layer in self.layers:
            x = layer(x, z) if isinstance(layer, (Norm, Modulated)) else layer(x)
        return x


class Added(Modulated):
    """Layers whose output is added to their input."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = Chain(layers)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        added: Tensor = x + self.layers(x, z)
        return added


class Recenter(nn.Module):
    """Computes scale * x + shift."""

    def __init__(self, scale: float, shift: float) -> None:
        super().__init__()
        self.scale, self.shift = scale, shift

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x + self.shift


class ToSigned(Recenter):
    """Maps [0, 1] to [-1, 1], for networks whose source sees such images."""

    def __init__(self) -> None:
        super().__init__(2.0, -1.0)


class FromTanh(nn.Module):
    """Computes (tanh + 1) / 2, which maps any real number to [0, 1]."""

    def forward(self, x: Tensor) -> Tensor:
        return (torch.tanh(x) + 1) / 2
