"""Top-k training of the generator."""

import torch
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import Fraction, Positive


@REGULARIZERS.register(site="g_term", paper="Sinha et al. 2020, arXiv:2002.06224")
def top_k(critique: Critique, *, smallest: Fraction = 0.5, end: Positive = 0.5) -> Tensor:
    """G learns only from the k samples of its batch that D finds most real; k falls from the whole batch to a share of it.

    Realism is read from G's own per-sample loss, the smaller the better: the order of D's outputs for every loss that falls with them.
    k / N is smallest^(progress / end), not below `smallest`: the paper's exponential decay per epoch, in terms of the budget.

    Args:
        critique: D's look at the batch; `g_loss` [N].
        smallest: nu, the share that k does not fall below.
        end: share of the budget spent when it gets there.

    Returns:
        The mean over the k best less the mean over all (scalar): added to G's loss it leaves the former.
    """
    losses = critique.g_loss
    assert losses is not None
    kept = (len(losses) * (smallest ** (critique.progress / end)).clamp(min=smallest)).round().clamp(min=1)
    ordered = losses.sort().values
    # A weight per rank in the place of a slice of k: shapes do not depend on the progress.
    chosen = (torch.arange(len(losses), device=losses.device) < kept).to(losses.dtype)
    return (ordered * chosen).sum() / chosen.sum() - losses.mean()
