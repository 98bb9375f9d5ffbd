"""The classification term of the auxiliary classifier GAN."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from landscape.components.numerics.precision import at_least_float32
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_term", also="g_term", needs_class_logits=True, paper="Odena et al. 2017, arXiv:1610.09585, equation 3")
def auxiliary_classifier(critique: Critique, *, weight: NonNegative = 1.0, g_weight: NonNegative | None = None) -> Tensor:
    """Cross entropy of the class that D's second head names: of real samples in D's loss, and of generated ones in G's.

    In the paper D learns from the classes of generated samples too. Here it does not, because early samples, which show no class yet, would
    teach the classifier nothing.

    Args:
        critique: D's view of the batch, with the logits [N, K] of the classes.
        weight: The weight, 1 in the paper.
        g_weight: The weight of the term in G's loss, 0.1 in the code of Gulrajani et al. 2017. None stands for `weight`.

    Raises:
        UserError: D names no classes, or there is no class condition.
    """
    in_d = critique.g_loss is None
    output = critique.real_output if in_d else critique.fake_output
    if output.class_logits is None or critique.condition is None:
        raise UserError(
            "auxiliary_classifier reads the logits of the classes: train class_conditional with d_condition=auxiliary_classifier"
        )
    chosen = weight if in_d or g_weight is None else g_weight
    return chosen * cross_entropy(at_least_float32(output.class_logits), critique.condition, reduction="none")
