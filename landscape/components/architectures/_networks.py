"""What most architectures are made of: a generator that is a chain, a discriminator with a body and a head, an encoder from one."""

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._layers import Chain, normal
from landscape.components.normalizations._base import unwrapped
from landscape.core.errors import UserError


class Generator(nn.Module):
    """A chain from z [N, latent] to samples; the norms in it receive z."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = Chain(layers)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        samples: Tensor = self.layers(z, z)
        return samples


class Discriminator(nn.Module):
    """A body from samples to features [N, feature_size], and a head from these to one logit each."""

    def __init__(self, body: Iterable[nn.Module], head: nn.Module, feature_size: int) -> None:
        super().__init__()
        self.body = Chain(body)
        self.head = head
        self.feature_size = feature_size

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        features = self.body(x)
        return Output(self.head(features).squeeze(1), features)


class Encoder(nn.Module):
    """A discriminator's body under a head with two outputs a latent dimension: samples -> (mean, log variance), each [N, latent_dim]."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.head(self.body(x)).chunk(2, dim=1)
        return mean, log_variance


def encoder_of(discriminator: nn.Module, latent_dim: int, wrap: Callable[[nn.Module], nn.Module] = unwrapped) -> Encoder:
    """The encoder of a variational autoencoder: `discriminator`'s body (not copied) under a new last layer of 2 `latent_dim` outputs.

    "Are GANs Created Equal?" built its VAE so, but the second half of its outputs was a standard deviation, 1e-6 + softplus, where here it
    is the log variance. The new layer is initialized N(0, 0.02^2), biases 0, then passes through `wrap`.

    Raises:
        UserError: the discriminator is not made of a body and a head.
    """
    if not isinstance(discriminator, Discriminator):
        kind = type(discriminator).__name__
        raise UserError(
            f"no encoder can be made of a {kind}: choose an architecture whose discriminator has a body and a head (dcgan, mlp)"
        )
    head = nn.Linear(discriminator.feature_size, 2 * latent_dim)
    normal(head.weight)
    nn.init.zeros_(head.bias)
    return Encoder(discriminator.body, wrap(head))
