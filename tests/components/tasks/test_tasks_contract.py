"""What every registered task must satisfy. A new file is tested without writing a test."""

import pytest
import torch

from landscape.components.tasks._base import TASKS, Batch, Rows

NAMES = TASKS.names()
ROWS = Rows(torch.rand(6, 3, 8, 8), torch.arange(6) % 3, torch.rand(6, 3, 8, 8), torch.arange(12).view(6, 2), torch.rand(6, 3, 8, 8))


@pytest.mark.parametrize("name", NAMES)
def test_declares_a_paper_and_says_what_it_is(name):
    assert TASKS[name].facts.paper
    assert len(TASKS[name].summary) > 20


@pytest.mark.parametrize("name", NAMES)
def test_makes_a_batch_row_by_row(name):
    component = TASKS[name]
    batch = component.function(ROWS, **component.complete({}))
    assert isinstance(batch, Batch)
    assert len(batch.real) == 6
    assert (batch.condition is None) == (component.facts.condition == "none")
    swapped = component.function(Rows(*(part.flip(0) for part in ROWS)), **component.complete({}))
    torch.testing.assert_close(swapped.real.flip(0), batch.real, rtol=0, atol=0)
    if batch.condition is not None:
        torch.testing.assert_close(swapped.condition.flip(0), batch.condition, rtol=0, atol=0)


def test_the_unconditional_task_never_sees_labels():
    assert TASKS["unconditional"].function(ROWS) == Batch(ROWS.samples)


def test_the_class_conditional_task_passes_on_the_labels_of_its_rows():
    batch = TASKS["class_conditional"].function(ROWS)
    assert batch.real is ROWS.samples
    assert batch.condition is ROWS.labels
