"""How networks take an image as their condition: what G and D see of it, and what is known of a sample."""

import torch
from torch import Tensor, nn

from landscape.components.architectures._layers import Chain
from landscape.components.architectures._networks import required
from landscape.components.tasks._base import Condition, Keeps
from landscape.components.tasks._images import resized


class GivenImage(nn.Module):
    """What G's first layer receives: the image of the condition as 2x - 1, and z repeated at every position as further channels.

    z enters as in BicycleGAN (Zhu et al. 2017, arXiv:1711.11586, section 3.4, "add to input").
    """

    def __init__(self, condition: Condition, side: int, latent_dim: int) -> None:
        super().__init__()
        self.side, self.takes_image = side, condition.kind == "image"
        self.channels = (condition.shape[0] if condition.shape else 0) + latent_dim
        """The number of channels that the first layer receives."""
        self.latent_dim = latent_dim

    def forward(self, z: Tensor, condition: Tensor | None) -> Tensor:
        """[N, latent] and [N, c, h, w] in [0, 1] -> [N, c + latent, side, side]. A smaller image is enlarged by repeating its pixels."""
        parts = [_fitted(required(condition), self.side) * 2 - 1] if self.takes_image else []
        if self.latent_dim:
            parts.append(z[:, :, None, None].expand(-1, -1, self.side, self.side))
        return torch.cat(parts, 1)


class FromImage(nn.Module):
    """A generator that is a chain of layers from an image and z to another image."""

    def __init__(self, given: GivenImage, layers: list[nn.Module]) -> None:
        super().__init__()
        self.given, self.layers = given, Chain(layers)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        samples: Tensor = self.layers(self.given(z, condition), z)
        return samples


class JudgedPair(nn.Module):
    """What D's first layer receives: a sample as 2x - 1 and beside it, as further channels, the image of the condition.

    If the condition is not judged (`Condition.is_judged`), it is the sample alone.
    """

    def __init__(self, condition: Condition, channels: int) -> None:
        super().__init__()
        self.takes_image = condition.kind == "image" and condition.is_judged
        self.channels = channels + (condition.shape[0] if self.takes_image else 0)
        """The number of channels that the first layer receives."""

    def forward(self, samples: Tensor, condition: Tensor | None) -> Tensor:
        """[N, C, H, W] and [N, c, h, w], both in [0, 1] -> [N, C + c, H, W]."""
        both = [samples]
        if self.takes_image:
            both.append(_fitted(required(condition), samples.shape[-1]).to(samples.dtype))
        return torch.cat(both, 1) * 2 - 1


class KeepsKnown(nn.Module):
    """A generator whose samples keep what the condition tells of them, pixels or the luma. All else is what `generator` makes."""

    def __init__(self, generator: nn.Module, keeps: Keeps) -> None:
        super().__init__()
        self.generator, self.keeps = generator, keeps

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        condition = required(condition)
        return self.keeps(self.generator(z, condition), condition)


def _fitted(images: Tensor, side: int) -> Tensor:
    """Return images [N, c, h, w] at `side`, by repeating pixels where they are smaller."""
    return images if images.shape[-1] == side else resized(images, (side, side), filter="nearest")
