"""The task of inferring latent vectors."""

from landscape.components.tasks._base import TASKS, Batch, Rows


@TASKS.register(
    game="joint",
    protocols=("quick-joint", "quick-photos"),
    paper="BiGAN: Donahue et al. 2017, arXiv:1605.09782; ALI: Dumoulin et al. 2017, arXiv:1606.00704",
)
def inference(rows: Rows) -> Batch:
    """Inference of z in the game itself (BiGAN): an encoder E learns beside G, and D judges pairs, (x, E(x)) against (G(z), z).

    If no D tells the two kinds of pairs apart, E and G are inverse to one another.
    """
    return Batch(rows.samples)
