"""LeCam regularization."""

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch.nn.functional import relu

from landscape.components.regularizers._base import REGULARIZERS, Critique, Term
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_term", state={"real": 0.0, "fake": 0.0, "share": 0.0}, paper="Tseng et al. 2021, arXiv:2104.03310")
def lecam(
    critique: Critique, *, weight: NonNegative = 0.3, decay: Annotated[float, Ge(0), Lt(1)] = 0.99, form: Literal["paper", "code"] = "paper"
) -> Term:
    """LeCam: D's outputs are drawn toward moving averages of its outputs on the other kind of samples.

    The penalty is |D(x) - a_fake|^2 + |D(G(z)) - a_real|^2. The averages a include this batch. They are divided by the total weight of what
    they contain, so that they need no start value. (The code starts them at 1000 and begins to penalize only after some steps.)

    Args:
        critique: D's view of the batch; its `state` holds the averages.
        weight: The weight lambda.
        decay: The decay of the averages per call.
        form: `paper`: Both squares. `code`: One-sided, relu(D(x) - a_fake)^2 + relu(a_real - D(G(z)))^2, as released. Energies are low for
            real samples; with them the released form is zero once D separates the two kinds.

    Returns:
        The penalty of each sample [N], and the averages that include this batch.
    """
    real, fake, before = critique.real_output.logit, critique.fake_output.logit, critique.state
    with torch.no_grad():
        present = {"real": real.mean(), "fake": fake.mean(), "share": torch.ones_like(before["share"])}
        state = {name: before[name].lerp(value, 1 - decay) for name, value in present.items()}
        anchors = {name: state[name] / state["share"] for name in ("real", "fake")}
    above, below = real - anchors["fake"], anchors["real"] - fake
    if form == "code":
        above, below = relu(above), relu(below)
    return Term(weight * (above.square() + below.square()), state)
