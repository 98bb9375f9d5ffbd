"""What damaged sets of photographs do to each score, through several views, at several numbers of samples: CIFAR-10 as JPEG."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, pad

from landscape.components.datasets._base import Dataset
from landscape.components.datasets._load import load_dataset
from landscape.components.extractors._base import Features
from landscape.components.extractors.classifier import classifier
from landscape.components.extractors.efficientnet_lite import efficientnet_lite
from landscape.components.extractors.pixels import pixels
from landscape.components.metrics._base import METRICS, Evidence, SampleSet
from landscape.results.record import Estimate

COUNTS = (300, 1200, 5000)
FLOOR_IMAGES = 10_000
"""Other real images, at most, unless two sets need more: 2 disjoint sets of 5,000, or 4 of 1,200, or 8 of 300."""
MOST_DRAWS = 8
METRICS_SHOWN: Mapping[str, Mapping[str, Any]] = {
    "frechet": {"interval": False},
    "kid": {"estimator": "full"},
    "mind": {},
    "precision_recall": {},
    "density_coverage": {},
    "memorization": {},
}
BATCH = 500


@dataclass(frozen=True)
class Sets:
    """Images (N, 3, 32, 32) uint8 by kind. The damaged ones are made of images that are in no other set."""

    real: Tensor
    others: Tensor
    """Further real images, of which the floor is taken."""
    train: Tensor
    damaged: dict[str, Tensor]


def rows(data_dir: Path | None, only: Sequence[str] = (), counts: Sequence[int] = COUNTS) -> Iterator[str]:
    """The table, row by row as rows are done: view by view, and through each at every number of samples.

    In brackets: the distance from the mean score of real images in the standard deviations of the real images' own scores.
    """
    dataset = load_dataset("cifar10-jpeg", data_dir=data_dir)
    made = sets(dataset, max(counts), max(2 * max(counts), min(FLOOR_IMAGES, 4 * max(counts))))
    yield f"| images | score | real against real: mean, spread | {' | '.join(made.damaged)} |\n" + "|---" * (len(made.damaged) + 3) + "|"
    for name, view in _views(dataset).items():
        if only and name not in only:
            continue
        features = _features(view(), made)
        for count in counts:
            yield from _rows(features, list(made.damaged), name, count)


def sets(dataset: Dataset, most: int, floor_images: int) -> Sets:
    """Real images of the test split; the damaged ones from its other half and the validation split."""
    test, held, train = (dataset.split(name) for name in ("test", "validation", "train"))
    pool = torch.cat([test.samples[most:], held.samples])
    labels = torch.cat([split.labels[start:] for split, start in ((test, most), (held, 0)) if split.labels is not None])
    source, generator = pool[:most], torch.Generator().manual_seed(0)
    damaged = {
        "blurred, sigma 1": blurred(source, 1.0),
        "noisy, sigma 20": source.float() + 20 * torch.randn(source.shape, generator=generator),
        "half the classes": pool[labels < 5][:most],
        "JPEG, quality 50": compressed(source, 50),
        "JPEG, quality 10": compressed(source, 10),
        "memorized": train.samples[:most],
    }
    levels = {name: images.float().clamp(0, 255).round().to(torch.uint8) for name, images in damaged.items()}
    # The last images of the training split are in no other set.
    return Sets(test.samples[:most], train.samples[-floor_images:], train.samples[:most], levels)


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur, edges repeated."""
    reach = int(4 * sigma)
    weights = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    kernel = (weights / weights.sum()).repeat(images.shape[1], 1, 1, 1)
    padded = pad(images.float(), (reach,) * 4, mode="replicate")
    return conv2d(conv2d(padded, kernel, groups=images.shape[1]), kernel.mT, groups=images.shape[1])


def compressed(images: Tensor, quality: int) -> Tensor:
    """Each image after one more JPEG compression."""

    def one(image: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return torch.from_numpy(np.stack([one(image) for image in images.permute(0, 2, 3, 1).numpy()])).permute(0, 3, 1, 2)


def _views(dataset: Dataset) -> dict[str, Callable[[], Callable[[Tensor], Features]]]:
    return {
        "Lite0 at 64 px": partial(efficientnet_lite, resolution=64),
        "Lite0 at 112 px": partial(efficientnet_lite, resolution=112),
        "pixels": pixels,
        "classifier": partial(classifier, dataset=dataset),
    }


def _features(view: Callable[[Tensor], Features], made: Sets) -> dict[str, Tensor]:
    """Through one view: real images, others, and each damaged set."""
    sets = {"real": made.real, "others": made.others, **made.damaged}
    return {name: torch.cat([view(part).features for part in torch.split(images, BATCH)]) for name, images in sets.items()}


def _rows(features: dict[str, Tensor], kinds: Sequence[str], view: str, count: int) -> Iterator[str]:
    """Scores through one view at `count` + `count` samples."""
    draws = [part for part in torch.split(features["others"], count) if len(part) == count][:MOST_DRAWS]
    floors = [_scores(features, draw, count) for draw in draws]
    found = {kind: _scores(features, features[kind][:count], count) for kind in kinds}
    for score in floors[0]:
        values = np.array([floor[score].value for floor in floors])
        mean, spread = values.mean(), values.std(ddof=1)
        cells = [f"{found[kind][score].value:.3g} ({(found[kind][score].value - mean) / spread:+.1f})" for kind in kinds]
        yield f"| {count:,} | {score}, {view} | {mean:.3g}, {spread:.2g} ({len(draws)} sets) | {' | '.join(cells)} |"


def _scores(features: dict[str, Tensor], fake: Tensor, count: int) -> dict[str, Estimate]:
    real, train = SampleSet(features=features["real"][:count]), SampleSet(features=features["memorized"])
    evidence = Evidence(real, SampleSet(features=fake), train=train, extractor="x")
    found: dict[str, Estimate] = {}
    for name, options in METRICS_SHOWN.items():
        given = _rotated(evidence) if name == "frechet" else evidence
        found |= METRICS[name].function(given, **METRICS[name].complete(options))
    return {name.removesuffix("[x]"): estimate for name, estimate in found.items() if not name.startswith(("FD_mean", "FD_cov"))}


def _rotated(evidence: Evidence) -> Evidence:
    """Both sets in a basis of their joint span, where that is narrower than the features: no Frechet distance moves."""
    real, fake = evidence.real.features, evidence.fake.features
    assert real is not None
    assert fake is not None
    if len(real) + len(fake) >= real.shape[1]:
        return evidence
    basis = torch.linalg.qr(torch.cat([real, fake]).double().T).Q  # [d, n + m]
    return replace(evidence, real=SampleSet(features=real.double() @ basis), fake=SampleSet(features=fake.double() @ basis))
