"""The samples themselves as features."""

from collections.abc import Mapping

import torch
from torch import Tensor

from landscape.components.extractors._base import EXTRACTORS, Features


class Pixels:
    """Returns levels / 255, flattened, for images, and the coordinates for points."""

    name = "pixels"
    weights_hash = ""
    channels: int | None = None
    handling: Mapping[str, str] = {"features": "levels / 255, flattened; points as they are"}

    def __call__(self, images: Tensor) -> Features:
        if images.dim() == 2:
            return Features(images.float())
        return Features(images.flatten(1).to(torch.float32) / 255)


@EXTRACTORS.register(
    takes_points=True,
    cached=False,
    sees="brightness and place of single pixels; hardly blur, noise, missing classes or what an image shows",
)
def pixels() -> Pixels:
    """The samples themselves: images flattened to [N, C*H*W] in [0, 1], points unchanged. There are no class logits."""
    return Pixels()
