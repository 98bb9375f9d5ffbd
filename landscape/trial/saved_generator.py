"""Loads the generator that a trial left: the network is built from its configuration, and its weights come from a safetensors file."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from landscape.components.datasets._base import Dataset
from landscape.components.datasets._language import Language
from landscape.components.datasets._speech import Speech, language_of
from landscape.components.metrics._base import Pairs
from landscape.components.tasks._base import Condition, Task
from landscape.config.network_layout import condition_of, sizes_of, task_of
from landscape.config.training_settings import LatentConfig
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.results.record import GENERATOR_FILE
from landscape.training.building import build_networks
from landscape.training.sampling import draw_latent, make_sampler
from landscape.trial import checkpoint_file

if TYPE_CHECKING:
    from landscape.evaluation.model_parts import ModelParts


@dataclass(frozen=True)
class Trained:
    """A generator with its configuration."""

    config: TrialConfig
    shape: tuple[int, ...]
    """The shape of one sample, (C, H, W) or (D,)."""
    generator: nn.Module
    classes: int = 0
    """The number of classes of the data that the generator was trained on, which is 0 if it is given none."""
    untrained: tuple[int, ...] = ()
    """The classes of which the training split had no sample."""
    language: Language | Speech | None = None
    """The words of the texts that the generator is given, or its voices and words, or None if it is given neither."""
    inputs: tuple[int, ...] = ()
    """The shape of the picture that belongs to a sample of the data; () if there is none."""

    @property
    def task(self) -> Task:
        """The task that the generator was trained for."""
        return task_of(self.config.task)

    @property
    def goes_both_ways(self) -> bool:
        """Whether the generator has a second one, `back`, which translates in the other direction."""
        return self.task.facts.game == "two_way"

    @cached_property
    def condition(self) -> Condition:
        """What is known of the condition that the generator is given."""
        return condition_of(self.config.task, self.config.architecture, self.classes, self.shape, self.inputs, sizes_of(self.language))

    @property
    def known(self) -> list[int]:
        """The classes of which the generator has seen samples."""
        return [label for label in range(self.classes) if label not in self.untrained]

    @property
    def sampler(self) -> Callable[..., Tensor | tuple[Tensor, Tensor]]:
        """A sampler with the defaults of `sampling`."""
        return self.sampling()

    def sampling(
        self, batch: int = 64, classes: Tensor | None = None, pairs: Pairs | None = None
    ) -> Callable[..., Tensor | tuple[Tensor, Tensor]]:
        """Return a sampler as `make_sampler` does. Without `classes`, all known classes have the same share of the samples.

        Raises:
            UserError: `classes` contains a class that the generator does not know, or it is given images or texts and `pairs` have none
                of their size.
        """
        if self.task.facts.is_of_rows:
            found = () if pairs is None else tuple(pairs.conditions.shape[1:])
            if found != self.condition.shape:
                what, has = self._wanted(), f"these have {shown(found)}" if found else "there are none"
                raise UserError(f"the model makes samples of {what}, {has}: score it on its own data")
            return make_sampler(self.generator, self.latent, batch, pairs=pairs)
        if not self.classes:
            return make_sampler(self.generator, self.latent, batch)
        if classes is None:
            classes = torch.tensor(self.known)
        elif not self.makes(classes):
            raise UserError(
                f"the model makes classes 0 to {self.classes - 1}, the real samples have others: score it on data with its classes"
            )
        return make_sampler(self.generator, self.latent, batch, classes)

    def _wanted(self) -> str:
        if self.condition.kind == "speech":
            return f"{self.condition.shape[0] - 1} frames of speech"
        return f"{'pictures' if self.condition.kind == 'image' else 'texts'} of {shown(self.condition.shape)}"

    def makes(self, classes: Tensor) -> bool:
        """Return whether the generator can be asked for every class in `classes` [M] int64."""
        return int(classes.min()) >= 0 and int(classes.max()) < self.classes

    def draw_z(self, n: int) -> Tensor:
        """Draw latent vectors [n, latent] on the generator's device."""
        return draw_latent(self.latent, n, next(self.generator.parameters()).device)

    def draw_seeded(self, n: int, seed: int) -> Tensor:
        """Draw the latent vectors [n, latent] of `sampler`, which depend on n and the seed alone."""
        return draw_latent(self.latent, n, next(self.generator.parameters()).device, torch.Generator().manual_seed(seed))

    @property
    def parts(self) -> "ModelParts":
        """The networks of the model, of which the file holds the generator alone."""
        from landscape.evaluation.model_parts import ModelParts

        return ModelParts(self.generator, self.draw_z)

    @property
    def latent(self) -> LatentConfig:
        """The distribution of the latent vectors."""
        return self.config.latent or LatentConfig()


def shown(shape: tuple[int, ...]) -> str:
    """Return how a message writes the shape (c, h, w) of a picture, or (L,) of a text."""
    if len(shape) == 1:
        return f"up to {shape[0]} words"
    return f"{shape[2]}x{shape[1]}, {shape[0]} {'channel' if shape[0] == 1 else 'channels'}"


def untrained_classes(dataset: Dataset) -> list[int]:
    """Return the classes of `dataset` of which its training split has no sample."""
    labels = dataset.split("train").labels
    assert labels is not None
    return sorted(set(range(dataset.classes or 0)) - set(labels.unique().tolist()))  # type: ignore[no-untyped-call]


def load_trained(folder: Path, device: torch.device | None = None) -> Trained:
    """Load the generator that a completed trial left in `folder`, in evaluation mode.

    Raises:
        UserError: There is no generator, because the trial diverged or is not finished, or the file is damaged.
    """
    path = folder / GENERATOR_FILE
    if not path.exists():
        raise UserError(f"{folder} holds no {GENERATOR_FILE}: give the folder of a completed trial (results/<study>/trials/<digest>)")
    tensors, data = checkpoint_file.read(path, "generator")
    misfit = "does not fit the networks of this version"
    try:
        config = TrialConfig.parse(data["config"], source=str(path))
        shape, classes = tuple(map(int, data["shape"])), int(data.get("classes", 0))
        untrained, inputs = (tuple(map(int, data.get(name, ()))) for name in ("untrained", "inputs"))
        language = language_of(data.get("language"))
        texts = sizes_of(language)
        # The network is first built without memory, because a file from elsewhere may name any sizes.
        with torch.device("meta"):
            wanted = build_networks(config, shape, classes, inputs, texts).generator.state_dict()
    except UserError:
        raise
    except Exception as error:
        message = (str(error).splitlines() or [""])[0]
        raise UserError(f"{path} {misfit} ({type(error).__name__}: {message}): train the trial again") from None
    if {name: t.shape for name, t in wanted.items()} != {name: t.shape for name, t in tensors.items()}:
        raise UserError(f"{path} {misfit} (its tensors have other names or sizes): train the trial again")
    generator = build_networks(config, shape, classes, inputs, texts).generator
    generator.load_state_dict(tensors)
    return Trained(config, shape, generator.to(device or torch.device("cpu")).eval(), classes, untrained, language, inputs)
