"""The two-way game of CycleGAN, in which two adversarial games between two sets of pictures are played at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._two_way import BothDiscriminators, BothGenerators
from landscape.components.regularizers._base import Critique, Translation
from landscape.components.tasks._base import Batch
from landscape.training.building import Loss, Regularizer
from landscape.training.component_calls import Parameters, Setting
from landscape.training.effective_weights import EffectiveWeights
from landscape.training.game import Due, Objective, States
from landscape.training.objectives import Adversarial

SIDES = ("there", "back")
"""The names of the two directions, from A to B and from B to A."""
POOL = "pool"


class OneWay(Adversarial):
    """One direction of a two-way game. In its batches `real` are pictures of the target set, and `condition` those that G translates.

    D judges pictures alone. In its own step it is shown a pool of earlier generated pictures too.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, *arguments: Any, way_back: nn.Module, **keywords: Any) -> None:
        super().__init__(generator, discriminator, *arguments, weights_of_d=EffectiveWeights(discriminator), **keywords)
        # The object acts through the hooks that it registers on G, so nothing else has to hold it.
        EffectiveWeights(generator)
        self.way_back = way_back

    def criticize(self, samples: Tensor, condition: Tensor | None = None, parameters: Parameters | None = None) -> Output:
        return super().criticize(samples, None, parameters)

    def _of_g(self, critique: Critique, batch: Batch, z: Tensor) -> Critique:
        assert batch.condition is not None
        there, back = (partial(self._translated, network, z) for network in (self.generator, self.way_back))
        return replace(critique, translation=Translation(batch.condition, batch.real, there, back))

    @staticmethod
    def _translated(network: nn.Module, z: Tensor, pictures: Tensor) -> Tensor:
        made: Tensor = network(z, pictures).float()
        return made

    def d_objective(
        self, batch: Batch, fake: Tensor, *, due: Due, parameters: Parameters | None = None, states: States | None = None
    ) -> Objective:
        kept = {}
        if self.setting.pool:
            fake, kept[POOL] = from_pool(self.states[POOL], fake)
        objective = super().d_objective(batch, fake, due=due, parameters=parameters, states=states)
        objective.states = {**objective.states, **kept}
        return objective


