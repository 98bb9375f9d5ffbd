"""Which components go together: fills a config from the components' declarations and refuses what is undefined, with the reason."""

from typing import TYPE_CHECKING, Any

from landscape.errors import UserError
from landscape.registry import Component

if TYPE_CHECKING:
    from landscape.config import Choice


class UndefinedCombination(UserError):
    """The parts exist, but their combination has no meaning (or no cell of its own): a study records it as skipped."""


def _completed(choice: "Choice", component: Component[Any]) -> "Choice":
    return choice.model_copy(update={"hyperparameters": component.complete(choice.hyperparameters)})
