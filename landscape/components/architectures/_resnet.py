"""Residual networks: blocks, generator and discriminator, in the styles of their sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu

from landscape.components.architectures._attention import SelfAttention
from landscape.components.architectures._layers import (
    FromTanh,
    Initializer,
    Layers,
    Modulated,
    ToSigned,
    glorot,
    glorot_relu,
    truncated_normal,
)
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.errors import UserError

Scale = Literal["up", "down", "none"]


@dataclass(frozen=True)
class Style:
    """How a source builds its residual networks.

    plain_shortcut: If set, upsampling repeats each value, and shortcuts are a 1x1 convolution where the shape changes and the identity
        elsewhere. D's first block pools its shortcut before that convolution and has no leading norm or ReLU. D's blocks widen in their
        second convolution, G's in their first. If not set, upsampling inserts zeros, every shortcut is a 3x3 convolution that is scaled
        like the main path, and blocks widen in their first convolution.
    signed: Whether images enter D as 2x - 1 and leave G through tanh. Otherwise G ends in a sigmoid.
    sum_pooling: Whether D's last maps are summed over their positions. Otherwise they are averaged.
    head_bias: Whether D's last layer has a bias.
    """

    plain_shortcut: bool
    signed: bool
    sum_pooling: bool
    head_bias: bool
    conv_init: Initializer
    shortcut_init: Initializer
    outer_init: Initializer | None
    """The initializer of G's dense layer and last layer and of D's head. None stands for that of `Layers`."""


STYLES: Mapping[str, Style] = {
    "landscape": Style(False, False, False, True, truncated_normal, truncated_normal, None),
    "sngan": Style(True, True, True, False, glorot_relu, glorot, glorot),
    "wgan_gp": Style(True, True, False, True, glorot_relu, glorot, glorot),
}


def mean_pool(x: Tensor) -> Tensor:
    """Average 2x2 blocks with SAME padding: [N, C, H, W] -> half the size, rounded up. Positions outside the map are not counted."""
    return avg_pool2d(x, 2, ceil_mode=True)  # Without padding, a window over the edge divides by the number of its positions inside.


def repeat_to(x: Tensor, size: int) -> Tensor:
    """Repeat each value in a 2x2 block and cut the map to `size`: [N, C, h, h] -> [N, C, size, size], with size 2h or 2h - 1."""
    x = interpolate(x, scale_factor=2.0, mode="nearest")
    return x[:, :, :size, :size] if x.shape[2] != size else x


@dataclass(frozen=True)
class BlockSpec:
    """A residual block: channels and map sizes before and after it, how it scales, and its network (`first`: D's first block)."""

    inputs: int
    outputs: int
    before: int
    after: int
    scale: Scale
    side: Literal["g", "d"]
    first: bool = False

    @property
    def inner(self) -> int:
        """The size of the maps between the two convolutions. G scales before the first, D pools after the second."""
        return self.before if self.scale == "down" else self.after


class ThreeByThreeShortcut(Modulated):
    """Norm, ReLU, 3x3, norm, ReLU, 3x3, with a 3x3 convolution as the shortcut. `up` inserts zeros in both paths."""

    def __init__(self, make: Layers, spec: BlockSpec) -> None:
        super().__init__()
        inputs, outputs = spec.inputs, spec.outputs
        self.norm1, self.norm2 = make.norm(inputs, spec.before, spec.before), make.norm(outputs, spec.inner, spec.inner)
        if spec.scale == "up":
            self.conv1, self.shortcut = make.unpool_conv(inputs, outputs, spec.after), make.unpool_conv(inputs, outputs, spec.after)
        else:
            self.conv1, self.shortcut = make.conv(inputs, outputs, 3), make.conv(inputs, outputs, 3)
        self.conv2 = make.conv(outputs, outputs, 3)
        self.pools = spec.scale == "down"

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        h = self.conv1(relu(self.norm1(x, z)))
        h = self.conv2(relu(self.norm2(h, z)))
        total: Tensor = h + self.shortcut(x)
        return mean_pool(total) if self.pools else total  # Pooling is linear, so the sum is pooled once.


class PlainShortcut(Modulated):
    """Norm, ReLU, 3x3, norm, ReLU, 3x3, with a 1x1 convolution as the shortcut, or the identity if size and channels do not change.

    The 1x1 convolution comes before repeating and after pooling. The function is the same, with a quarter of the arithmetic.
    """

    def __init__(self, make: Layers, spec: BlockSpec, shortcut_init: Initializer) -> None:
        super().__init__()
        inputs, outputs = spec.inputs, spec.outputs
        hidden = inputs if spec.side == "d" and not spec.first else outputs
        self.first, self.scale, self.size = spec.first, spec.scale, spec.after
        if not self.first:
            self.norm1, self.norm2 = make.norm(inputs, spec.before, spec.before), make.norm(hidden, spec.inner, spec.inner)
        self.conv1, self.conv2 = make.conv(inputs, hidden, 3), make.conv(hidden, outputs, 3)
        keeps = spec.scale == "none" and inputs == outputs
        self.shortcut = nn.Identity() if keeps else make.conv(inputs, outputs, 1, init=shortcut_init)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        h = x if self.first else relu(self.norm1(x, z))
        h = self.conv1(repeat_to(h, self.size) if self.scale == "up" else h)
        h = self.conv2(relu(h if self.first else self.norm2(h, z)))
        return self._pooled(h) + self._shortcut(x)

    def _pooled(self, h: Tensor) -> Tensor:
        return mean_pool(h) if self.scale == "down" else h

    def _shortcut(self, x: Tensor) -> Tensor:
        y: Tensor = self.shortcut(self._pooled(x))
        return repeat_to(y, self.size) if self.scale == "up" else y


@dataclass(frozen=True)
class Plan:
    """A stack of residual blocks: widths and sizes of the maps before the first and after each block, and how each block scales."""

    widths: Sequence[int]
    sizes: Sequence[int]
    scales: Sequence[Scale]

    def blocks(self, make: Layers, style: Style, side: Literal["g", "d"], attention_resolution: int) -> list[nn.Module]:
        """Build the blocks, with self-attention after a block that leaves maps of `attention_resolution`.

        If several blocks leave such maps, this is the last of them in G and the first in D.

        Raises:
            UserError: No block leaves maps of that size.
        """
        layers: list[nn.Module] = []
        at = self._attention_after(attention_resolution, side)
        for i, scale in enumerate(self.scales):
            inputs, outputs, before, after = *self.widths[i : i + 2], *self.sizes[i : i + 2]
            spec = BlockSpec(inputs, outputs, before, after, scale, side, first=side == "d" and i == 0)
            plain = style.plain_shortcut
            layers.append(PlainShortcut(make, spec, style.shortcut_init) if plain else ThreeByThreeShortcut(make, spec))
            if i == at:
                layers.append(SelfAttention(make, spec.outputs, spec.after))
        return layers

    def _attention_after(self, resolution: int, side: Literal["g", "d"]) -> int | None:
        if resolution == 0:
            return None
        places = [i for i, size in enumerate(self.sizes[1:]) if size == resolution]
        if not places or resolution == 1:
            choices = ", ".join(str(s) for s in sorted({s for s in self.sizes[1:] if s > 1}))
            network = {"d": "discriminator", "g": "generator"}[side]
            raise UserError(f"attention_resolution={resolution}: the {network} has maps of {choices}; choose one of these, or 0 for none")
        return places[0] if side == "d" else places[-1]


def resnet_generator(
    normalization: Normalization,
    style: Style,
    plan: Plan,
    *,
    latent_dim: int,
    channels: int,
    attention_resolution: int = 0,
    wraps_ends: bool = True,
) -> Generator:
    """Build a generator: dense layer, the planned blocks, norm, ReLU, 3x3 convolution to the image.

    Args:
        normalization: The normalization of the network.
        style: The style of its source.
        plan: The blocks.
        latent_dim: The size of z.
        channels: The channels of the images.
        attention_resolution: The size of the maps with self-attention; 0 for none.
        wraps_ends: Whether the normalization wraps the first and the last layer too.
    """
    make = Layers(normalization, conv_init=style.conv_init)
    ends = make if wraps_ends else make.unwrapped()
    base, size = plan.sizes[0], plan.sizes[-1]
    layers = [
        ends.dense(latent_dim, plan.widths[0] * base**2, init=style.outer_init),
        nn.Unflatten(1, (plan.widths[0], base, base)),
        *plan.blocks(make, style, "g", attention_resolution),
        make.norm(plan.widths[-1], size, size),
        nn.ReLU(),
        ends.conv(plan.widths[-1], channels, 3, init=style.outer_init),
        FromTanh() if style.signed else nn.Sigmoid(),
    ]
    return Generator(layers)


class Pool(nn.Module):
    """Sums or averages each map: [N, C, H, W] -> [N, C]."""

    def __init__(self, *, sums: bool) -> None:
        super().__init__()
        self.sums = sums

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((2, 3)) if self.sums else x.mean((2, 3))


def resnet_discriminator(normalization: Normalization, style: Style, plan: Plan, *, attention_resolution: int = 0) -> Discriminator:
    """Build a discriminator: the planned blocks, ReLU, pooling over positions, dense layer to one value."""
    make = Layers(normalization, conv_init=style.conv_init)
    body: list[nn.Module] = [ToSigned()] if style.signed else []
    body += plan.blocks(make, style, "d", attention_resolution)
    width = plan.widths[-1]
    head = make.dense(width, 1, bias=style.head_bias, init=style.outer_init)
    return Discriminator([*body, nn.ReLU(), Pool(sums=style.sum_pooling)], head, width)
