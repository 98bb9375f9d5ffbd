"""The unconditional task."""

from landscape.components.tasks._base import TASKS, Batch, Rows


@TASKS.register(paper="Goodfellow et al. 2014, arXiv:1406.2661")
def unconditional(rows: Rows) -> Batch:
    """Samples like those of the data: G sees a latent vector alone, and D sees samples alone."""
    return Batch(rows.samples)
