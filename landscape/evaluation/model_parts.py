"""The networks of a model, as metrics receive them that look at more than its samples."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from landscape.core.errors import UserError

Network = Callable[[Tensor], Any]
"""A module or a function of a batch, whose result is a tensor or an Output."""


@dataclass(frozen=True)
class ModelParts:
    """What a model consists of. None stands for what it has not, or what is not known any more."""

    generator: Network | None = None
    """Maps latent vectors to samples. Its batch norms use the protocol's statistics meanwhile, and some metrics differentiate it."""
    latent: Callable[[int], Tensor] | None = None
    """Draws latent vectors [number, latent]."""
    discriminator: Network | None = None
    """Maps samples in [0, 1] to logits [N] or to an Output. It is called in evaluation mode."""
    untrained: Callable[[], Network] | None = None
    """Makes the discriminator as it was before its training, for metrics that compare with it."""
    boundary: float | None = 0.0
    """The logit above which the discriminator calls a sample real. None if it gives energies, or only differences of its logits count."""
    encoder: Network | None = None
    """The encoder of a joint game, which maps samples in [0, 1] to latent vectors and has a method `features`. It is called in evaluation
    mode.
    """


NO_PARTS = ModelParts()
"""The parts of a model of which only samples are known."""


@contextlib.contextmanager
def evaluation_mode(network: object) -> Iterator[None]:
    """Put a network that is a module into evaluation mode. Afterwards every part of it has the mode that it had before."""
    modes = {module: module.training for module in network.modules()} if isinstance(network, nn.Module) else {}
    if isinstance(network, nn.Module):
        network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def logits_of(discriminator: Network) -> Callable[[Tensor], Tensor]:
    """Return the discriminator as a function from samples to logits [N]."""

    def logits(samples: Tensor) -> Tensor:
        output = discriminator(samples)
        # getattr with a default would not do, because a tensor has a method of that name.
        values: Tensor = output if isinstance(output, Tensor) else output.logit
        return values

    return logits


def features_of(discriminator: Network) -> Callable[[Tensor], Tensor]:
    """Return the discriminator as a function from samples to its last features [N, F].

    Raises (when it is called):
        UserError: The discriminator gives no features.
    """

    def features(samples: Tensor) -> Tensor:
        found: Tensor | None = getattr(discriminator(samples), "features", None)
        if found is None:
            raise UserError("this discriminator gives no features (`Output.features`): choose an architecture whose D does")
        return found.flatten(1).float()

    return features
