"""Lets networks grow while they are trained."""

import math
from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor, nn

from landscape.components.architectures._base import Grows
from landscape.components.tasks._base import Batch


class Growth:
    """The growing parts of the networks of one training, which grow together. Without such parts it is false and does nothing."""

    def __init__(self, networks: Iterable[nn.Module | None]) -> None:
        modules = (module for network in networks if network is not None for module in network.modules())
        self.parts: list[Grows] = [module for module in modules if isinstance(module, Grows)]

    def __bool__(self) -> bool:
        return bool(self.parts)

    def enter(self, share: float) -> bool:
        """Enter the phase that is due when `share` of the budget is spent, and return whether it is another one than before."""
        before = [part.phase for part in self.parts]
        return [part.grow(share) for part in self.parts] != before

    def fade(self, share: Tensor) -> None:
        """Move on within the phase. `share`, a 0-dim tensor, is the share of the budget that is spent."""
        for part in self.parts:
            part.fade(share)

    def shown(self, batch: Batch) -> Batch:
        """Return a batch with real samples as generated ones look in the present phase."""
        return replace(batch, real=self.parts[0].shown(batch.real)) if self.parts else batch

    def used(self, network: nn.Module) -> dict[str, Tensor]:
        """Return the parameters of `network` that are used in the present phase, by name."""
        idle = {id(parameter) for part in self.parts for parameter in part.idle()}
        return {name: parameter for name, parameter in network.named_parameters() if id(parameter) not in idle}

    def rounds_left(self, done: int, total: int | None) -> float:
        """Return the number of rounds until the next phase begins, after `done` of `total`. It is infinite if none begins at a round."""
        begin = self.parts[0].next_growth() if self.parts else None
        if begin is None or total is None:
            return math.inf
        first = math.ceil(begin * total)
        # Rounding may put the product on the other side of a whole number than the quotient by which a round is judged.
        while first / total < begin:
            first += 1
        while (first - 1) / total >= begin:
            first -= 1
        return max(first - done, 1)

    def phases(self) -> list[tuple[float, float]]:
        """Return the shares of the budget at which each phase begins and ends. The parts are left in the last phase."""
        begins = [0.0]
        self.enter(0.0)
        while self.parts and (begin := self.parts[0].next_growth()) is not None:
            begins.append(begin)
            self.enter(begin)
        return list(zip(begins, [*begins[1:], 1.0], strict=True))
