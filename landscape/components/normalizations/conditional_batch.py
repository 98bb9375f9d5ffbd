"""Conditional batch normalization of the generator."""

from torch import Tensor, nn

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.components.normalizations.batch import normalized
from landscape.components.tasks._base import Condition
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Positive


class ConditionalBatchNorm(Norm):
    """Batch norm with scale 1 + A e(y) and shift B e(y). e(y) is the last `size` values of what G is given, [z; e(y)].

    A and B start at N(0, 0.02^2) without biases, so that each layer begins close to plain batch norm.
    """

    def __init__(self, channels: int, spatial: tuple[int, ...], size: int, momentum: float, epsilon: float) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if spatial else nn.BatchNorm1d
        self.norm = kind(channels, eps=epsilon, momentum=momentum, affine=False)
        self.size = size
        self.scale, self.shift = nn.Linear(size, channels, bias=False), nn.Linear(size, channels, bias=False)
        for layer in (self.scale, self.shift):
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        assert z is not None, "conditional batch norm reads the class: call the norm as norm(x, z)"
        embedded = z[:, -self.size :]
        per_channel = (len(x), -1, *[1] * (x.ndim - 2))  # [N, C, 1, 1] for maps, [N, C] for vectors
        made: Tensor = normalized(self.norm, x) * (1 + self.scale(embedded).view(per_channel)) + self.shift(embedded).view(per_channel)
        return made


@NORMALIZATIONS.register(
    sides=frozenset({"g"}),
    follows=True,
    couples_samples=True,
    condition="class",
    paper="Dumoulin et al. 2017, arXiv:1610.07629; one embedding for all layers as Brock et al. 2019, arXiv:1809.11096",
)
def conditional_batch(*, condition: Condition, momentum: Fraction = 0.1, epsilon: Positive = 1e-5) -> Normalization:
    """Batch norm of G whose scale and shift are learned linear functions of the class: 1 + A e(y) and B e(y).

    Miyato & Koyama 2018 (arXiv:1802.05637) look scale and shift up in a table of each layer instead.

    Args:
        condition: The condition of the networks, whose e(y) G is given behind z.
        momentum: The share of the batch's statistics in the moving averages.
        epsilon: Added to the variance.

    Raises:
        UserError: G is not given e(y).
    """
    if not condition.size:
        raise UserError("conditional_batch reads the vector of the class behind z, which this architecture does not give: use takes_class")
    return Normalization(follow=lambda channels, spatial: ConditionalBatchNorm(channels, spatial, condition.size, momentum, epsilon))
