"""Training rounds (one D and one G step) of this package against a bare PyTorch loop over the same networks, batch and arithmetic.

`python -m benchmarks.training [--quick] [--threads N]` prints one table. The bare loop is what a careful user writes by hand: fused Adam,
no logging, no checks; ours includes the finiteness checks, the learning curves and the data stream.
"""

import argparse
import copy
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import softplus

from benchmarks._timing import Ratio, compare, table
from landscape.config import TrialConfig
from landscape.gan import GAN
from landscape.trial import prepare

COMMON = {"loss": "non_saturating", "budget": {"amount": 10_000_000}}
CASES: dict[str, tuple[dict[str, Any], int, str]] = {
    "mlp, digits, width 32, batch 64": ({"dataset": "digits", "architecture": {"mlp": {"width": 32}}}, 300, "eager"),
    "mlp, digits, width 32, batch 64, compiled": ({"dataset": "digits", "architecture": {"mlp": {"width": 32}}}, 300, "compiled"),
    "mlp, ring, width 128, batch 512, compiled": (
        {"dataset": "ring", "architecture": {"mlp": {"width": 128}}, "batch_size": 512, "latent": {"dim": 2}},
        100,
        "compiled",
    ),
    "dcgan, 32x32, width 16, batch 64": (
        {"dataset": "digits", "resolution": 32, "architecture": {"dcgan": {"width": 16}}},
        4,
        "eager",
    ),
}


def bare_loop(gan: GAN, rounds: int) -> Callable[[], None]:
    """The same game by hand, on copies of the same networks."""
    generator, discriminator = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
    assert discriminator is not None
    config = gan.config
    samples, size = gan.stream.samples, config.batch_size
    g, d = config.g_optimizer, config.d_optimizer
    g_optimizer = torch.optim.Adam(generator.parameters(), g.learning_rate, (g.beta1, g.beta2), fused=True)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), d.learning_rate, (d.beta1, d.beta2), fused=True)

    def loop() -> None:
        for _ in range(rounds):
            real = samples[torch.randint(0, len(samples), (size,))]
            real = real.float().div_(255) if real.dtype == torch.uint8 else real
            with torch.no_grad():
                fake = generator(gan.draw_z(size))
            loss = softplus(-discriminator(real).logit).mean() + softplus(discriminator(fake).logit).mean()
            d_optimizer.zero_grad()
            loss.backward()
            d_optimizer.step()
            loss = softplus(-discriminator(generator(gan.draw_z(size))).logit).mean()
            g_optimizer.zero_grad()
            loss.backward()
            g_optimizer.step()

    return loop


def measure(name: str, repeats: int) -> Ratio:
    """One row: this package's rounds against the bare loop."""
    fields, rounds, execution = CASES[name]
    config, dataset = prepare(TrialConfig.parse(COMMON | fields))
    torch.manual_seed(0)
    gan = GAN(config, dataset)
    gan.prepare(torch.device("cpu"), execution)
    return compare(name, lambda: gan.run_rounds(rounds), f"bare loop, fused Adam, {rounds} rounds", bare_loop(gan, rounds), repeats)


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three repeats in the place of five")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"{arguments.threads} thread(s), torch {torch.__version__}")
    print(table([measure(name, 3 if arguments.quick else 5) for name in CASES]))


if __name__ == "__main__":
    main()
