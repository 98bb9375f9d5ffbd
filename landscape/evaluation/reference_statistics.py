"""Scores with reference statistics, which other programs publish in place of samples: the mean and covariance of features in an .npz."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landscape.components.datasets._base import Dataset
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.metrics._moments import Moments, moments
from landscape.components.metrics.frechet import frechet_terms
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError, reason_of
from landscape.evaluation.extraction import EvaluationOptions, load_extractor, sample_set
from landscape.evaluation.given import Given, SampleSource, as_given
from landscape.evaluation.loading import IMAGE_KEYS
from landscape.evaluation.scoring import enough
from landscape.evaluation.splits import reporting
from landscape.results.record import Estimate, Scores

NAMES = ("mu", "sigma")
"""The names of the arrays, as pytorch-fid and the evaluation of guided diffusion (ADM) write them."""
PICKLES = (".pkl", ".pickle")
_UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)
"""The errors that NumPy raises for a damaged archive."""


@dataclass(frozen=True)
class Statistics:
    """The mean and covariance of somebody's features. Such a file names neither the network nor the number of samples."""

    mean: torch.Tensor
    covariance: torch.Tensor
    source: str


def holds_statistics(path: Path) -> bool:
    """Return whether `path` is an .npz with a mean and a covariance and no samples beside them.

    Raises:
        UserError: The file is a pickle, as in StyleGAN. Pickles are never loaded.
    """
    if path.suffix.lower() in PICKLES and path.is_file():
        raise UserError(
            f"{path}: a pickle can run any code when it is loaded, so none is: save its mean and covariance as mu, sigma in an .npz"
        )
    if path.suffix.lower() != ".npz" or not path.is_file():
        return False
    try:
        with np.load(path, allow_pickle=False) as archive:
            return set(NAMES) <= set(archive.files) and not {*IMAGE_KEYS, "features"} & set(archive.files)
    except _UNREADABLE:
        return False  # `load_array` says what is wrong with the file.


def read_statistics(path: Path) -> Statistics:
    """Read the statistics in `path`.

    Raises:
        UserError: The file is damaged, arrays have other shapes, numbers are not finite, or the covariance is not symmetric.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            mean, covariance = (np.asarray(archive[name], dtype=np.float64) for name in NAMES)
    except _UNREADABLE as error:
        raise UserError(f"{path} cannot be read as arrays ({reason_of(error)[:120]}): it is damaged, or holds pickled objects") from error
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise UserError(f"{path}: mu has shape {mean.shape}, sigma {covariance.shape}; expected (d,) and (d, d)")
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise UserError(f"{path}: mu or sigma hold NaN or infinity")
    if not np.allclose(covariance, covariance.T, rtol=1e-4, atol=1e-8 * max(1.0, float(np.abs(covariance).max()))):
        raise UserError(f"{path}: sigma is not symmetric, so it is no covariance")
    return Statistics(torch.from_numpy(mean), torch.from_numpy((covariance + covariance.T) / 2), str(path))


def evaluate_statistics(
    real: Statistics | SampleSource, fake: Statistics | SampleSource, protocol: Protocol, *, options: EvaluationOptions | None = None
) -> Scores:
    """Compute the Frechet distance if at least one side consists of statistics alone. All other metrics of the protocol are failures.

    There is no interval, because the file does not say how many samples its numbers come from.

    Raises:
        UserError: Features have another width than the statistics, or the protocol has no Frechet distance.
    """
    options = options or EvaluationOptions()
    if not any(m.name == "frechet" for m in protocol.metrics):
        raise UserError(
            f"statistics of features give a Frechet distance alone, which protocol {protocol.name!r} lacks: add --metrics frechet"
        )
    dataset = next((each for each in (real, fake) if isinstance(each, Dataset)), None)
    both_known = isinstance(real, Statistics) and isinstance(fake, Statistics)
    extractor = None if both_known else load_extractor(protocol, dataset, options)
    one, two = (_moments(each, what, protocol, extractor, options) for each, what in ((real, "real"), (fake, "generated")))
    if len(one.mean) != len(two.mean):
        message = f"the real side has {len(one.mean)} features, the generated side {len(two.mean)}"
        raise UserError(f"{message}: the statistics were taken through another network; choose it by --features")
    value = frechet_terms(one, two).distance
    name, note = "FD[statistics]", "both sides are statistics; their files do not name the network"
    if extractor is not None:
        is_fid = EXTRACTORS[protocol.extractor.name].facts.is_fid
        name = "FID" if is_fid else f"FD[{extractor.name}]"
        note = f"the file of statistics does not name its network: it is taken to be {extractor.name!r}, whose width it has"
    note += "; biased upwards by an amount that the unknown number of samples decides"
    sources = {what: each.source if isinstance(each, Statistics) else "samples" for what, each in (("real", real), ("generated", fake))}
    return Scores(
        protocol=protocol.to_json() | {"digest": protocol.digest()},
        estimates={name: Estimate(value, "lower", bounds=(0.0, None), note=note)},
        failures={m.label(): "reads samples, of which statistics say nothing" for m in protocol.metrics if m.name != "frechet"},
        checkpoint="given",
        handling=_handling(sources, extractor.handling if extractor is not None else {}),
    )


def _moments(side: Any, what: str, protocol: Protocol, extractor: Any, options: EvaluationOptions) -> Moments:
    if isinstance(side, Statistics):
        # The number of samples is not known. It is taken to be enough for full rank, since a lower rank would show in the eigenvalues.
        return Moments(side.mean, side.covariance, 1 + len(side.mean))
    given: Given = reporting(side, protocol).samples if isinstance(side, Dataset) else as_given(side, what)
    given = enough(given, protocol.n_real if what == "real" else protocol.n_fake, what, protocol)
    features = sample_set(given, protocol, extractor, options, keep_images=False).features
    if features is None or len(features) < 2:
        raise UserError(f"the {what} set {given.source!r} has too few samples for a covariance")
    return moments(features)


def _handling(sources: Mapping[str, str], extractor: Mapping[str, str]) -> dict[str, str]:
    return {f"{what}: samples": source for what, source in sources.items()} | {f"extractor: {k}": v for k, v in extractor.items()}
