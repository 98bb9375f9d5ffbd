"""Checks what losses and regularizers return."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from landscape.components.losses._base import LossPair
from landscape.components.regularizers._base import Term
from landscape.core.errors import UserError
from landscape.training.building import Loss, Regularizer


def pair_of(loss: Loss, real: Tensor, fake: Tensor, **keywords: Any) -> LossPair:
    """Return the result of `loss` for `real` and `fake`.

    Raises:
        UserError: The loss returned something else than a LossPair.
    """
    pair = loss.call(real, fake, **keywords)
    if not isinstance(pair, LossPair):
        raise UserError(f"loss {loss.name!r} returned {type(pair).__name__}: return a LossPair with the losses of D and of G")
    return pair


def values_and_state(regularizer: Regularizer, found: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Return the values and the new state of what a regularizer with a state returned.

    Raises:
        UserError: It returned something else than a Term with all of its state.
    """
    if not isinstance(found, Term) or set(found.state) != set(regularizer.facts.state):
        names = ", ".join(regularizer.facts.state)
        raise UserError(f"regularizer {regularizer.name!r} keeps a state: return a Term with its values and the new state ({names})")
    return found
