"""The rounds of a training: D's and G's updates in their order, what is counted, and what is kept on the device until it is read."""

from __future__ import annotations

import contextlib
import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import Constrains, constrain
from landscape.components.tasks._base import Batch
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.training import weight_average
from landscape.training.compilation import Path, UpdateFunctions, choose, update_functions
from landscape.training.counts import Counts
from landscape.training.data_stream import DataStream
from landscape.training.game import NextD
from landscape.training.gradients_of_update import Gradients, Update
from landscape.training.growing import Growth
from landscape.training.objectives import Adversarial
from landscape.training.schedule_free import copy_average
from landscape.training.scheduled_optimizer import Stepper


@dataclass
class HostState:
    """What the host keeps of the rounds that have been played."""

    counts: Counts = field(default_factory=Counts)
    trace: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    """Watched 0-dim tensors by name, one for each update in the order of the updates. Reading empties it."""
    last_z: Tensor | None = None
    """The latent draw [n, latent] of the last D step, which G's step uses if the config reuses it."""
    last_logits: tuple[Tensor, ...] = ()
    """D's logits on the last real and the last generated batch, minus the loss's boundary. Empty if the loss has no boundary."""


def one_each(values: Iterable[Tensor]) -> Tensor:
    """Return the watched values as float32 [n]. A value that is no scalar is replaced by its mean."""
    found = torch.stack([value if value.ndim == 0 else value.float().mean() for value in values])
    return found.float()


