"""Latent draws, and samples of a generator."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from landscape.config.training_settings import LatentConfig


def draw_latent(latent: LatentConfig, n: int, device: torch.device, generator: torch.Generator | None = None) -> Tensor:
    """[n, latent] from the latent distribution: on `device`, or on the CPU from an explicit generator."""
    where = device if generator is None else torch.device("cpu")
    if latent.distribution == "normal":
        return torch.randn(n, latent.dim, device=where, generator=generator)
    # For a bound of 1 these are the bits of 2 r - 1, r being uniform on [0, 1).
    return torch.empty(n, latent.dim, device=where).uniform_(-latent.bound, latent.bound, generator=generator)


def in_range(samples: Tensor) -> Tensor:
    """Images [N, C, H, W] cut to [0, 1], where a generator's last layer is linear; points as they are."""
    return samples.clamp(0, 1) if samples.ndim == 4 else samples


def make_sampler(network: nn.Module, latent: LatentConfig, batch: int = 64) -> Callable[..., Tensor]:
    """(n, seed, batch=`batch`) -> n samples on the CPU, float32 in the data's range. The draw depends on n and seed alone.

    The network is used in the mode it is in: evaluation mode, unless a protocol's batch-norm mode says otherwise.
    """
    device = next(network.parameters()).device

    @torch.no_grad()
    def sampler(n: int, seed: int, batch: int = batch) -> Tensor:
        z = draw_latent(latent, n, device, torch.Generator().manual_seed(seed))
        return torch.cat([in_range(network(part.to(device)).float().cpu()) for part in torch.split(z, batch)])

    return sampler
