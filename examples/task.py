"""A plugin with a task: class-conditional training whose labels are partly wrong."""

import torch

from landscape.components.tasks import TASKS, Batch, Rows
from landscape.core.registry import Fraction


@TASKS.register(condition="class", paper="Thekumparampil et al. 2018, arXiv:1811.03205, for the question")
def noisy_classes(rows: Rows, *, share: Fraction = 0.1) -> Batch:
    """Class-conditional with label noise: a share of the samples has the class of another row."""
    assert rows.labels is not None
    labels = rows.labels
    wrong = labels[torch.randperm(len(labels), device=labels.device)]
    is_wrong = torch.rand(len(labels), device=labels.device) < share
    return Batch(rows.samples, torch.where(is_wrong, wrong, labels))
