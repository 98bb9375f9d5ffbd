"""The share of translated pictures that show the class of what they were made of."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._samples import named
from landscape.components.metrics._two_ways import ways_of
from landscape.components.metrics.class_coverage import class_count, predicted
from landscape.core.errors import UserError
from landscape.results.record import Estimate

MOST_NAMED = 12
"""The most exchanged classes that a note lists."""


def best_permutation(before: Tensor, after: Tensor, classes: int) -> Tensor:
    """Return the permutation p [classes] of the classes for which the most samples have after = p[before].

    Args:
        before, after: The classes [N] int64 of each sample.
        classes: The number of classes.
    """
    counts = torch.bincount(before * classes + after, minlength=classes**2).view(classes, classes)
    return torch.from_numpy(linear_sum_assignment(counts.numpy(), maximize=True)[1])


@METRICS.register(
    needs=frozenset({"ways", "logits"}),
    names=(
        *("content_kept[{extractor}]", "content_kept_permuted[{extractor}]"),
        *("content_kept_back[{extractor}]", "content_kept_back_permuted[{extractor}]"),
    ),
    direction="higher",
    paper="Zhu et al. 2017, arXiv:1703.10593, section 5.1, with an independent classifier of whole images",
)
def content_kept(evidence: Evidence) -> dict[str, Estimate]:
    """Share of translated pictures in which the extractor's classifier sees the class of the picture they were made of, in both directions.

    The losses of a two-way game hold the content of a picture up to a permutation of the classes: a model that makes a 3 of every 8 and an
    8 of every 3 has the same losses. The share under the best permutation stands beside the share itself, and the note of it says
    which classes were exchanged. Classes are the labels, or what the classifier sees in the given picture if there are no labels.

    Raises:
        UserError: The model does not translate in two directions, or the extractor does not classify or has too few classes.
    """
    ways = ways_of(evidence, "content_kept")
    found: dict[str, Estimate] = {}
    for tail, labels, given, made in (("", ways.classes[0], ways.a, evidence.fake), ("_back", ways.classes[1], evidence.real, ways.back)):
        after = predicted(made, "generated", "content_kept").cpu()
        known = predicted(given, "real", "content_kept").cpu() if labels is None else labels.cpu()
        before = known[torch.arange(len(after)) % len(known)]
        assert made.logits is not None
        classes = class_count(made.logits)
        if int(before.min()) < 0 or int(before.max()) >= classes:
            raise UserError(f"content_kept: the pictures have classes beyond the {classes} of the classifier: choose another extractor")
        order = best_permutation(before, after, classes)
        note = "classes of the given pictures by the classifier" if labels is None else ""
        for name, expected, words in (
            (f"content_kept{tail}", before, note),
            (f"content_kept{tail}_permuted", order[before], _exchanged(order)),
        ):
            right = int((after == expected).sum())
            found[named(name, evidence)] = Estimate(
                right / len(after),
                "higher",
                wilson(right, len(after)),
                interval_kind="Wilson over generated samples, given the classifier" + (" and the permutation" if words != note else ""),
                bounds=(0.0, 1.0),
                n_fake=len(after),
                note=words,
            )
    return found


def _exchanged(order: Tensor) -> str:
    moved = [f"{one} to {two}" for one, two in enumerate(order.tolist()) if one != two]
    if not moved:
        return "no classes exchanged"
    return (
        "classes exchanged: " + ", ".join(moved[:MOST_NAMED]) + (f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else "")
    )
