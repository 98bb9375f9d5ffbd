"""Parts of the 2014 networks that no later source has."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from landscape.components.architectures._layers import Initializer, Layers
from landscape.components.architectures._networks import Discriminator, Generator


def sparse_normal(inputs: int) -> Initializer:
    """Return an initializer: N(0, 1) on `inputs` random inputs of each unit, and zero on the others."""

    def fill(weight: Tensor) -> object:
        with torch.no_grad():
            kept = torch.rand_like(weight).topk(min(inputs, weight.shape[1]), dim=1).indices  # [outputs, inputs kept]
            return weight.zero_().scatter_(1, kept, torch.randn_like(weight))

    return fill


class UntiedBias(nn.Module):
    """Adds a separate bias for every position of every channel. Biases start at 0."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class MaxoutConv(nn.Module):
    """Takes the larger of two convolutions, channel by channel, then max pooling of stride 2 whose last window may extend over the edge."""

    def __init__(self, make: Layers, inputs: int, outputs: int, *, kernel: int, padding: int, pool: int) -> None:
        super().__init__()
        self.convolution = make.finish(nn.Conv2d(inputs, 2 * outputs, kernel, padding=padding), make.dense_init)
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.convolution(x)
        pieces = y.view(y.shape[0], 2, -1, *y.shape[2:])
        return max_pool2d(pieces.amax(1), self.pool, stride=2, ceil_mode=True)


def _clip_column_norms(parameters: Mapping[str, Tensor], limit: float | None) -> Mapping[str, Tensor]:
    """Scale down the weights into each unit whose Euclidean norm exceeds `limit` to that norm."""
    if limit is None:
        return {}
    return {name: p.renorm(2, 0, limit) for name, p in parameters.items() if p.ndim == 2}


class BoundedGenerator(Generator):
    """A generator whose sigmoid output can start at the mean of the data, and whose column norms can be bounded."""

    def __init__(self, layers: Iterable[nn.Module], max_column_norm: float | None = None, *, marginal_layer: int | None = None) -> None:
        super().__init__(layers)
        self.max_column_norm, self.marginal_layer = max_column_norm, marginal_layer

    def adapt_to(self, mean: Tensor) -> None:
        """Set the output bias so that samples equal the data's `mean` image if everything else is zero.

        Args:
            mean: The mean image [C, H, W], with values in [0, 1].
        """
        if self.marginal_layer is not None:
            bias = self.layers.layers[self.marginal_layer].bias
            assert isinstance(bias, Tensor)
            with torch.no_grad():
                bias.copy_(mean.flatten().clamp(1e-7, 1 - 1e-7).logit())

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the parameters whose column norms are clipped, if the source clips them."""
        return _clip_column_norms(parameters, self.max_column_norm)


class BoundedDiscriminator(Discriminator):
    """A discriminator whose column norms can be bounded."""

    def __init__(self, body: Iterable[nn.Module], head: nn.Module, feature_size: int, max_column_norm: float | None = None) -> None:
        super().__init__(body, head, feature_size)
        self.max_column_norm = max_column_norm

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the parameters whose column norms are clipped, if the source clips them."""
        return _clip_column_norms(parameters, self.max_column_norm)
