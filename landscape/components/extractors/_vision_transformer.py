"""The plain vision transformer of `dinov2` and `clip`, and the renaming of their published tensors."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention

from landscape.core.errors import UserError

HEAD_WIDTH = 64
"""The width of an attention head, which is 64 in every published size of both families."""


@dataclass(frozen=True)
class Shape:
    """The sizes of the network, read from the tensors of a weights file."""

    width: int
    patch: int
    positions: int
    """The number of positions, including the class token."""
    depth: int
    hidden: int
    projection: int | None = None

    @property
    def side(self) -> int:
        """The number of patches along the side of the images that it was trained on."""
        return math.isqrt(self.positions - 1)


class Block(nn.Module):
    """Attention and a two-layer perceptron, each with a norm before and a scale after it (1 if the family has no scales)."""

    def __init__(self, shape: Shape, epsilon: float, *, quick: bool) -> None:
        super().__init__()
        self.heads, self.quick = shape.width // HEAD_WIDTH, quick
        self.norm1, self.norm2 = (nn.LayerNorm(shape.width, eps=epsilon) for _ in range(2))
        self.qkv, self.out = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)
        self.fc1, self.fc2 = nn.Linear(shape.width, shape.hidden), nn.Linear(shape.hidden, shape.width)
        self.scale1, self.scale2 = (nn.Parameter(torch.ones(shape.width)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(count, tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each [N, heads, T, width / heads]
        attended = scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(count, tokens, width)
        x = x + self.scale1 * self.out(attended)
        hidden = self.fc1(self.norm2(x))
        # OpenAI's networks were trained with this approximation of GELU.
        hidden = hidden * torch.sigmoid(1.702 * hidden) if self.quick else gelu(hidden)
        result: Tensor = x + self.scale2 * self.fc2(hidden)
        return result


class VisionTransformer(nn.Module):
    """Maps images [N, 3, S, S] to the class token after the last norm [N, width], projected if the family does so."""

    def __init__(self, shape: Shape, *, epsilon: float, quick: bool, norm_before: bool, patch_bias: bool, offset: float) -> None:
        super().__init__()
        self.shape, self.offset = shape, offset
        self.patches = nn.Conv2d(3, shape.width, shape.patch, shape.patch, bias=patch_bias)
        self.token = nn.Parameter(torch.zeros(shape.width))
        self.position = nn.Parameter(torch.zeros(shape.positions, shape.width))
        self.norm_before = nn.LayerNorm(shape.width, eps=epsilon) if norm_before else nn.Identity()
        self.blocks = nn.Sequential(*(Block(shape, epsilon, quick=quick) for _ in range(shape.depth)))
        self.norm = nn.LayerNorm(shape.width, eps=epsilon)
        self.projection = nn.Parameter(torch.zeros(shape.width, shape.projection)) if shape.projection else None

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images)  # [N, width, side, side]
        x = torch.cat([self.token.expand(len(images), 1, -1), patches.flatten(2).transpose(1, 2)], 1)  # [N, 1 + side^2, width]
        x = self.blocks(self.norm_before(x + self._positions(patches.shape[-1])))
        features: Tensor = self.norm(x[:, 0])
        return features if self.projection is None else features @ self.projection

    def _positions(self, side: int) -> Tensor:
        """Return the position embedding for `side` x `side` patches. The trained grid is resized as in DINOv2's code."""
        if side == self.shape.side:
            return self.position
        grid = self.position[1:].reshape(1, self.shape.side, self.shape.side, -1).permute(0, 3, 1, 2)
        # The original code adds an offset to the scale, which moves the sampling points a little.
        scale = (side + self.offset) / self.shape.side
        resized = interpolate(grid, scale_factor=(scale, scale), mode="bicubic")
        return torch.cat([self.position[:1], resized.flatten(2).squeeze(0).T])


def renamed(state: Mapping[str, Tensor], table: Sequence[tuple[str, str]], dropped: str = "") -> dict[str, Tensor]:
    """Return the tensors under this project's names.

    Args:
        state: The tensors by their published names.
        table: Pairs of a pattern and its replacement. The first pattern that matches a whole name is used.
        dropped: A pattern of names that are left out.

    Raises:
        UserError: No pattern matches a name.
    """
    made = {}
    for name, tensor in state.items():
        if dropped and re.fullmatch(dropped, name):
            continue
        new = next((re.sub(pattern, to, name) for pattern, to in table if re.fullmatch(pattern, name)), None)
        if new is None:
            raise UserError(f"weights hold {name!r}, which the extractor's network does not know: give the published file")
        made[new] = tensor.to(torch.float32)
    return made
