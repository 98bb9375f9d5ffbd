"""The LightningModule of a GAN: its networks, their game, and the rounds in which they are trained."""

import copy
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from landscape.components.architectures._base import AdaptsToData
from landscape.components.datasets._base import Dataset
from landscape.components.numerics.processor import fast_bfloat16
from landscape.components.tasks._asked import conditions
from landscape.config.conditions import classes_of, texts_of
from landscape.config.network_layout import condition_of, task_of
from landscape.config.training_settings import LatentConfig
from landscape.config.trial_config import TrialConfig
from landscape.training.building import Loss, Regularizer, build_critic, build_encoder, build_networks, game_of, trainable_parameters
from landscape.training.compilation import Path
from landscape.training.component_calls import Setting
from landscape.training.counts import Counts
from landscape.training.cuda_graph_blocks import Blocks, Record, cannot_record, cuda_graph
from landscape.training.data_stream import DataStream, mean_sample
from landscape.training.effective_weights import EffectiveWeights
from landscape.training.game import States
from landscape.training.learning_curves import FEW_POINTS, Curves, has_point
from landscape.training.objectives import Adversarial
from landscape.training.other_games import GAMES
from landscape.training.rounds import Rounds, one_each
from landscape.training.sampling import draw_latent, in_range, shown_rows
from landscape.training.spectral_norms import spectral_norms

# Lightning sets this to 1 when it is imported. Every optimizer step would then ask NVML for devices, for 0.3 ms without a GPU.
os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"

DIVERSITY_SAMPLES = 64
"""The number of generated samples whose mean distance is a point of the learning curve `sample_diversity`."""


def _registered(states: States) -> tuple[nn.ModuleDict, dict[str, dict[str, Tensor]]]:
    """Return states as buffers of modules, which are moved, saved and loaded with the module that has them, and these buffers by name."""
    holder = nn.ModuleDict()
    for owner, values in states.items():
        module = nn.Module()
        for name, value in values.items():
            module.register_buffer(name, value)
        holder[owner] = module
    return holder, {owner: {name: holder[owner].get_buffer(name) for name in values} for owner, values in states.items()}


class DivergedError(Exception):
    """Loss or weights are no longer finite. The message says at which step."""


