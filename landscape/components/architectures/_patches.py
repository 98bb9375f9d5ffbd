"""Discriminators that judge a sample beside an image, which also give the activations of their hidden layers."""

from collections.abc import Sequence

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._image_conditions import JudgedPair
from landscape.components.architectures._layers import Chain, Layers, normal
from landscape.core.errors import UserError


class PairDiscriminator(nn.Module):
    """Stages of layers from a pair of images to maps, and a head: [N, C, H, W] and a condition -> Output.

    The logit is [N, P] if the head gives a map of P positions, and [N] if it gives one value.
    """

    def __init__(self, pair: JudgedPair, stages: Sequence[Sequence[nn.Module]], head: Sequence[nn.Module]) -> None:
        super().__init__()
        self.pair = pair
        self.stages = nn.ModuleList(Chain(stage) for stage in stages)
        self.head = Chain(head)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        x = self.pair(x, condition)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        logit = self.head(x)
        if x.ndim == 2:
            return Output(logit.squeeze(1), x, maps=tuple(maps))
        return Output(logit.flatten(1), x.mean((2, 3)), maps=tuple(maps))


def default_patch_layers(resolution: int) -> int:
    """Return the number of halvings of a PatchGAN: 3 from 128 pixels on, as in the source, 2 from 16 on, and 1 below."""
    return 3 if resolution >= 128 else 2 if resolution >= 16 else 1


def patch_discriminator(make: Layers, pair: JudgedPair, resolution: int, width: int, layers: int) -> PairDiscriminator:
    """Return a PatchGAN, whose logits judge patches that overlap.

    There are `layers` 4x4 convolutions of stride 2 to `width`, 2, 4 and at most 8 times `width` maps, one of stride 1, and one of stride 1
    to a map of logits, with leaky ReLU 0.2 between them and a norm in all but the first and the last. A patch has 16, 34, 70 or 142 pixels
    a side for 1, 2, 3 or 4 layers.

    Raises:
        UserError: The images are too small for so many layers.
    """
    sizes = [resolution // 2 ** (i + 1) for i in range(layers)]
    if sizes[-1] < 3:
        raise UserError(f"d_layers={layers} leaves no patch of images with a side of {resolution} pixels: choose fewer")
    stages, inputs = [], pair.channels
    for i, size in enumerate([*sizes, sizes[-1] - 1]):
        outputs, stride = width * min(2**i, 8), 2 if i < layers else 1
        norm = [make.norm(outputs, size, size)] if i else []
        stages.append([make.finish(nn.Conv2d(inputs, outputs, 4, stride, 1), normal), *norm, nn.LeakyReLU(0.2)])
        inputs = outputs
    return PairDiscriminator(pair, stages, [make.finish(nn.Conv2d(inputs, 1, 4, 1, 1), normal)])
