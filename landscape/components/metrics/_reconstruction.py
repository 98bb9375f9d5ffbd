"""How far samples are from what a model makes of the latent vectors that an encoder finds for them."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.metrics._intervals import normal_if_varied, standard_error
from landscape.results.record import Estimate

BATCH = 256
NAMES = ("reconstruction_error", "reconstruction_mean_image", "reconstruction_ratio")
"""The public names of the scores that `reconstruction_scores` returns."""


@torch.no_grad()
def in_batches(network: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the float32 outputs of `network` for all `inputs` [N, ...], computed in batches."""
    return torch.cat([network(part).float() for part in torch.split(inputs, BATCH)])


def as_networks_see(samples: Tensor) -> Tensor:
    """Return images [N, C, H, W] of levels 0 to 255 as float32 in [0, 1], and points [N, D] as float32."""
    return samples.float() / 255 if samples.ndim == 4 else samples.float()


def distances(one: Tensor, other: Tensor) -> Tensor:
    """Return the Euclidean distance [N] between row i of one and row i of the other set [N, ...]."""
    found: Tensor = torch.linalg.vector_norm((one - other).flatten(1), dim=1)
    return found


def reconstruction_scores(real: Tensor, remade: Tensor, order: Tensor, stem: str = "reconstruction") -> dict[str, Estimate]:
    """Return the scores of reconstructions: their error, that of the mean sample, and the ratio to the error of other reconstructions.

    Args:
        real: Held-out real samples x [N, ...], as networks see them.
        remade: Their reconstructions G(E(x)) [N, ...].
        order: A random order [N] of the samples. In the ratio, each sample is compared with the reconstruction of its successor.
        stem: The first part of the names of the scores.
    """
    errors = distances(real, remade)
    error, of_mean = float(errors.mean()), float(distances(real, real.mean(0, keepdim=True)).mean())
    shuffled = float(distances(real[order], remade[order.roll(1)]).mean())
    count = len(real)
    interval = normal_if_varied(error, standard_error(errors), (0.0, None))
    unit = "Euclidean distance in [0, 1] a value" if real.ndim == 4 else "Euclidean distance"
    return {
        f"{stem}_error": Estimate(
            error,
            "lower",
            interval,
            interval_kind="standard error over real samples, given the networks" if interval else "",
            spread=float(errors.double().std(correction=0)) if interval else None,
            unit=unit,
            bounds=(0.0, None),
            n_real=count,
            note=f"mean image {of_mean:.4g}",
        ),
        f"{stem}_mean_image": Estimate(
            of_mean, "none", unit=unit, bounds=(0.0, None), n_real=count, note="the error of the mean of these samples in the place of each"
        ),
        f"{stem}_ratio": Estimate(
            error / max(shuffled, torch.finfo(torch.float32).tiny),
            "lower",
            bounds=(0.0, None),
            n_real=count,
            note=f"to the error of the reconstruction of another sample, {shuffled:.4g}; 1 says that the latent vectors tell nothing",
        ),
    }
