"""A plugin with an extractor, through which a score sees images. This one makes small copies of the images."""

from collections.abc import Mapping

from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from landscape.components.extractors import EXTRACTORS, Features, require_images
from landscape.core.registry import PositiveInt


class Thumbnails:
    """Images reduced to `side` x `side` by averaging, as levels / 255."""

    name = "thumbnails"
    weights_hash = ""
    channels: int | None = None

    def __init__(self, side: int) -> None:
        self.side = side
        self.handling: Mapping[str, str] = {"features": f"mean levels / 255 of {side} x {side} cells"}

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        return Features(adaptive_avg_pool2d(images.float() / 255, self.side).flatten(1))


@EXTRACTORS.register(cached=False)
def thumbnails(*, side: PositiveInt = 4) -> Thumbnails:
    """Mean levels of side x side cells: features [N, C * side^2] in [0, 1]. There are no class logits."""
    return Thumbnails(side)
