"""Tasks, one file each: what a GAN is trained to do, as what its networks receive of each row of the data."""

from landscape.components.tasks._base import (
    TASKS,
    UNCONDITIONAL,
    Batch,
    Condition,
    ConditionKind,
    Rows,
    Task,
    TaskFacts,
)

__all__ = ["TASKS", "UNCONDITIONAL", "Batch", "Condition", "ConditionKind", "Rows", "Task", "TaskFacts"]
