"""What scores of samples of texts share: which attributes a text asks for, and which texts the model was trained on."""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._base import Evidence, need
from landscape.components.metrics._paired import mean_estimate, pairs_of
from landscape.components.metrics._samples import checked, named
from landscape.components.metrics.class_coverage import class_count
from landscape.core.errors import UserError
from landscape.results.record import Estimate


class Asked(NamedTuple):
    """The samples of texts, and what the texts ask for."""

    logits: Tensor
    """[N, A, K] float32: what the classifier sees of the A attributes, each with K values."""
    attributes: Tensor
    """[N, A] int64, the values that the text of each sample asks for."""
    numbers: Tensor
    """[N] int64, the attributes of each sample as one number, the label of the real sample to which the text belongs."""
    unseen: Tensor
    """bool [N]: whether no training sample has the attributes of the text."""


def asked(evidence: Evidence, metric: str) -> Asked:
    """Return what the texts of the generated samples ask for. The attributes of text i are those of real sample i, given by its label.

    Raises:
        UserError: The model is given no texts, the extractor does not classify, or the real samples have no labels or other classes.
    """
    pairs = pairs_of(evidence, metric)
    if pairs.task.facts.condition not in ("text", "speech"):
        raise UserError(f"{metric} scores samples of texts and of speech, task {pairs.task.name!r} has none: leave the metric out")
    logits = checked(evidence.fake.logits, "generated", "logits", metric, minimum=1).cpu()
    labels = need(evidence.real.labels, "the attributes of the real samples as labels", metric).cpu()
    if not 0 <= int(labels.min()) <= int(labels.max()) < class_count(logits):
        raise UserError(f"{metric}: extractor {evidence.extractor!r} names {class_count(logits)} classes, the data have others")
    logits = logits[:, None] if logits.ndim == 2 else logits
    values = logits.shape[2]
    numbers = labels[torch.arange(len(logits)) % len(labels)]
    places = values ** torch.arange(logits.shape[1] - 1, -1, -1)
    known = None if evidence.train is None else evidence.train.labels
    unseen = torch.zeros(len(numbers), dtype=torch.bool) if known is None else ~torch.isin(numbers, known.cpu())
    return Asked(logits, numbers[:, None] // places % values, numbers, unseen)


def of_seen_and_unseen(score: str, values: Tensor, texts: Asked, evidence: Evidence) -> dict[str, Estimate]:
    """Return the mean of `values` [N] in [0, 1] over the texts that were trained on as `score`, and over the others as `unseen_score`."""
    parts = {score: ~texts.unseen, f"unseen_{score}": texts.unseen}
    return {
        named(name, evidence): mean_estimate(values[chosen], evidence, "higher", bounds=(0.0, 1.0))
        for name, chosen in parts.items()
        if bool(chosen.any())
    }
