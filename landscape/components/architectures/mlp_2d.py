"""The networks for points of the literature on mode collapse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_VECTORS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Initializer, Layers, Recenter, fan_in_uniform, glorot, normal
from landscape.components.architectures._maxout import Maxout
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@dataclass(frozen=True)
class _Net:
    """A network of `depth` hidden layers with `width` units and an activation each, or of maxout layers if `pieces` is above 0."""

    width: int
    depth: int
    hidden_init: Initializer
    output_init: Initializer
    activation: Callable[[], nn.Module] = nn.ReLU
    hidden_bias: bool = True
    pieces: int = 0
    input_scale: float = 1.0


def _orthogonal(gain: float) -> Initializer:
    return partial(nn.init.orthogonal_, gain=gain)


_HE = fan_in_uniform(2**0.5)
_NETS: Mapping[str, tuple[_Net, _Net]] = {
    "pacgan": (_Net(400, 4, normal, normal, hidden_bias=False), _Net(200, 3, normal, normal, pieces=5)),
    "unrolled_notebook": (
        _Net(128, 2, _orthogonal(1.4), _orthogonal(1.4), nn.Tanh),
        _Net(128, 2, _orthogonal(1.4), _orthogonal(1.4), nn.Tanh),
    ),
    "unrolled_paper": (
        _Net(128, 2, _orthogonal(0.8), _orthogonal(0.8)),
        _Net(128, 1, _orthogonal(0.8), _orthogonal(0.8), input_scale=0.25),
    ),
    "wgan_gp": (_Net(512, 3, _HE, glorot), _Net(512, 3, _HE, glorot)),
}
_G_NORMALIZATIONS = ON_VECTORS | MODULATED
_PACGAN = ArchitectureFacts(
    samples="points",
    d_normalizations=ON_VECTORS,
    g_normalizations=_G_NORMALIZATIONS,
    default_g_normalization="batch",
    default_g_hyperparameters={"momentum": 0.05, "epsilon": 1e-4},
    latent=Latent(dim=2, distribution="normal"),
    published={(2,): (484_802, 405_201)},
)
_UNNORMALIZED = partial(ArchitectureFacts, samples="points", d_normalizations=ON_VECTORS, g_normalizations=_G_NORMALIZATIONS)


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    samples="points",
    d_normalizations=ON_VECTORS,
    g_normalizations=_G_NORMALIZATIONS,
    default_g_normalization=_PACGAN.default_g_normalization,
    default_g_hyperparameters=_PACGAN.default_g_hyperparameters,
    latent=_PACGAN.latent,
    published=_PACGAN.published,
    presets={
        "pacgan": _PACGAN,
        "unrolled_notebook": _UNNORMALIZED(latent=Latent(dim=256, distribution="normal"), published={(2,): (49_666, 17_025)}),
        "unrolled_paper": _UNNORMALIZED(latent=Latent(dim=256, distribution="normal"), published={(2,): (49_666, 513)}),
        "wgan_gp": _UNNORMALIZED(latent=Latent(dim=2, distribution="normal"), published={(2,): (527_874, 527_361)}),
    },
    paper="Lin et al. 2018, arXiv:1712.04086; Metz et al. 2017, arXiv:1611.02163; Gulrajani et al. 2017, arXiv:1704.00028",
)
@takes_class
def mlp_2d(
    *,
    dimension: int,
    d_dimension: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["pacgan", "unrolled_notebook", "unrolled_paper", "wgan_gp"] = "pacgan",
    width: PositiveInt | None = None,
) -> Networks:
    """Fully connected networks for points, as the papers on mode collapse use them.

    Norms are put before each hidden activation, or after a maxout layer. In the sources only PacGAN's G has one.

    Presets:

    - `pacgan`: G has four hidden layers of 400 ReLU units without biases, D three of 200 maxout units with 5 pieces. Weights are drawn from
    N(0, 0.02^2).
    - `unrolled_notebook`: Both have two hidden layers of 128 tanh units and orthogonal weights with gain 1.4.
    - `unrolled_paper`: G has two and D one hidden layer of 128 ReLU units, with orthogonal weights of gain 0.8, and D sees points divided
    by 4. This is the paper's appendix as we recall it; we did not read it again.
    - `wgan_gp`: Both have three hidden layers of 512 ReLU units with He-uniform weights (Glorot in the last layer).

    Args:
        dimension: The number of coordinates of a point.
        d_dimension: The number of coordinates of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The source of the networks.
        width: The number of units of every hidden layer. None keeps the preset's.
    """
    g_net, d_net = _NETS[preset]
    return Networks(
        _generator(Layers(g_normalization), g_net, latent_dim, dimension, width or g_net.width),
        _discriminator(Layers(d_normalization), d_net, d_dimension, width or d_net.width),
    )


def _generator(make: Layers, net: _Net, latent_dim: int, dimension: int, width: int) -> Generator:
    return Generator([*_hidden(make, net, latent_dim, width), make.dense(width, dimension, init=net.output_init)])


def _discriminator(make: Layers, net: _Net, dimension: int, width: int) -> Discriminator:
    first = [Recenter(net.input_scale, 0.0)] if net.input_scale != 1 else []
    return Discriminator([*first, *_hidden(make, net, dimension, width)], make.dense(width, 1, init=net.output_init), width)


def _hidden(make: Layers, net: _Net, inputs: int, width: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size in [inputs] + [width] * (net.depth - 1):
        if net.pieces:
            layers += [Maxout(make, size, width, net.pieces, net.hidden_init), make.norm(width)]
        else:
            dense = make.dense(size, width, bias=net.hidden_bias, init=net.hidden_init)
            layers += [dense, make.norm(width), net.activation()]
    return layers
