"""Chooses a protocol if none is named, by the kind of samples and the networks that this machine has."""

from landscape.components.datasets._base import Dataset
from landscape.components.extractors.inception import at_hand
from landscape.components.tasks._base import Task
from landscape.evaluation.given import Given

COLOR = 3
"""The number of channels of a photograph."""


def default_protocol(real: Given | Dataset) -> str:
    """Return the name of the protocol by which two sets are compared if none is named.

    It is `quick` for a data set with a shipped classifier, `quick-points` for points, `quick-photos` for color images on a machine without
    the 2015 Inception weights, and otherwise `given`.
    """
    if isinstance(real, Dataset) and real.classifier:
        return "quick"
    shape = real.shape if isinstance(real, Dataset) else () if real.samples is None else tuple(real.samples.shape[1:])
    if len(shape) == 1:
        return "quick-points"
    return "quick-photos" if shape[:1] == (COLOR,) and not at_hand() else "given"


def default_training_protocol(dataset: Dataset, task: Task | None = None) -> str:
    """Return the name of the protocol by which a model of `dataset` is scored if none is named.

    It is `quick-points` for points, one of the protocols of its task if that has its own, `quick-classes` for images of a class that is
    asked for, `quick-photos` for color images without a shipped classifier, and otherwise `quick`. The classifier of `quick` and
    `quick-classes` is trained on the labels if none is shipped. Of several protocols of a task the first one is for data that a classifier
    reads, and the last one for photographs and for data without classes.
    """
    task = task or Task()
    if len(dataset.shape) == 1:
        return "quick-points"
    is_photo = dataset.shape[0] == COLOR and not dataset.classifier
    has_classifier = bool(dataset.classifier) or dataset.classes is not None
    if own := task.facts.protocols:
        return own[0] if has_classifier and not is_photo else own[-1]
    if task.facts.condition == "class":
        return "quick-classes"
    return "quick-photos" if is_photo else "quick"
