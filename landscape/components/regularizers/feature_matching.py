"""Feature matching."""

from typing import Literal

import torch
from torch import Tensor

from landscape.components.architectures._base import Output
from landscape.components.numerics.precision import at_least_float32
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(
    site="g_term",
    needs_features=True,
    needs_real=True,
    needs_target=lambda hyperparameters: hyperparameters["match"] == "rows",
    paper="Salimans et al. 2016, arXiv:1606.03498, section 3.1; rows: Wang et al. 2018, arXiv:1711.11585, equation 4",
)
def feature_matching(critique: Critique, *, weight: NonNegative = 10.0, match: Literal["means", "rows"] = "means") -> Tensor:
    """Feature matching: G lowers the distance between D's hidden activations on generated and on real samples.

    Args:
        critique: D's view of the batch. Its maps are compared, or its features [N, F] if it gives no maps.
        weight: The weight.
        match: `means` compares the means over the batch, by the squared length of their difference divided by its size. `rows` compares
            each sample with its target by the mean absolute difference, which needs a task with a target.

    Returns:
        `means`: a scalar; `rows`: the term of each sample [N]. Several maps count equally.

    Raises:
        UserError: D gives neither maps nor features.
    """
    real, fake = _activations(critique.real_output), _activations(critique.fake_output)
    terms = []
    for one, two in zip(real, fake, strict=True):
        one, two = at_least_float32(one.detach()).flatten(1), at_least_float32(two).flatten(1)
        terms.append((one.mean(0) - two.mean(0)).square().mean() if match == "means" else (one - two).abs().mean(1))
    return weight * torch.stack(terms).mean(0)


def _activations(output: Output) -> tuple[Tensor, ...]:
    if output.maps is not None:
        return output.maps
    if output.features is None:
        raise UserError("feature_matching reads features, D gives none: return them in its Output, or register it with has_features=False")
    return (output.features,)
