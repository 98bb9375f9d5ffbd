"""What most architectures are made of: a generator that is a chain, a discriminator with a body and a head, an encoder from one."""

from collections.abc import Iterable

from torch import Tensor, nn

from landscape.architectures._base import Output
from landscape.architectures._layers import Chain


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
