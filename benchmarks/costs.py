"""Measure what a round costs at growing resolutions, and derive the cost of the whole Landscape study from counted arithmetic.

`python -m benchmarks.costs --resolution` trains at 8 to 128 pixels and prints milliseconds and peak memory of a round.
`python -m benchmarks.costs --study [--tflops 122] [--dollars 3]` counts the products of each of the study's models, adds one FID per
training, and derives hours and dollars at that sustained rate and that price of one GPU. Neither the rate nor the price is measured: give
your own.
"""

import argparse
import functools
import subprocess
import sys
from typing import Any, NamedTuple

import torch

from benchmarks._memory import peak_of
from benchmarks._timing import seconds
from benchmarks.metrics import machine
from landscape.components.datasets._base import Dataset, Split
from landscape.config.trial_config import TrialConfig
from landscape.training.compilation import Path
from landscape.training.gan import GAN
from landscape.trial.operations import products

RESOLUTIONS = (8, 16, 32, 64, 128)
WIDTH, BATCH = 16, 32
INCEPTION = 11.4e9
"""The floating-point operations of the Inception network for one image of 299 x 299 pixels."""
LOSSES, NORMALIZATIONS = 3, 4
PENALTIES = ("none", "gradient_penalty", "dragan", "l2")
FIXED, SEARCHED = {1: 6 * 5, 5: 18 * 5}, {1: 120, 5: 120}
"""The number of trainings of a cell, by D steps per G step, from Kurach et al. 2019.

Table 1 has 24 fixed settings with 5 seeds, and table 2 has 12 rounds of 10 searched settings for each. The 24 settings contain two weights
of the penalty; without a penalty there are 12.
"""


class Part(NamedTuple):
    """One data set of the study with one architecture."""

    name: str
    architecture: str
    resolution: int
    d_steps: int
    samples: int
    """The number of real and of generated images of a score. The real images' features are computed once."""


PARTS = (
    Part("CIFAR-10, SNDCGAN", "sndcgan", 32, 200_000, 10_000),
    Part("CIFAR-10, ResNet-CIFAR", "resnet_cifar", 32, 200_000, 10_000),
    Part("CelebA-HQ-128, SNDCGAN", "sndcgan", 128, 100_000, 3_000),
    Part("CelebA-HQ-128, ResNet19", "resnet19", 128, 100_000, 3_000),
    Part("LSUN bedroom 128, SNDCGAN", "sndcgan", 128, 100_000, 10_000),
    Part("LSUN bedroom 128, ResNet19", "resnet19", 128, 100_000, 10_000),
)


def noise(count: int, resolution: int) -> Dataset:
    """Return color images of noise. What is timed or counted does not depend on their content."""
    shape = (count, 3, resolution, resolution)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Dataset("noise", {"train": Split(images)}, content_hash="0" * 16, bounds=(0.0, 1.0))


def model(architecture: Any, resolution: int, batch: int, device: str = "cpu", execution: Path = "eager", **fields: Any) -> GAN:
    """Build a model for color images of noise."""
    common = {"dataset": "cifar10", "loss": "non_saturating", "budget": {"amount": 10_000_000}, "batch_size": batch}
    gan = GAN(TrialConfig.parse(common | {"architecture": architecture} | fields), noise(4 * batch, resolution))
    gan.prepare(torch.device(device), execution)
    return gan


