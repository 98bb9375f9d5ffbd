"""LeCam regularization."""

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor
from torch.nn.functional import relu

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


def advanced_average(state: dict[str, Tensor], name: str, value: Tensor, decay: float) -> Tensor:
    """Moving average of `value` with this one in it, free of the bias towards its start; `state` is updated in place."""
    with torch.no_grad():
        state[name].lerp_(value.detach().mean(), 1 - decay)
        return state[name] / state["share"]


@REGULARIZERS.register(site="d_term", state={"real": 0.0, "fake": 0.0, "share": 0.0}, paper="Tseng et al. 2021, arXiv:2104.03310")
def lecam(
    critique: Critique, *, weight: NonNegative = 0.3, decay: Annotated[float, Ge(0), Lt(1)] = 0.99, form: Literal["paper", "code"] = "paper"
) -> Tensor:
    """D's outputs are drawn to anchors, moving averages of its outputs on the other kind: |D(x) - a_fake|^2 + |D(G(z)) - a_real|^2.

    The averages hold this batch and are divided by the weight that they have gathered, so that they need no start value (the code
    starts at 1000 and begins after some steps instead).

    Args:
        critique: D's look at the batch; `state` holds the averages.
        weight: lambda.
        decay: of the averages, per call.
        form: `paper`: both squares; `code`: one-sided, relu(D(x) - a_fake)^2 + relu(a_real - D(G(z)))^2, as released.
            Energies are low for real: there the released form is zero once D tells the two apart.

    Returns:
        Per-sample penalty [N].
    """
    state = dict(critique.state)
    real, fake = critique.real_output.logit, critique.fake_output.logit
    with torch.no_grad():
        state["share"].lerp_(torch.ones_like(state["share"]), 1 - decay)
    real_anchor = advanced_average(state, "real", real, decay)
    fake_anchor = advanced_average(state, "fake", fake, decay)
    above, below = real - fake_anchor, real_anchor - fake
    if form == "code":
        above, below = relu(above), relu(below)
    return weight * (above.square() + below.square())