class GAN(pl.LightningModule):
    """Generator, discriminator and their game, as `config` says. `prepare` makes it ready for its rounds.

    One batch of Lightning is a stretch of many rounds, so that Lightning's work per batch is done once a stretch. Its global_step is never
    read.
    """

    def __init__(self, config: TrialConfig, dataset: Dataset) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.config = config
        self.latent: LatentConfig = config.latent or LatentConfig()
        self.dataset = dataset
        self.classes = classes_of(config.task, dataset)
        """The number of classes that the networks are given, which is 0 without a class condition."""
        texts = texts_of(config.task, dataset)
        self.condition = condition_of(config.task, config.architecture, self.classes, dataset.shape, dataset.inputs_shape, texts)
        networks = build_networks(config, dataset.shape, self.classes, dataset.inputs_shape, texts)
        self.generator, self.discriminator = networks.generator, build_critic(config, networks)
        self.encoder = build_encoder(config, dataset.shape)
        """The encoder of a joint game, or None."""
        loss = Loss.of(config.loss)
        if isinstance(self.generator, AdaptsToData):
            self.generator.adapt_to(mean_sample(dataset))
        averages = config.ema is not None or config.g_optimizer.keeps_average
        self.average: nn.Module | None = copy.deepcopy(self.generator).requires_grad_(False) if averages else None
        self.regularizers = tuple(Regularizer.of(choice, dataset) for choice in config.regularizers)
        # As a part of the module they are moved with it.
        self.perceptions = nn.ModuleList(r.perception for r in self.regularizers if r.perception is not None)
        task, game = task_of(config.task), GAMES[game_of(config), loss.facts.inputs]
        setting = Setting(
            joint_d_call=config.joint_d_call,
            bounds=dataset.bounds if self.encoder is None else None,
            is_conditional=self.condition.kind != "none",
            has_target=task.facts.has_target,
            pool=task.pool,
        )
        self.states, self._own = _registered(game.starts(loss, self.regularizers, setting, dataset.shape))
        self.game: Adversarial = game(
            self.generator,
            self.discriminator,
            loss,
            self.regularizers,
            setting=setting,
            states=self._own,
            weights_of_d=EffectiveWeights(self.discriminator) if self.discriminator is not None else None,
            encoder=self.encoder,
        )
        # G's weights are made together too. The object acts through the hooks that it registers on G, so nothing else has to hold it.
        EffectiveWeights(self.generator)
        self.curves = Curves()
        self.fixed_z = draw_latent(self.latent, DIVERSITY_SAMPLES, torch.device("cpu"), torch.Generator().manual_seed(config.seed + 1))
        """Latent vectors [64, latent] that stay the same, so that samples can be compared over time."""
        self.fixed_conditions = self._fixed_conditions()
        """The conditions that the fixed latent vectors take in turn: every class, or the images or texts of the first rows of a split that
        the model is not trained on; None without a condition.
        """
        self._rounds: Rounds | None = None
        self._blocks: Blocks | None = None
        self._how_blocks_run = ""

    def _fixed_conditions(self) -> Tensor | None:
        match self.condition.kind:
            case "none":
                return None
            case "class":
                return torch.arange(self.classes)
            case "image" | "text" | "speech":
                task, rows = task_of(self.config.task), shown_rows(self.dataset, DIVERSITY_SAMPLES)
                reads_other = "other" in task.facts.reads
                other = shown_rows(self.dataset, DIVERSITY_SAMPLES, of_other=True).samples if reads_other else None
                return conditions(task, rows.samples, rows.inputs, self.config.seed, rows.tokens, other)

    # Set-up

    def prepare(self, device: torch.device, execution: Path = "eager", record: Record | None = None) -> None:
        """Move the networks to `device`, make the optimizers and the data stream, and choose how updates run.

        `record` records blocks of rounds. None stands for CUDA graphs on a GPU, unless eager rounds are asked for.
        """
        config = self.config
        self.to(device)
        # Where the processor has no bfloat16 instructions, torch's plain convolution takes over, whose gradient needs contiguous weights.
        plain = device.type == "cpu" and config.precision == "bf16" and not fast_bfloat16()
        if len(self.dataset.shape) == 3 and self.dataset.shape[-1] > 1 and not plain:
            self.to(memory_format=torch.channels_last)
        for owner, values in self._own.items():
            values.update({name: self.states[owner].get_buffer(name) for name in values})
        self.game.begin_on(device)
        self.fixed_z = self.fixed_z.to(device)
        stream = DataStream.of(
            self.dataset,
            seed=config.seed,
            device=device,
            horizontal_flip=config.horizontal_flip,
            dequantize=config.dequantize,
            task=config.task,
            with_wrong=any(r.facts.needs_wrong for r in self.regularizers),
        )
        if record is None and device.type == "cuda" and execution != "eager":
            record = cuda_graph
        not_recorded = cannot_record(config, stream, device) if record is not None else ""
        recorded = record is not None and not not_recorded
        self._rounds = Rounds(config, self.game, self.average, stream, self.draw_z, device=device, execution=execution, recorded=recorded)
        self._blocks = Blocks(self._rounds, record) if recorded and record is not None else None
        self._how_blocks_run = f", {self._blocks.sizes[0]} rounds a replay" if self._blocks is not None else ""
        if not_recorded:
            self._how_blocks_run = f", round by round ({not_recorded})"

    @property
    def rounds(self) -> Rounds:
        """The rounds of this training, once `prepare` has been called."""
        assert self._rounds is not None, "call prepare() first"
        return self._rounds

    @property
    def counts(self) -> Counts:
        """The rounds, steps and images so far, which are the only clock."""
        return self.rounds.state.counts

    @property
    def execution(self) -> str:
        """How updates run: eager or compiled, in blocks of rounds or not, with the reasons."""
        return self.rounds.updates.path + self._how_blocks_run

    def release_blocks(self) -> None:
        """Forget recorded blocks, because they refer to memory that the networks are about to leave."""
        self._blocks = None

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        return [stepper.optimizer for stepper in self.rounds.steppers]

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw [n, latent] from the latent distribution on the module's device, or on the CPU if a generator is given."""
        return draw_latent(self.latent, n, self.device, generator)

    # Rounds

    def training_step(self, rounds: Callable[[], tuple[int, float]], batch_index: int) -> None:
        """Run as many rounds as the trial asks for now. Lightning calls this as its step."""
        self.run_rounds(*rounds())

    def run_rounds(self, n: int, most: float = 0) -> None:
        """Run `n` rounds, or up to `most` if the last one is inside of a block.

        Raises:
            DivergedError: The loss or the weights are no longer finite. The message names the step.
        """
        begin = self.counts.rounds
        while (done := self.counts.rounds - begin) < n:
            self._play(max(n, most) - done)
            if has_point(self.counts.rounds, self.rounds.total):
                self.settle()
                self.observe()
        self.settle()

    def _play(self, most: float) -> None:
        """Play the next block of rounds if one begins here, and otherwise the next round."""
        if self.rounds.grow() and self._blocks is not None:
            self._blocks = self._blocks.anew()
        if self._blocks is not None:
            if self._blocks.play(min(most, self.rounds.rounds_of_phase)):
                return
            if self._blocks.failed:
                self._how_blocks_run = f", round by round ({self._blocks.failed})"
                self._blocks = None
            else:
                self._how_blocks_run = f", {self._blocks.sizes[0]} rounds a replay"
        self.rounds.play()

    # What is watched

    def settle(self) -> None:
        """Read the scalars watched since the last call, check that they are finite, and add them to the learning curves.

        Raises:
            DivergedError: A loss was not finite. The message names the first such step.
        """
        trace = self.rounds.state.trace
        for name, values in trace.items():
            numbers = one_each(values).tolist()
            if name in ("d_loss", "g_loss"):
                self._check_finite(name, numbers)
            self.curves.add(name, numbers)
        trace.clear()

    def _check_finite(self, name: str, numbers: list[float]) -> None:
        taken = self.counts.d_steps if name == "d_loss" else self.counts.g_steps
        for offset, number in enumerate(numbers):
            if not math.isfinite(number):
                side = "D" if name == "d_loss" else "G"
                raise DivergedError(f"{name} not finite at {side} step {taken - len(numbers) + offset + 1}")

    @torch.no_grad()
    def observe(self) -> None:
        """Add a point to the learning curves at the number of D steps, or of G steps if there is no D."""
        at = float(self.counts.d_steps or self.counts.g_steps)
        if not bool(torch.stack([p.isfinite().all() for p in self.parameters()]).all()):
            raise DivergedError(f"weights not finite by D step {self.counts.d_steps}, G step {self.counts.g_steps}")
        self.curves.close(at)
        for side, stepper in (("d", self.rounds.d_stepper), ("g", self.rounds.g_stepper)):
            if stepper is not None:
                self.curves.put(f"{side}_gradient_norm", at, stepper.gradient_norm())
        if self.rounds.state.last_logits and self.game.loss.facts.inputs == "logits":
            real, fake = self.rounds.state.last_logits
            self.curves.put("d_accuracy_real", at, float((real > 0).float().mean()))
            self.curves.put("d_accuracy_fake", at, float((fake <= 0).float().mean()))
        if self.discriminator is not None and has_point(self.counts.rounds, self.rounds.total, FEW_POINTS):
            norms = spectral_norms(self.discriminator)
            if norms:
                self.curves.put("d_spectral_norm", at, max(norms.values()))
        samples = self.sample(self.fixed_z).flatten(1)
        self.curves.put("sample_diversity", at, float(torch.pdist(samples).mean()))

    # Samples

    @property
    def sampler(self) -> nn.Module:
        """The generator that evaluation and sampling use, which is the average if there is one."""
        return self.average if self.average is not None else self.generator

    @torch.no_grad()
    def sample(self, z: Tensor, condition: Tensor | None = None, *, back: bool = False) -> Tensor:
        """Return float32 samples of z [n, latent] in evaluation mode, with images cut to [0, 1]. The training state is not changed.

        Args:
            z: Latent vectors.
            condition: The condition [n, ...] of each sample, if the networks are given one. Without it `fixed_conditions` take turns.
            back: Whether the generator of the way back makes them, which a two-way game has.
        """
        network = self.sampler.get_submodule("back") if back else self.sampler
        if condition is None and self.fixed_conditions is not None:
            condition = self.fixed_conditions[torch.arange(len(z)) % len(self.fixed_conditions)]
        given = (z,) if condition is None else (z, condition)
        was_training = network.training
        network.eval()
        try:
            samples: Tensor = in_range(network(*(part.to(self.device) for part in given)).float())
        finally:
            network.train(was_training)
        return samples

    def parameter_counts(self) -> dict[str, int]:
        """Return the number of trainable parameters of each network."""
        counts = {"generator": trainable_parameters(self.generator), "discriminator": trainable_parameters(self.discriminator)}
        return counts if self.encoder is None else counts | {"encoder": trainable_parameters(self.encoder)}

    # State beyond weights

    def extra_state(self) -> dict[str, Any]:
        """Return the counts, the position of the stream and the curves, as plain data for JSON."""
        return {
            "counts": vars(self.counts),
            "drawn": self.rounds.stream.drawn,
            "curves": dict(self.curves.points),
            "sums": dict(self.curves.sums),
            "steps": dict(self.curves.steps),
        }

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `extra_state` returned."""
        self.rounds.state.counts = Counts(**state["counts"])
        self.rounds.stream.drawn = state["drawn"]
        if self.rounds.growth:
            self.rounds.begin_phase()  # The phase itself was among the buffers of the networks.
        self.curves = Curves()
        self.curves.points.update({k: [(x, y) for x, y in v] for k, v in state["curves"].items()})
        self.curves.sums.update(state["sums"])
        self.curves.steps.update(state["steps"])