def trainings(penalty: str) -> dict[int, int]:
    """Return the number of trainings of a cell, by D steps per G step."""
    return {ratio: fixed // (2 if penalty == "none" else 1) + SEARCHED[ratio] for ratio, fixed in FIXED.items()}


@functools.cache
def operations_of_cells(architecture: str, resolution: int, d_steps: int) -> float:
    """Return the floating-point operations of all trainings of four cells that differ in their penalty.

    The four cells share one loss and one normalization. The operations are counted on 2 images and scaled to the batch of 64.
    Normalizations add no products worth counting (spectral: 0.4 %).
    """
    found = 0.0
    for penalty in PENALTIES:
        for ratio, number in trainings(penalty).items():
            gan = model(architecture, resolution, 2, regularizers=[penalty], d_steps_per_round=ratio)
            gan.run_rounds(1)
            found += products(gan) * 64 / 2 * d_steps / ratio * number
    return found


def study(tflops: float, dollars: float) -> None:
    """Print the hours and dollars of the study."""
    print(f"3 losses x 4 normalizations x 4 penalties, 300 or 360 trainings each; one GPU at {tflops:g} TFLOP/s sustained")
    print(f"and {dollars:g} dollars an hour (assumed, not measured)\n")
    print("| part | trainings | EFLOP, training | EFLOP, scores | GPU-hours | hours on 8 | hours on 64 | dollars |")
    print("|---|---|---|---|---|---|---|---|")
    whole = [0.0, 0.0, 0.0]
    for part in PARTS:
        number = LOSSES * NORMALIZATIONS * sum(sum(trainings(penalty).values()) for penalty in PENALTIES)
        training = LOSSES * NORMALIZATIONS * operations_of_cells(part.architecture, part.resolution, part.d_steps)
        scores = number * part.samples * INCEPTION
        print(row(part.name, number, training, scores, tflops, dollars), flush=True)
        whole = [a + b for a, b in zip(whole, (number, training, scores), strict=True)]
    print(row("all", int(whole[0]), *whole[1:], tflops, dollars))


def row(name: str, number: int, training: float, scores: float, tflops: float, dollars: float) -> str:
    """Return one line of the table. Trials are independent, so hours are divided by the number of GPUs."""
    hours = (training + scores) / (tflops * 1e12) / 3600
    figures = (number, training / 1e18, scores / 1e18, hours, hours / 8, hours / 64, hours * dollars)
    return f"| {name} | " + " | ".join(f"{figure:,.0f}" for figure in figures) + " |"


def at_resolution(resolution: int) -> None:
    """Print one row, measured in this process."""
    ready: list[GAN] = []

    def build_and_train() -> None:
        ready.append(model({"sndcgan": {"width": WIDTH}}, resolution, BATCH))
        ready[0].run_rounds(2)

    peak = 1024 * peak_of(build_and_train)
    times = [seconds(lambda: ready[0].run_rounds(2)) / 2 * 1e3 for _ in range(5)]
    arithmetic = products(ready[0]) / 1e9
    least, *_, middle, _, greatest = sorted(times)
    rate = arithmetic / middle * 1e3
    print(f"| {resolution} | {middle:.1f} ({least:.1f} to {greatest:.1f}) | {arithmetic:.2f} | {rate:.0f} | {peak:.0f} |")


def main() -> None:
    """Measure or derive what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resolution", action="store_true", help="the measured curve")
    parser.add_argument("--study", action="store_true", help="the derived table")
    parser.add_argument(
        "--tflops",
        type=float,
        default=122,
        help="sustained by one GPU, whatever the precision; 122 is 450 rounds of SNDCGAN at 32x32 a second",
    )
    parser.add_argument("--dollars", type=float, default=3, help="price of an hour of one GPU")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--at", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.at:
        at_resolution(given.at)
        return
    if given.resolution or not given.study:
        print(f"{machine()}; sndcgan of width {WIDTH}, color, batch {BATCH}\n")
        print("| pixels | ms a round | GFLOP a round | GFLOP/s | peak MiB above the program |\n|---|---|---|---|---|", flush=True)
        for resolution in RESOLUTIONS:  # Each runs in a process of its own, because the peak of a process never falls.
            subprocess.run([sys.executable, "-m", "benchmarks.costs", "--at", str(resolution), "--threads", str(given.threads)], check=True)
    if given.study:
        study(given.tflops, given.dollars)


if __name__ == "__main__":
    main()
