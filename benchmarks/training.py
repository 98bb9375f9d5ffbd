"""Compare training rounds (one D step and one G step) with a bare PyTorch loop over the same networks, batch and arithmetic.

`python -m benchmarks.training [--quick] [--only WORD ...]` prints one table. The bare loop is what a careful user would write by hand:
fused Adam, no logging, no checks. This package's rounds run inside Lightning and include the finiteness checks, the learning curves and the
data stream.
"""

import argparse
import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

import landscape
from benchmarks._timing import Ratio, compare, ratio, table
from benchmarks.lightning import plain_loop
from landscape.training.gan import GAN

COMMON = {"loss": "non_saturating", "budget": {"amount": 10_000_000}}
RING = {"dataset": "ring", "architecture": {"mlp": {"width": 128}}, "batch_size": 512, "latent": {"dim": 2}}


@dataclass(frozen=True)
class Case:
    """One row: a model, the number of rounds of a stretch, how its updates run, and the peer."""

    fields: dict[str, Any]
    rounds: int
    execution: Literal["eager", "compiled"] = "eager"
    peer: Literal["bare loop", "Lightning"] = "bare loop"
    threads: int = 1


def image(architecture: str, resolution: int = 32, loss: str = "non_saturating", **hyperparameters: int) -> dict[str, Any]:
    """Return the fields of a small model of images: digits resized to the resolution."""
    return {"dataset": "digits", "resolution": resolution, "batch_size": 32, "loss": loss, "architecture": {architecture: hyperparameters}}


DIGITS = {"dataset": "digits", "architecture": {"mlp": {"width": 32}}}
CASES = {
    "mlp, digits, width 32, batch 64": Case(DIGITS, 300),
    "mlp, digits, width 32, batch 64, compiled": Case(DIGITS, 600, "compiled"),
    "mlp, ring, width 128, batch 512": Case(RING, 100),
    "mlp, ring, width 128, batch 512, compiled": Case(RING, 150, "compiled"),
    "mlp, ring, width 128, batch 512, compiled, 2 threads": Case(RING, 150, "compiled", "Lightning", 2),
    "mlp_2014, 28x28": Case(image("mlp_2014", 28), 8),
    "infogan, 32x32, width 8": Case(image("infogan", width=8), 12),
    "dcgan, 32x32, width 16": Case(image("dcgan", width=16), 8),
    "sndcgan, 32x32, width 16": Case(image("sndcgan", width=16), 8),
    "resnet_cifar, 32x32, width 16": Case(image("resnet_cifar", width=16), 8),
    "resnet_stl, 48x48, width 8": Case(image("resnet_stl", 48, width=8), 4),
    "resnet19, 32x32, width 8": Case(image("resnet19", width=8), 4),
    "resnet107, 32x32, width 4": Case(image("resnet107", width=4), 3),
    "r3gan, 32x32, width 16, 1 block": Case(image("r3gan", width=16, blocks=1), 4),
    "stacked_mnist, 28x28, width 16": Case(image("stacked_mnist", 28, width=16), 8),
    "autoencoder, 32x32, width 16": Case(image("autoencoder", loss="margin_energy", width=16), 6),
    "autoencoder_mlp, 28x28, width 128": Case(image("autoencoder_mlp", 28, "margin_energy", g_width=128, d_width=128), 60),
    "mlp_2d, ring, batch 512": Case(RING | {"architecture": {"mlp_2d": {"preset": "unrolled_notebook"}}}, 60),
}
LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "non_saturating": (lambda real, fake: softplus(-real).mean() + softplus(fake).mean(), lambda fake: softplus(-fake).mean()),
    "hinge": (lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(), lambda fake: -fake.mean()),
    "margin_energy": (lambda real, fake: real.mean() + relu(10 - fake).mean(), lambda fake: fake.mean()),
}
"""The losses of D and of G, written by hand."""


def bare_loop(gan: GAN, rounds: int) -> Callable[[], None]:
    """Return a function that plays the same game by hand, on copies of the same networks."""
    generator, discriminator = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
    assert discriminator is not None
    config = gan.config
    d_loss, g_loss = LOSSES[config.loss.name]
    samples, size = gan.rounds.stream.samples, config.batch_size
    g, d = config.g_optimizer, config.d_optimizer
    g_optimizer = torch.optim.Adam(generator.parameters(), g.learning_rate, (g.beta1, g.beta2), fused=True)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), d.learning_rate, (d.beta1, d.beta2), fused=True)

    def loop() -> None:
        for _ in range(rounds):
            real = samples[torch.randint(0, len(samples), (size,))]
            real = real.float().div_(255) if real.dtype == torch.uint8 else real
            with torch.no_grad():
                fake = generator(gan.draw_z(size))
            loss = d_loss(discriminator(real).logit, discriminator(fake).logit)
            d_optimizer.zero_grad()
            loss.backward()
            d_optimizer.step()
            loss = g_loss(discriminator(generator(gan.draw_z(size))).logit)
            g_optimizer.zero_grad()
            loss.backward()
            g_optimizer.step()

    return loop


def through_lightning(gan: GAN, rounds: int, peer: Callable[[], None], repeats: int) -> list[tuple[float, float]]:
    """Return pairs of seconds (ours, theirs), measured in alternation inside one fit.

    Ours is a whole stretch with everything that Lightning does around it.
    """
    pairs: list[tuple[float, float]] = []
    marks: list[float] = []
    warming = 2

    def stretch() -> tuple[int, int]:
        now = time.perf_counter()
        if marks:
            pairs.append((now - marks[-1], theirs[-1]))
        if len(pairs) >= repeats + warming:
            return 0, 0
        begin = time.perf_counter()
        peer()
        theirs.append(time.perf_counter() - begin)
        marks.append(time.perf_counter())
        return rounds, rounds

    theirs: list[float] = []
    trainer = pl.Trainer(
        max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, accelerator="cpu"
    )
    # An iterator is passed, because Lightning takes a list for several loaders.
    trainer.fit(gan, iter([stretch] * (repeats + warming + 1)))
    return pairs[warming:]


def measure(name: str, repeats: int) -> Ratio:
    """Measure one row: this package's rounds against the peer's."""
    case = CASES[name]
    torch.set_num_threads(case.threads)
    gan: GAN = landscape.build(COMMON | case.fields)
    gan.prepare(torch.device("cpu"), case.execution)
    if case.peer == "Lightning":
        return compare(name, lambda: gan.run_rounds(4 * case.rounds), "plain Lightning module", plain_loop(gan, 4 * case.rounds), repeats)
    peer = f"bare loop, fused Adam, {case.rounds} rounds"
    return ratio(name, peer, through_lightning(gan, case.rounds, bare_loop(gan, case.rounds), repeats))


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 repeats in the place of 15")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="rows whose name holds one of these words")
    arguments = parser.parse_args()
    print(f"torch {torch.__version__}; 1 thread where none is named")
    chosen = [name for name in CASES if not arguments.only or any(word in name for word in arguments.only)]
    print(table([measure(name, 5 if arguments.quick else 15) for name in chosen]))


if __name__ == "__main__":
    main()