class TwoWay(Adversarial):
    """Two adversarial games that share the loss and the regularizers, of a generator A to B and of one B to A.

    A batch has pictures of B as `real` and pictures of A as `condition`. Every objective is the sum of those of both directions, so that
    both generators are updated together, and so are both discriminators. The generators see the same latent draws in all calls of a step.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        loss: Loss,
        regularizers: tuple[Regularizer, ...],
        *,
        setting: Setting,
        states: States,
        **others: Any,
    ) -> None:
        super().__init__(generator, discriminator, loss, regularizers, setting=setting, states=states, **others)
        assert isinstance(generator, BothGenerators)
        assert isinstance(discriminator, BothDiscriminators)

        def way(side: str, other: str) -> OneWay:
            networks = (generator.get_submodule(side), discriminator.get_submodule(side))
            # The inner mappings are those of the module, which exchanges their tensors when it is moved.
            own = {owner.removeprefix(f"{side} "): values for owner, values in states.items() if owner.startswith(f"{side} ")}
            return OneWay(*networks, loss, regularizers, setting=setting, states=own, way_back=generator.get_submodule(other))

        self.ways = (way(*SIDES), way(*SIDES[::-1]))

    @classmethod
    def starts(cls, loss: Loss, regularizers: Sequence[Regularizer], setting: Setting, shape: tuple[int, ...]) -> States:
        def own() -> dict[str, Mapping[str, Tensor]]:
            found = dict(super(TwoWay, cls).starts(loss, regularizers, setting, shape))
            pool = {"pictures": torch.zeros(setting.pool, *shape), "held": torch.zeros((), dtype=torch.long)}
            return found | ({POOL: pool} if setting.pool else {})

        return {f"{side} {owner}": values for side in SIDES for owner, values in own().items()}

    def begin_on(self, device: torch.device) -> None:
        super().begin_on(device)
        for way in self.ways:
            way.progress = self.progress

    def _batches(self, batch: Batch) -> tuple[Batch, Batch]:
        """Return the batches of the two directions."""
        assert batch.condition is not None
        return batch, Batch(batch.condition, batch.real)

    def fakes(self, batch: Batch, z: Tensor) -> Tensor:
        """Return the pictures [2, N, C, H, W] that the two generators make: those of B, and those of A."""
        return torch.stack([way.fakes(part, z) for way, part in zip(self.ways, self._batches(batch), strict=True)])

    def d_objective(
        self, batch: Batch, fake: Tensor, *, due: Due, parameters: Parameters | None = None, states: States | None = None
    ) -> Objective:
        batches = self._batches(batch)
        return _sum([way.d_objective(part, made, due=due) for way, part, made in zip(self.ways, batches, fake.unbind(), strict=True)])

    def g_objective(self, batch: Batch, z: Tensor, *, due: Due, parameters: Parameters | None = None) -> Objective:
        return _sum([way.g_objective(part, z, due=due) for way, part in zip(self.ways, self._batches(batch), strict=True)])

    def both_objectives(self, batch: Batch, z: Tensor, *, due: Due, ahead: Parameters | None = None) -> tuple[Objective, Objective]:
        """Return both losses at the same weights. G takes passes of its own, because D is shown other pictures in its step."""
        with torch.no_grad():
            fake = self.fakes(batch, z)
        return self.d_objective(batch, fake, due=due), self.g_objective(batch, z, due=due)


def _sum(objectives: Sequence[Objective]) -> Objective:
    """Return the sum of the objectives of both directions. The logits of one follow those of the other."""
    there, back = objectives

    def of_both(one: Output | None, two: Output | None) -> Output | None:
        return None if one is None or two is None else Output(torch.cat([one.logit, two.logit]))

    return Objective(
        there.total + back.total,
        {name: term + back.terms[name] for name, term in there.terms.items()},
        of_both(there.real, back.real),
        of_both(there.fake, back.fake),
        {f"{name}_{side}": value for side, o in zip(SIDES, objectives, strict=True) for name, value in o.report.items()},
        {f"{side} {owner}": new for side, o in zip(SIDES, objectives, strict=True) for owner, new in o.states.items()},
        there.boundary,
    )


def from_pool(state: Mapping[str, Tensor], made: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
    """Return what D is shown in the place of generated pictures, and the new state of the pool.

    Until the pool is full, each picture is kept and shown. From then on, with probability 1/2, a picture is exchanged for one drawn from
    the pool, which is shown; otherwise it is shown itself and not kept. The pictures of a batch come one after the other, as in the source,
    whose batches have one. Draws come from torch's generator.

    Args:
        state: `pictures` [P, ...], the pool, and `held` (0-dim int64), how many pictures it has.
        made: The generated pictures [N, ...], detached.
    """
    pool, n = state["pictures"], len(made)
    place = state["held"] + torch.arange(n, device=made.device)
    fills = place < len(pool)
    slot = torch.where(fills, place, torch.randint(len(pool), (n,), device=made.device))
    exchanged = ~fills & (torch.rand(n, device=made.device) < 0.5)
    kept = fills | exchanged
    # The pool at a picture's turn: entry (i, j) says whether picture j went to slot i, or to the slot of picture i before its turn.
    to_slot = (slot[None] == torch.arange(len(pool), device=made.device)[:, None]) & kept[None]  # [P, N]
    earlier = torch.arange(n, device=made.device)[None] < torch.arange(n, device=made.device)[:, None]
    before = (slot[None] == slot[:, None]) & kept[None] & earlier  # [N, N]
    shape = (-1, *[1] * (made.ndim - 1))

    def last(which: Tensor, otherwise: Tensor) -> Tensor:
        """Return for each row the last picture that `which` [M, N] names, or the row of `otherwise` [M, ...]."""
        index = torch.where(which, torch.arange(n, device=made.device), -1).amax(1)
        return torch.where((index >= 0).view(shape), made[index.clamp(min=0)], otherwise)

    shown = torch.where(exchanged.view(shape), last(before, pool[slot]), made)
    return shown, {"pictures": last(to_slot, pool), "held": (state["held"] + n).clamp(max=len(pool))}
