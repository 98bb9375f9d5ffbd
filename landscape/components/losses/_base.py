"""Defines what a loss is, and holds the registry of losses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from landscape.core.registry import Registry


@dataclass(frozen=True)
class LossPair:
    """What the discriminator and the generator minimize: values [N], one per sample, or a scalar. The caller averages them.

    `d` is None for a method without a discriminator. `state` holds the new values of the loss's own scalars (BEGAN's k), detached. `report`
    holds scalars for the learning curves (BEGAN's convergence measure). `g_ahead` is what G minimizes if it looks ahead at D's next updates
    (unrolling) and this differs from `g`. A term of D(real) is then not constant, because D's future weights depend on G. `boundary` is the
    logit above which D calls a sample real. It is None if the loss defines no such logit, because only differences of logits count.
    """

    d: Tensor | None
    g: Tensor
    g_ahead: Tensor | None = None
    state: Mapping[str, Tensor] = field(default_factory=dict)
    report: Mapping[str, Tensor] = field(default_factory=dict)
    boundary: float | None = 0.0


@dataclass(frozen=True)
class LossFacts:
    """What the training module must know about a loss before it calls it.

    inputs: What the loss is a function of.
        `logits`: (real, fake), critic logits [N].
        `energies`: (real, fake), energies [N] >= 0 of an autoencoder discriminator (lower is more real).
        `samples`: (real, fake), the samples [N, ...] themselves. No discriminator is built.
        `autoencoding`: (real, reconstruction). An encoder is built instead of the discriminator, and generator and encoder minimize `g`
        together. The keywords `mean` and `log_variance`, both [N, latent], are passed as well.
    g_needs_real: Whether the generator's loss depends on D(real) (relativistic losses). If it does not, the module passes the fake output
    in place of the real one in G's step, and reads only `g`.
    only_differences: Whether only differences of logits count, so that none tells real from generated samples. `boundary` is None then.
    g_only: The hyperparameters that act on `g` alone, which a joint game does not use.
    d_is_that_of: The loss whose `d` this one's is too, so that the two differ by `g` alone, or "".
    least_batch: The smallest number of samples in a batch.
    state: The loss's own scalars with their start values. They are passed as the keyword `state` (name -> 0-dim tensor).
    paper: The source.
    """

    inputs: Literal["logits", "energies", "samples", "autoencoding"] = "logits"
    g_needs_real: bool = False
    only_differences: bool = False
    g_only: frozenset[str] = frozenset()
    d_is_that_of: str = ""
    least_batch: int = 1
    state: Mapping[str, float] = field(default_factory=dict)
    paper: str = ""


LOSSES: Registry[LossFacts] = Registry(
    "loss", "landscape.components.losses", LossFacts, injected=frozenset({"state", "mean", "log_variance"})
)
