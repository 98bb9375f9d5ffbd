"""Self-modulated batch normalization of the generator."""

from torch import Tensor, nn
from torch.nn.functional import relu

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.components.normalizations.batch import normalized
from landscape.core.registry import Fraction, NonNegativeInt, Positive


class SelfModulatedBatchNorm(Norm):
    """Batch norm whose scale 1 + A h(z) and shift B h(z) are functions of the latent z, with h(z) = relu(C z).

    The 1 is outside of the linear map, so that an initializer that sets all biases to 0 does not silence the layer. (The original puts
    the 1 into the bias of that map.)
    """

    def __init__(self, channels: int, spatial: tuple[int, ...], latent_dim: int, hidden: int, momentum: float, epsilon: float) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if spatial else nn.BatchNorm1d
        self.norm = kind(channels, eps=epsilon, momentum=momentum, affine=False)
        self.hidden = nn.Linear(latent_dim, hidden) if hidden else None
        self.scale = nn.Linear(hidden or latent_dim, channels)
        self.shift = nn.Linear(hidden or latent_dim, channels)
        for layer in (self.hidden, self.scale, self.shift):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        assert z is not None, "self-modulation reads the latent: call the norm as norm(x, z)"
        h = z if self.hidden is None else relu(self.hidden(z))
        per_channel = (len(x), -1, *[1] * (x.ndim - 2))  # [N, C, 1, 1] for maps, [N, C] for vectors
        made: Tensor = normalized(self.norm, x) * (1 + self.scale(h).view(per_channel)) + self.shift(h).view(per_channel)
        return made


@NORMALIZATIONS.register(sides=frozenset({"g"}), follows=True, couples_samples=True, paper="Chen et al. 2019, arXiv:1810.01365")
def self_modulated(*, latent_dim: int, hidden: NonNegativeInt = 32, momentum: Fraction = 0.1, epsilon: Positive = 1e-5) -> Normalization:
    """Batch norm of G whose scale and shift are learned functions of its own latent z (a small network for each layer).

    Args:
        latent_dim: The dimension of z.
        hidden: The number of units in that network's hidden layer: 32 in compare_gan, and 0 for plain linear maps of z.
        momentum: The share of a batch's statistics in the moving averages of mean and variance.
        epsilon: A number that is added to the variance.
    """
    return Normalization(follow=lambda channels, spatial: SelfModulatedBatchNorm(channels, spatial, latent_dim, hidden, momentum, epsilon))
