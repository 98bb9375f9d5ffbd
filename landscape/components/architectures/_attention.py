"""Self-attention over the positions of a map."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from landscape.components.architectures._layers import Layers, glorot


class SelfAttention(nn.Module):
    """Self-attention of Zhang et al. 2019, arXiv:1805.08318, as in google/compare_gan: [N, C, H, W] -> the same shape.

    Queries and keys have C / 8 channels, values C / 2. Keys and values are max-pooled 2x2. The result passes through a 1x1 convolution back
    to C channels and is added to the input, multiplied by a learned scalar that starts at 0, so that the layer starts as the identity. The
    four 1x1 convolutions are wrapped like every layer and have no bias. They are initialized by Glorot's uniform distribution and not by
    compare_gan's N(0, 0.02^2).
    """

    def __init__(self, make: Layers, channels: int, size: int) -> None:
        super().__init__()
        inner, values = max(channels // 8, 1), max(channels // 2, 1)
        self.query = make.conv(channels, inner, 1, bias=False, init=glorot)
        self.key = make.conv(channels, inner, 1, bias=False, init=glorot)
        self.value = make.conv(channels, values, 1, bias=False, init=glorot)
        self.output = make.conv(values, channels, 1, bias=False, init=glorot)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        queries = self.query(x).flatten(2)  # [N, C/8, P]
        keys = max_pool2d(self.key(x), 2).flatten(2)  # [N, C/8, P/4]
        values = max_pool2d(self.value(x), 2).flatten(2)  # [N, C/2, P/4]
        # Plain products and softmax are used, because the fused kernels have no second derivative, which gradient penalties need.
        weights = torch.softmax(queries.transpose(1, 2) @ keys, dim=2)  # [N, P, P/4]
        attended = (values @ weights.transpose(1, 2)).view(x.shape[0], -1, *x.shape[2:])  # [N, C/2, H, W]
        added: Tensor = x + self.scale * self.output(attended)
        return added
