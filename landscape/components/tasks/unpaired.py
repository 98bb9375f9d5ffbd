"""Unpaired translation."""

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._images import require_images
from landscape.components.tasks.paired import copy
from landscape.core.registry import NonNegativeInt


@TASKS.register(
    condition="image",
    needs=frozenset({"other"}),
    game="two_way",
    pool="pool",
    baseline=copy,
    protocols=("quick-unpaired", "quick-unpaired-photos"),
    paper="CycleGAN: Zhu et al. 2017, arXiv:1703.10593; pool: Shrivastava et al. 2017, arXiv:1612.07828, section 2.3",
)
def unpaired(rows: Rows, *, pool: NonNegativeInt = 50) -> Batch:
    """Pictures of one set from pictures of another, without pairs (CycleGAN): two generators, A to B and B to A, and a D for each set.

    The samples of the data are B, and their second set is A. Row i of one does not belong to row i of the other. Each D judges pictures
    alone. What makes a translation keep its content are the regularizers `cycle` and `identity`.

    Args:
        rows: Pictures of B, and as `other` as many of A.
        pool: The number of generated pictures of each set that are kept and, in half of the cases, shown to D in the place of a new one,
            which takes the place of the old one. 0 shows D the new ones. Draws come from torch's generator.

    Raises:
        UserError: The samples are no images.
    """
    require_images(rows.samples, "unpaired")
    return Batch(rows.samples, rows.other)
