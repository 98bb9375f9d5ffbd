"""One set of samples as a user gives it (arrays, tensors, splits or features), checked and brought to one form."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscape.components.datasets._base import Dataset, Split
from landscape.components.metrics._base import SampleSet
from landscape.core.errors import UserError

ROWS = 1024
"""The number of samples that are checked or hashed at a time, so that memory-mapped sets are read in pieces."""


@dataclass(frozen=True)
class Given:
    """A set of samples or of features."""

    samples: Tensor | None = None
    """Images (N, C, H, W) as uint8 levels or floats in [0, 1], or float points (N, D)."""
    features: Tensor | None = None
    """Features [N, d], which are given instead of samples or beside them."""
    logits: Tensor | None = None
    labels: Tensor | None = None
    source: str = "samples"
    """What messages call the set: a path or a name."""
    identity: str = ""
    """A name of the content (the hash of a data set, and the subset). It is empty if the content is known by its bytes alone."""
    extractor: str = ""
    """The extractor that made the features, if their file names it."""
    cached: bool = True
    """Whether features of this set are kept on disk. They are not for samples that were drawn from a model."""
    inputs: Tensor | None = None
    """The pictures (N, c, h, w) that belong to the samples, if the data set has them."""
    tokens: Tensor | None = None
    """The texts (N, L) that belong to the samples, if the data set has them."""
    other: "Given | None" = None
    """The same split of the second set of pictures, if the data set has one. Its rows belong to no samples, so that a part of the samples
    has it as a whole.
    """
    handling: Mapping[str, str] = field(default_factory=dict)
    """What was done to the samples before, such as resizing and splitting."""

    def __len__(self) -> int:
        held = self.samples if self.samples is not None else self.features
        assert held is not None
        return len(held)

    @property
    def is_stratified(self) -> bool:
        """Whether the set is a split that holds the same share of each label as the whole data set."""
        return self.labels is not None and self.handling.get("split", "").startswith("stratified")

    @cached_property
    def content(self) -> str:
        """The SHA-256 of the samples, or the identity if the set has one."""
        if self.identity or self.samples is None:
            return self.identity
        digest = hashlib.sha256(f"{self.samples.dtype}{tuple(self.samples.shape)}".encode())
        for part in torch.split(self.samples, ROWS):
            digest.update(part.contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()

    def first(self, count: int) -> "Given":
        """Return the first `count` samples."""
        return self if count >= len(self) else self.take(torch.arange(count), f"first {count}")

    def take(self, index: Tensor, name: str) -> "Given":
        """Return the samples at `index`. `name` names the subset in its identity."""

        def part(values: Tensor | None) -> Tensor | None:
            if values is None:
                return None
            contiguous = len(index) > 0 and bool((index == torch.arange(int(index[0]), int(index[0]) + len(index))).all())
            # A slice of a memory-mapped set stays on disk, while single rows are copied.
            return values[int(index[0]) : int(index[0]) + len(index)] if contiguous else values[index]

        return Given(
            part(self.samples),
            part(self.features),
            part(self.logits),
            part(self.labels),
            self.source,
            f"{self.identity}/{name}" if self.identity else "",
            self.extractor,
            self.cached,
            part(self.inputs),
            part(self.tokens),
            self.other,
            self.handling,
        )

    def chunks(self, rows: int) -> Iterator[Tensor]:
        """Yield the samples in order, `rows` at a time."""
        assert self.samples is not None
        yield from torch.split(self.samples, rows)


SampleSource = Tensor | NDArray[Any] | SampleSet | Split | Dataset | Given


def as_given(source: SampleSource, what: str) -> Given:
    """Bring `source` to one form. A Dataset gives all of its splits.

    Args:
        source: Samples, or a SampleSet with features alone. Its float images are levels in [0, 255], as always in a SampleSet.
        what: `real` or `generated`, for messages.

    Raises:
        UserError: The set is empty, has the shape or type of neither images nor points, or holds NaN or values out of range.
    """
    match source:
        case Given():
            return _checked(source)
        case Dataset():
            split = source.split("all")
            return Given(split.samples, labels=split.labels, source=source.name, identity=f"{source.content_hash}/all")
        case Split():
            return _checked(Given(_images_or_points(source.samples, what), labels=source.labels, source=what))
        case SampleSet():
            images = source.images
            if images is not None:
                levels = images.dim() == 4 and images.is_floating_point()
                images = _images_or_points(images / 255 if levels else images, what)
            if images is None and source.features is None:
                raise UserError(f"the {what} set holds neither samples nor features: give one of them")
            return _checked(Given(images, source.features, source.logits, source.labels, source=what))
        case _:
            return _checked(Given(_images_or_points(source, what), source=what))


def _images_or_points(array: Tensor | NDArray[Any], what: str) -> Tensor:
    """Bring an array to uint8 or float32 images (N, C, H, W), or to float32 points (N, D).

    Channels-last images (N, H, W, C) and gray images (N, H, W) are turned.

    Raises:
        UserError: The shape is neither, or is two of these at once: an array (H, W, 3) may be one color picture or H gray ones.
    """
    if isinstance(array, np.ndarray):
        if array.dtype == object:
            raise UserError(f"the {what} array holds Python objects, not numbers: save a plain array")
        array = torch.from_numpy(np.ascontiguousarray(array))
    if not isinstance(array, Tensor):
        raise UserError(f"the {what} set is a {type(array).__name__}: give a tensor, an array, a SampleSet or a data set")
    _require_one_reading(tuple(array.shape), what)
    if array.dim() == 3:
        array = array[:, None]
    if array.dim() == 4 and array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
        array = array.permute(0, 3, 1, 2)
    if array.dim() not in (2, 4) or (array.dim() == 4 and array.shape[1] not in (1, 3)):
        raise UserError(f"the {what} samples have shape {tuple(array.shape)}: give images (N, C, H, W), C 1 or 3, or points (N, D)")
    if array.dtype == torch.uint8 and array.dim() == 4:
        _require_levels(array, what)
        return array
    if array.dim() == 4 and not array.is_floating_point():
        raise UserError(f"the {what} images are {array.dtype}: give uint8 levels or floats in [0, 1]")
    return array.to(torch.float32)


def _require_one_reading(shape: tuple[int, ...], what: str) -> None:
    """Refuse a shape that may be one picture or many, or channels first or last."""
    if len(shape) == 3 and shape[0] != 1 and (shape[2] in (1, 3, 4) or shape[0] == 3):
        height, width = shape[:2] if shape[2] in (1, 3, 4) else shape[1:]
        one = f"one picture of {height}x{width}" if shape[2] in (1, 3, 4) else f"one picture of {height}x{width} with its channels first"
        readings = f"{one} or {shape[0]} gray ones of {shape[1]}x{shape[2]}"
        raise UserError(f"the {what} samples have shape {shape}, {readings}: give gray images as (N, 1, H, W); one picture is no set")
    if len(shape) == 4 and shape[1] in (1, 3) and shape[3] in (1, 3) and shape[1:] != (1, 1, 1):
        raise UserError(
            f"the {what} samples have shape {shape}, whose channels may come first or last: give images (N, C, H, W) with W over 3"
        )


def _require_levels(images: Tensor, what: str) -> None:
    """Refuse uint8 images with the levels 0 and 1 only, which would be nearly black. Images that are all black are allowed."""
    brightest = 0
    for part in torch.split(images, ROWS):
        brightest = max(brightest, int(part.max())) if part.numel() else brightest
        if brightest > 1:
            return
    if brightest == 1:
        seen = f"the uint8 images of {what!r} have no level above 1, where 255 is white"
        raise UserError(f"{seen}: multiply pictures of 0 and 1 by 255, or give floats in [0, 1]")


def _checked(given: Given) -> Given:
    if len(given) == 0:
        raise UserError(f"the set {given.source!r} is empty")
    for values, name in ((given.samples, "samples"), (given.features, "features"), (given.logits, "logits"), (given.labels, "labels")):
        if values is not None and len(values) != len(given):
            raise UserError(f"the set {given.source!r} has {len(given)} samples but {len(values)} {name}")
        if values is not None and values.is_floating_point():
            require_finite(values, f"{name} of the set {given.source!r}")
    if given.samples is not None and given.samples.dim() == 4 and given.samples.is_floating_point():
        require_unit_range(given.samples, given.source)
    return given


def require_finite(values: Tensor, what: str) -> None:
    """Check that all values are finite.

    Raises:
        UserError: A value is NaN or infinite.
    """
    for part in torch.split(values, ROWS):
        if not bool(torch.isfinite(part).all()):
            raise UserError(f"the {what} hold NaN or infinity: remove those samples, or look at what made them")


def require_unit_range(images: Tensor, source: str) -> None:
    """Check that float images are in [0, 1].

    Raises:
        UserError: They leave this range by more than rounding.
    """
    low, high = float(images.amin()), float(images.amax())
    if low < -1e-3 or high > 1 + 1e-3:
        remedy = "divide levels by 255" if low >= 0 else "map [-1, 1] to [0, 1] by (x + 1) / 2"
        raise UserError(f"float images of {source!r} range from {low:.3g} to {high:.3g}, expected [0, 1]: {remedy}, or give uint8")
