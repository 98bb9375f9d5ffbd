"""A trained trial's folder as a sampler: the generator is rebuilt from its config, weights from safetensors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from landscape import checkpoint
from landscape.building import build_networks
from landscape.config import LatentConfig, TrialConfig
from landscape.errors import UserError
from landscape.record import GENERATOR_FILE


def draw_latent(latent: LatentConfig, n: int, device: torch.device, generator: torch.Generator | None = None) -> Tensor:
    """[n, latent] from the latent distribution: on `device`, or on the CPU from an explicit generator."""
    where = device if generator is None else torch.device("cpu")
    if latent.distribution == "normal":
        return torch.randn(n, latent.dim, device=where, generator=generator)
    return (torch.rand(n, latent.dim, device=where, generator=generator) * 2 - 1) * latent.bound


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


@dataclass(frozen=True)
class Trained:
    """A generator with what it was made of."""

    config: TrialConfig
    shape: tuple[int, ...]
    generator: nn.Module

    @property
    def sampler(self) -> Callable[..., Tensor]:
        """See `make_sampler`."""
        return self.sampling()

    def sampling(self, batch: int = 64) -> Callable[..., Tensor]:
        """See `make_sampler`."""
        return make_sampler(self.generator, self.latent, batch)

    def draw_z(self, n: int) -> Tensor:
        """[n, latent] on the generator's device."""
        return draw_latent(self.latent, n, next(self.generator.parameters()).device)

    @property
    def latent(self) -> LatentConfig:
        """What the generator is drawn from."""
        return self.config.latent or LatentConfig()


def load(folder: Path, device: torch.device | None = None) -> Trained:
    """The generator that a completed trial left in `folder`, in evaluation mode.

    Raises:
        UserError: no generator there (the trial diverged, or is not finished), or the file is damaged.
    """
    path = folder / GENERATOR_FILE
    if not path.exists():
        raise UserError(f"{folder} holds no {GENERATOR_FILE}: give the folder of a completed trial (results/<study>/trials/<digest>)")
    tensors, data = checkpoint.read(path, "generator")
    misfit = "does not fit the networks of this version"
    try:
        config = TrialConfig.parse(data["config"], source=str(path))
        shape = tuple(map(int, data["shape"]))
        # Without memory at first: nobody knows what sizes a file from elsewhere names.
        with torch.device("meta"):
            wanted = build_networks(config, shape).generator.state_dict()
    except UserError:
        raise
    except Exception as error:
        message = (str(error).splitlines() or [""])[0]
        raise UserError(f"{path} {misfit} ({type(error).__name__}: {message}): train the trial again") from None
    if {name: t.shape for name, t in wanted.items()} != {name: t.shape for name, t in tensors.items()}:
        raise UserError(f"{path} {misfit} (its tensors have other names or sizes): train the trial again")
    generator = build_networks(config, shape).generator
    generator.load_state_dict(tensors)
    return Trained(config, shape, generator.to(device or torch.device("cpu")).eval())
