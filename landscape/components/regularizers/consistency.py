"""Consistency regularization (CR) and its balanced form (bCR)."""

from torch import Tensor

from landscape.components.regularizers._augmentation import flipped, mirrored, per_sample_integer, shifted
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative, NonNegativeInt


def changed(images: Tensor, shift: int, flip: bool) -> Tensor:
    """Mirror images with probability 1/2 and move them by up to `shift` pixels in each direction, reflected at the border.

    Args:
        images: Images [N, C, H, W].
        shift: The largest move in pixels.
        flip: Whether images are mirrored.
    """
    if flip:
        images = flipped(images)
    rows, columns = per_sample_integer(images, -shift, shift), per_sample_integer(images, -shift, shift)
    return shifted(images, rows, columns, mirrored)


@REGULARIZERS.register(
    site="d_term",
    needs_images=True,
    moves_pixels=True,
    mirrors=lambda hyperparameters: bool(hyperparameters["flip"]),
    below_side="shift",
    paper="Zhang et al. 2020, arXiv:1910.12027 (CR); Zhao et al. 2020, arXiv:2002.04724 (bCR)",
)
def consistency(
    critique: Critique, *, weight: NonNegative = 10.0, fake_weight: NonNegative = 0.0, shift: NonNegativeInt = 4, flip: bool = True
) -> Tensor:
    """Consistency: D's logit must not change when its input is flipped and shifted; penalty weight (D(x) - D(T(x)))^2.

    With `fake_weight` 0 this is CR, on real samples only. Otherwise it is bCR, with the same penalty on generated samples, which also keeps
    the generator from imitating the changes. Gradients pass through both logits.

    Args:
        critique: D's view of the batch, images [N, C, H, W].
        weight: The weight lambda for real samples, 10 in both papers.
        fake_weight: The weight lambda for generated samples, 10 in bCR.
        shift: The largest move in pixels along each axis ("a few" in the papers). It must be less than the images' side.
        flip: Whether images are mirrored left to right with probability 1/2. Use False for images that have a direction (digits, letters).

    Returns:
        The penalty of each sample [N].

    Raises:
        UserError: The shift is not less than the side of the images.
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
