"""A trained trial's folder as a sampler: the generator is rebuilt from its config, weights from safetensors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from landscape.config.training_settings import LatentConfig
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.results.record import GENERATOR_FILE
from landscape.training.building import build_networks
from landscape.training.sampling import draw_latent, make_sampler
from landscape.trial import checkpoint_file


@dataclass(frozen=True)
class Trained:
    """A generator with what it was made of."""

    config: TrialConfig
    shape: tuple[int, ...]
    generator: nn.Module

    classes: int = 0
    """The number of classes that the generator was trained on; 0 where it is given none."""

    @property
    def sampler(self) -> Callable[..., Tensor | tuple[Tensor, Tensor]]:
        """See `make_sampler`."""
        return self.sampling()

    def sampling(self, batch: int = 64, classes: Tensor | None = None) -> Callable[..., Tensor | tuple[Tensor, Tensor]]:
        """See `make_sampler`. Without `classes`, every class that the generator knows has the same share of the samples.

        Raises:
            UserError: `classes` holds one that the generator does not know.
        """
        if not self.classes:
            return make_sampler(self.generator, self.latent, batch)
        if classes is None:
            classes = torch.arange(self.classes)
        elif int(classes.min()) < 0 or int(classes.max()) >= self.classes:
            raise UserError(
                f"the model makes classes 0 to {self.classes - 1}, the real samples have others: score it on data with its classes"
            )
        return make_sampler(self.generator, self.latent, batch, classes)

    def draw_z(self, n: int) -> Tensor:
        """[n, latent] on the generator's device."""
        return draw_latent(self.latent, n, next(self.generator.parameters()).device)

    def draw_seeded(self, n: int, seed: int) -> Tensor:
        """[n, latent], a function of n and the seed alone: the draws of `sampler`."""
        return draw_latent(self.latent, n, next(self.generator.parameters()).device, torch.Generator().manual_seed(seed))

    @property
    def latent(self) -> LatentConfig:
        """What the generator is drawn from."""
        return self.config.latent or LatentConfig()


def load_trained(folder: Path, device: torch.device | None = None) -> Trained:
    """The generator that a completed trial left in `folder`, in evaluation mode.

    Raises:
        UserError: no generator there (the trial diverged, or is not finished), or the file is damaged.
    """
    path = folder / GENERATOR_FILE
    if not path.exists():
        raise UserError(f"{folder} holds no {GENERATOR_FILE}: give the folder of a completed trial (results/<study>/trials/<digest>)")
    tensors, data = checkpoint_file.read(path, "generator")
    misfit = "does not fit the networks of this version"
    try:
        config = TrialConfig.parse(data["config"], source=str(path))
        shape, classes = tuple(map(int, data["shape"])), int(data.get("classes", 0))
        # Without memory at first: nobody knows what sizes a file from elsewhere names.
        with torch.device("meta"):
            wanted = build_networks(config, shape, classes).generator.state_dict()
    except UserError:
        raise
    except Exception as error:
        message = (str(error).splitlines() or [""])[0]
        raise UserError(f"{path} {misfit} ({type(error).__name__}: {message}): train the trial again") from None
    if {name: t.shape for name, t in wanted.items()} != {name: t.shape for name, t in tensors.items()}:
        raise UserError(f"{path} {misfit} (its tensors have other names or sizes): train the trial again")
    generator = build_networks(config, shape, classes).generator
    generator.load_state_dict(tensors)
    return Trained(config, shape, generator.to(device or torch.device("cpu")).eval(), classes)
