"""Consistency regularization (CR) and its balanced form (bCR)."""

from torch import Tensor

from landscape.components.regularizers._augmentation import flipped, mirrored, per_sample_integer, shifted
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative, NonNegativeInt


def changed(images: Tensor, shift: int, flip: bool) -> Tensor:
    """Images mirrored with probability 1/2 and moved by up to `shift` pixels each way, reflected at the border."""
    if flip:
        images = flipped(images)
    rows, columns = per_sample_integer(images, -shift, shift), per_sample_integer(images, -shift, shift)
    return shifted(images, rows, columns, mirrored)


@REGULARIZERS.register(
    site="d_term",
    needs_images=True,
    below_side="shift",
    paper="Zhang et al. 2020, arXiv:1910.12027 (CR); Zhao et al. 2020, arXiv:2002.04724 (bCR)",
)
def consistency(
    critique: Critique, *, weight: NonNegative = 10.0, fake_weight: NonNegative = 0.0, shift: NonNegativeInt = 4, flip: bool = True
) -> Tensor:
    """D's logit must not change when its input is flipped and shifted: weight (D(x) - D(T(x)))^2, and the same for fakes.

    With `fake_weight` 0 it is CR, on real samples only, else bCR, which also keeps the generator from copying the changes. Gradients
    pass through both logits.

    Args:
        critique: D's look at the batch, images [N, C, H, W].
        weight: lambda of the real samples; 10 in both papers.
        fake_weight: lambda of the generated ones; 10 in bCR.
        shift: furthest move in pixels, each axis ("a few" in the papers); less than the image's side.
        flip: mirror left to right with probability 1/2; False for data that have a direction (digits, letters).

    Returns:
        Per-sample penalty [N].

    Raises:
        UserError: a shift as large as the image.
    """
    if shift >= min(critique.real.shape[2:]):
        side = min(critique.real.shape[2:])
        raise UserError(
            f"consistency: a shift of {shift} pixels reflects images of side {side} past their far border; choose at most {side - 1}"
        )
    penalty = weight * (critique.real_output.logit - critique.look(changed(critique.real, shift, flip)).logit).square()
    if fake_weight:
        difference = critique.fake_output.logit - critique.look(changed(critique.fake, shift, flip)).logit
        penalty = penalty + fake_weight * difference.square()
    return penalty
