"""Loads a set of samples by what a user types: the name of a data set, a folder, a zip, an array file, or a trained trial."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._load import load_dataset, resolve_name
from landscape.components.datasets._readers.files import shown
from landscape.components.metrics._base import SampleSet
from landscape.config.protocol import Protocol
from landscape.core.component_text import WITH_PATH
from landscape.core.errors import UserError, reason_of
from landscape.evaluation.given import Given, as_given
from landscape.evaluation.sampling import Sampler, draw_under
from landscape.results.record import GENERATOR_FILE, RECORD_FILE

ARRAYS = (".npz", ".npy", ".pt", ".pth")
IMAGE_KEYS = ("images", "samples", "arr_0", "x", "data")
LABEL_KEYS = ("labels", "label", "arr_1", "y", "targets")

OpenTrial = Callable[[Path], Sampler]
"""A function that opens the folder of a trained trial as a sampler."""


@dataclass(frozen=True)
class Where:
    """Where and how named sets are read."""

    data_dir: Path | None = None
    resolution: int | None = None
    """The resolution to which data sets, folders and zips are brought. None leaves them their own."""
    channels: int | None = None
    open_trial: OpenTrial | None = None


def load_samples(spec: str, protocol: Protocol, where: Where | None = None, *, number: int | None = None) -> Given | Dataset:
    """Load the set that `spec` names.

    Args:
        spec: A registered data set, an image folder, a zip of images, an .npz, .npy or .pt file of images or features, or the folder of a
            trained trial.
        protocol: Says how a trial is sampled: seed, quantization and number.
        where: Where data are, and how a trial is opened.
        number: The number of samples to draw from a trial if the protocol names none.

    Returns:
        A Dataset for a registered name, of which the protocol takes a split, and otherwise the samples.

    Raises:
        UserError: There is nothing by that name, or a file is damaged, empty or holds something else.
    """
    where = where or Where()
    path = Path(spec).expanduser()
    if path.is_dir() and (path / GENERATOR_FILE).is_file():
        return _trial(path, protocol, where, number)
    if path.suffix.lower() in ARRAYS and (path.exists() or not _registered(spec)):
        return load_array(path)
    if path.is_dir() and _holds_trials(path):
        raise UserError(f"{spec} holds trials, and the pictures in it are theirs: give the folder of one trial that has a {GENERATOR_FILE}")
    if path.is_dir() or (path.is_file() and path.suffix.lower() == ".zip"):
        return _pictures("folder" if path.is_dir() else "zip", {"path": str(path)}, where)
    if _registered(spec):
        if spec.startswith(tuple(f"{name}:" for name in WITH_PATH)):
            return _pictures(*resolve_name(spec), where)
        return load_dataset(spec, resolution=where.resolution, channels=where.channels, data_dir=where.data_dir)
    if path.exists():
        raise UserError(f"{spec} is neither images nor an array: give a folder, a .zip, {', '.join(ARRAYS)}, or a data set")
    kind = "no such file or folder" if any(c in spec for c in "/.\\") else "neither a file nor a data set"
    raise UserError(f"{spec}: {kind}; data sets are {', '.join(map(shown, DATASETS))}")


def _holds_trials(path: Path) -> bool:
    """Return whether a folder is a trial without its generator, a study, or a folder of studies."""
    return any(next(path.glob(f"{above}{RECORD_FILE}"), None) is not None for above in ("", "trials/*/", "*/trials/*/", "*/"))


def load_pair(
    real: str, fake: str, protocol: Protocol, where: Where | None = None, *, number: Callable[[Given | Dataset], int | None]
) -> tuple[Given | Dataset, Given | Dataset]:
    """Load both sets. `number` says how many samples a trial gives. A bare array [N, d] beside features is taken as features."""
    one = load_samples(real, protocol, where)
    two = load_samples(fake, protocol, where, number=number(one))
    if not (isinstance(one, Given) and isinstance(two, Given)):
        return one, two
    return _as_features(one, beside=two), _as_features(two, beside=one)


def _as_features(given: Given, *, beside: Given) -> Given:
    if beside.features is None or given.samples is None or given.samples.dim() != 2:
        return given
    return replace(given, samples=None, features=given.samples.float())


def _registered(spec: str) -> bool:
    return resolve_name(spec)[0] in DATASETS


def _pictures(name: str, hyperparameters: Mapping[str, Any], where: Where) -> Given:
    """Load all images of a folder or zip from all splits, or from those splits that `hyperparameters` names."""
    whole = {**hyperparameters, "validation": 0.0, "test": 0.0}
    dataset = load_dataset(name, whole, resolution=where.resolution, channels=where.channels, data_dir=where.data_dir)
    split, path = dataset.split("all"), str(hyperparameters.get("path", ""))
    return Given(
        split.samples,
        labels=split.labels,
        source=path,
        identity=f"{dataset.content_hash}/all",
        inputs=split.inputs,
        handling=dataset.handling,
    )


def _trial(folder: Path, protocol: Protocol, where: Where, number: int | None) -> Given:
    wanted = protocol.n_fake or number
    if where.open_trial is None:
        raise UserError(f"{folder} is a trained trial, which cannot be opened here: use `landscape evaluate`")
    if wanted is None:
        raise UserError(f"{folder}: protocol {protocol.name!r} does not say how many samples to draw: choose one that does")
    made = draw_under(protocol, where.open_trial(folder), wanted, protocol.seed)
    return Given(made.samples, labels=made.labels, source=str(folder), cached=False, handling=made.handling)


def load_array(path: Path) -> Given:
    """Load images, points or features from an .npz, .npy or .pt file. Pickled objects are refused.

    An .npz, or a dictionary in a .pt, holds features [N, d] under `features`, or images under `images` (or `arr_0`). `logits`, `labels` and
    the name of the `extractor` may be beside features, and `labels` beside images. A bare two-dimensional array is taken as points, or as
    features if the set beside it has features (`load_pair`).

    Raises:
        UserError: The file is missing, damaged or empty, or holds none of these.
    """
    content = _read(path)
    if not isinstance(content, Mapping):
        return _named(as_given(_array(content, path), str(path)), path, "")
    labels = _first(content, LABEL_KEYS)
    label_tensor = None if labels is None else torch.as_tensor(_array(labels, path)).to(torch.int64).flatten()
    if "features" in content:
        features = _array(content["features"], path)
        if features.ndim != 2:
            raise UserError(f"{path}: features have shape {tuple(features.shape)}, expected (samples, width)")
        logits = torch.as_tensor(_array(content["logits"], path)).float() if "logits" in content else None
        made = SampleSet(None, _precise(torch.as_tensor(features)), logits, label_tensor)
        return _named(as_given(made, str(path)), path, str(content.get("extractor", "")))
    images = _first(content, IMAGE_KEYS)
    if images is None:
        raise UserError(f"{path} holds {', '.join(map(str, content)) or 'nothing'}: expected an array under `features` or `images`")
    given = as_given(_array(images, path), str(path))
    return _named(as_given(Given(given.samples, labels=label_tensor, source=str(path)), "given"), path, "")


def _precise(features: Tensor) -> Tensor:
    """Return features in float32, or in float64 if they are float64 or integers, because metrics center features first."""
    is_wide = features.dtype == torch.float64 or not features.is_floating_point()
    return features.double() if is_wide else features.float()


def _named(given: Given, path: Path, extractor: str) -> Given:
    return Given(given.samples, given.features, given.logits, given.labels, source=str(path), extractor=extractor)


def _first(content: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((content[key] for key in keys if key in content), None)


def _read(path: Path) -> Any:
    """Read the array, or the arrays by name, in `path`."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        if path.suffix.lower() in (".pt", ".pth"):
            return torch.load(path, map_location="cpu", weights_only=True)
        if path.suffix.lower() == ".npy":
            return np.load(path, mmap_mode="c", allow_pickle=False)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} cannot be read as arrays ({reason_of(error)[:120]}): it is damaged, or holds pickled objects") from error
    except Exception as error:  # Torch's unpickler raises an error of its own kind, whose text has several lines.
        raise UserError(f"{path} cannot be read as arrays ({reason_of(error)[:120]}): it is damaged, or holds more than tensors") from error


def _array(value: Any, path: Path) -> Tensor | np.ndarray[Any, Any]:
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim > 0:
        if isinstance(value, np.ndarray) and value.dtype.kind not in "biuf":
            raise UserError(f"{path} holds an array of {value.dtype} where numbers were expected: number the classes from 0")
        return value
    raise UserError(f"{path} holds a {type(value).__name__} where an array was expected")
