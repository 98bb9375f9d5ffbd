"""Defines where a regularizer may act and what it receives there, and holds the registry of regularizers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.core.registry import Registry

When = bool | Callable[[Mapping[str, Any]], bool]
"""Whether something holds for a component, or a function that says so from its hyperparameters."""
Site = Literal["on_inputs", "d_term", "d_weights", "g_term", "after_d_update", "around_g"]


class Term(NamedTuple):
    """What a regularizer with a state returns at `d_term` and `g_term`."""

    values: Tensor | None
    """The values [N], one per sample, or a scalar. With None nothing is added to the loss."""
    state: Mapping[str, Tensor]
    """The new value of each tensor of its state by name. They are detached and kept once the update is applied."""
    report: Mapping[str, Tensor] = {}
    """Scalars for the learning curves, read at `d_term`."""


class Translation(NamedTuple):
    """One direction of a two-way game, in which a generator translates pictures of a set A into pictures of a set B."""

    given: Tensor
    """Pictures of A [N, C, H, W] as the data have them, of which `Critique.made` were made."""
    wanted: Tensor
    """Pictures of B [N, C, H, W] as the data have them, which belong to none of A."""
    there: Callable[[Tensor], Tensor]
    """The generator of this direction, pictures [N, C, H, W] -> pictures of B."""
    back: Callable[[Tensor], Tensor]
    """The generator of the other direction, pictures [N, C, H, W] -> pictures of A."""


@dataclass(frozen=True)
class Critique:
    """The discriminator's view of one batch, as regularizers receive it.

    In G's step, `fake` carries gradients to the generator; in D's step it is detached. `real` and `fake` are what D saw: samples that have
    passed through the `on_inputs` regularizers (noise, augmentation, packing).
    """

    real: Tensor
    """Real samples [N, ...]; images are in [0, 1]."""
    fake: Tensor
    """Generated samples [N, ...]."""
    real_output: Output
    fake_output: Output
    critic: Callable[[Tensor], Output]
    """Applies the discriminator to any points shaped like `real`, in training mode and in float32. Penalties are not computed in bf16."""
    look: Callable[[Tensor], Output]
    """Applies the discriminator in the precision in which `real_output` and `fake_output` were computed, for terms that compare with
    them.
    """
    progress: Tensor
    """The share of the budget that is spent, a 0-dim tensor in [0, 1]. As a tensor it lets schedules advance in recorded steps too."""
    bounds: tuple[float, float] | None = (0.0, 1.0)
    """The range of values of the data; None for points without bounds."""
    g_loss: Tensor | None = None
    """The generator's loss of each sample [N], given only at `g_term`."""
    state: Mapping[str, Tensor] = field(default_factory=dict)
    """This regularizer's own tensors, which are saved with the model. They are only read; the new values are returned in a `Term`."""
    condition: Tensor | None = None
    """The condition [N, ...] under which sample i of `real` and of `fake` is judged; None for an unconditional task."""
    made: Tensor | None = None
    """The generated samples [N, ...] as G made them, before any `on_inputs` regularizer, given only at `g_term`."""
    wrong: Tensor | None = None
    """Conditions of which row i does not belong to the real sample i; None unless a regularizer `needs_wrong`, or the task makes some."""
    judge: Callable[[Tensor, Tensor], Output] | None = None
    """Applies the discriminator to samples and conditions, both [N, ...], in the precision of `look`."""
    boundary: float | None = 0.0
    """The logit above which D calls a sample real, as in `LossPair`."""
    d_loss: Callable[[Tensor, Tensor], Tensor] | None = None
    """D's loss of each sample [N] as a function of logits [N] in the places of those of real and of generated samples."""
    target: Tensor | None = None
    """The real samples [N, ...] as the data have them, if row i is the target of the generated sample i; None for other tasks."""
    translation: Translation | None = None
    """The direction in which G translates, given only at `g_term` in a two-way game, where each term is called once a direction."""


@dataclass(frozen=True)
class Unrolling:
    """What `around_g` regularizers receive: enough to look ahead at the discriminator's next updates, differentiably."""

    discriminator: nn.Module
    d_loss: Callable[[Mapping[str, Tensor]], Tensor]
    """The mean loss of D on this round's batch as a function of D's parameters (name -> tensor).

    It is differentiable in these parameters and in G.
    """
    optimizer_step: Callable[
        [Mapping[str, Tensor], Mapping[str, Tensor], Mapping[str, Tensor]], tuple[dict[str, Tensor], dict[str, Tensor]]
    ]
    """One step of D's optimizer as a differentiable function: (parameters, gradients, moments) -> (parameters, moments)."""
    moments: Mapping[str, Tensor]
    """The present state of D's optimizer, under the names `name/parameter`, detached."""
    learning_rate: float


