"""Builds the networks that a configuration describes: an architecture with its normalizations."""

from typing import Any, NamedTuple

from landscape.components.architectures._base import ARCHITECTURES, Networks
from landscape.components.architectures._image_conditions import KeepsKnown
from landscape.components.architectures._joint import PairDiscriminator, PointEncoder
from landscape.components.architectures._two_way import both_ways
from landscape.components.datasets._language import Language
from landscape.components.datasets._speech import Speech
from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.tasks._base import UNCONDITIONAL, Condition, Task
from landscape.config.choices import Choice
from landscape.config.training_settings import LatentConfig
from landscape.core.errors import UserError

_SEEN_BY_D = ("d_channels", "d_dimension", "d_shape")


def layout(
    architecture: Choice,
    d_normalization: Choice,
    g_normalization: Choice,
    latent: LatentConfig,
    degree: int,
    shape: tuple[int, ...],
    condition: Condition = UNCONDITIONAL,
    game: str = "single",
) -> Networks:
    """Build the networks of an architecture with its normalizations.

    Args:
        architecture: The architecture and its hyperparameters.
        d_normalization: The normalization in D.
        g_normalization: The normalization in G.
        latent: The distribution of z, whose size the generator takes.
        degree: The number of samples that D sees stacked as one (1 without packing).
        shape: The shape of one sample: (C, H, W) of an image or (D,) of a point.
        condition: What both networks receive beside their input.
        game: The game of the task. In a `joint` game D takes pairs of a sample and a latent vector. In a `two_way` game there are two
            networks of each kind.

    Raises:
        UserError: The layers cannot be built this way, for example an instance norm on 1x1 maps.
    """
    component = ARCHITECTURES[architecture.name]
    d_shape = (shape[0] * degree, *shape[1:])
    offered: dict[str, Any] = {
        "shape": shape,
        "d_shape": d_shape,
        **({"resolution": shape[-1], "channels": shape[0], "d_channels": d_shape[0]} if len(shape) == 3 else {}),
        **({"dimension": shape[0], "d_dimension": d_shape[0]} if len(shape) == 1 else {}),
        "latent_dim": latent.dim,
        # The norms of G receive what G is given: z, and behind it e(y) under a class condition, or the vector of the voice.
        "g_normalization": build_normalization(g_normalization, latent.dim + condition.size, condition),
        "d_normalization": build_normalization(d_normalization, latent.dim),
        "condition": condition,
    }
    if degree > 1 and component.injected.isdisjoint(_SEEN_BY_D):
        raise UserError(f"architecture {component.name!r} names none of {', '.join(_SEEN_BY_D)}: its D cannot see packs of samples")
    networks: Networks = component.call(hyperparameters=architecture.hyperparameters, **offered)
    if game == "joint":
        wrap = offered["d_normalization"].wrap
        networks = networks._replace(discriminator=PairDiscriminator(networks.discriminator, shape, latent.dim, wrap))
    if game == "two_way":
        networks = both_ways(networks, component.call(hyperparameters=architecture.hyperparameters, **offered))
    if condition.keeps is not None:
        return networks._replace(generator=KeepsKnown(networks.generator, condition.keeps))
    return networks


def encoder(architecture: Choice, latent: LatentConfig, shape: tuple[int, ...]) -> PointEncoder:
    """Build the encoder of a joint game: the body of the architecture's discriminator without normalization, and a head of its own.

    Args:
        architecture: The architecture and its hyperparameters.
        latent: The distribution of z, whose size the encoder gives.
        shape: The shape of one sample.

    Raises:
        UserError: The discriminator does not consist of a body and a head.
    """
    plain = Choice(name="none")
    return PointEncoder(layout(architecture, plain, plain, latent, 1, shape).discriminator, latent.dim)


def build_normalization(choice: Choice, latent_dim: int, condition: Condition = UNCONDITIONAL) -> Normalization:
    """Build the normalization named in `choice` for a network that is given vectors of size `latent_dim` and a condition."""
    normalization: Normalization = NORMALIZATIONS[choice.name].call(
        hyperparameters=choice.hyperparameters, latent_dim=latent_dim, condition=condition
    )
    return normalization


class Texts(NamedTuple):
    """The sizes of texts, or of what is spoken."""

    vocabulary: int
    """The number of words, with 0 for the end of a text, or of phones."""
    length: int
    """The number of words of the longest text, or of tokens of what is spoken."""
    voices: int = 0
    """The number of voices, if the texts are spoken."""


ANY_TEXTS = Texts(2, 1, 2)
"""Stands for texts that are not known yet. Their sizes decide nothing that a layer could refuse."""


def sizes_of(language: Language | Speech | None) -> Texts:
    """Return the sizes of the texts of a language or of speech; `ANY_TEXTS` without either."""
    if language is None:
        return ANY_TEXTS
    return Texts(language.vocabulary, language.length, len(language.voices) if isinstance(language, Speech) else 0)


def condition_of(
    task: Choice,
    architecture: Choice,
    classes: int,
    shape: tuple[int, ...] = (),
    inputs: tuple[int, ...] = (),
    texts: Texts = ANY_TEXTS,
) -> Condition:
    """Return what the networks of an architecture must know of the condition of a task.

    Args:
        task: The task.
        architecture: The architecture, with its hyperparameters completed.
        classes: The number of classes of the data.
        shape: The shape of one sample.
        inputs: The shape of the picture that belongs to a sample, or () if it is not known.
        texts: The sizes of the texts that belong to the samples.

    Raises:
        UserError: The task cannot use samples of this shape.
    """
    bound = task_of(task)
    match bound.facts.condition:
        case "none":
            return UNCONDITIONAL
        case "class":
            return Condition("class", classes, architecture.hyperparameters.get("class_embedding", 0))
        case "image":
            return Condition(
                "image",
                shape=bound.condition_shape(shape, inputs),
                has_mask=bound.facts.has_mask,
                keeps=bound.keeps,
                is_judged=bound.facts.game != "two_way",
            )
        case "text":
            return Condition("text", shape=(texts.length,), vocabulary=texts.vocabulary)
        case "speech":
            size = architecture.hyperparameters.get("voice", 0)
            return Condition("speech", size=size, shape=(texts.length,), vocabulary=texts.vocabulary, voices=texts.voices)


def task_of(task: Choice) -> Task:
    """Return the task that `task` names, with its hyperparameters, which are completed, bound."""
    return Task(task.name, task.hyperparameters)