class Rounds:
    """Plays D's and G's updates round by round.

    Args:
        config: The configuration of the trial.
        game: The networks, the loss and the regularizers.
        average: The average of G (a moving one, or that of its optimizer), which is updated after each of G's steps, or None without one.
        stream: The training samples.
        draw_latent: Draws n latent vectors [n, latent] on `device`.
        device: The device of the networks.
        execution: How updates run (see `landscape.training.compilation`).
        recorded: Whether rounds will be recorded in blocks. Learning rates are then on the device.
    """

    def __init__(
        self,
        config: TrialConfig,
        game: Adversarial,
        average: nn.Module | None,
        stream: DataStream,
        draw_latent: Callable[[int], Tensor],
        *,
        device: torch.device,
        execution: Path,
        recorded: bool,
    ) -> None:
        self.config, self.game, self.average, self.stream, self.device = config, game, average, stream, device
        self.draw_latent = draw_latent
        self.total = config.rounds
        self.clock_share = 0.0
        """The share of a budget in seconds that is spent. It is written by whoever watches the clock."""
        self.state = HostState()
        self._no_batch = Batch(torch.empty(0, device=device))
        # This is looked up once, because asking a protocol takes as long as a small layer.
        self._g_is_bounded = isinstance(game.generator, Constrains)

        self.growth = Growth((*game.g_networks, game.discriminator, average))
        self.growth.enter(self.spent(0))
        self._how = (execution, recorded)
        self.begin_phase()

    def begin_phase(self) -> None:
        """Make the optimizers, without moments, and the functions that compute updates, for the parameters of the present phase.

        Networks that do not grow have one phase.
        """
        config, game, (execution, recorded) = self.config, self.game, self._how
        d_updates = config.d_steps_per_round if game.has_discriminator else config.g_steps_per_round
        self.d_stepper = (
            self._stepper((game.discriminator,), "d_optimizer", d_updates, recorded) if game.discriminator is not None else None
        )
        self.g_stepper = self._stepper(game.g_networks, "g_optimizer", config.g_steps_per_round, recorded)
        self.steppers = tuple(s for s in (self.d_stepper, self.g_stepper) if s is not None)
        self.g_parameters = tuple(self.g_stepper.parameters.values())
        self.d_parameters = tuple(self.d_stepper.parameters.values()) if self.d_stepper is not None else ()
        self.gradients = Gradients(config, game, self.d_parameters, self.g_parameters, self.device.type)
        self.updates = self._choose_updates(execution, recorded)

    def _stepper(self, networks: Sequence[nn.Module], side: str, updates_per_round: int, recorded: bool) -> Stepper:
        if getattr(self.config, side).keeps_average and any(isinstance(network, Constrains) for network in networks):
            bounded = f"the weights of {side[0].upper()} are bounded after each update"
            raise UserError(f"{bounded}, and schedule_free computes them from others: choose another {side}")
        total = self.total and self.total * updates_per_round
        first, *others = map(self.growth.used, networks)
        parameters = first | {f"{i}.{name}": p for i, more in enumerate(others, start=1) for name, p in more.items()}
        return Stepper(getattr(self.config, side), parameters, total, tensor_rate=recorded)

    def _choose_updates(self, asked: Path, recorded: bool) -> UpdateFunctions:
        config, game = self.config, self.game
        networks = [n for n in (*game.g_networks, game.discriminator) if n is not None]
        updates = self.total and self.total * (config.d_steps_per_round + config.g_steps_per_round)
        path = choose(asked, self.device, networks, updates, looks_ahead=bool(game.at["around_g"]))
        # If rounds are not recorded, each compiled update replays a CUDA graph of its own.
        return update_functions(self.gradients, path, self.device, as_cuda_graphs=self.device.type == "cuda" and not recorded)

    def spent(self, rounds: int) -> float:
        """Return the share of the budget, in [0, 1], that is spent after `rounds`. For a budget in seconds this is `clock_share`."""
        return rounds / self.total if self.total else self.clock_share

    def grow(self) -> bool:
        """Let networks that grow enter the phase of the next round. Return whether it is another one than that of the last round."""
        if not self.growth or not self.growth.enter(self.spent(self.state.counts.rounds)):
            return False
        steps = [stepper.steps for stepper in self.steppers]
        self.begin_phase()
        for stepper, made in zip(self.steppers, steps, strict=True):
            stepper.steps = made
        return True

    @property
    def rounds_of_phase(self) -> float:
        """The number of rounds until networks that grow enter their next phase."""
        return self.growth.rounds_left(self.state.counts.rounds, self.total)

    def play(self) -> None:
        """Play one round on the host."""
        self.grow()
        self.game.progress.fill_(self.spent(self.state.counts.rounds))
        self.play_with_progress_given()

    def play_with_progress_given(self) -> None:
        """Play the updates of a round. The caller has written the share of the budget that is spent to `game.progress`."""
        self.growth.fade(self.game.progress)
        for step in self.sequence:
            step()
        self.state.counts.rounds += 1

    @property
    def sequence(self) -> list[Callable[[], None]]:
        """The updates of a round, in their order."""
        config = self.config
        d, g = [self.d_step] * config.d_steps_per_round, [self.g_step] * config.g_steps_per_round
        if not self.game.has_discriminator:
            return g
        match config.order:
            case "simultaneous":
                return [self.both_step]
            case "g_first":
                return g + d
            case "g_after_first_d":
                return d[:1] + g + d[1:]
            case _:
                return d + g

    def _rows(self, size: int) -> Batch:
        return self.growth.shown(self.stream.next(size))

    def d_step(self) -> None:
        """Make one update of D."""
        batch = self._rows(self.config.batch_size)
        z = self.state.last_z = self.draw_latent(self.config.batch_size)
        self._apply_d(self.updates.of_d(batch, z, self.game.due(self.state.counts.d_steps)))

    def g_step(self) -> None:
        """Make one update of G."""
        config, state, size = self.config, self.state, self.config.g_batch_size or self.config.batch_size
        batch = self._rows(size) if self.game.g_needs_batch else self._no_batch
        z = state.last_z if config.reuse_z and state.last_z is not None else self.draw_latent(size)
        self._apply_g(self.updates.of_g(batch, z, self.game.due(state.counts.g_steps), self.next_d()))

    def both_step(self) -> None:
        """Make one simultaneous update of both networks."""
        size, state = self.config.batch_size, self.state
        batch = self._rows(size)
        z = state.last_z = self.draw_latent(size)
        d, g = self.updates.of_both(batch, z, self.game.due(state.counts.d_steps), self.next_d())
        self._apply_d(d)
        self._apply_g(g)

    def next_d(self) -> NextD | None:
        """Return what D's next updates depend on if G looks ahead of them, and otherwise None."""
        if not self.game.at["around_g"] or self.d_stepper is None:
            return None
        return NextD(self.d_stepper.state(), self.game.due_from(self.state.counts.d_steps))

    def _apply_d(self, update: Update) -> None:
        assert self.d_stepper is not None
        self.d_stepper.apply(update.gradients, lasting=self.updates.lasting)
        self.game.keep_states(update.states)
        self.game.after_d_update()
        self.state.counts.d_steps += 1
        self.state.counts.images += self.config.batch_size
        self._watch("d", update)

    def _apply_g(self, update: Update) -> None:
        own = len(self.g_parameters)
        self.g_stepper.apply(update.gradients[:own], lasting=self.updates.lasting)
        if self._g_is_bounded:
            constrain(self.game.generator)
        if not self.game.has_discriminator:
            self.state.counts.images += self.config.g_batch_size or self.config.batch_size
            if self.d_stepper is not None:
                self.d_stepper.apply(update.gradients[own:], lasting=self.updates.lasting)
        self.game.keep_states(update.states)
        self.state.counts.g_steps += 1
        self._watch("g", update)
        self._update_average()

    def _update_average(self) -> None:
        ema = self.config.ema
        if self.average is None:
            return
        if ema is None:
            copy_average(self.average, self.game.generator, self.g_stepper.optimizer)
            return
        per_round, g_steps = self.config.g_steps_per_round, self.state.counts.g_steps
        updates: int | Tensor = g_steps - ema.start
        share: float | Tensor = 1.0
        if updates > 0:
            if self.total and ema.relative_width is not None:
                # In recorded rounds `g_steps` is that of the recording. Only its place in the round holds at each replay.
                steps_before = (self.game.progress * self.total).round() * per_round
                updates = steps_before + ((g_steps - 1) % per_round + 1 - ema.start)
            share = weight_average.share_of_present(ema, self.config.images_per_round / per_round, self.game.progress, updates)
        weight_average.move(self.average, self.game.generator, share)

    def _watch(self, side: str, update: Update) -> None:
        """Keep the update's scalars on the device. They are read only from time to time, so that no step waits for the host."""
        if not self.updates.lasting:
            update = update.watched()
        trace = self.state.trace
        trace[f"{side}_loss"].append(update.total)
        for name, term in update.terms.items():
            trace[f"{side}_{name}"].append(term)
        for name, value in update.report.items():
            trace[name].append(value)
        if side == "d":
            self.state.last_logits = update.logits

    @contextlib.contextmanager
    def recording(self, *, last_z: Tensor | None, indices: Tensor, rates: Sequence[Tensor]) -> Iterator[HostState]:
        """Within this context, rounds are counted and watched in the yielded state, and read samples and learning rates from given memory.

        Args:
            last_z: The latent draw with which the state begins.
            indices: The indices [n] int64 of the samples that the rounds will see.
            rates: A tensor for each of `steppers` with the learning rates of its updates, in their order.
        """
        before, steps = self.state, [s.steps for s in self.steppers]
        self.state = HostState(copy.copy(before.counts), last_z=last_z, last_logits=before.last_logits)
        self.stream.fed = indices
        for stepper, given in zip(self.steppers, rates, strict=True):
            stepper.feed(given.unbind())
        try:
            yield self.state
        finally:
            self.state, self.stream.fed = before, None
            for stepper, n in zip(self.steppers, steps, strict=True):
                stepper.steps = n
                stepper.feed(None)
