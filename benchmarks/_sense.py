"""Shows how each score reacts to blurred, noisy, mode-dropped and memorized images, compared with other real images (the floor)."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from landscape.components.datasets._base import Dataset
from landscape.components.datasets._load import load_dataset
from landscape.components.metrics._base import SampleSet
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.scoring import Aids, evaluate
from landscape.results.record import Estimate

METRICS = [
    "frechet",
    {"fd_infinity": {"points": 8, "smallest": 0.5}},
    {"kid": {"estimator": "full"}},
    "precision_recall",
    "density_coverage",
    "prd",
    {"inception_score": {"splits": 1}},
    "modified_inception",
    "class_coverage",
    "vendi",
    "ms_ssim",
    "memorization",
    "parzen",
]
MOST = 3000
"""The largest number of images in a set."""


def table(name: str) -> str:
    """Return the scores of each kind of set made from the data set `name`, with those that differ from the floor marked.

    If `name` is not available, digits are used.
    """
    try:
        dataset = load_dataset(name)
    except UserError:
        dataset, name = load_dataset("digits"), "digits"
    sets = _sets(dataset)
    real = dataset.split("test").samples[: len(sets["fair"])]
    protocol = varied(get("quick"), metrics=METRICS, name="sense", objective="")
    found = {}
    for kind, images in sets.items():
        scores = evaluate(SampleSet(images=real), SampleSet(images=images), protocol, aids=Aids(dataset=dataset))
        found[kind] = dict(scores.estimates)
        if scores.failures:
            raise UserError(f"{kind}: {dict(scores.failures)}")
    lines = [
        f"{name}: {len(real)} test images against as many of each kind, through its classifier; + better, - worse than the floor",
        "",
        f"| score | {' | '.join('other real images (floor)' if kind == 'fair' else kind for kind in sets)} |",
        "|---" * (len(sets) + 1) + "|",
    ]
    for score, floor in found["fair"].items():
        cells = [f"{floor.value:.4g}{_interval(floor)}"]
        cells += [f"{found[kind][score].value:.4g}{moved(floor, found[kind][score])}" for kind in sets if kind != "fair"]
        lines.append(f"| {score} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _interval(estimate: Estimate) -> str:
    return "" if estimate.interval is None else f" [{estimate.interval[0]:.4g}, {estimate.interval[1]:.4g}]"


def moved(floor: Estimate, found: Estimate) -> str:
    """Return ` +` or ` -` if the two intervals do not overlap, or, without intervals, if the values differ.

    Where the best value is that of real samples (memorization, authenticity), every distance from it is worse.
    """
    one, two = (each.interval or (each.value, each.value) for each in (floor, found))
    if one[0] <= two[1] and two[0] <= one[1]:
        return ""
    if floor.target == "real":
        return " -"
    higher = found.value > floor.value
    return " +" if higher == (floor.direction == "higher") else " -"


def _sets(dataset: Dataset) -> dict[str, Tensor]:
    """Return the images of each kind as levels (N, 1, H, W) uint8, equally many of each."""
    held, train = dataset.split("validation"), dataset.split("train")
    count = min(MOST, len(held.samples), len(dataset.split("test").samples))
    images = held.samples[:count]
    assert held.labels is not None
    levels, generator = images.float(), torch.Generator().manual_seed(0)
    side = tuple(images.shape[-2:])
    half = held.samples[held.labels < 5]
    kinds = {
        "blurred": interpolate(avg_pool2d(levels, 2), size=side, mode="bilinear"),
        "noisy": levels + 50 * torch.randn(levels.shape, generator=generator),
        "modes dropped": half.repeat(-(-count // len(half)), 1, 1, 1)[:count],
        "memorized": train.samples[:count],
    }
    return {"fair": images} | {kind: made.clamp(0, 255).round().to(torch.uint8) for kind, made in kinds.items()}
