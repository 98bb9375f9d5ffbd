"""The networks of R3GAN."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, leaky_relu

from landscape.components.architectures._base import ARCHITECTURES, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Recenter, ToSigned, fan_in_normal
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt

_SLOPE = 0.2
_GAIN = (2 / (1 + _SLOPE**2)) ** 0.5


def _refuses(resolution: int) -> str:
    if resolution in (8, 16, 32, 64, 128, 256):
        return ""
    return f"doubles maps from 4x4 on and takes 8, 16, 32, 64, 128 or 256, not {resolution}"


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    revision=2,  # Since revision 2, biases are vectors, so that penalties on kernels leave them alone.
    refuses=_refuses,
    honors_plugins=False,
    latent=Latent(dim=64, distribution="normal"),
    published={(3, 32, 32): (20_732_160, 20_683_776)},
    paper="Huang et al. 2024, arXiv:2501.05441; configuration E",
)
@takes_class
def r3gan(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 768,
    widths: tuple[PositiveInt, ...] | None = None,
    blocks: PositiveInt = 2,
    group_width: PositiveInt = 16,
    expansion: PositiveInt = 2,
) -> Networks:
    """R3GAN: residual blocks of grouped convolutions without normalization, one stage per map size, with D the mirror image of G.

    A block is x + 1x1(act(grouped 3x3(act(1x1(x))))). It is `expansion` times as wide inside; act adds a bias and applies leaky ReLU 0.2,
    and there are no other biases. The initialization is that of Fixup: the last 1x1 convolution starts at zero, the other two convolutions
    at the activation's gain times (number of blocks)^(-1/4). G starts from learned 4x4 maps scaled by a linear map of z. D ends in a 4x4
    depthwise convolution and a linear map. Maps are resampled with the filter [1, 3, 3, 1], and 1x1 convolutions change widths. Spectral
    and weight norm are undefined for zero weights, so only the normalization `none` is honored. As in the source, G's output is not
    squashed, so samples may leave [0, 1]. D sees 2x - 1. The layers are those of the authors' released networks, of which copies were read.
    Their number of parameters at 32x32 is the paper's 20.7 million.

    Args:
        resolution: The side of the images: 8, 16, 32, 64, 128 or 256.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G, which must be `none`.
        d_normalization: The normalization of D, which must be `none`.
        width: The number of maps of every stage, 768 for 32x32 images (CIFAR-10, Stacked-MNIST).
        widths: The number of maps per stage, from 4x4 to the image. It replaces `width`.
        blocks: The number of residual blocks per stage.
        group_width: The number of channels per group of the 3x3 convolutions.
        expansion: How many times wider a block is inside.

    Raises:
        UserError: There are more or fewer widths than stages, or a block cannot be divided into groups.
    """
    stages = (resolution // 4).bit_length()  # 4x4, 8x8, ..., resolution
    chosen = widths or (width,) * stages
    if len(chosen) != stages:
        raise UserError(f"r3gan at resolution {resolution} has {stages} stages, but widths has {len(chosen)}: give one width per stage")
    for maps in chosen:
        if maps * expansion % group_width:
            raise UserError(f"r3gan: width {maps} times expansion {expansion} must be a multiple of group_width={group_width}")
    shape = _BlockShape(group_width, expansion, _GAIN * (blocks * stages) ** -0.25)
    return Networks(_generator(shape, chosen, blocks, latent_dim, channels), _discriminator(shape, chosen[::-1], blocks, d_channels))


@dataclass(frozen=True)
class _BlockShape:
    group_width: int
    expansion: int
    gain: float


def _conv(inputs: int, outputs: int, kernel: int = 1, groups: int = 1, gain: float = 1.0) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
    fan_in_normal(gain)(layer.weight)
    return layer


class _BiasedActivation(nn.Module):
    """Leaky ReLU of x plus one bias per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return leaky_relu(x + self.bias[:, None, None], _SLOPE)


class _Block(nn.Module):
    """An inverted bottleneck block: wide inside, with a grouped convolution in the middle."""

    def __init__(self, channels: int, shape: _BlockShape) -> None:
        super().__init__()
        inner = channels * shape.expansion
        self.layers = nn.Sequential(
            _conv(channels, inner, gain=shape.gain),
            _BiasedActivation(inner),
            _conv(inner, inner, 3, groups=inner // shape.group_width, gain=shape.gain),
            _BiasedActivation(inner),
            _conv(inner, channels, gain=0.0),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.layers(x)
        return y


class _Resample(nn.Module):
    """Filters each channel by [1, 3, 3, 1] in both directions while its size doubles or halves (zeros beyond the border)."""

    def __init__(self, convolve: Callable[..., Tensor], total: float) -> None:
        super().__init__()
        self.convolve = convolve
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", total * torch.outer(line, line).view(1, 1, 4, 4), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = self.get_buffer("kernel").to(x.dtype).expand(channels, 1, 4, 4)
        return self.convolve(x, kernel, stride=2, padding=1, groups=channels)


class _LearnedBase(nn.Module):
    """Learned 4x4 maps, each scaled by its own linear function of z: [N, latent] -> [N, C, 4, 4]."""

    def __init__(self, latent_dim: int, channels: int) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.randn(channels, 4, 4))
        self.scales = nn.Linear(latent_dim, channels, bias=False)
        fan_in_normal(1)(self.scales.weight)

    def forward(self, z: Tensor) -> Tensor:
        scales: Tensor = self.scales(z)[:, :, None, None]
        return self.maps * scales


def _change(inputs: int, outputs: int) -> list[nn.Module]:
    return [_conv(inputs, outputs)] if inputs != outputs else []


def _generator(shape: _BlockShape, widths: Sequence[int], blocks: int, latent_dim: int, channels: int) -> Generator:
    layers: list[nn.Module] = [_LearnedBase(latent_dim, widths[0])]
    for stage, width in enumerate(widths):
        if stage > 0:
            layers += [*_change(widths[stage - 1], width), _Resample(conv_transpose2d, 4.0)]
        layers += [_Block(width, shape) for _ in range(blocks)]
    return Generator([*layers, _conv(widths[-1], channels), Recenter(0.5, 0.5)])


def _discriminator(shape: _BlockShape, widths: Sequence[int], blocks: int, channels: int) -> Discriminator:
    body: list[nn.Module] = [ToSigned(), _conv(channels, widths[0])]
    for stage, width in enumerate(widths):
        if stage > 0:
            body += [_Resample(conv2d, 1.0), *_change(widths[stage - 1], width)]
        body += [_Block(width, shape) for _ in range(blocks)]
    last = widths[-1]
    basis = nn.Conv2d(last, last, 4, groups=last, bias=False)
    head = nn.Linear(last, 1, bias=False)
    for layer in (basis, head):
        fan_in_normal(1)(layer.weight)
    return Discriminator([*body, basis, nn.Flatten()], head, last)
