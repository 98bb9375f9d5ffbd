"""How often the text of a generated sample fits it better than other texts."""

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._texts import asked, of_seen_and_unseen
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate


def ranks_first(logits: Tensor, attributes: Tensor, numbers: Tensor, wrong: int, generator: torch.Generator) -> Tensor:
    """Return for each sample whether its own text fits it better than `wrong` others, float32 [N].

    A text fits a sample by the sum of the log probabilities of its attributes. The others are drawn from the different texts of the set.

    Args:
        logits: What the classifier sees, [N, A, K].
        attributes: What the texts ask for, [N, A].
        numbers: The attributes of each text as one number [N].
        wrong: The number of other texts.
        generator: The generator of the draw.
    """
    candidates, first = torch.unique(numbers, return_inverse=True)
    rows = torch.zeros(len(candidates), dtype=torch.long).scatter_(0, first, torch.arange(len(numbers)))
    others = torch.rand(len(numbers), len(candidates), generator=generator)
    others[torch.arange(len(numbers)), first] = 2.0  # The own text is never drawn.
    drawn = others.topk(wrong, dim=1, largest=False).indices  # [N, wrong]
    log_p = logits.log_softmax(2)

    def fit(asked: Tensor) -> Tensor:
        """[N, M, A] -> [N, M]."""
        each = torch.arange(asked.shape[2])
        return log_p[torch.arange(len(log_p))[:, None, None], each, asked].sum(2)

    return (fit(attributes[:, None]) > fit(attributes[rows[drawn]])).all(1).float()


@METRICS.register(
    needs=frozenset({"pairs", "logits", "train"}),
    names=("R_precision[{extractor}]", "unseen_R_precision[{extractor}]"),
    direction="higher",
    paper="Xu et al. 2018, arXiv:1711.10485, section 4, with a classifier of attributes in the place of the matching model",
)
def r_precision(evidence: Evidence, *, wrong: PositiveInt = 99) -> dict[str, Estimate]:
    """Share of samples that their own text fits better than `wrong` other texts, by the log probabilities of a classifier.

    In the paper a network that was trained to match images with texts ranks them. Here the texts consist of attributes, of which the
    extractor's classifier gives the probabilities, so that nothing has to be trained. Chance is 1 / (`wrong` + 1). Texts whose combination
    of attributes has no training sample are scored apart, as `unseen_R_precision`.

    Args:
        evidence: The logits of the generated samples and the labels of the real ones.
        wrong: The number of other texts, which differ from the own one in at least one attribute. The evaluation's seed draws them.

    Raises:
        UserError: The model is given no texts, there are too few different ones, the extractor does not classify, or the real samples have
            no labels or other classes.
    """
    texts = asked(evidence, "r_precision")
    if len(texts.numbers.unique()) <= wrong:  # type: ignore[no-untyped-call]
        found = len(texts.numbers.unique())  # type: ignore[no-untyped-call]
        raise UserError(
            f"r_precision: {found} different texts leave fewer than {wrong} others: score more samples or set wrong={found - 1}"
        )
    generator = torch.Generator().manual_seed(evidence.seed)
    first = ranks_first(texts.logits, texts.attributes, texts.numbers, wrong, generator)
    return of_seen_and_unseen("R_precision", first, texts, evidence)
