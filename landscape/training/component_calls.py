"""What games call components with: their setting, checked calls of losses and regularizers, and a module in D's place for some of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from landscape.components.losses._base import LossPair
from landscape.components.regularizers._base import Term
from landscape.core.errors import UserError
from landscape.training.building import Loss, Regularizer

Parameters = Mapping[str, Tensor]
"""Tensors by name. They include D's buffers if D is evaluated with other parameters than its own."""


@dataclass(frozen=True)
class Setting:
    """What a game must know of its trial beside the networks and the components."""

    joint_d_call: bool = False
    """Whether D judges real and generated samples in one call."""
    bounds: tuple[float, float] | None = None
    """The range of values of what D judges, or None if it has no bounds."""
    is_conditional: bool = False
    """Whether batches carry a condition."""
    has_target: bool = False
    """Whether the real samples of a batch are the targets of the generated ones."""
    pool: int = 0
    """The number of earlier generated samples that D is also shown."""


def pair_of(loss: Loss, real: Tensor, fake: Tensor, **keywords: Any) -> LossPair:
    """Return the result of `loss` for `real` and `fake`.

    Raises:
        UserError: The loss returned something else than a LossPair.
    """
    pair = loss.call(real, fake, **keywords)
    if not isinstance(pair, LossPair):
        raise UserError(f"loss {loss.name!r} returned {type(pair).__name__}: return a LossPair with the losses of D and of G")
    return pair


def term_of(regularizer: Regularizer, found: Any) -> Term:
    """Return what a regularizer returned as a term. Those without a state return its values alone.

    Raises:
        UserError: It returned something else than a Term with all of its state.
    """
    if not regularizer.facts.state:
        return Term(found, {})
    if not isinstance(found, Term) or set(found.state) != set(regularizer.facts.state):
        names = ", ".join(regularizer.facts.state)
        raise UserError(f"regularizer {regularizer.name!r} keeps a state: return a Term with its values and the new state ({names})")
    return found


class Replaced(nn.Module):
    """A module with other tensors as its named parameters, over which `d_weights` regularizers iterate under unrolling."""

    def __init__(self, parameters: Parameters, stands_for: nn.Module) -> None:
        super().__init__()
        # The tuple keeps the module from becoming a part of this module.
        self._replacements, self._stands_for = dict(parameters), (stands_for,)

    def named_parameters(self, *_: Any, **__: Any) -> Any:
        return iter(self._replacements.items())

    def named_modules(self, *arguments: Any, **keywords: Any) -> Any:
        return self._stands_for[0].named_modules(*arguments, **keywords)
