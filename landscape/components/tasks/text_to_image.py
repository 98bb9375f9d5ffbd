"""Text to image."""

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._wrong import wrong_conditions


@TASKS.register(condition="text", protocols=("quick-text",), paper="Reed et al. 2016, arXiv:1605.05396")
def text_to_image(rows: Rows) -> Batch:
    """Images of what a text says: G makes them of a latent vector and a text, and D judges an image together with its text.

    The text of the generated sample i is that of the row i which was drawn. With the regularizer `mismatch`, D also learns that a real
    image does not belong to another text, as in GAN-CLS. The texts are numbers of words, and each network learns to read them.
    """
    assert rows.tokens is not None
    return Batch(rows.samples, rows.tokens, wrong_conditions(rows.tokens, 0))
