"""How well an unconditional generator fills the hole of a held-out image, if its latent vector is searched by the known pixels."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import torch
from annotated_types import Gt, Lt
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._latent_search import Descent, Fit, best_images, context_weights
from landscape.components.metrics._paired import decibels, mean_estimate, mean_over
from landscape.components.metrics._reconstruction import as_networks_see
from landscape.components.metrics._samples import checked, on_device
from landscape.components.tasks._images import as_levels
from landscape.components.tasks.inpainting import mean_fill, with_hole
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative, Positive, PositiveInt
from landscape.results.record import Estimate

RANGE_DRAWS = 10_000
"""The number of latent vectors whose least and greatest values bound each coordinate of the search."""
ROWS = 1024
"""The number of training images that are compared at a time."""
BASELINES = {"mean_fill": "mean fill", "nearest": "nearest training image"}
"""What a note calls the fillings that need no model."""


def nearest_images(known: Tensor, mask: Tensor, candidates: Tensor) -> Tensor:
    """Return for each image the candidate [N, C, H, W] in [0, 1] that is nearest in the known pixels, by Euclidean distance.

    Args:
        known: Images [N, C, H, W] in [0, 1] with a hole of zeros.
        mask: 1 in the hole, [N, 1, H, W]. It is the same for all images.
        candidates: Images [M, C, H, W] of levels, on any device.
    """
    rim = (mask[0] == 0).expand(known.shape[1:]).flatten()
    asked = known.flatten(1)[:, rim]
    found, least = torch.zeros_like(known), known.new_full((len(known),), torch.inf)
    for part in torch.split(candidates, ROWS):
        images = as_networks_see(part.to(known.device))
        distance, index = torch.cdist(asked, images.flatten(1)[:, rim]).min(1)
        nearer = distance < least
        found[nearer], least = images[index[nearer]], torch.minimum(distance, least)
    return found


@METRICS.register(
    needs=frozenset({"generator", "discriminator", "images", "train"}),
    names=(
        *("inpainting_L1", "inpainting_PSNR", "inpainting_L1_mean_fill", "inpainting_PSNR_mean_fill"),
        *("inpainting_L1_nearest", "inpainting_PSNR_nearest"),
    ),
    paper="Yeh et al. 2017, arXiv:1607.07539; conditionals as a use: Goodfellow et al. 2014, arXiv:1406.2661, section 7, item 3",
)
def semantic_inpainting(
    evidence: Evidence,
    *,
    hole: Annotated[float, Gt(0), Lt(1)] = 0.5,
    images: PositiveInt = 100,
    iterations: PositiveInt = 1500,
    learning_rate: Positive = 0.1,
    restarts: PositiveInt = 1,
    prior: NonNegative = 0.003,
    window: PositiveInt = 7,
) -> dict[str, Estimate]:
    """Conditionals of an unconditional model: held-out images with a hole, filled from G(z*), whose z* is searched by the known pixels.

    z* minimizes |W * (G(z) - x)|_1 + prior * log(1 - D(G(z))). W weighs a known pixel by the share of the hole in the window around it.
    The hole is filled with the pixels of G(z*) as they are, cut to [0, 1] and rounded to levels; the paper blends them with the rest by a
    Poisson equation. The scores are the mean absolute difference and the PSNR in the hole, over all colors. Those that end in `mean_fill`
    and `nearest` need no model: the baseline of task `inpainting`, and the hole of the training image that is nearest in the known pixels.

    D(x) is the sigmoid of D's logit, above the boundary of its loss. Where D gives energies, or the loss knows differences of logits alone
    (Wasserstein, relativistic), there is no such probability: the prior is left out, and the note says so. A model without a D of single
    images, or one whose D was not kept, has its scores with `prior=0`.

    Args:
        evidence: The generator, its latent distribution, the discriminator, and the images of the real and, if there is one, of the
            training set.
        hole: The side of the hole as a share of the image's. It is in the center.
        images: The number of real images that are filled, drawn by the protocol's seed; all if there are fewer.
        iterations: The number of steps of each search.
        learning_rate: Adam's learning rate at the start. It falls along a line to 0.
        restarts: The number of searches from different draws of z. The one that ends lowest is taken.
        prior: The weight of log(1 - D(G(z))), beside a sum over the pixels of images in [-1, 1].
        window: The side of the window of W, an odd number of pixels.

    Raises:
        UserError: There is no generator or no discriminator, the generator has a condition or passes on no gradients, the samples are no
            images, the window is even, the hole would have no pixel or leave none, or what the networks give is not finite.
    """
    generator = need(evidence.generator, "the generator", "semantic_inpainting")
    latent = need(evidence.latent, "the latent distribution", "semantic_inpainting")
    real = _pictures(evidence, images)
    discriminator, said = _prior(evidence, prior)
    if window % 2 == 0:
        raise UserError(f"semantic_inpainting: window={window} has no pixel in its center: give an odd number")
    condition = with_hole(real, hole=hole, place="center")
    known, mask = condition[:, :-1], condition[:, -1:]
    with torch.random.fork_rng(devices=[real.device] if real.device.type == "cuda" else []), torch.enable_grad():
        torch.manual_seed(evidence.seed)
        drawn = latent(RANGE_DRAWS).to(real.device)
        starts = latent(restarts * len(real)).to(real.device).unflatten(0, (restarts, len(real)))
        descent = Descent(iterations, learning_rate, drawn.amin(0), drawn.amax(0))
        fit = Fit(generator, discriminator, evidence.boundary or 0.0, prior)
        made = best_images(fit, descent, known, context_weights(mask, window), starts)
    fillings = {"mean_fill": mean_fill(condition, tuple(real.shape[1:]))} | _nearest(evidence, known, mask)
    plain = {baseline: _scores(of, real, mask, evidence) for baseline, of in fillings.items()}
    how = f"{said}; {iterations} steps from {restarts} draws of z, not blended"
    return _beside(_scores(as_levels(made), real, mask, evidence), plain, how)


def _beside(found: Mapping[str, Estimate], plain: Mapping[str, Mapping[str, Estimate]], how: str) -> dict[str, Estimate]:
    """Return the scores of the model and those of each baseline by their public names. `how` begins the notes of the former."""
    scores = {}
    for name, estimate in found.items():
        values = "".join(f"; {BASELINES[baseline]} {of[name].value:.4g}" for baseline, of in plain.items())
        scores[f"inpainting_{name}"] = replace(estimate, note=how + values)
    for baseline, of in plain.items():
        for name, estimate in of.items():
            scores[f"inpainting_{name}_{baseline}"] = replace(estimate, direction="none", note="needs no model")
    return scores


def _pictures(evidence: Evidence, images: int) -> Tensor:
    """Return the images that are filled, [N, C, H, W] in [0, 1]: a draw from the real ones by the protocol's seed.

    Raises:
        UserError: There are no images, or the generator is given a condition for each sample.
    """
    if evidence.pairs is not None:
        task = evidence.pairs.task.name
        raise UserError(f"semantic_inpainting searches z of a generator without condition, not of task {task!r}: leave the metric out")
    real = checked(evidence.real.images, "real", "images", "semantic_inpainting")
    if real.ndim != 4:
        raise UserError(f"semantic_inpainting fills holes of images, not samples of shape {tuple(real.shape[1:])}: leave the metric out")
    chosen = torch.randperm(len(real), generator=torch.Generator().manual_seed(evidence.seed))[:images]
    return as_networks_see(on_device(real[chosen.to(real.device)], evidence))


def _prior(evidence: Evidence, weight: float) -> tuple[Callable[[Tensor], Tensor] | None, str]:
    """Return the discriminator that gives the prior, or None without one, and what a note says of it.

    Raises:
        UserError: There should be a prior, but there is no discriminator.
    """
    if weight == 0:
        return None, "without prior"
    discriminator = need(evidence.discriminator, "the discriminator (or prior=0)", "semantic_inpainting")
    if evidence.boundary is None:
        return None, "without prior, because this D gives no logit that parts real from generated samples"
    return discriminator, f"prior {weight:g} log(1 - D)"


def _nearest(evidence: Evidence, known: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """Return the nearest training images of images with a hole, by the name of the baseline, if there are any of the same shape."""
    candidates = None if evidence.train is None else evidence.train.images
    if candidates is None or candidates.shape[1:] != known.shape[1:]:
        return {}
    return {"nearest": nearest_images(known, mask, candidates)}


def _scores(made: Tensor, real: Tensor, mask: Tensor, evidence: Evidence) -> dict[str, Estimate]:
    """Return the scores in the hole of images [N, C, H, W], against the whole ones."""
    difference, hole = 255 * (made - real), mask > 0
    kinds: dict[str, tuple[Tensor, Literal["lower", "higher"], dict[str, Any]]] = {
        "L1": (mean_over(difference.abs(), hole) / 255, "lower", {"bounds": (0.0, 1.0)}),
        "PSNR": (decibels(mean_over(difference.square(), hole)), "higher", {"unit": "dB"}),
    }
    return {
        name: replace(mean_estimate(values, evidence, direction, **facts), n_real=len(real))
        for name, (values, direction, facts) in kinds.items()
    }
