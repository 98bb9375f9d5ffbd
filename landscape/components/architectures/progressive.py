"""The networks of progressive growing."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

from landscape.components.architectures._base import ARCHITECTURES, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._growing import Course, Growing, enlarge, pool
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegative, PositiveInt

SMALLEST = 4
"""The resolution with which the training begins."""
EPSILON = 1e-8


def _refuses(resolution: int) -> str:
    if resolution in (8, 16, 32, 64, 128, 256, 512, 1024):
        return ""
    return f"doubles images from 4x4 on and takes the powers of two from 8 to 1024, not {resolution}: give one of these as resolution"


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    refuses=_refuses,
    honors_plugins=False,
    latent=Latent(dim=512, distribution="normal"),
    published={(3, 1024, 1024): (23_079_115, 23_087_249)},
    paper="Karras et al. 2018, arXiv:1710.10196, table 2",
)
@takes_class
def progressive(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    fmap_base: PositiveInt = 8192,
    fmap_max: PositiveInt = 512,
    fmap_decay: NonNegative = 1.0,
    group: PositiveInt = 4,
    grown: Annotated[float, Ge(0), Le(1)] = 0.5,
) -> Networks:
    """Progressive growing: both networks begin at 4x4 and double their resolution several times while they are trained.

    A stage s has nf(s) = min(fmap_base / 2^(s fmap_decay), fmap_max) maps. G divides z by the root of its mean square, and has a dense
    layer to nf(1) maps of 4x4, then a 3x3 convolution; each further resolution repeats pixels twice and has two 3x3 convolutions to nf(s)
    maps. A 1x1 convolution to channels follows at the present resolution. Each layer has leaky ReLU 0.2 and then divides each pixel by the
    root of the mean square of its maps. D is the mirror image with averages over 2x2 pixels; at 4x4 one map is added that holds the
    standard deviation over groups of samples, and a 3x3 convolution and two dense layers follow. Weights are drawn from N(0, 1) and
    multiplied by gain / sqrt(fan-in) whenever they are used (equalized learning rate). There is no other normalization. G's output is not
    squashed, so samples may leave [0, 1]. D sees 2x - 1.

    Training has two phases for each further resolution, all equally long: in the first one the new layers are faded in, in G, in D and in
    the real images; in the second one they are trained alone. Adam's moments are reset at the beginning of each phase, as in the released
    code. Images always have the full resolution outside of the networks (small ones with repeated pixels, as there), so penalties on slopes
    refer to it. The source trains with `wasserstein`, `gradient_penalty`, `drift`, Adam with rate 1e-3 and betas (0, 0.99), and an average
    of G with decay 0.999. It has smaller batches at high resolutions, which this program has not. Its CIFAR-10 networks have
    fmap_base=4096, fmap_max=128, a latent vector of 128 values, and grown=0.12.

    Args:
        resolution: The side of the images, a power of two from 8 to 1024.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G, which must be `none`.
        d_normalization: The normalization of D, which must be `none`.
        fmap_base: The number of maps of stage 0 if there were no maximum.
        fmap_max: The largest number of maps of a stage.
        fmap_decay: How many times the number of maps is halved when the resolution doubles.
        group: The number of samples over which a standard deviation is taken, or fewer if the batch cannot be divided into such groups.
        grown: The share of the budget at which the full resolution is entirely faded in. With 0 the networks are fixed.
    """
    resolutions = resolution.bit_length() - SMALLEST.bit_length() + 1
    widths = [max(1, min(int(fmap_base / 2 ** (stage * fmap_decay)), fmap_max)) for stage in range(resolutions + 1)]
    course = Course(resolutions, grown)
    return Networks(
        generator=Generator([_Synthesis(course, widths[1:], latent_dim, channels)]),
        discriminator=Discriminator([_Analysis(course, widths, d_channels, group)], _Dense(widths[0], 1, gain=1.0), widths[0]),
    )


class _Conv(nn.Conv2d):
    """A SAME convolution with weights that are scaled when they are used."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, gain: float = 2**0.5) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        self.scale: float = gain / (inputs * kernel**2) ** 0.5
        _standard_normal(self)

    def effective_weight(self) -> Tensor:
        return self.weight * self.scale

    def forward(self, input: Tensor) -> Tensor:
        return conv2d(input, self.effective_weight(), self.bias, padding=self.padding)


class _Dense(nn.Linear):
    """A dense layer with weights that are scaled when they are used."""

    def __init__(self, inputs: int, outputs: int, gain: float = 2**0.5, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, bias=bias)
        self.scale: float = gain / inputs**0.5
        _standard_normal(self)

    def effective_weight(self) -> Tensor:
        return self.weight * self.scale

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.effective_weight(), self.bias)


