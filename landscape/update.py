"""What one update of a network is, before it is applied."""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.games import Objective


class Update(NamedTuple):
    """One update before it is applied: detached scalars to watch, and gradients."""

    total: Tensor
    gradients: tuple[Tensor | None, ...]
    """One for each parameter; None where the loss does not depend on it."""
    terms: dict[str, Tensor]
    """Regularizers' terms by name."""
    report: dict[str, Tensor]
    loss_state: dict[str, Tensor]
    logits: tuple[Tensor, ...] = ()
    """D on real and on fake, above 0 where it calls a sample real; nothing where the loss sets no such boundary."""

    @classmethod
    def of(cls, objective: Objective, parameters: tuple[Tensor, ...], *, retain_graph: bool = False) -> "Update":
        """Gradients with respect to `parameters` alone: no network is frozen while the other learns, and nothing is zeroed."""
        gradients = torch.autograd.grad(objective.total, parameters, allow_unused=True, retain_graph=retain_graph or None)
        outputs, boundary = (objective.real, objective.fake), objective.boundary
        return cls(
            objective.total.detach(),
            gradients,
            {name: term.detach() for name, term in objective.terms.items() if name != "adversarial"},
            {name: value.detach() for name, value in objective.report.items()},
            {name: value.detach() for name, value in objective.loss_state.items()},
            tuple(o.logit.detach() - boundary if boundary else o.logit.detach() for o in outputs if o is not None)
            if boundary is not None
            else (),
        )

    def watched(self) -> "Update":
        """What is watched, in memory of its own and without the gradients: the next replay of a CUDA graph writes over its outputs."""
        terms, report = ({name: value.clone() for name, value in each.items()} for each in (self.terms, self.report))
        return Update(self.total.clone(), (), terms, report, {}, tuple(each.clone() for each in self.logits))
