"""What D and G minimize in an adversarial training. Methods without a discriminator are in `other_games`.

A game computes D's and G's objectives for a batch as sums of component calls. A loss declares which game it plays (`LossFacts.inputs`).
Nothing here or in the module depends on a component's name.
"""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.components.architectures._base import Output, constrain
from landscape.components.losses._base import LossPair
from landscape.components.numerics.input_gradients import as_leaf
from landscape.components.regularizers._base import Critique, Unrolling
from landscape.components.tasks._base import Batch
from landscape.training.component_calls import Parameters, Replaced, pair_of, term_of
from landscape.training.game import Due, Game, Objective, States
from landscape.training.patches import averaged, of_samples, rows_of

Moved = tuple[Parameters, Parameters]
"""Parameters and moments after an update. The type has a name because an annotation inside of a compiled function must be a plain name."""


class Adversarial(Game):
    """The game of a generator against a critic, whose losses are on logits or on energies."""

    def reals(self, batch: Batch) -> Tensor:
        """Return what D judges as real of a batch, [N, ...]."""
        return batch.real

    def fakes(self, batch: Batch, z: Tensor) -> Tensor:
        """Return what D judges as generated, [N, ...]: what G makes of a latent draw under the conditions of a batch."""
        made: Tensor = self.generator(z, batch.condition).float()
        return made

    def _pair_of_g(self, real: Tensor, fake: Tensor, known: LossPair | None = None) -> LossPair:
        """Return the loss of which G's step minimizes `g`, from the logits of that step. `known` is the loss of these logits."""
        return self._call_loss(real, fake) if known is None else known

    def seen(self, samples: Tensor, states: States | None = None) -> Tensor:
        """Return what D sees of samples, after every `on_inputs` regularizer in the order of the config."""
        for r in self.at["on_inputs"]:
            offered = {"progress": self.progress, "bounds": self.setting.bounds, "state": self._state(r, states)}
            samples = r.call(samples, **{k: offered[k] for k in r.keywords})
        return samples

    def criticize(self, samples: Tensor, condition: Tensor | None = None, parameters: Parameters | None = None) -> Output:
        """Return D's output on what it sees, with logits in float32."""
        assert self.discriminator is not None
        if parameters is None:
            output = self.discriminator(samples, condition)
        else:
            output = functional_call(self.discriminator, dict(parameters), (samples, condition))
        scored: Output = output._replace(logit=output.logit.float())
        return scored

    def _pair(self, real: Tensor, fake: Tensor, condition: Tensor | None, parameters: Parameters | None) -> tuple[Output, Output]:
        """Return D's outputs on real and on generated samples, from one call or from two."""
        if not self.setting.joint_d_call:
            with self.weights_of_d.for_calls(2) if self.weights_of_d is not None and parameters is None else nullcontext():
                return self.criticize(real, condition, parameters), self.criticize(fake, condition, parameters)
        both = self.criticize(torch.cat([real, fake]), condition if condition is None else torch.cat([condition, condition]), parameters)
        return rows_of(both, slice(len(real))), rows_of(both, slice(len(real), None))

    def _critique(
        self,
        batch: Batch,
        samples: tuple[Tensor, Tensor],
        outputs: tuple[Output, Output],
        parameters: Parameters | None,
        made: Tensor | None = None,
    ) -> Critique:
        """Return D's view of the batch for regularizers, to which a sample's logit is the mean over its patches."""

        def critic(points: Tensor) -> Output:
            # Penalties differentiate twice, which is done in float32 whatever the precision of the step.
            with torch.autocast(points.device.type, enabled=False):
                return of_samples(self.criticize(points.float(), batch.condition, parameters))

        def look(points: Tensor) -> Output:
            return of_samples(self.criticize(points, batch.condition, parameters))

        def judge(points: Tensor, condition: Tensor) -> Output:
            return of_samples(self.criticize(points, condition, parameters))

        real, fake = map(of_samples, outputs)
        known: dict[str, Any] = {"progress": self.progress, "bounds": self.setting.bounds, "condition": batch.condition, "made": made}
        known |= {"target": batch.real if self.setting.has_target else None, "wrong": batch.wrong, "judge": judge}
        known |= {"d_loss": lambda real, fake: self._call_loss(real, fake).d}
        return Critique(*samples, real, fake, critic=critic, look=look, **known)

    def d_objective(
        self, batch: Batch, fake: Tensor, *, due: Due, parameters: Parameters | None = None, states: States | None = None
    ) -> Objective:
        samples = (self.seen(self.reals(batch), states), self.seen(fake, states))
        outputs = self._pair(*samples, batch.condition, parameters)
        pair = self._call_loss(outputs[0].logit, outputs[1].logit, states)
        assert pair.d is not None
        critique = replace(self._critique(batch, samples, outputs, parameters), boundary=pair.boundary)
        terms, kept, report = self._terms("d_term", critique, due, states)
        terms = {"adversarial": pair.d.mean(), **terms}
        for r in self.at["d_weights"]:
            if r.name in due:
                terms[r.name] = r.every * r.call(self._viewed(parameters))
        return Objective(_sum(terms), terms, *outputs, {**pair.report, **report}, {"loss": pair.state, **kept}, pair.boundary)

    def _terms(
        self, site: str, critique: Critique, due: Due, states: States | None = None
    ) -> tuple[dict[str, Tensor], dict[str, Mapping[str, Tensor]], dict[str, Tensor]]:
        """Return the term of each regularizer in `due` that acts at `site`, the new states of those that have one, and what they report."""
        terms: dict[str, Tensor] = {}
        kept: dict[str, Mapping[str, Tensor]] = {}
        report: dict[str, Tensor] = {}
        for r in self.at[site]:
            if r.name not in due:
                continue
            found = term_of(r, r.call(replace(critique, state=self._state(r, states)) if r.facts.state else critique))
            if r.facts.state:
                kept[r.name] = found.state
            if found.values is not None:
                terms[r.name] = r.every * found.values.mean()
            report |= found.report
        return terms, kept, report

    def _viewed(self, parameters: Parameters | None) -> nn.Module:
        assert self.discriminator is not None
        if parameters is None:
            return self.discriminator
        own = (name for name, _ in self.discriminator.named_parameters() if name in parameters)
        return Replaced({name: parameters[name] for name in own}, self.discriminator)

    def _call_loss(self, real: Tensor, fake: Tensor, states: States | None = None) -> LossPair:
        state = {"state": (self.states if states is None else states)["loss"]} if self.loss.facts.state else {}
        return averaged(pair_of(self.loss, real.flatten(), fake.flatten(), **state), real.shape)

    def g_objective(self, batch: Batch, z: Tensor, *, due: Due, parameters: Parameters | None = None) -> Objective:
        made = self.fakes(batch, z)
        fake_seen = self.seen(made)
        if self.setting.joint_d_call:
            real_seen = self.seen(self.reals(batch))
            real, fake = self._pair(real_seen, fake_seen, batch.condition, parameters)
        else:
            fake = self.criticize(fake_seen, batch.condition, parameters)
            real_seen, real = fake_seen.detach(), Output(fake.logit.detach(), fake.features)
            if self.g_sees_real or self._compares_real or parameters is not None:
                real_seen = self.seen(self.reals(batch))
                real = self.criticize(real_seen, batch.condition, parameters)
        pair = self._pair_of_g(real.logit, fake.logit)
        ahead = pair.g_ahead if parameters is not None else None
        critique = self._critique(batch, (real_seen, fake_seen), (real, fake), parameters, made)
        return self._g_total(pair, self._of_g(critique, batch, z), due, ahead)

    def _of_g(self, critique: Critique, batch: Batch, z: Tensor) -> Critique:
        """Return `critique` with what terms of G's loss see in this game alone."""
        return critique

    def _g_total(self, pair: LossPair, critique: Critique, due: Due, ahead: Tensor | None = None) -> Objective:
        """Return G's objective. `ahead` is minimized in the place of `pair.g`, which terms still read as the loss of each sample."""
        terms, kept, _ = self._terms("g_term", replace(critique, g_loss=pair.g), due)
        terms = {"adversarial": (pair.g if ahead is None else ahead).mean(), **terms}
        return Objective(_sum(terms), terms, critique.real_output, critique.fake_output, states=kept)

    def both_objectives(self, batch: Batch, z: Tensor, *, due: Due, ahead: Parameters | None = None) -> tuple[Objective, Objective]:
        """Return both losses on one batch at the same weights (simultaneous updates), from one pass of each network.

        If G looks ahead, `ahead` has the parameters of D that G's loss uses, and G takes passes of its own.
        """
        fake = self.fakes(batch, z)
        if ahead is not None:
            return self.d_objective(batch, fake.detach(), due=due), self.g_objective(batch, z, due=due, parameters=ahead)
        samples = (self.seen(self.reals(batch)), self.seen(fake))
        outputs = self._pair(*samples, batch.condition, None)
        pair = self._call_loss(outputs[0].logit, outputs[1].logit)
        assert pair.d is not None
        critique = self._of_g(self._critique(batch, samples, outputs, None, fake), batch, z)
        detached = self._critique(batch, (samples[0].detach(), samples[1].detach()), outputs, None)
        terms, kept, report = self._terms("d_term", replace(detached, boundary=pair.boundary), due)
        terms = {"adversarial": pair.d.mean(), **terms}
        terms |= {r.name: r.every * r.call(self.discriminator) for r in self.at["d_weights"] if r.name in due}
        d = Objective(_sum(terms), terms, *outputs, {**pair.report, **report}, {"loss": pair.state, **kept}, pair.boundary)
        return d, self._g_total(self._pair_of_g(outputs[0].logit, outputs[1].logit, pair), critique, due)

    def look_ahead(self, batch: Batch, z: Tensor, optimizer_view: Mapping[str, Any], *, due: Sequence[Due]) -> Parameters | None:
        """Return D's parameters and buffers as an `around_g` regularizer makes them for G's step, or None for the present ones.

        `due` has the terms that act at D's next updates, after which they repeat. D's running statistics and power iterations change
        in copies, and the states of components are not written.
        """
        assert self.discriminator is not None
        if not self.at["around_g"]:
            return None
        fake = self.fakes(batch, z)
        buffers = {name: buffer.detach().clone() for name, buffer in self.discriminator.named_buffers()}
        states = dict(self.states)
        turns = itertools.cycle(due)
        update = optimizer_view["optimizer_step"]

        def d_loss(parameters: Parameters) -> Tensor:
            objective = self.d_objective(batch, fake, due=next(turns), parameters={**buffers, **parameters}, states=states)
            states.update({owner: {name: value.detach() for name, value in new.items()} for owner, new in objective.states.items()})
            return objective.total

        def optimizer_step(parameters: Parameters, gradients: Parameters, moments: Parameters) -> Moved:
            updated, kept = update(parameters, gradients, moments)
            return self._after_d_update(updated), kept

        (r,) = self.at["around_g"]
        found = r.call(Unrolling(self.discriminator, d_loss, **{**optimizer_view, "optimizer_step": optimizer_step}))
        return {**buffers, **found}

    def _after_d_update(self, parameters: Parameters) -> Parameters:
        """Do the same as `after_d_update` to parameters that are not D's own. No gradient passes through a value that clipping changed."""
        assert self.discriminator is not None
        if self._bounded_d is not None:
            parameters = {**parameters, **self._bounded_d.constrained(parameters)}
        for r in self.at["after_d_update"]:
            changed = {name: as_leaf(p.clone()) for name, p in parameters.items()}
            r.call(Replaced(changed, self.discriminator))
            parameters = {name: torch.where(changed[name] == p, p, changed[name].detach()) for name, p in parameters.items()}
        return parameters

    def after_d_update(self) -> None:
        """Apply to D what acts after its step: its own constraints and `after_d_update` regularizers."""
        assert self.discriminator is not None
        if self._bounded_d is not None:
            constrain(self.discriminator)
        for r in self.at["after_d_update"]:
            r.call(self.discriminator)


def _sum(terms: Mapping[str, Tensor]) -> Tensor:
    first, *rest = terms.values()
    for term in rest:
        first = first + term
    return first
