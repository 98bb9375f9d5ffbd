"""Measure what each regularizer and normalization costs: the time of a round relative to one without it, and a prediction.

`python -m benchmarks.components [--quick] [--only NAME ...]` prints two Markdown tables. The prediction is the ratio of the multiplications
in all matrix products and convolutions of a round with the component and without it. torch counts them as they run, forward and backward,
gradients of gradients included. Elementwise work and memory traffic are not predicted; they show as the amount by which a row exceeds its
prediction.
"""

import argparse
from dataclasses import dataclass, field
from typing import Any

import torch

import landscape
from benchmarks._timing import Ratio, compare
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.training.gan import GAN
from landscape.trial.operations import products

BASE: dict[str, Any] = {
    "dataset": "digits",
    "resolution": 32,
    "architecture": {"dcgan": {"width": 32}},
    "loss": "non_saturating",
    "d_normalization": "none",
    "g_normalization": "none",
    "batch_size": 64,
    "budget": {"amount": 10_000_000},
}
ROUNDS = 2
LIMIT = 1.3
HYPERPARAMETERS: dict[str, dict[str, Any]] = {"unrolled": {"k": 5}, "consistency": {"fake_weight": 10.0, "flip": False}}
"""Hyperparameters for components whose defaults would leave a part out or take very long."""
REASONS = {
    "batch": "elementwise: three passes over every feature map that no product counts",
    "layer": "as batch norm, with a mean over each sample's whole map",
    "instance": "as batch norm, with a mean over each map",
    "self_modulated": "as batch norm, and its two small networks of z a layer",
    "spectral_batch": "batch norm's elementwise passes",
    "spectral_layer": "layer norm's elementwise passes",
    "spectral_instance": "instance norm's elementwise passes",
}
"""Says why a row may exceed its prediction."""


@dataclass(frozen=True)
class Case:
    """A component on one side, and the change of the configuration that adds it."""

    name: str
    side: str
    change: dict[str, Any] = field(default_factory=dict)


def cases() -> list[Case]:
    """Return every registered regularizer, and every normalization of D and of G, but for those that read a class, which is not there."""
    plain = [name for name in REGULARIZERS if not REGULARIZERS[name].facts.needs_class_logits]
    found = [Case(name, "", {"regularizers": [{name: HYPERPARAMETERS.get(name, {})}]}) for name in plain]
    for side in ("d", "g"):
        unconditional = [n for n in NORMALIZATIONS if NORMALIZATIONS[n].facts.condition == "none"]
        names = [n for n in unconditional if side in NORMALIZATIONS[n].facts.sides and n != "none"]
        found += [Case(name, side.upper(), {f"{side}_normalization": name}) for name in names]
    return found


def ready(change: dict[str, Any]) -> GAN:
    """Build a model that has run its first round."""
    gan: GAN = landscape.build(BASE | change)
    gan.run_rounds(1)
    return gan


@dataclass(frozen=True)
class Cost:
    """A row of the table."""

    case: Case
    measured: Ratio
    predicted: float

    @property
    def line(self) -> str:
        """The row as text. Multiples refer to the round without the component."""
        multiple, low, high = 1 / self.measured.ratio, 1 / self.measured.greatest, 1 / self.measured.least
        name = f"{self.case.name} ({self.case.side})" if self.case.side else self.case.name
        over = multiple / self.predicted
        reason = REASONS.get(self.case.name, "NOT EXPLAINED") if over > LIMIT else ""
        return f"| {name} | {multiple:.2f} | {low:.2f} to {high:.2f} | {self.predicted:.2f} | {over:.2f} | {reason} |"


def cost(case: Case, plain: GAN, repeats: int) -> Cost:
    """Time one component and count its operations."""
    gan = ready(case.change)
    predicted = products(gan) / products(plain)
    measured = compare(case.name, lambda: gan.run_rounds(ROUNDS), "without", lambda: plain.run_rounds(ROUNDS), repeats)
    return Cost(case, measured, predicted)


def main() -> None:
    """Measure every component and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three repeats in the place of five")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="these components alone")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"dcgan, width 32, 1x32x32, batch 64, {arguments.threads} thread(s), torch {torch.__version__}\n")
    print("| component | time, multiple | spread | predicted | time by prediction | why above 1.3 |\n|---|---|---|---|---|---|")
    plain = ready({})
    for case in cases():
        if not arguments.only or case.name in arguments.only:
            print(cost(case, plain, 3 if arguments.quick else 5).line, flush=True)


if __name__ == "__main__":
    main()
