"""Maxout layers."""

from torch import Tensor, nn

from landscape.components.architectures._layers import Initializer, Layers


class Maxout(nn.Module):
    """The largest of `pieces` linear functions for each unit (Goodfellow et al. 2013, arXiv:1302.4389): [N, inputs] -> [N, units]."""

    def __init__(self, make: Layers, inputs: int, units: int, pieces: int, init: Initializer | None = None) -> None:
        super().__init__()
        self.linear = make.dense(inputs, units * pieces, init=init)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear(x)
        # The shape is [N, pieces, units], so that maxima over the middle axis run along contiguous units.
        return y.view(y.shape[0], self.pieces, -1).amax(1)
