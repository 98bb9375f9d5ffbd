"""The modules that most architectures consist of: a generator, a discriminator with body and head, and an encoder made of one."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._layers import Chain, normal
from landscape.components.normalizations._base import unwrapped
from landscape.core.errors import UserError


class Conditioning(nn.Module):
    """How a discriminator takes the condition [N] of the samples: in what it sees, in what it answers, or in both."""

    def see(self, samples: Tensor, condition: Tensor) -> Tensor:
        """Return what D's body receives of samples [N, ...]."""
        return samples

    def answer(self, output: Output, condition: Tensor) -> Output:
        """Return D's output under the condition, from its output without."""
        return output


def required(condition: Tensor | None) -> Tensor:
    """Return the condition that a network was built for.

    Raises:
        UserError: There is none.
    """
    if condition is None:
        raise UserError("this network was trained with a condition for each sample and cannot be called without it")
    return condition


class Generator(nn.Module):
    """A chain of layers from z [N, latent] to samples. The norms in it receive z.

    With a `class_table`, which `takes_class` sets, z is extended by the vector of the class [N] that is asked for.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = Chain(layers)
        self.class_table: nn.Module | None = None

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        if self.class_table is not None:
            z = torch.cat([z, self.class_table(required(condition)).to(z.dtype)], 1)
        samples: Tensor = self.layers(z, z)
        return samples


class Discriminator(nn.Module):
    """A body from samples to features [N, feature_size], and a head from the features to one logit per sample.

    `conditioning`, which `takes_class` sets, is how it takes the class of a sample.
    """

    def __init__(self, body: Iterable[nn.Module], head: nn.Module, feature_size: int) -> None:
        super().__init__()
        self.body = Chain(body)
        self.head = head
        self.feature_size = feature_size
        self.conditioning: Conditioning | None = None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        if self.conditioning is None:
            features = self.body(x)
            return Output(self.head(features).squeeze(1), features)
        condition = required(condition)
        features = self.body(self.conditioning.see(x, condition))
        return self.conditioning.answer(Output(self.head(features).squeeze(1), features), condition)


class Encoder(nn.Module):
    """A discriminator's body under a head with two outputs per latent dimension: samples -> (mean, log variance), each [N, latent_dim].

    It sees samples under a condition as that discriminator does.
    """

    def __init__(self, body: nn.Module, head: nn.Module, conditioning: Conditioning | None = None) -> None:
        super().__init__()
        self.body, self.head = body, head
        self.conditioning = conditioning

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        seen = x if self.conditioning is None else self.conditioning.see(x, required(condition))
        mean, log_variance = self.head(self.body(seen)).chunk(2, dim=1)
        return mean, log_variance


def encoder_of(discriminator: nn.Module, latent_dim: int, wrap: Callable[[nn.Module], nn.Module] = unwrapped) -> Encoder:
    """Make the encoder of a variational autoencoder: `discriminator`'s body (not copied) under a new last layer.

    The new layer has 2 `latent_dim` outputs. It is initialized with N(0, 0.02^2) and biases 0, and then passes through `wrap`. "Are GANs
    Created Equal?" built its VAE in this way, but the second half of its outputs was a standard deviation, 1e-6 + softplus; here it is the
    log variance.

    Args:
        discriminator: The discriminator whose body is used.
        latent_dim: The size of z.
        wrap: The wrapper of the new layer.

    Raises:
        UserError: The discriminator does not consist of a body and a head.
    """
    if not isinstance(discriminator, Discriminator):
        kind = type(discriminator).__name__
        raise UserError(
            f"no encoder can be made of a {kind}: choose an architecture whose discriminator has a body and a head (dcgan, mlp)"
        )
    head = nn.Linear(discriminator.feature_size, 2 * latent_dim)
    normal(head.weight)
    nn.init.zeros_(head.bias)
    return Encoder(discriminator.body, wrap(head), discriminator.conditioning)
