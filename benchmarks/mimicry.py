"""Compare one step of SNGAN at 32x32 with torch-mimicry's training step, on torch-mimicry's own networks.

`python -m benchmarks.mimicry [--bf16] [--quick]`. A step is one update of D and one of G at batch 64. torch-mimicry is not among the locked
packages, because its metrics need TensorFlow. It is installed without it: `pip install --no-deps torch-mimicry`.
"""

import argparse
import importlib.util
import sys
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks._timing import Ratio, compare, table
from benchmarks.costs import noise
from landscape.components.architectures._base import ARCHITECTURES, Networks, Output
from landscape.components.datasets._base import Dataset
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.training.gan import GAN

BATCH = 64


def peer() -> tuple[Any, Any]:
    """Return torch-mimicry's modules of the networks and of its log.

    Raises:
        UserError: The package is not installed.
    """
    try:
        for package in ("torch_mimicry", "torch_mimicry.training"):
            _without_its_init(package)
        return importlib.import_module("torch_mimicry.nets.sngan.sngan_32"), importlib.import_module("torch_mimicry.training.metric_log")
    except ImportError as error:
        raise UserError(f"torch-mimicry cannot be imported ({error}): pip install --no-deps torch-mimicry") from None


def _without_its_init(name: str) -> None:
    """Import the package `name` without running its `__init__`, which imports TensorFlow and a logger."""
    if name not in sys.modules:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"no package {name}")
        sys.modules[name] = module = types.ModuleType(name)
        module.__path__ = list(spec.submodule_search_locations)


class _Generator(nn.Module):
    """torch-mimicry's G with this project's interface: its images are in [0, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        images: Tensor = (self.network(z) + 1) / 2
        return images


class _Discriminator(nn.Module):
    """torch-mimicry's D with this project's interface."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        return Output(self.network(x * 2 - 1)[:, 0])


@ARCHITECTURES.register(paper="torch-mimicry 0.1.16")
def mimicry_sngan_32(*, resolution: int, channels: int, latent_dim: int) -> Networks:
    """torch-mimicry's SNGAN for 32x32."""
    nets, _ = peer()
    return Networks(_Generator(nets.SNGANGenerator32()), _Discriminator(nets.SNGANDiscriminator32()))


def our_step(data: Dataset, precision: str) -> Callable[[], None]:
    """Return a function that runs one round of this package's module, checks and curves included."""
    adam = {"learning_rate": 2e-4, "beta1": 0.0, "beta2": 0.9}
    config = TrialConfig.parse(
        {
            "dataset": "cifar10",
            "architecture": "mimicry_sngan_32",
            "loss": "hinge",
            "batch_size": BATCH,
            "latent": {"dim": 128},
            "d_optimizer": adam,
            "g_optimizer": adam,
            "precision": precision,
            "budget": {"amount": 1_000_000},
        }
    )
    gan = GAN(config, data)
    gan.prepare(torch.device("cpu"), "eager")
    return lambda: gan.run_rounds(1)


def their_step(data: Dataset) -> Callable[[], None]:
    """Return a function that runs torch-mimicry's `train_step` of D, then of G, on a batch that is ready."""
    nets, log = peer()
    generator, discriminator = nets.SNGANGenerator32(), nets.SNGANDiscriminator32()
    g_adam = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.0, 0.9))
    d_adam = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.0, 0.9))
    images = data.split("train").samples[:BATCH].float() / 127.5 - 1
    batch = (images, torch.zeros(BATCH))

    def step() -> None:
        written = log.MetricLog()
        written = discriminator.train_step(batch, netG=generator, optD=d_adam, log_data=written, device=torch.device("cpu"))
        generator.train_step(batch, netD=discriminator, optG=g_adam, log_data=written, device=torch.device("cpu"))

    return step


def measure(precision: str, repeats: int, threads: int = 2) -> Ratio:
    """Measure one row."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = noise(1024, 32)
    return compare(f"SNGAN-32 step, {precision}", our_step(data, precision), "torch-mimicry's train_step, fp32", their_step(data), repeats)


def main() -> None:
    """Measure the rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bf16", action="store_true", help="also in bf16, where the processor has it; others take minutes")
    parser.add_argument("--quick", action="store_true", help="two repeats in the place of five")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    repeats = 2 if arguments.quick else 5
    print(table([measure(p, repeats, arguments.threads) for p in (["fp32", "bf16"] if arguments.bf16 else ["fp32"])]))


if __name__ == "__main__":
    main()
