"""The term of GAN-CLS that lets the discriminator compare a sample with its condition."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import Fraction


@REGULARIZERS.register(site="d_term", needs_wrong=True, paper="Reed et al. 2016, arXiv:1605.05396, algorithm 1")
def mismatch(critique: Critique, *, weight: Fraction = 0.5) -> Tensor:
    """Mismatch: a real sample under a wrong condition counts as generated, with `weight`; generated samples count 1 - `weight`.

    The term is weight (d(real, wrong) - d(real, fake)), d being D's loss of two logits. With D's loss d(real, fake) it adds up to
    (1 - weight) d(real, fake) + weight d(real, wrong), which for a loss of two parts is that of GAN-CLS, L(real) + weight L(wrong) +
    (1 - weight) L(fake), and which relativistic losses have too. The code of the paper shows D another real image with the right text; as
    in the paper, here it is the right image with another text. Under other tasks it is the right image with the class, the image or the
    phones of another row, which differ from its own.

    Args:
        critique: D's view of the batch, with wrong conditions.
        weight: The weight, 1/2 in the paper; the code's default is 0, which switches the term off.

    Returns:
        The term of each sample [N].

    Raises:
        UserError: There are no wrong conditions.
    """
    if critique.wrong is None or critique.judge is None or critique.d_loss is None:
        raise UserError(
            "mismatch shows D real samples under wrong conditions: choose a task with a condition (class_conditional, text_to_image)"
        )
    real = critique.real_output.logit
    wrong = critique.judge(critique.real, critique.wrong).logit
    return weight * (critique.d_loss(real, wrong) - critique.d_loss(real, critique.fake_output.logit))
