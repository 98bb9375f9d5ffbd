"""Weight normalization."""

from torch import Tensor, nn

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations._reweighted import Reweighted, as_matrix, output_axis

TINY = 1e-24
"""A number that keeps the gradient of a row of zeros finite. The cube of its inverse root, 1e36, is still a float32."""


class WeightNorm(Reweighted):
    """Divides each output's weights v by their norm and multiplies them by a gain, which is learned with them or is 1.

    The gain starts at the norm that v has when the layer is wrapped, so that wrapping does not change an initialized layer.
    """

    def __init__(self, layer: nn.Module, *, learned: bool) -> None:
        super().__init__(layer)
        self.axis = output_axis(layer)
        self.gain = nn.Parameter(as_matrix(self.weight, self.axis).detach().norm(dim=1)) if learned else None

    def effective_weight(self) -> Tensor:
        raw = self.weight
        squares = as_matrix(raw, self.axis).square().sum(1)
        scale = (squares + TINY).rsqrt()
        if self.gain is not None:
            scale = self.gain * scale
        return raw * scale.view([-1 if axis == self.axis else 1 for axis in range(raw.ndim)])


@NORMALIZATIONS.register(wraps=True, paper="Salimans & Kingma 2016, arXiv:1602.07868, eq. 2")
def weight(*, learned_gain: bool = True) -> Normalization:
    """Learns the length and the direction of each output channel's weights separately: w = g v / |v|.

    Args:
        learned_gain: Whether g is learned, as in the paper. Otherwise it stays 1, as in the "weight normalization without gamma" of SNGAN's
            comparison.
    """
    return Normalization(wrap=lambda layer: WeightNorm(layer, learned=learned_gain))
