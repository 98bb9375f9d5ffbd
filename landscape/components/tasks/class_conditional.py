"""The class-conditional task."""

from landscape.components.tasks._base import TASKS, Batch, Rows


@TASKS.register(condition="class", paper="Mirza & Osindero 2014, arXiv:1411.1784")
def class_conditional(rows: Rows) -> Batch:
    """Samples of a class that is asked for: G makes them of a latent vector and a class, and D judges a sample together with its class.

    The classes of generated samples are those of the rows that the step has drawn, so that they follow the shares of the data.
    """
    return Batch(rows.samples, rows.labels)
