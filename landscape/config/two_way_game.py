"""What a two-way game, in which two generators translate between two sets of pictures, asks of the other components of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

if TYPE_CHECKING:
    from landscape.components.datasets._base import Dataset
    from landscape.config.choices import Choice
    from landscape.config.trial_fields import TrialFields


def require_two_way_game(config: TrialFields) -> None:
    """Check that the components of a task with a two-way game have a meaning there, and that none waits for such a game elsewhere.

    Raises:
        UndefinedCombinationError: A component has no meaning there, or needs the generator of the other direction where there is none.
    """
    from landscape.components.datasets._base import DATASETS
    from landscape.components.losses._base import LOSSES
    from landscape.components.regularizers._base import REGULARIZERS
    from landscape.components.tasks._base import TASKS

    task, goes_both_ways = config.task.name, TASKS[config.task.name].facts.game == "two_way"
    facts = {r.name: REGULARIZERS[r.name].facts for r in config.regularizers}
    if not goes_both_ways:
        if needy := [name for name, own in facts.items() if own.needs_translation]:
            with_one = ", ".join(name for name in TASKS if TASKS[name].facts.game == "two_way")
            raise UndefinedCombinationError(
                f"regularizer {needy[0]!r} reads generators of both directions, task {task!r} has one: choose one of {with_one}"
            )
        return
    if not DATASETS[config.dataset.name].facts.has_other:
        raise UndefinedCombinationError(_without_other(task, config.dataset.name))
    if (reads := LOSSES[config.loss.name].facts.inputs) != "logits":
        raise UndefinedCombinationError(
            f"task {task!r} has a D for each set of pictures that gives a logit, loss {config.loss.name!r} reads {reads}: "
            "choose a loss on logits"
        )
    if ahead := [name for name, own in facts.items() if own.site == "around_g"]:
        raise UndefinedCombinationError(
            f"regularizer {ahead[0]!r} looks ahead at the updates of one D, task {task!r} has two, each of which also depends on the G of "
            "the other direction: leave it out"
        )


def require_other(task: Choice, dataset: Dataset) -> None:
    """Check that a data set has the second set of pictures that the task reads, in every split and of the same shape.

    Raises:
        UserError: It has none, or pictures of another shape.
    """
    from landscape.components.tasks._base import TASKS

    if "other" not in TASKS[task.name].facts.reads:
        return
    if missing := [name for name in dataset.splits if name not in dataset.other or not len(dataset.other[name])]:
        where = "" if len(missing) == len(dataset.splits) else f" in its {missing[0]} split"
        raise UserError(_without_other(task.name, dataset.name, where))
    found = tuple(dataset.other["train"].samples.shape[1:])
    if found != dataset.shape:
        raise UserError(f"task {task.name!r} needs two sets of pictures of one shape, these have {dataset.shape} and {found}")


def _without_other(task: str, dataset: str, where: str = "") -> str:
    """Return why a task between two sets of pictures cannot be run on data with one."""
    from landscape.components.datasets._base import DATASETS

    known = ", ".join(name.replace("_", "-") for name in DATASETS if DATASETS[name].facts.has_other)
    name = dataset.replace("_", "-")
    return f"task {task!r} needs a second set of pictures, data set {name!r} has none{where}: choose one of {known}"
