"""What a joint game, in which D judges pairs of a sample and a latent vector, asks of the other components of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landscape.config.undefined import UndefinedCombinationError

if TYPE_CHECKING:
    from landscape.config.trial_fields import TrialFields


def require_joint_game(config: TrialFields) -> None:
    """Check that the components of a task with a joint game have a meaning for pairs, and that no two settings are the same model.

    Raises:
        UndefinedCombinationError: A component has no meaning there, or would make the same model as another one.
    """
    from landscape.components.tasks._base import TASKS

    if TASKS[config.task.name].facts.game == "joint":
        _loss(config)
        _discriminator(config)
        _regularizers(config)


def _loss(config: TrialFields) -> None:
    from landscape.components.losses._base import LOSSES

    loss, facts = LOSSES[config.loss.name], LOSSES[config.loss.name].facts
    if facts.inputs != "logits":
        raise UndefinedCombinationError(
            f"task {config.task.name!r} has a D that gives pairs a logit, loss {loss.name!r} reads {facts.inputs}: choose a loss on logits"
        )
    if facts.d_is_that_of:
        raise UndefinedCombinationError(
            f"in task {config.task.name!r}, G and E minimize D's loss with its arguments exchanged, and D's loss of {loss.name!r} is that "
            f"of {facts.d_is_that_of!r}: the two would be the same model, choose {facts.d_is_that_of!r}"
        )
    for name in sorted(facts.g_only):
        if config.loss.hyperparameters[name] != loss.hyperparameters[name].default:
            raise UndefinedCombinationError(
                f"{name} of loss {loss.name!r} belongs to G's loss, in whose place task {config.task.name!r} has D's loss with its "
                "arguments exchanged: leave it out"
            )


def _discriminator(config: TrialFields) -> None:
    from landscape.components.architectures._base import ARCHITECTURES

    if not ARCHITECTURES[config.architecture.name].facts.of(config.architecture.hyperparameters).has_encoder:
        raise UndefinedCombinationError(
            f"no encoder for task {config.task.name!r} can be made of the discriminator of architecture {config.architecture.name!r}"
        )


def _regularizers(config: TrialFields) -> None:
    from landscape.components.regularizers._base import REGULARIZERS

    for r in config.regularizers:
        facts = REGULARIZERS[r.name].facts
        if (facts.needs_images and facts.site != "g_term") or facts.packs:
            treats = "stacks samples" if facts.packs else "acts on images"
            raise UndefinedCombinationError(
                f"regularizer {r.name!r} {treats}, in task {config.task.name!r} D sees pairs of a sample and a latent vector"
            )