def _standard_normal(layer: nn.Conv2d | nn.Linear) -> None:
    if not layer.weight.is_meta:
        nn.init.normal_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class _PixelNorm(nn.Module):
    """Divides each vector of values along axis 1 by the root of its mean square."""

    def forward(self, x: Tensor) -> Tensor:
        normalized: Tensor = x * (x.square().mean(1, keepdim=True) + EPSILON).rsqrt()
        return normalized


class _Bias(nn.Module):
    """Adds one learned value to each map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias[:, None, None]


class _Enlarge(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return enlarge(x, 2)


class _Halve(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return pool(x, 2)


class _Deviation(nn.Module):
    """Adds a map that holds one number: the standard deviation over the samples of a group, averaged over maps and pixels.

    Sample i belongs to a group with the samples i + N/g, i + 2N/g, ..., where g is the size of the groups.
    """

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        count = len(x)
        group = next(size for size in range(min(self.group, count), 0, -1) if count % size == 0)
        grouped = x.float().reshape(group, -1, *x.shape[1:])  # (group, groups, C, H, W)
        deviations = (grouped.var(0, correction=0) + EPSILON).sqrt().mean((1, 2, 3))
        added = deviations.to(x.dtype).repeat(group).view(count, 1, 1, 1).expand(-1, 1, *x.shape[2:])
        return torch.cat([x, added], 1)


def _activated(layer: nn.Module) -> list[nn.Module]:
    return [layer, nn.LeakyReLU(0.2)]


def _g_layer(layer: nn.Module) -> list[nn.Module]:
    return [*_activated(layer), _PixelNorm()]


class _Synthesis(Growing):
    """G: one block of layers for each resolution, and a 1x1 convolution to an image after each."""

    def __init__(self, course: Course, widths: Sequence[int], latent_dim: int, channels: int) -> None:
        super().__init__(course)
        first = widths[0]
        dense = _Dense(latent_dim, first * SMALLEST**2, gain=2**0.5 / 4, bias=False)
        base = [_PixelNorm(), dense, nn.Unflatten(1, (first, SMALLEST, SMALLEST)), *_g_layer(_Bias(first)), *_g_layer(_Conv(first, first))]
        doubling = [[_Enlarge(), *_g_layer(_Conv(a, b)), *_g_layer(_Conv(b, b))] for a, b in pairwise(widths)]
        self.blocks = nn.ModuleList(nn.Sequential(*layers) for layers in (base, *doubling))
        self.to_image = nn.ModuleList(_Conv(width, channels, kernel=1, gain=1.0) for width in widths)

    def idle(self) -> list[nn.Parameter]:
        """Return the parameters that are not used in the present phase."""
        return _idle(self, self.blocks, self.to_image)

    def forward(self, z: Tensor) -> Tensor:
        """Return images [N, C, R, R] of latent vectors [N, latent]."""
        x = before = z
        for block in self.blocks[: self.stage + 1]:
            x, before = block(x), x
        image = self.to_image[self.stage](x)
        if self.fades:
            image = torch.lerp(enlarge(self.to_image[self.stage - 1](before), 2), image, self.fresh(image))
        return enlarge(0.5 * image + 0.5, self.pixels)


class _Analysis(Growing):
    """D up to its last features: a 1x1 convolution from the image, and one block of layers for each resolution."""

    def __init__(self, course: Course, widths: Sequence[int], channels: int, group: int) -> None:
        super().__init__(course)
        features, last, *_ = widths
        top = [_Deviation(group), *_activated(_Conv(last + 1, last)), nn.Flatten(), *_activated(_Dense(last * SMALLEST**2, features))]
        halving = [[*_activated(_Conv(b, b)), *_activated(_Conv(b, a)), _Halve()] for a, b in pairwise(widths[1:])]
        self.blocks = nn.ModuleList(nn.Sequential(*layers) for layers in (top, *halving))
        self.from_image = nn.ModuleList(nn.Sequential(*_activated(_Conv(channels, width, kernel=1))) for width in widths[1:])

    def idle(self) -> list[nn.Parameter]:
        """Return the parameters that are not used in the present phase."""
        return _idle(self, self.blocks, self.from_image)

    def forward(self, images: Tensor) -> Tensor:
        """Return features [N, nf(0)] of images [N, C, R, R] in [0, 1]."""
        small = pool(2 * images - 1, self.pixels)
        x: Tensor = self.from_image[self.stage](small)
        for number in range(self.stage, -1, -1):
            x = self.blocks[number](x)
            if self.fades and number == self.stage:
                x = torch.lerp(self.from_image[number - 1](pool(small, 2)), x, self.fresh(x))
        return x


def _idle(part: Growing, blocks: nn.ModuleList, ends: nn.ModuleList) -> list[nn.Parameter]:
    """Return the parameters of all blocks above the present stage, and of all ends but its own and, in fading, the one before."""
    used = {part.stage, part.stage - 1} if part.fades else {part.stage}
    unused = [*blocks[part.stage + 1 :], *(end for number, end in enumerate(ends) if number not in used)]
    return [parameter for module in unused for parameter in module.parameters()]
