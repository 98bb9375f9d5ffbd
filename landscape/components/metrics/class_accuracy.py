"""The share of generated samples that show the class that was asked for."""

from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._samples import named
from landscape.components.metrics.class_coverage import class_count, predicted
from landscape.core.errors import UserError
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"logits", "labels"}),
    names=("class_accuracy[{extractor}]",),
    direction="higher",
    paper="Odena et al. 2017, arXiv:1610.09585, section 4.2, with an independent classifier",
)
def class_accuracy(evidence: Evidence) -> dict[str, Estimate]:
    """Share of generated samples in which the extractor's classifier sees the class that was asked for.

    A generator that makes one sample of each class reaches 1. The score says nothing about the diversity within a class, which
    `intra_frechet` measures.

    Args:
        evidence: The logits [N, K] and labels [N] of the generated set, and for the note those of the real set if it has labels.

    Raises:
        UserError: The generated samples have no labels, or the extractor does not classify, or names another number of classes than the
            data have.
    """
    seen = predicted(evidence.fake, "generated", "class_accuracy")
    labels = need(
        evidence.fake.labels, "the classes that the generated samples were asked for (a class-conditional model)", "class_accuracy"
    )
    _require_classes_of_the_data(evidence, labels)
    right = int((seen.cpu() == labels.cpu()).sum())
    note = ""
    if evidence.real.logits is not None and evidence.real.labels is not None:
        of_real = predicted(evidence.real, "real", "class_accuracy").cpu() == evidence.real.labels.cpu()
        note = f"of the real samples {float(of_real.float().mean()):.4f}"
    return {
        named("class_accuracy", evidence): Estimate(
            right / len(labels),
            "higher",
            wilson(right, len(labels)),
            interval_kind="Wilson over generated samples, given the classifier",
            bounds=(0.0, 1.0),
            n_fake=len(labels),
            note=note,
        )
    }


def _require_classes_of_the_data(evidence: Evidence, asked: Tensor) -> None:
    """Refuse an extractor with another number of classes than the data. Without a data set, the labels of the real samples tell it."""
    assert evidence.fake.logits is not None
    count, classes = class_count(evidence.fake.logits), evidence.classes
    if classes is None:
        classes = count if evidence.real.labels is None else int(evidence.real.labels.max()) + 1
    if count != classes or int(asked.max()) >= count:
        raise UserError(
            f"class_accuracy: extractor {evidence.extractor!r} names {count} classes, the data have {max(classes, int(asked.max()) + 1)}: "
            "choose an extractor that was trained on the classes of these data"
        )
