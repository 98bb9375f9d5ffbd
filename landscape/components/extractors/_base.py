"""What a feature extractor is, and the registry of extractors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from torch import Tensor

from landscape.core.errors import UserError
from landscape.core.registry import Registry


class Features(NamedTuple):
    """What an extractor says of a batch: features [N, d] float32, class logits [N, k] float32 or None."""

    features: Tensor
    logits: Tensor | None = None


class Extractor(Protocol):
    """A frozen function from images to features. Deterministic: same images, same features, up to rounding whatever the batch."""

    @property
    def name(self) -> str:
        """Public name, in every score: `inception`, `classifier:digits`, `pixels`, `classifier:local-1f2e...`."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, 16 hex digits; "" where there are none."""

    @property
    def channels(self) -> int | None:
        """Channels of its input; images of another number are brought there (gray repeated, color averaged). None: takes any."""

    @property
    def handling(self) -> Mapping[str, str]:
        """How images are brought to its input: channels, resize, range."""

    def __call__(self, images: Tensor) -> Features:
        """images: (N, C, H, W), uint8 or float32 levels in [0, 255] (unquantized); or points (N, D) where it takes them."""


@dataclass(frozen=True)
class ExtractorFacts:
    """What is known of an extractor before it is loaded.

    is_fid: a Frechet distance through it is called `FID` (only the 2015 Inception network), else `FD[<name>]`.
    takes_points: it reads points (N, D) as well as images.
    cached: its features are worth keeping on disk.
    trained_on: the data and the labels that made its weights; "" where nothing was trained.
    sees: what of an image it tells apart, and what it hardly does, in words for the notes of a protocol.
    network: the family of its network. A discriminator built on that family is not scored through it: it would judge by its own
        eyes (Sauer et al. 2021, arXiv:2111.01007, section 5, discuss it for a projected discriminator).
    source: where the weights come from.
    files: file name -> SHA-256 of the published weights, where they are known.
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
"""An extractor function takes those injected keywords it names: dataset (a `Dataset` or None: what it is to read),
weights (Path | None), device (torch.device), precision (`fp32` | `bf16`), resize (`extractor` | `native`), and returns an Extractor."""


def require_images(samples: Tensor, extractor: str) -> None:
    """Refuse points (N, D) with the remedy.

    Raises:
        UserError: `samples` is not (N, C, H, W) with 1 or 3 channels.
    """
    if samples.dim() != 4:
        raise UserError(f"extractor {extractor!r} reads images (N, C, H, W), not samples of shape {tuple(samples.shape)}: use 'pixels'")
    if samples.shape[1] not in (1, 3):
        raise UserError(f"extractor {extractor!r} reads images of 1 or 3 channels, not {samples.shape[1]}")
