"""Defines what a feature extractor is, and holds the registry of extractors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from torch import Tensor

from landscape.core.errors import UserError
from landscape.core.registry import Registry


class Features(NamedTuple):
    """An extractor's output for a batch: features [N, d] in float32, and class logits [N, k] in float32 or None."""

    features: Tensor
    logits: Tensor | None = None


class Extractor(Protocol):
    """A fixed function from images to features.

    It is deterministic: the same images give the same features, up to rounding, in whatever batch they are.
    """

    @property
    def name(self) -> str:
        """The public name, which stands in every score: `inception`, `classifier:digits`, `pixels`, `classifier:local-1f2e...`."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, 16 hex digits; "" if there are none."""

    @property
    def channels(self) -> int | None:
        """The number of channels of the input, or None if any number is accepted.

        Images with another number of channels are converted: gray is repeated, color is averaged.
        """

    @property
    def handling(self) -> Mapping[str, str]:
        """How images are converted to the input: channels, resize, range."""

    def __call__(self, images: Tensor) -> Features:
        """Compute the features of a batch.

        Args:
            images: (N, C, H, W), uint8 or float32 levels in [0, 255] (unquantized), or points (N, D) if the extractor accepts them.

        Raises:
            UserError: The extractor cannot read samples of this shape.
        """


@dataclass(frozen=True)
class ExtractorFacts:
    """What is known about an extractor before it is loaded.

    is_fid: Whether a Frechet distance through it is called `FID`. This holds only for the 2015 Inception network; otherwise it is called
        `FD[<name>]`.
    takes_points: Whether it accepts points (N, D) as well as images.
    cached: Whether its features are worth keeping on disk.
    trained_on: The data and the labels on which its weights were trained; "" if nothing was trained.
    sees: Which properties of an image it distinguishes well and which hardly, in words for the notes of a protocol.
    network: The family of its network. A discriminator that is built on the same family is not scored through it, because it would be
        judged by the features that it uses itself (Sauer et al. 2021, arXiv:2111.01007, section 5, discuss this for a projected
        discriminator).
    source: Where the weights come from.
    files: Maps a file name to the SHA-256 of the published weights, if it is known.
    """

    is_fid: bool = False
    takes_points: bool = False
    cached: bool = True
    trained_on: str = ""
    sees: str = ""
    network: str = ""
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


EXTRACTORS: Registry[ExtractorFacts] = Registry(
    "extractor",
    "landscape.components.extractors",
    ExtractorFacts,
    injected=frozenset({"dataset", "weights", "device", "precision", "resize"}),
)
"""The registry of extractors.

An extractor function accepts any of the injected keywords: dataset (the `Dataset` whose samples it will read, or None), weights (Path |
None), device (torch.device), precision (`fp32` | `bf16`) and resize (`extractor` | `native`). It returns an Extractor.
"""


def require_images(samples: Tensor, extractor: str) -> None:
    """Refuse points (N, D) and images with other than 1 or 3 channels.

    Args:
        samples: The samples to check.
        extractor: The extractor's name, for the error message.

    Raises:
        UserError: `samples` is not (N, C, H, W) with 1 or 3 channels.
    """
    if samples.dim() != 4:
        raise UserError(f"extractor {extractor!r} reads images (N, C, H, W), not samples of shape {tuple(samples.shape)}: use 'pixels'")
    if samples.shape[1] not in (1, 3):
        raise UserError(f"extractor {extractor!r} reads images of 1 or 3 channels, not {samples.shape[1]}")
