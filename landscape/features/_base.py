"""What a feature extractor is, and the registry of extractors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from torch import Tensor

from landscape.registry import Registry


class Features(NamedTuple):
    """What an extractor says of a batch: features [N, d] float32, class logits [N, k] float32 or None."""

    features: Tensor
    logits: Tensor | None = None


class Extractor(Protocol):
    """A frozen function from images to features. Deterministic: same images, same features, whatever the batch."""

    @property
    def name(self) -> str:
        """Public name, in every score: `inception`, `classifier:digits`, `pixels`, `classifier:local-1f2e...`."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights, 16 hex digits; "" where there are none."""

    @property
    def handling(self) -> Mapping[str, str]:
        """How images are brought to its input: channels, resize, range."""

    def __call__(self, images: Tensor) -> Features:
        """images: (N, C, H, W), uint8 or float32 levels in [0, 255] (unquantised); or points (N, D) where it takes them."""


@dataclass(frozen=True)
class ExtractorFacts:
    """frechet: the name of a Frechet distance through it is `FID` only for the 2015 Inception network, else `FD[<name>]`."""

    is_fid: bool = False
    takes_points: bool = False
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """File name -> SHA-256 of the published weights, where downloads are known."""


FEATURES: Registry[ExtractorFacts] = Registry(
    "extractor", "landscape.features", ExtractorFacts, injected=frozenset({"dataset", "weights", "device", "precision"})
)
"""An extractor function takes those injected keywords it names: dataset (landscape.datasets._base.Dataset | None: what it is to read),
weights (Path | None), device (torch.device), precision (`fp32` | `bf16`), and returns an Extractor."""
