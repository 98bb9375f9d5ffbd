"""Top-k training of the generator."""

import torch
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import Fraction, Positive


@REGULARIZERS.register(site="g_term", paper="Sinha et al. 2020, arXiv:2002.06224")
def top_k(critique: Critique, *, smallest: Fraction = 0.5, end: Positive = 0.5) -> Tensor:
    """Top-k: G learns only from the k samples of its batch that D finds most real. k falls from the whole batch to a share of it.

    Realism is read from G's own loss of each sample: the smaller, the more real. This is the order of D's outputs for every loss that falls
    as they rise. k / N is smallest^(progress / end), but at least `smallest`. This is the paper's exponential decay per epoch, expressed in
    terms of the budget.

    Args:
        critique: D's view of the batch, with `g_loss` [N].
        smallest: The share nu below which k / N does not fall.
        end: The share of the budget at which k / N reaches `smallest`.

    Returns:
        A scalar, the mean over the k best samples minus the mean over all. Added to G's loss, it leaves the mean over the k best.
    """
    losses = critique.g_loss
    assert losses is not None
    kept = (len(losses) * (smallest ** (critique.progress / end)).clamp(min=smallest)).round().clamp(min=1)
    ordered = losses.sort().values
    # Each rank has a weight, because a slice of k values would have a shape that depends on the progress.
    chosen = (torch.arange(len(losses), device=losses.device) < kept).to(losses.dtype)
    return (ordered * chosen).sum() / chosen.sum() - losses.mean()
