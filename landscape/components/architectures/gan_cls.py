"""The networks of GAN-CLS, which make images of texts."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks, Output
from landscape.components.architectures._layers import Chain, FromTanh, Layers, Modulated, ToSigned, glorot, halvings, normal
from landscape.components.architectures._texts import GivenText, TextSizes, spread
from landscape.components.normalizations._base import Normalization
from landscape.components.tasks._base import UNCONDITIONAL, Condition
from landscape.core.registry import PositiveInt

SMALLEST = 4
"""The side of the smallest maps in the source."""


class Residual(Modulated):
    """x + layers(x)."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = Chain(layers)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        added: Tensor = x + self.layers(x, z)
        return added


class TextGenerator(nn.Module):
    """A chain of layers from z and a text to images. The norms in it receive z."""

    def __init__(self, text: GivenText, layers: list[nn.Module]) -> None:
        super().__init__()
        self.text, self.layers = text, Chain(layers)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        samples: Tensor = self.layers(torch.cat([z, self.text(z, condition)], 1), z)
        return samples


class TextDiscriminator(nn.Module):
    """Layers that see the image alone, then layers that see its maps with the text at every position, and one logit.

    With a projection (text -> a vector of the size of the last features) no layer sees both. The inner product of that vector and the
    features is added to the logit.
    """

    def __init__(
        self, text: GivenText, body: list[nn.Module], joint: list[nn.Module], head: nn.Module, projection: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.text, self.body, self.joint, self.head, self.projection = text, Chain(body), Chain(joint), head, projection

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        maps, text = self.body(x), self.text(x, condition)
        features = self.joint(maps if self.projection is not None else spread(text, maps)).flatten(1)
        logit = self.head(features)[:, 0]
        if self.projection is not None:
            logit = logit + (self.projection(text) * features).sum(1)
        return Output(logit, features)


@ARCHITECTURES.register(
    conditions=frozenset({"text"}),
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="batch",
    latent=Latent(dim=100, distribution="normal"),
    published={(3, 64, 64): (20_986_179, 3_253_633)},
    has_encoder=False,
    revision=2,  # In revision 2 the initial weights give texts the scale of a latent vector.
    paper="Reed et al. 2016, arXiv:1605.05396, as its code has the networks (reedscot/icml2016)",
)
def gan_cls(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    condition: Condition = UNCONDITIONAL,
    width: PositiveInt = 128,
    d_width: PositiveInt | None = None,
    text: PositiveInt = 256,
    encoded: PositiveInt = 128,
    word: PositiveInt = 32,
    d_text: Literal["maps", "projection"] = "maps",
) -> Networks:
    """The networks of GAN-CLS: a DCGAN whose G receives the vector of a text behind z, and whose D receives it at its smallest maps.

    G has a dense layer (a 4x4 transposed convolution of one position) to maps of about 4x4 with a residual block, and 4x4 transposed
    convolutions of stride 2 that halve the number of maps down to `width`, with a second residual block behind the first of them if it is
    not the image; (tanh + 1) / 2 ends it. A residual block has convolutions 1x1, 3x3 and 3x3 with a quarter of the maps inside. D has 4x4
    convolutions of stride 2 from `d_width` maps, then the text at every position, a 1x1 convolution and a dense layer (a 4x4
    convolution). G has ReLU, D leaky ReLU 0.2 with a norm in all but the first layer. The source has batch norm in D, which must be named.
    The code writes a residual block for D too, but drops it by a slip (`skipD` is nil there), so that it is left out here.

    In the source the vector of a text comes from a network that was trained with images beforehand. Here each of G and D learns to read the
    text: a vector for each word, two convolutions over neighboring words and their mean. As in the source a dense layer with leaky ReLU
    0.2 brings this vector to `text` values, which begin at about the scale of z.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        condition: The text.
        width: The number of maps of G next to the image, 128 in the source.
        d_width: The number of maps of D next to the image. None stands for half of `width`.
        text: The number of values of the text that join z and D's maps, 256 in the source.
        encoded: The number of values of the text before that, 1,024 in the source.
        word: The number of values of the vector of a word.
        d_text: How D takes the text. `maps` puts it beside the maps at every position, as in the source. `projection` adds <V t, phi(x)>
            to the logit, t being the text, phi(x) the features behind the 1x1 convolution, which sees the image alone, and V a matrix
            (Miyato & Koyama 2018, with a text in the place of a class).
    """
    times = max(1, (resolution - 1).bit_length() - SMALLEST.bit_length() + 1)
    sizes = halvings(resolution, times)
    g, d, encoder = Layers(g_normalization, conv_init=normal), Layers(d_normalization, conv_init=normal), TextSizes(word, encoded)
    return Networks(
        _generator(g, GivenText(condition, encoder, g, text), sizes[::-1], channels, latent_dim, width),
        _discriminator(d, GivenText(condition, encoder, d, text), sizes, d_channels, d_width or max(1, width // 2), d_text == "projection"),
    )


def _generator(make: Layers, text: GivenText, sizes: list[int], channels: int, latent_dim: int, width: int) -> TextGenerator:
    widths, base = [width * 2**i for i in range(len(sizes) - 1)][::-1], sizes[0]
    layers: list[nn.Module] = [
        *(make.dense(latent_dim + text.size, widths[0] * base**2), nn.Unflatten(1, (widths[0], base, base))),
        make.norm(widths[0], base, base),
        *(_residual(make, widths[0], base), nn.ReLU()),
    ]
    for place, ((before, after), size) in enumerate(zip(pairwise(widths), sizes[1:], strict=False)):
        layers += [make.transposed(before, after, 4, 2, size), make.norm(after, size, size)]
        layers += [] if place else [_residual(make, after, size)]
        layers.append(nn.ReLU())
    return TextGenerator(text, [*layers, make.transposed(widths[-1], channels, 4, 2, sizes[-1]), FromTanh()])


def _residual(make: Layers, maps: int, size: int) -> Residual:
    inner = max(1, maps // 4)
    return Residual(
        [
            *(make.conv(maps, inner, 1), make.norm(inner, size, size), nn.ReLU()),
            *(make.conv(inner, inner, 3), make.norm(inner, size, size), nn.ReLU()),
            *(make.conv(inner, maps, 3), make.norm(maps, size, size)),
        ]
    )


def _discriminator(make: Layers, text: GivenText, sizes: list[int], channels: int, width: int, projects: bool) -> TextDiscriminator:
    widths, base = [channels, *(width * 2**i for i in range(len(sizes) - 1))], sizes[-1]
    body: list[nn.Module] = [ToSigned()]
    for place, ((before, after), size) in enumerate(zip(pairwise(widths), sizes[1:], strict=True)):
        body.append(make.conv(before, after, 4, 2))
        body += [make.norm(after, size, size)] if place else []
        body.append(nn.LeakyReLU(0.2))
    seen, features = widths[-1] + (0 if projects else text.size), widths[-1] * base**2
    joint = [make.conv(seen, widths[-1], 1), make.norm(widths[-1], base, base), nn.LeakyReLU(0.2)]
    projection = make.dense(text.size, features, bias=False, init=glorot) if projects and text.size else None
    return TextDiscriminator(text, body, joint, make.dense(features, 1), projection)
