"""Text to image."""

import torch
from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._wrong import wrong_conditions


def one_text(tokens: Tensor) -> Tensor:
    """Return one text [N, L] for each row: the text [N, L] that it has, or one of its K texts [N, K, L], drawn at random."""
    if tokens.ndim == 2:
        return tokens
    chosen = torch.randint(tokens.shape[1], (len(tokens),), device=tokens.device)
    return tokens.gather(1, chosen[:, None, None].expand(-1, 1, tokens.shape[2]))[:, 0]


@TASKS.register(condition="text", protocols=("quick-text", "quick-captions"), paper="Reed et al. 2016, arXiv:1605.05396")
def text_to_image(rows: Rows) -> Batch:
    """Images of what a text says: G makes them of a latent vector and a text, and D judges an image together with its text.

    The text of the generated sample i is that of the row i which was drawn. Of several texts of a row, one is drawn at every step. With
    the regularizer `mismatch`, D also learns that a real image does not belong to another text, as in GAN-CLS. The texts are numbers of
    words, and each network learns to read them.
    """
    assert rows.tokens is not None
    texts = one_text(rows.tokens)
    return Batch(rows.samples, texts, wrong_conditions(texts, 0))
