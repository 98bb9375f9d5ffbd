"""The LightningModule: rounds of D and G steps, counted explicitly; every step a sum of component calls."""

import copy
import math
import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from landscape import averaging
from landscape.architectures._base import AdaptsToData, Constrains, constrain
from landscape.building import Loss, Regularizer, build_critic, build_networks, trainable_parameters
from landscape.config import LatentConfig, Optimizer, TrialConfig
from landscape.curves import Counts, Curves, has_point
from landscape.data_stream import DataStream, mean_sample
from landscape.datasets._base import Dataset
from landscape.execution import F, Path, cannot_compile, choose, with_fallback
from landscape.games import GAMES, Adversarial, Batch, Due, NextD, Parameters
from landscape.optimizers import functional_view
from landscape.replays import Record, Replays, cannot_replay, cuda_graph
from landscape.stepper import Stepper
from landscape.trained import draw_latent, in_range
from landscape.update import Update

# Lightning sets this to 1 when imported; every optimizer step then asks NVML for devices, 0.3 ms on a machine without a GPU.
os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"

DIVERSITY_SAMPLES = 64


class DivergedError(Exception):
    """Loss or weights are no longer finite; the message says at which step."""


class GAN(pl.LightningModule):
    """Generator, discriminator and their game, as `config` says; trained by rounds.

    One Lightning batch is one stretch of rounds: Lightning's per-batch work is paid once a stretch, and its global_step is never read.
    """

    def __init__(self, config: TrialConfig, dataset: Dataset) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        self.latent: LatentConfig = config.latent or LatentConfig()
        self.dataset = dataset
        networks = build_networks(config, dataset.shape)
        self.generator, self.discriminator = networks.generator, build_critic(config, networks)
        loss = Loss.of(config.loss)
        if isinstance(self.generator, AdaptsToData):
            self.generator.adapt_to(mean_sample(dataset))
        # Looked up once: asking a protocol costs as much as a small layer.
        self._g_is_bounded = isinstance(self.generator, Constrains)
        self.average: nn.Module | None = copy.deepcopy(self.generator).requires_grad_(False) if config.ema else None
        self.regularizers = tuple(map(Regularizer.of, config.regularizers))
        self._own = self._register_states(loss)
        game = GAMES[loss.facts.inputs]
        self.game: Adversarial = game(
            self.generator,
            self.discriminator,
            loss,
            self.regularizers,
            joint_d_call=config.joint_d_call,
            bounds=dataset.bounds,
            states=self._own,
        )
        self.counts, self.curves = Counts(), Curves()
        self.last_logits: tuple[Tensor, ...] = ()
        self._path = self._by_blocks = ""
        self._d_update, self._g_update, self._both_update = self._d_gradients, self._g_gradients, self._both_gradients
        self.total_rounds, self.clock_share = config.rounds, 0.0
        self.trace: dict[str, list[Tensor]] = defaultdict(list)
        self.last_z: Tensor | None = None

    def _register_states(self, loss: Loss) -> dict[str, dict[str, Tensor]]:
        """The loss's and the regularizers' own scalars as 0-dim buffers: they move, save and load with the module."""
        own = {"loss": loss.facts.state} | {r.name: r.facts.state for r in self.regularizers}
        holder = nn.ModuleDict()
        for owner, values in own.items():
            module = nn.Module()
            for name, value in values.items():
                module.register_buffer(name, torch.tensor(float(value)))
            holder[owner] = module
        self.states = holder
        return {owner: {name: holder[owner].get_buffer(name) for name in values} for owner, values in own.items()}

    # Set-up

    def prepare(self, device: torch.device, execution: Path = "eager", record: Record | None = None) -> None:
        """Move to `device`, make the optimizers and the data stream, choose how updates run.

        `record` makes blocks of rounds into what repeats them; None for CUDA graphs on a GPU, unless eager rounds are asked for.
        """
        self.to(device)
        channels_last = len(self.dataset.shape) == 3 and self.dataset.shape[-1] > 1
        if channels_last:
            self.to(memory_format=torch.channels_last)
        for owner, values in self._own.items():
            values.update({name: self.states[owner].get_buffer(name) for name in values})
        self.game.progress = torch.zeros((), device=device)
        config = self.config
        total = self.total_rounds
        self.stream = DataStream.of(
            self.dataset, seed=config.seed, device=device, horizontal_flip=config.horizontal_flip, dequantise=config.dequantise
        )
        if record is None and device.type == "cuda" and execution != "eager":
            record = cuda_graph
        one_by_one = cannot_replay(self) if record is not None else ""
        replays = record is not None and not one_by_one

        def stepper(network: nn.Module, optimizer: Optimizer, a_round: int) -> Stepper:
            return Stepper(optimizer, dict(network.named_parameters()), total and total * a_round, tensor_rate=replays)

        d, g = self.discriminator, self.generator
        d_updates = config.d_steps_per_round if self.game.has_discriminator else config.g_steps_per_round
        self.d_stepper = stepper(d, config.d_optimizer, d_updates) if d is not None else None
        self.g_stepper = stepper(g, config.g_optimizer, config.g_steps_per_round)
        self.g_parameters = tuple(self.g_stepper.parameters.values())
        self.d_parameters = tuple(self.d_stepper.parameters.values()) if self.d_stepper is not None else ()
        self.fixed_z = self.draw_z(DIVERSITY_SAMPLES, torch.Generator().manual_seed(config.seed + 1)).to(device)

        self._choose_execution(device, execution, update_graphs=device.type == "cuda" and not replays)
        self.replays: Replays | None = None
        if one_by_one:
            self.stop_replaying(one_by_one)
        elif record is not None:
            self.replays = Replays(self, record)
            self._by_blocks = f", {self.replays.size} rounds a replay"

    def stop_replaying(self, reason: str) -> None:
        """From now on the host plays every round itself."""
        self.replays, self._by_blocks = None, f", round by round ({reason})"

    @property
    def execution(self) -> str:
        """How updates run: eager or compiled, in blocks of rounds or not, and why not otherwise."""
        return self._path + self._by_blocks

    def _choose_execution(self, device: torch.device, asked: Path, *, update_graphs: bool) -> None:
        """`update_graphs`: compiled updates replay CUDA graphs of their own, each of which writes over its last outputs."""
        config = self.config
        networks = [n for n in (self.generator, self.discriminator) if n is not None]
        updates = self.total_rounds and self.total_rounds * (config.d_steps_per_round + config.g_steps_per_round)
        self._path, self._lasting = "eager", True
        if choose(asked, device, networks, updates, looks_ahead=bool(self.game.at["around_g"])) == "eager":
            return
        if reason := cannot_compile(device):
            self._path = f"eager ({reason})"
            return
        self._path, self._lasting = "compiled", not update_graphs

        def or_eager(update: F, whose: str) -> F:
            def fell_back(reason: str) -> None:
                self._path += f", but {whose} eager ({reason})"

            return with_fallback(update, fell_back, as_cuda_graph=update_graphs)

        self._d_update, self._g_update = or_eager(self._d_gradients, "D's updates"), or_eager(self._g_gradients, "G's updates")
        self._both_update = or_eager(self._both_gradients, "all updates")

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [s.optimizer for s in (self.d_stepper, self.g_stepper) if s is not None]

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """[n, latent] from the latent distribution, on the module's device (on the CPU with an explicit generator)."""
        return draw_latent(self.latent, n, self.device, generator)

    # Rounds

    def training_step(self, rounds: Callable[[], tuple[int, float]], batch_index: int) -> None:
        """Lightning's step: as many rounds as the trial asks for now."""
        self.run_rounds(*rounds())

    def run_rounds(self, n: int, most: float = 0) -> None:
        """Run `n` rounds, up to `most` where the last one is in a block. Raises DivergedError naming the step that was not finite."""
        begin = self.counts.rounds
        while (done := self.counts.rounds - begin) < n:
            self._play(max(n, most) - done)
            if has_point(self.counts.rounds, self.total_rounds):
                self._settle()
                self._observe()
        self._settle()

    def _play(self, most: float) -> None:
        """The next round, or a block of rounds where one begins."""
        if self.replays is not None and self.replays.fits(most) and self.replays.run():
            return
        self.game.progress.fill_(self.spent(self.counts.rounds))
        self.play_round()

    def spent(self, rounds: int) -> float:
        """Share of the budget that is spent after `rounds`; of a budget in seconds, what `clock_share` says."""
        return rounds / self.total_rounds if self.total_rounds else self.clock_share

    def play_round(self) -> None:
        """A round's updates."""
        for step in self._sequence:
            step()
        self.counts.rounds += 1

    @property
    def _sequence(self) -> list[Callable[[], None]]:
        """The updates of a round in their order."""
        config = self.config
        d, g = [self._d_step] * config.d_steps_per_round, [self._g_step] * config.g_steps_per_round
        if not self.game.has_discriminator:
            return g
        match config.order:
            case "simultaneous":
                return [self._both_step]
            case "g_first":
                return g + d
            case "g_after_first_d":
                return d[:1] + g + d[1:]
            case _:
                return d + g

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.config.precision == "bf16")

    def _d_step(self) -> None:
        config = self.config
        batch = self.stream.next(config.batch_size)
        z = self.last_z = self.draw_z(config.batch_size)
        self._apply_d(self._d_update(batch, z, self.game.due(self.counts.d_steps)))

    def _d_gradients(self, batch: Batch, z: Tensor, due: Due) -> Update:
        """D's loss on a batch and its gradients. A function of tensors and of `due`: it may be compiled."""
        with self._autocast():
            with torch.no_grad():
                fake = self.generator(z, batch.condition)
            objective = self.game.d_objective(batch, fake.float(), due=due)
        return Update.of(objective, self.d_parameters)

    def _apply_d(self, update: Update) -> None:
        assert self.d_stepper is not None
        self.d_stepper.apply(update.gradients, lasting=self._lasting)
        for name, value in update.loss_state.items():
            self._own["loss"][name].copy_(value)
        self.game.after_d_update()
        self.counts.d_steps += 1
        self.counts.images += self.config.batch_size
        self._note("d", update)

    def _g_step(self) -> None:
        config, size = self.config, self.config.g_batch_size or self.config.batch_size
        batch = self.stream.next(size) if self.game.g_needs_real else Batch(self.fixed_z)
        z = self.last_z if config.reuse_z and self.last_z is not None else self.draw_z(size)
        self._apply_g(self._g_update(batch, z, self.game.due(self.counts.g_steps), self._next_d()))

    def _next_d(self) -> NextD | None:
        """What D's next updates depend on, where G looks ahead of them."""
        if not self.game.at["around_g"] or self.d_stepper is None:
            return None
        return NextD(self.d_stepper.state(), self.game.due_from(self.counts.d_steps))

    def _look_ahead(self, batch: Batch, z: Tensor, next_d: NextD | None) -> Parameters | None:
        if next_d is None:
            return None
        return self.game.look_ahead(batch, z, functional_view(self.config.d_optimizer, next_d.state), due=next_d.due)

    def _g_gradients(self, batch: Batch, z: Tensor, due: Due, next_d: NextD | None = None) -> Update:
        """G's loss and the gradients of G (and of an encoder, which learns with it). A function of tensors and of what is due."""
        with self._autocast():
            objective = self.game.g_objective(batch, z, due=due, parameters=self._look_ahead(batch, z, next_d))
        parameters = self.g_parameters if self.game.has_discriminator else self.g_parameters + self.d_parameters
        return Update.of(objective, parameters)

    def _apply_g(self, update: Update) -> None:
        own = len(self.g_parameters)
        self.g_stepper.apply(update.gradients[:own], lasting=self._lasting)
        if self._g_is_bounded:
            constrain(self.generator)
        if not self.game.has_discriminator:
            self.counts.images += self.config.g_batch_size or self.config.batch_size
            if self.d_stepper is not None:
                self.d_stepper.apply(update.gradients[own:], lasting=self._lasting)
        self.counts.g_steps += 1
        self._note("g", update)
        self._update_average()

    def _both_step(self) -> None:
        batch, z = self.stream.next(self.config.batch_size), self.draw_z(self.config.batch_size)
        self.last_z = z
        d, g = self._both_update(batch, z, self.game.due(self.counts.d_steps), self._next_d())
        self._apply_d(d)
        self._apply_g(g)

    def _both_gradients(self, batch: Batch, z: Tensor, due: Due, next_d: NextD | None = None) -> tuple[Update, Update]:
        """Both losses and both gradients at the same weights."""
        with self._autocast():
            d, g = self.game.both_objectives(batch, z, due=due, ahead=self._look_ahead(batch, z, next_d))
        return Update.of(d, self.d_parameters, retain_graph=True), Update.of(g, self.g_parameters)

    def _update_average(self) -> None:
        ema = self.config.ema
        if ema is None or self.average is None:
            return
        images = self.config.images_per_round / self.config.g_steps_per_round
        weight = 1.0 if self.counts.g_steps <= ema.start else averaging.share_of_present(ema, images, self.game.progress)
        averaging.move(self.average, self.generator, weight)

    # What is watched

    def _note(self, side: str, update: Update) -> None:
        """Keep the step's scalars on the device; they are read a stretch at a time, so that no step waits for the host."""
        if not self._lasting:
            update = update.watched()
        self.trace[f"{side}_loss"].append(update.total)
        for name, term in update.terms.items():
            self.trace[f"{side}_{name}"].append(term)
        for name, value in update.report.items():
            self.trace[name].append(value)
        if side == "d":
            self.last_logits = update.logits

    def _settle(self) -> None:
        """Read the stretch's scalars and check them."""
        for name, values in self.trace.items():
            numbers = torch.stack([v.float() if v.ndim == 0 else v.float().mean() for v in values]).tolist()
            if name in ("d_loss", "g_loss"):
                self._check_finite(name, numbers)
            self.curves.add(name, numbers)
        self.trace.clear()

    def _check_finite(self, name: str, numbers: list[float]) -> None:
        taken = self.counts.d_steps if name == "d_loss" else self.counts.g_steps
        for offset, number in enumerate(numbers):
            if not math.isfinite(number):
                side = "D" if name == "d_loss" else "G"
                raise DivergedError(f"{name} not finite at {side} step {taken - len(numbers) + offset + 1}")

    @torch.no_grad()
    def _observe(self) -> None:
        """A point of the learning curves, against D steps (G steps where there is no D)."""
        at = float(self.counts.d_steps or self.counts.g_steps)
        if not bool(torch.stack([p.isfinite().all() for p in self.parameters()]).all()):
            raise DivergedError(f"weights not finite by D step {self.counts.d_steps}, G step {self.counts.g_steps}")
        self.curves.close(at)
        for side, stepper in (("d", self.d_stepper), ("g", self.g_stepper)):
            if stepper is not None:
                self.curves.put(f"{side}_gradient_norm", at, stepper.gradient_norm())
        if self.last_logits and self.game.loss.facts.inputs == "logits":
            real, fake = self.last_logits
            self.curves.put("d_accuracy_real", at, float((real > 0).float().mean()))
            self.curves.put("d_accuracy_fake", at, float((fake <= 0).float().mean()))
        samples = self.sample(self.fixed_z).flatten(1)
        self.curves.put("sample_diversity", at, float(torch.pdist(samples).mean()))

    # Samples

    @property
    def sampler(self) -> nn.Module:
        """The generator that evaluation and sampling use: the average where there is one."""
        return self.average if self.average is not None else self.generator

    @torch.no_grad()
    def sample(self, z: Tensor) -> Tensor:
        """Samples of z [n, latent] in evaluation mode, float32, images cut to [0, 1]; training state is left as it was."""
        network = self.sampler
        was_training = network.training
        network.eval()
        try:
            samples: Tensor = in_range(network(z.to(self.device)).float())
        finally:
            network.train(was_training)
        return samples

    def parameter_counts(self) -> dict[str, int]:
        """Trainable parameters of each network."""
        return {"generator": trainable_parameters(self.generator), "discriminator": trainable_parameters(self.discriminator)}

    # State beyond weights

    def extra_state(self) -> dict[str, Any]:
        """Counts, stream position and curves, as JSON."""
        return {
            "counts": vars(self.counts),
            "drawn": self.stream.drawn,
            "curves": dict(self.curves.points),
            "sums": dict(self.curves.sums),
            "steps": dict(self.curves.steps),
        }

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """What `extra_state` gave."""
        self.counts = Counts(**state["counts"])
        self.stream.drawn = state["drawn"]
        self.curves = Curves()
        self.curves.points.update({k: [(x, y) for x, y in v] for k, v in state["curves"].items()})
        self.curves.sums.update(state["sums"])
        self.curves.steps.update(state["steps"])
