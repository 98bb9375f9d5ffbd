"""Networks of a joint game, in which D judges samples together with their latent vectors: (x, E(x)) against (G(z), z)."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from landscape.components.architectures._base import Constrains, Output
from landscape.components.architectures._layers import Initializer, fan_in_normal
from landscape.components.architectures._networks import Discriminator
from landscape.components.normalizations._base import unwrapped
from landscape.core.errors import UserError

WIDEST = 1024
"""The largest number of units of the layer that joins a sample's features and its latent vector, that of the paper's networks."""
_SLOPE = 0.2


def paired(samples: Tensor, z: Tensor) -> Tensor:
    """Return samples [N, ...] and their latent vectors [N, latent] as pairs, one vector [N, values + latent] each."""
    return torch.cat([samples.flatten(1), z.to(samples.dtype)], 1)


class PairDiscriminator(nn.Module):
    """A discriminator of pairs: pairs [N, values + latent] -> Output.

    The sample of a pair passes through the body of an architecture's discriminator. Its features and the latent vector then pass through a
    dense layer with leaky ReLU and one to the logit.
    """

    def __init__(
        self, discriminator: nn.Module, shape: tuple[int, ...], latent_dim: int, wrap: Callable[[nn.Module], nn.Module] = unwrapped
    ) -> None:
        super().__init__()
        whole = _with_body(discriminator)
        self.shape, self.body = shape, whole.body
        self.feature_size = min(whole.feature_size, WIDEST)
        self.joined = wrap(_dense(whole.feature_size + latent_dim, self.feature_size, fan_in_normal((2 / (1 + _SLOPE**2)) ** 0.5)))
        self.head = wrap(_dense(self.feature_size, 1, fan_in_normal(1)))

    def forward(self, pairs: Tensor, condition: Tensor | None = None) -> Output:
        values = prod(self.shape)
        features = self.body(pairs[:, :values].reshape(-1, *self.shape))
        features = leaky_relu(self.joined(torch.cat([features, pairs[:, values:]], 1)), _SLOPE)
        return Output(self.head(features).squeeze(1), features)


class PointEncoder(nn.Module):
    """An encoder that gives one latent vector for each sample: samples -> [N, latent_dim]. It is a discriminator's body with a new head."""

    def __init__(self, discriminator: nn.Module, latent_dim: int) -> None:
        super().__init__()
        whole = _with_body(discriminator)
        self.body, self.head = whole.body, _dense(whole.feature_size, latent_dim, fan_in_normal(1))

    def features(self, samples: Tensor) -> Tensor:
        """Return the features [N, F] before the last layer."""
        found: Tensor = self.body(samples)
        return found

    def forward(self, samples: Tensor) -> Tensor:
        z: Tensor = self.head(self.features(samples))
        return z


def _with_body(discriminator: nn.Module) -> Discriminator:
    if not isinstance(discriminator, Discriminator) or isinstance(discriminator, Constrains):
        why = "bounds its weights" if isinstance(discriminator, Constrains) else "has no body and head"
        raise UserError(f"a joint game is made of an architecture's discriminator, and this one {why}: choose another (mlp, dcgan)")
    return discriminator


def _dense(inputs: int, outputs: int, init: Initializer) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    if not layer.weight.is_meta:
        init(layer.weight)
        nn.init.zeros_(layer.bias)
    return layer
