"""Where a regularizer may act, what it is given there, and the registry of regularizers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.core.registry import Registry

Site = Literal["on_inputs", "d_term", "d_weights", "g_term", "after_d_update", "around_g"]


@dataclass(frozen=True)
class Critique:
    """One look of the discriminator at a batch, as regularizers see it.

    In G's step `fake` carries gradients to the generator; in D's step it is detached. What passed through the `on_inputs`
    regularizers (noise, augmentation, packing) is what stands here: it is what D saw.
    """

    real: Tensor
    """[N, ...] real samples; images in [0, 1]."""
    fake: Tensor
    """[N, ...] generated samples."""
    real_output: Output
    fake_output: Output
    critic: Callable[[Tensor], Output]
    """The discriminator on any points shaped like `real`, in training mode, float32 (penalties are not taken in bf16)."""
    look: Callable[[Tensor], Output]
    """The same in the precision in which `real_output` and `fake_output` were taken, for terms that compare with them."""
    progress: Tensor
    """Share of the budget that is spent, a 0-dim tensor in [0, 1]: schedules read it, so that a captured step follows them."""
    bounds: tuple[float, float] | None = (0.0, 1.0)
    """Value range of the data; None for unbounded points."""
    g_loss: Tensor | None = None
    """[N] per-sample loss of the generator; only at `g_term`."""
    state: Mapping[str, Tensor] = field(default_factory=dict)
    """This regularizer's own tensors, updated in place, checkpointed with the model."""


@dataclass(frozen=True)
class Unrolling:
    """What `around_g` regularizers are given: enough to look ahead of the discriminator's next updates, differentiably."""

    discriminator: nn.Module
    d_loss: Callable[[Mapping[str, Tensor]], Tensor]
    """Mean loss of D on this round's batch as a function of D's parameters (name -> tensor); differentiable in them and in G."""
    optimizer_step: Callable[
        [Mapping[str, Tensor], Mapping[str, Tensor], Mapping[str, Tensor]], tuple[dict[str, Tensor], dict[str, Tensor]]
    ]
    """Functional step of D's optimizer: (parameters, gradients, moments) -> (parameters, moments); differentiable."""
    moments: Mapping[str, Tensor]
    """D's optimizer state now, flattened by `name/parameter`; detached."""
    learning_rate: float


@dataclass(frozen=True)
class RegularizerFacts:
    """Where a regularizer acts and what it needs.

    site: what its function receives and returns:
        `on_inputs`: (samples [N, ...]; where it names them, keywords `progress`, `bounds`, `state`) -> what D sees.
            Called for real and for fake alike (and for G's fake), inside the gradient.
        `d_term`: (critique) -> per-sample values [N] or a scalar, added to D's loss.
        `d_weights`: (discriminator) -> scalar, added to D's loss.
        `g_term`: (critique) -> per-sample values or a scalar, added to G's loss.
        `after_d_update`: (discriminator) -> None, changes D in place after its update.
        `around_g`: (unrolling) -> parameters of D (name -> tensor) that G's step uses in the place of the current ones.
    packs: name of the hyperparameter that multiplies D's input channels (and divides its batch), or "".
    needs_features: reads `Output.features`: refused where the discriminator gives none.
    needs_logits: reads D's output as a log-odds: refused where it is an energy, which is low for real.
    least_batch: what D sees of G's batch at least (packs, under packing).
    below_side: name of the hyperparameter in pixels that must be below the images' side, or "".
    needs_images: treats samples as images [N, C, H, W]: refused for points.
    state: the regularizer's own tensors at the start, name -> value (0-dim float32).
    """

    site: Site = "d_term"
    packs: str = ""
    needs_features: bool = False
    needs_images: bool = False
    needs_logits: bool = False
    least_batch: int = 1
    below_side: str = ""
    state: Mapping[str, float] = field(default_factory=dict)
    paper: str = ""


REGULARIZERS: Registry[RegularizerFacts] = Registry(
    "regularizer", "landscape.components.regularizers", RegularizerFacts, injected=frozenset({"progress", "bounds", "state"})
)
