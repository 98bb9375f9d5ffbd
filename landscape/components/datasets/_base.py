"""Defines what a data set is, and holds the registry of data sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from torch import Tensor

from landscape.components.datasets._language import Language
from landscape.components.datasets._speech import Speech
from landscape.core.errors import UserError
from landscape.core.registry import Registry

SplitName = Literal["train", "validation", "test", "all"]
Channels = Literal[1, 3]
SPLITS = ("train", "validation", "test")
"""The splits that a data set may have, in the order in which they are concatenated and hashed."""


@dataclass(frozen=True)
class Request:
    """What is asked of a data set function, and the folders in which it may read and write."""

    resolution: int | None = None
    """The side of the images in pixels. None stands for the data set's own."""
    channels: Channels | None = None
    """1 for gray, 3 for color. None stands for the data set's own."""
    roots: tuple[Path, ...] = ()
    """The folders in which the files are looked for, in order."""
    explicit: bool = False
    """Whether the user named the only root. Then nothing is looked for elsewhere, and nothing is downloaded."""
    download_dir: Path = Path()
    """The folder into which files are downloaded."""
    cache_dir: Path = Path()
    """The folder in which prepared arrays are kept."""
    progress: bool = True
    """Whether long work is shown on stderr."""
    verify: bool = False
    """Whether every file is read again, including files that have not been touched since they were read."""

    @property
    def digests(self) -> Path:
        """The folder in which the digests of files are remembered."""
        return self.cache_dir / "digests"


@dataclass(frozen=True)
class Split:
    """Samples and their labels.

    Images are uint8 (N, C, H, W) with levels 0 to 255, and may be memory-mapped. Points are float32 (N, D).
    """

    samples: Tensor
    labels: Tensor | None = None
    """The class of each sample, int64 (N,), or None if the samples have no labels."""
    parts: Tensor | None = None
    """Parts of which training samples are composed, uint8 (P, c, H, W), or None.

    Each training sample consists of C / c parts that are drawn independently at every step and stacked as channels; stacked MNIST uses this
    when it is drawn on the fly. `samples` then holds a fixed draw of the same distribution, which serves everything but training.
    """

    inputs: Tensor | None = None
    """The picture that belongs to each sample, uint8 (N, c, h, w) with h / w = H / W, or None. Tasks on pairs make the sample of it."""
    tokens: Tensor | None = None
    """The text of each sample, int64 (N, L), as numbers of words in the vocabulary of the data set's language, or K texts of each sample,
    int64 (N, K, L), of which tasks draw one at every step, or the voice and the phone of each frame of speech, int64 (N, 1 + frames), or
    None.
    """

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class Modes:
    """The known modes of a synthetic distribution."""

    centers: Tensor
    """float32 (M, D): one center a mode."""
    sigma: float
    """The standard deviation of each coordinate around its center."""
    radius_in_sigmas: float = 3.0
    """The published radius, in standard deviations, within which a sample counts as belonging to a mode."""


@dataclass(frozen=True)
class Dataset:
    """A prepared data set. Every split has the resolution and the channels that were asked for."""

    name: str
    splits: Mapping[str, Split]
    """Always `train`; also `validation` and `test` where the source or the preparation defines them."""
    content_hash: str
    """The first 16 hex digits of a SHA-256 over what all splits hold, also those of `other`. It is part of a trial's identity."""
    other: Mapping[str, Split] = field(default_factory=dict)
    """The splits of a second set of images, such as horses beside zebras, by the names of `splits`. Their rows belong to no row of
    `splits`. Empty if there is no second set.
    """
    classes: int | None = None
    """The number of classes, or None if there are no labels."""
    bounds: tuple[float, float] | None = (0.0, 1.0)
    """The range of values as networks see them. None stands for points without bounds."""
    modes: Modes | None = None
    language: Language | Speech | None = None
    """The words of the texts that belong to the samples, or the voices and words of speech, or None if there are neither."""
    classifier: str = ""
    """The name of the data whose shipped classifier reads these samples (`digits`, `mnist`), or "" if there is none."""
    handling: Mapping[str, str] = field(default_factory=dict)
    """What the preparation did (crop, resize, channels, files left out), in words, for the record."""

    def split(self, name: str) -> Split:
        """Return a split. `all` is the concatenation of all splits in the order train, validation, test.

        Raises:
            UserError: The data set has no split of that name.
        """
        if name == "all":
            import torch

            parts = [self.splits[n] for n in SPLITS if n in self.splits]
            labels = None if any(p.labels is None for p in parts) else torch.cat([p.labels for p in parts if p.labels is not None])
            inputs = None if any(p.inputs is None for p in parts) else torch.cat([p.inputs for p in parts if p.inputs is not None])
            tokens = None if any(p.tokens is None for p in parts) else torch.cat([p.tokens for p in parts if p.tokens is not None])
            return Split(torch.cat([p.samples for p in parts]), labels, inputs=inputs, tokens=tokens)
        if name not in self.splits:
            why = f" [{self.handling['split']}]" if name in SPLITS and "split" in self.handling else ""
            raise UserError(f"data set {self.name.replace('_', '-')!r} has no {name!r} split{why}: use one of {', '.join(self.splits)}")
        return self.splits[name]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample: (C, H, W) of an image, (D,) of a point."""
        return tuple(self.splits["train"].samples.shape[1:])

    @property
    def inputs_shape(self) -> tuple[int, ...]:
        """The shape (c, h, w) of the picture that belongs to a sample, or () if there is none."""
        inputs = self.splits["train"].inputs
        return () if inputs is None else tuple(inputs.shape[1:])


@dataclass(frozen=True)
class DatasetFacts:
    """What is known of a data set before anything is read."""

    samples: Literal["images", "points"] = "images"
    shape: tuple[int, ...] | None = None
    """The native shape of a sample, (C, H, W) or (D,). None if only the files tell."""
    resolution: int | None = None
    """The side in pixels that studies use by default."""
    labeled: bool = True
    """Whether the samples have labels, or may have them, which only the files tell."""
    has_texts: bool = False
    """Whether each sample has a text."""
    has_speech: bool = False
    """Whether the samples are mels of speech, with the phone of each frame and the voice."""
    has_other: bool = False
    """Whether there is a second set of images, `Dataset.other`."""
    source: str = ""
    """One line that says where the files come from and where to put them, for errors and for `landscape data`."""
    downloads: bool = False
    """Whether the data set can be downloaded by the program."""
    contents: tuple[str, ...] = ()
    """The content hashes of the original data in each of its splits, where they are known. Other files of the same form have others."""
    paper: str = ""


DATASETS: Registry[DatasetFacts] = Registry(
    "data set", "landscape.components.datasets", DatasetFacts, injected=frozenset({"resolution", "channels", "data_dir", "request"})
)
"""The data sets by name. A data set function returns a Dataset.

The function may name any of these keywords, which it is then given: `resolution` (int | None), `channels` (1 | 3 | None), `data_dir`
(Path | None), and `request` (a Request, which holds all of these and the cache). It may ignore them all:
`landscape.components.datasets._load.load_dataset` converts images that have another resolution or other channels than asked for.
"""
