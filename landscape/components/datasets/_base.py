"""What a data set is, and the registry of data sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from landscape.core.errors import UserError
from landscape.core.registry import Registry

SplitName = Literal["train", "validation", "test", "all"]
Channels = Literal[1, 3]
SPLITS = ("train", "validation", "test")
"""The splits a data set may have, in the order in which they are concatenated and hashed."""


@dataclass(frozen=True)
class Request:
    """What is asked of a data set function, and where it may read and write."""

    resolution: int | None = None
    """None: the data set's own."""
    channels: Channels | None = None
    roots: tuple[Path, ...] = ()
    """Folders in which to look for the files, in order."""
    explicit: bool = False
    """The user named the (only) root: nothing is looked for elsewhere, nothing is downloaded."""
    download_dir: Path = Path()
    cache_dir: Path = Path()
    """Where prepared arrays are kept."""
    progress: bool = True
    verify: bool = False
    """Read every file again, also those that are untouched since they were read."""

    @property
    def digests(self) -> Path:
        """The folder in which digests of files are remembered."""
        return self.cache_dir / "digests"


@dataclass(frozen=True)
class Split:
    """Samples and their labels. Images: uint8 (N, C, H, W), possibly memory-mapped. Points: float32 (N, D)."""

    samples: Tensor
    labels: Tensor | None = None
    """int64 (N,), or None."""
    parts: Tensor | None = None
    """uint8 (P, c, H, W): a training sample is composed anew of C / c independent draws of these, stacked as channels (stacked MNIST
    on the fly); `samples` then holds a fixed draw of the same distribution, for everything but training."""

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class Modes:
    """Known modes of a synthetic distribution: centers (M, D), the deviation around each, the published quality radius in sigmas."""

    centers: Tensor
    sigma: float
    radius_in_sigmas: float = 3.0


@dataclass(frozen=True)
class Dataset:
    """A prepared data set, every split at the asked-for resolution and channels."""

    name: str
    splits: Mapping[str, Split]
    """`train` always; `validation` and `test` where the source or the preparation defines them."""
    content_hash: str
    """SHA-256 (16 hex digits) over samples and labels of all splits: part of a trial's identity."""
    classes: int | None = None
    bounds: tuple[float, float] | None = (0.0, 1.0)
    """Value range as networks see it; None for unbounded points."""
    modes: Modes | None = None
    classifier: str = ""
    """Name of the data whose shipped classifier reads these samples (`digits`, `mnist`), or ""."""
    handling: Mapping[str, str] = field(default_factory=dict)
    """What preparation did (crop, resize, channels, skipped files), for the record."""

    def split(self, name: str) -> Split:
        """The split, or `all` for their concatenation in the order train, validation, test. UserError if there is none of that name."""
        if name == "all":
            import torch

            parts = [self.splits[n] for n in SPLITS if n in self.splits]
            labels = None if any(p.labels is None for p in parts) else torch.cat([p.labels for p in parts if p.labels is not None])
            return Split(torch.cat([p.samples for p in parts]), labels)
        if name not in self.splits:
            why = f" [{self.handling['split']}]" if name in SPLITS and "split" in self.handling else ""
            raise UserError(f"data set {self.name.replace('_', '-')!r} has no {name!r} split{why}: use one of {', '.join(self.splits)}")
        return self.splits[name]

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W) of an image, (D,) of a point."""
        return tuple(self.splits["train"].samples.shape[1:])


@dataclass(frozen=True)
class DatasetFacts:
    """What is known before anything is read.

    samples: images or points. shape: native (C, H, W) or (D,); None where only the files tell. resolution: the default one of studies.
    source: where the files come from and what to put where, one line, for errors and `landscape data`. downloads: can fetch by itself.
    """

    samples: Literal["images", "points"] = "images"
    shape: tuple[int, ...] | None = None
    resolution: int | None = None
    source: str = ""
    downloads: bool = False
    paper: str = ""


DATASETS: Registry[DatasetFacts] = Registry(
    "data set", "landscape.components.datasets", DatasetFacts, injected=frozenset({"resolution", "channels", "data_dir", "request"})
)
"""A data set function returns a Dataset. It may name any of these injected keywords: resolution (int | None), channels (1 | 3 | None),
data_dir (Path | None), or request (Request: all of them, and the cache). Images that it returns at another resolution or with other
channels than asked for are converted by `landscape.components.datasets._load.load_dataset`, so a function may ignore them all."""
