"""Adaptive discriminator augmentation (ADA)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from annotated_types import Gt, Len, Lt
from torch import Tensor

from landscape.components.numerics.half_cosine import half_cosine
from landscape.components.numerics.precision import full_precision
from landscape.components.regularizers._base import REGULARIZERS, Critique, Term
from landscape.components.regularizers._invertible import blitted, cut_out, moved_and_scaled, with_colors_changed
from landscape.core.registry import Fraction, Positive, PositiveInt, Share

Change = Literal["blit", "geometry", "color", "cutout"]


def followed(state: Mapping[str, Tensor], logits: Tensor, target: float, interval: int, images: float, p: float) -> dict[str, Tensor]:
    """Return the state after D has judged a batch of real images.

    After every `interval` batches p moves by their share of `images`, up if the mean sign of their logits is above `target` and down if it
    is below, but not below 0.

    Args:
        state: `moved` (p minus its start), `signs` (the sum of the batches' mean signs) and `batches`, since p was last moved.
        logits: D's logits [N], above 0 for images that D calls real.
        target: The wanted mean sign.
        interval: The number of batches after which p moves.
        images: The number of images in which p moves by 1.
        p: Its start.
    """
    signs, batches = state["signs"] + logits.sign().mean(), state["batches"] + 1
    complete = batches >= interval
    step = (signs / interval - target).sign() * (interval * len(logits) / images)
    moved = torch.where(complete, (state["moved"] + step).clamp(min=-p), state["moved"])
    return {"moved": moved, "signs": torch.where(complete, 0.0, signs), "batches": torch.where(complete, 0.0, batches)}


def _contradiction(hyperparameters: Mapping[str, Any]) -> str:
    adapts = hyperparameters["target"] is not None and hyperparameters["final"] is not None
    return "p follows either D (`target`) or the budget (`final`): set target=null for the budget" if adapts else ""


@REGULARIZERS.register(
    site="on_inputs",
    also="d_term",
    needs_images=True,
    needs_boundary=lambda hyperparameters: hyperparameters["target"] is not None,
    augments=True,
    mirrors=lambda hyperparameters: not {"blit", "geometry"}.isdisjoint(hyperparameters["changes"]),
    moves_pixels=lambda hyperparameters: tuple(hyperparameters["changes"]) != ("color",),
    contradicts=_contradiction,
    state={"moved": 0.0, "signs": 0.0, "batches": 0.0},
    paper="Karras et al. 2020, arXiv:2006.06676",
)
def adaptive_augmentation(
    seen: Tensor | Critique,
    *,
    progress: Tensor | None = None,
    bounds: tuple[float, float] | None = None,
    state: Mapping[str, Tensor] | None = None,
    changes: Annotated[tuple[Change, ...], Len(1)] = ("blit", "geometry", "color"),
    color_share: Fraction = 1.0,
    target: Annotated[float, Gt(-1), Lt(1)] | None = 0.6,
    interval: PositiveInt = 4,
    images: Positive = 500_000.0,
    p: Fraction = 0.0,
    final: Fraction | None = None,
    end: Share = 1.0,
) -> Tensor | Term:
    """ADA: every image that D sees, real or generated, is changed in many ways, each with a probability p that follows how D overfits.

    If D gives more real images a positive logit than `target` says, p rises, and otherwise it falls. As in the released code it may exceed
    1, which is as 1. With target=null, p is fixed, or moves to `final` along half a cosine as in R3GAN (Huang et al. 2024).

    Mirrored, turned and moved images have exactly the pixels of the image. The released code also sends these through the filter against
    aliasing, and pads at most one image at each side. Penalties on D's slopes refer to what D saw; in the released code they refer to the
    images before.

    Args:
        seen: Images [N, C, H, W], or D's view of the batch, of which the rule reads the logits of real images.
        progress: The share of the budget that is spent, 0-dim.
        bounds: The range of values of the data. Changed colors may leave it.
        state: How far p has moved, and what the rule has counted since.
        changes: `blit` (mirror, 90 degrees, whole pixels), `geometry` (scale, turn, stretch, move), `color` (brightness, contrast, luma,
            hue, saturation), which are `bgc` in the paper, and `cutout`.
        color_share: The probability of the changes of color as a share of p (R3GAN: 1/2).
        target: The wanted mean sign of D's logits of real images, 0.6 in the paper.
        interval: The number of D's batches after which p moves.
        images: The number of real images (under packing: packs) in which p moves by 1.
        p: The probability at the start.
        final: The probability that is reached along half a cosine.
        end: The share of the budget at which it is reached.

    Returns:
        What D sees; or no value, the new state and p at this batch.
    """
    if isinstance(seen, Critique):
        report = {"augmentation_p": _probability(seen.state, seen.progress, p, final, end)}
        if target is None:
            return Term(None, dict(seen.state), report)
        with torch.no_grad():
            logits = seen.real_output.logit - (seen.boundary or 0.0)
            return Term(None, followed(seen.state, logits, target, interval, images, p), report)
    assert progress is not None
    assert state is not None
    with full_precision(seen.device):
        return _changed(seen, _probability(state, progress, p, final, end), changes, color_share, bounds or (0.0, 1.0))


def _changed(seen: Tensor, now: Tensor, changes: tuple[Change, ...], color_share: float, bounds: tuple[float, float]) -> Tensor:
    low, high = bounds
    if "blit" in changes:
        seen = blitted(seen, now)
    if "geometry" in changes:
        seen = moved_and_scaled(seen, now)
    if "color" in changes:
        seen = with_colors_changed(seen, color_share * now, low, high)
    return cut_out(seen, now, (low + high) / 2) if "cutout" in changes else seen


def _probability(state: Mapping[str, Tensor], progress: Tensor, p: float, final: float | None, end: float) -> Tensor:
    if final is None:
        return p + state["moved"]
    return p + (final - p) * half_cosine((progress / end).clamp(max=1))