@dataclass(frozen=True)
class RegularizerFacts:
    """Where a regularizer acts and what it needs.

    site: What its function receives and returns.
        `on_inputs`: (samples [N, ...]; if it names them, the keywords `progress`, `bounds`, `state`) -> what D sees. It is called for real
        and for generated samples (and for those of G's step), inside the gradient.
        `d_term`: (critique) -> values [N], one per sample, or a scalar, which is added to D's loss; with a state, a `Term`.
        `d_weights`: (discriminator) -> a scalar, which is added to D's loss.
        `g_term`: (critique) -> values [N] or a scalar, which is added to G's loss; with a state, a `Term`.
        `after_d_update`: (discriminator) -> None. It changes D in place after its update.
        `around_g`: (unrolling) -> parameters of D (name -> tensor), which G's step uses instead of the current ones.
    also: A second site, at which the same function is called too. A term that acts at `d_term` and at `g_term` knows by `critique.g_loss`
        which loss it is added to. What acts on inputs and has a state returns the new one at `d_term`.
    packs: The name of the hyperparameter that multiplies D's input channels (and divides its batch), or "".
    needs_features: Whether it reads `Output.features`. It is refused if the discriminator has none.
    needs_class_logits: Whether it reads `Output.class_logits`, which D has with the method `auxiliary_classifier` alone.
    needs_images: Whether it treats samples as images [N, C, H, W]. It is refused for points. In a joint game only a `g_term` may, and reads
        `Critique.made`, because D sees pairs there.
    needs_real: Whether it reads `real_output` in G's step, for which real samples are then drawn and shown to D.
    needs_target: Whether it reads `Critique.target`. It is refused under a task without a target.
    needs_wrong: Whether it reads `Critique.wrong`. It is refused under a task whose D is given no condition.
    needs_translation: Whether it reads `Critique.translation`. It is refused under a task whose game does not go both ways.
    mirrors: Whether it exchanges left and right in what D sees. It is refused under a text, which may name sides.
    moves_pixels: Whether it moves or hides parts of what D sees. It is refused where D sees a sample beside an image of the same place,
        which would not move with it.
    perceives: The name of the extractor whose network it reads, which it is given as the keyword `perceive` (see
        `landscape.components.extractors._perception`), or "". Models that are trained with it are not scored through that family.
    needs_logits: Whether it reads D's output as log-odds. It is refused if the output is an energy, which is low for real samples.
    needs_boundary: Whether it reads which side of the loss's boundary D's logits of real samples are on. It is refused if the output is an
        energy, and with a loss of which only differences of logits count.
    augments: Whether it changes every image that D sees at random. Two of them are refused.
    contradicts: Returns why hyperparameters contradict each other, or "".
    least_batch: The smallest number of samples (or of packs, under packing) of G's batch that D must see.
    below_side: The name of the hyperparameter in pixels that must be below the side of the images, or "".
    state: The own tensors of a term at the start, name -> value (0-dim float32). Components that act at no term have none.
    paper: The source.
    """

    site: Site = "d_term"
    also: Site | None = None
    packs: str = ""
    needs_features: bool = False
    needs_class_logits: bool = False
    needs_images: bool = False
    needs_real: bool = False
    needs_target: When = False
    needs_wrong: bool = False
    needs_translation: bool = False
    mirrors: When = False
    moves_pixels: When = False
    perceives: str = ""
    needs_logits: bool = False
    needs_boundary: When = False
    augments: bool = False
    contradicts: Callable[[Mapping[str, Any]], str] = lambda _: ""
    least_batch: int = 1
    below_side: str = ""
    state: Mapping[str, float] = field(default_factory=dict)
    paper: str = ""


REGULARIZERS: Registry[RegularizerFacts] = Registry(
    "regularizer", "landscape.components.regularizers", RegularizerFacts, injected=frozenset({"progress", "bounds", "state", "perceive"})
)


def holds(when: When, hyperparameters: Mapping[str, Any]) -> bool:
    """Return whether something that a component declares holds with these hyperparameters."""
    return when if isinstance(when, bool) else when(hyperparameters)
