"""Draws latent vectors, and samples of a generator."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from landscape.components.datasets._base import Dataset, Split
from landscape.components.metrics._base import Pairs
from landscape.config.training_settings import LatentConfig


def draw_latent(latent: LatentConfig, n: int, device: torch.device, generator: torch.Generator | None = None) -> Tensor:
    """Draw [n, latent] from the latent distribution on `device`, or on the CPU if a generator is given."""
    where = device if generator is None else torch.device("cpu")
    if latent.distribution == "normal":
        return torch.randn(n, latent.dim, device=where, generator=generator)
    # For a bound of 1 these are the bits of 2 r - 1, where r is uniform on [0, 1).
    return torch.empty(n, latent.dim, device=where).uniform_(-latent.bound, latent.bound, generator=generator)


def in_range(samples: Tensor) -> Tensor:
    """Cut images [N, C, H, W] to [0, 1], which some generators leave because their last layer is linear. Points are not changed."""
    return samples.clamp(0, 1) if samples.ndim == 4 else samples


def shown_rows(dataset: Dataset, n: int, *, of_other: bool = False) -> Split:
    """Return the first n rows of a split that no model is trained on (validation, otherwise test), or of the training split.

    With `of_other` they are those of the second set of the data.
    """
    name = next(name for name in ("validation", "test", "train") if name in dataset.splits)
    split = dataset.other[name] if of_other else dataset.split(name)
    labels, inputs, tokens = (None if part is None else part[:n] for part in (split.labels, split.inputs, split.tokens))
    return Split(split.samples[:n], labels, inputs=inputs, tokens=tokens)


def drawn_classes(pool: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Draw n labels [n] int64 from `pool` without replacement, in random order, and begin anew whenever the pool is empty.

    Every class therefore has about the same share as in the pool.
    """
    rounds = -(-n // len(pool))
    return torch.cat([pool[torch.randperm(len(pool), generator=generator)] for _ in range(rounds)])[:n]


@dataclass(frozen=True)
class OfPairs:
    """A sampler of a generator whose condition is an image or a text. Sample i is made under the condition of row i of `pairs`."""

    network: nn.Module
    latent: LatentConfig
    batch: int
    pairs: Pairs

    def __call__(self, n: int, seed: int) -> Tensor:
        """Return n samples on the CPU, under the conditions in their order, which begin anew after the last."""
        return self.of_rows(torch.arange(n) % len(self.pairs.conditions), seed)

    @torch.no_grad()
    def of_rows(self, rows: Tensor, seed: int) -> Tensor:
        """Return a sample on the CPU under the condition of each of `rows` [n] int64. They depend on the rows and the seed alone."""
        device = next(self.network.parameters()).device
        z = draw_latent(self.latent, len(rows), device, torch.Generator().manual_seed(seed))
        return generate(self.network, z, self.pairs.conditions[rows], self.batch)

    @torch.no_grad()
    def translated(self, pictures: Tensor, seed: int, *, back: bool) -> Tensor:
        """Return what a generator of a two-way game makes of pictures [N, C, H, W], on the CPU. With `back` it is that of the way back."""
        network = self.network.get_submodule("back") if back else self.network
        device = next(network.parameters()).device
        z = draw_latent(self.latent, len(pictures), device, torch.Generator().manual_seed(seed))
        return generate(network, z, pictures, self.batch)


def make_sampler(
    network: nn.Module, latent: LatentConfig, batch: int = 64, classes: Tensor | None = None, pairs: Pairs | None = None
) -> Callable[..., Tensor | tuple[Tensor, Tensor]]:
    """Return a function (n, seed, batch=`batch`) that returns n samples on the CPU, as float32 in the data's range.

    The samples depend on n and seed alone. The network is used in its present mode, which is evaluation mode unless a protocol's batch-norm
    mode says otherwise.

    Args:
        network: A generator.
        latent: The distribution of z.
        batch: The number of samples made at once.
        classes: The labels [M] int64 from which those of the samples are drawn (see `drawn_classes`), for a generator that is given
            classes. The function then returns the samples with their labels [n].
        pairs: The conditions, for a generator that is given images or texts. Sample i is made under the condition of row i.
    """
    if pairs is not None:
        return OfPairs(network, latent, batch, pairs)
    device = next(network.parameters()).device

    @torch.no_grad()
    def sampler(n: int, seed: int, batch: int = batch) -> Tensor | tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        z = draw_latent(latent, n, device, generator)
        labels = None if classes is None else drawn_classes(classes, n, generator)
        samples = generate(network, z, labels, batch)
        return samples if labels is None else (samples, labels)

    return sampler


@torch.no_grad()
def generate(network: nn.Module, z: Tensor, condition: Tensor | None = None, batch: int = 64) -> Tensor:
    """Return float32 samples [n, ...] on the CPU of latent vectors z [n, latent] and of a condition [n, ...], if it is given one."""
    device = next(network.parameters()).device
    given = [torch.split(z, batch)] if condition is None else [torch.split(z, batch), torch.split(condition, batch)]
    made = [in_range(network(*(part.to(device) for part in parts)).float().cpu()) for parts in zip(*given, strict=True)]
    return torch.cat(made)
