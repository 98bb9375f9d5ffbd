"""Text to image."""

import torch
from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows


def wrong_texts(tokens: Tensor) -> Tensor:
    """Return for every text [N, L] another one of the same batch, drawn at random from those that differ from it.

    If all are the same, it is the text without words, which belongs to no sample.
    """
    differs = (tokens[:, None] != tokens[None]).any(2)  # [N, N]
    chosen = torch.where(differs, torch.rand(differs.shape, device=tokens.device), -1.0).argmax(1)
    return torch.where(differs.any(1, keepdim=True), tokens[chosen], 0)


@TASKS.register(condition="text", has_wrong=True, protocols=("quick-text",), paper="Reed et al. 2016, arXiv:1605.05396")
def text_to_image(rows: Rows) -> Batch:
    """Images of what a text says: G makes them of a latent vector and a text, and D judges an image together with its text.

    The text of the generated sample i is that of the row i which was drawn. With the regularizer `mismatch`, D also learns that a real
    image does not belong to another text, as in GAN-CLS. The texts are numbers of words, and each network learns to read them.
    """
    assert rows.tokens is not None
    return Batch(rows.samples, rows.tokens, wrong_texts(rows.tokens))
