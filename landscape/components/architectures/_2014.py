"""Parts of the 2014 networks that no later source has."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from landscape.components.architectures._layers import Initializer, Layers
from landscape.components.architectures._networks import Discriminator, Generator


def sparse_normal(inputs: int) -> Initializer:
    """N(0, 1) on `inputs` random inputs of each unit, zero on the others."""

    def fill(weight: Tensor) -> object:
        with torch.no_grad():
            kept = torch.rand_like(weight).topk(min(inputs, weight.shape[1]), dim=1).indices  # [outputs, inputs kept]
            return weight.zero_().scatter_(1, kept, torch.randn_like(weight))

    return fill


class UntiedBias(nn.Module):
    """A bias of its own for every position of every channel, from 0."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class MaxoutConv(nn.Module):
    """The largest of two convolutions, channel by channel, then max pooling of stride 2 whose last window may hang over the edge."""

    def __init__(self, make: Layers, inputs: int, outputs: int, *, kernel: int, padding: int, pool: int) -> None:
        super().__init__()
        self.convolution = make.finish(nn.Conv2d(inputs, 2 * outputs, kernel, padding=padding), make.dense_init)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.convolution(x)
        pieces = y.view(y.shape[0], 2, -1, *y.shape[2:])
        return max_pool2d(pieces.amax(1), self.pool, stride=2, ceil_mode=True)


def _clip_column_norms(parameters: Mapping[str, Tensor], limit: float | None) -> Mapping[str, Tensor]:
    """The weights into each unit scaled down to Euclidean norm `limit` where they exceed it."""
    if limit is None:
        return {}
    return {name: p.renorm(2, 0, limit) for name, p in parameters.items() if p.ndim == 2}


class BoundedGenerator(Generator):
    """A generator whose sigmoid output can start at the data's marginals and whose column norms can be bounded."""

    def __init__(self, layers: Iterable[nn.Module], max_column_norm: float | None = None, *, marginal_layer: int | None = None) -> None:
        super().__init__(layers)
        self.max_column_norm, self.marginal_layer = max_column_norm, marginal_layer

    def adapt_to(self, mean: Tensor) -> None:
        """Set the output bias so that, all else being zero, samples equal the data's `mean` image [C, H, W], values in [0, 1]."""
        if self.marginal_layer is not None:
            bias = self.layers.layers[self.marginal_layer].bias
            assert isinstance(bias, Tensor)
            with torch.no_grad():
                bias.copy_(mean.flatten().clamp(1e-7, 1 - 1e-7).logit())

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Column norms clipped, where the source does."""
        return _clip_column_norms(parameters, self.max_column_norm)


class BoundedDiscriminator(Discriminator):
    """A discriminator whose column norms can be bounded."""

    def __init__(self, body: Iterable[nn.Module], head: nn.Module, feature_size: int, max_column_norm: float | None = None) -> None:
        super().__init__(body, head, feature_size)
        self.max_column_norm = max_column_norm

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Column norms clipped, where the source does."""
        return _clip_column_norms(parameters, self.max_column_norm)
