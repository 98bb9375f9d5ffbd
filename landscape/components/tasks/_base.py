"""Defines what a task is, and holds the registry of tasks."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from landscape.core.registry import Registry

ConditionKind = Literal["none", "class"]
"""The kinds of condition that both networks may receive: none, or the class of each sample."""


class Rows(NamedTuple):
    """Rows of the training split, on the device where the networks are."""

    samples: Tensor
    """[N, ...] float32 as networks see samples: images in [0, 1], points in the range of the data."""
    labels: Tensor | None = None
    """[N] int64, the class of each sample. None unless the task's condition is the class."""


@dataclass(frozen=True)
class Batch:
    """What one step sees of the data.

    A task makes it of rows. Row i of the condition belongs to row i of `real`, and the generated sample i is made and judged under it too.
    """

    real: Tensor
    """[N, ...], what D compares the generated samples with."""
    condition: Tensor | None = None
    """What both networks receive beside their input, [N] int64 for classes; None for an unconditional task."""


@dataclass(frozen=True)
class Condition:
    """What is known of a task's condition before the networks are built."""

    kind: ConditionKind = "none"
    classes: int = 0
    """The number of classes; 0 if the condition is no class."""
    size: int = 0
    """The number of values of e(y) with which the helper `takes_class` extends z; 0 if the architecture does not use that helper."""


UNCONDITIONAL = Condition()


@dataclass(frozen=True)
class TaskFacts:
    """What must be known about a task before it is called.

    condition: The kind of condition that both networks receive. The architecture must declare that it takes this kind. With `class`, the
        data must have labels.
    paper: The source.
    """

    condition: ConditionKind = "none"
    paper: str = ""


TASKS: Registry[TaskFacts] = Registry("task", "landscape.components.tasks", TaskFacts)
"""The registry of tasks. A task is a pure function (rows, *, hyperparameters) -> Batch."""
