"""What a loss is, and the registry of losses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from landscape.core.registry import Registry


@dataclass(frozen=True)
class LossPair:
    """What the discriminator and the generator minimize: per-sample values [N] (or a scalar), averaged by the caller.

    `d` is None for a method without a discriminator. `state` holds the new values of the loss's own scalars (BEGAN's k),
    detached; `report` holds scalars worth a learning curve (BEGAN's convergence measure). `g_ahead` is what G minimizes where it looks
    ahead of D's answers (unrolling), if that is not `g`: a term of D(real) is no constant then, since D's future weights depend on G.
    `boundary` is the logit above which D calls a sample real; None where the loss sets none (only differences of logits count).
    """

    d: Tensor | None
    g: Tensor
    g_ahead: Tensor | None = None
    state: Mapping[str, Tensor] = field(default_factory=dict)
    report: Mapping[str, Tensor] = field(default_factory=dict)
    boundary: float | None = 0.0


@dataclass(frozen=True)
class LossFacts:
    """What the module must know of a loss before it can call it.

    inputs: what the loss is a function of.
        `logits`: (real, fake) critic logits [N].
        `energies`: (real, fake) energies [N] >= 0 of an autoencoder discriminator (lower is more real).
        `samples`: (real, fake) samples themselves [N, ...]; no discriminator is built.
        `autoencoding`: (real, reconstruction): an encoder is built in place of the discriminator,
            and generator and encoder minimize `g` together. `mean`, `log_variance` [N, latent] come as keywords.
    g_needs_real: the generator's loss depends on D(real) (relativistic losses). Where False, the module passes the fake output
        in the place of the real one in G's step, and only `g` is read.
    least_batch: samples that it needs in a batch.
    state: the loss's own scalars and their start values; passed as keyword `state` (name -> 0-dim tensor).
    """

    inputs: Literal["logits", "energies", "samples", "autoencoding"] = "logits"
    g_needs_real: bool = False
    least_batch: int = 1
    state: Mapping[str, float] = field(default_factory=dict)
    paper: str = ""


LOSSES: Registry[LossFacts] = Registry(
    "loss", "landscape.components.losses", LossFacts, injected=frozenset({"state", "mean", "log_variance"})
)
