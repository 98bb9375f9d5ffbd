"""Classifier accuracy scores, which say how well a classifier that learned from one set of samples classifies the other."""

import warnings

import numpy as np
import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, SampleSet
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._samples import checked, named
from landscape.core.errors import UserError
from landscape.core.registry import Positive, PositiveInt
from landscape.results.record import Estimate


def accuracy_across(learn: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], strength: float, steps: int) -> tuple[int, int]:
    """Return the numbers of right answers and of all answers of a logistic regression that was fitted on `learn` and is tested on `test`.

    The regression is multinomial and reads standardized features.

    Args:
        learn: Features [n, d] and labels [n].
        test: Features [m, d] and labels [m].
        strength: The inverse of the L2 penalty's weight.
        steps: The largest number of L-BFGS iterations.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (x, y), (x_test, y_test) = (tuple(np.asarray(part.cpu()) for part in pair) for pair in (learn, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=steps))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # The number of steps is part of the score's definition.
        model.fit(x, y)
    return int((model.predict(x_test) == y_test).sum()), len(y_test)


def _labeled(samples: SampleSet | None, whose: str) -> tuple[Tensor, Tensor]:
    features = checked(None if samples is None else samples.features, whose, "features", "classifier_accuracy")
    labels = None if samples is None else samples.labels
    if labels is None:
        raise UserError(f"classifier_accuracy needs labels of the {whose} samples: score a class-conditional model or leave it out")
    classes = len(torch.bincount(labels).nonzero())
    if len(labels) != len(features) or classes < 2:
        raise UserError(f"classifier_accuracy: {len(labels)} {whose} labels of {classes} classes do not fit {len(features)} samples")
    return features, labels


@METRICS.register(
    needs=frozenset({"features", "labels", "train"}),
    names=("CAS[{extractor}]", "CAS_reverse[{extractor}]"),
    direction="higher",
    paper="Ravuri & Vinyals 2019, arXiv:1905.10887",
)
def classifier_accuracy(evidence: Evidence, *, strength: Positive = 1.0, steps: PositiveInt = 200) -> dict[str, Estimate]:
    """Accuracy on real samples of a classifier that was trained on generated ones, and on generated samples of one trained on real ones.

    The classifier is a multinomial logistic regression on the extractor's features and not the deep network of the paper. It probes what
    the features say about the labels.

    Args:
        evidence: Features [N, d] and labels [N] of the real, the generated and the training set.
        strength: The inverse of the L2 penalty's weight.
        steps: The largest number of L-BFGS iterations.

    Raises:
        UserError: A set has no labels or only one class, or holds NaN.
    """
    real, fake, train = _labeled(evidence.real, "real"), _labeled(evidence.fake, "generated"), _labeled(evidence.train, "training")
    usual = accuracy_across(train, real, strength, steps)
    found = {}
    for name, learn, test, other in (("CAS", fake, real, "generated"), ("CAS_reverse", train, fake, "training")):
        right, answers = accuracy_across(learn, test, strength, steps)
        found[named(name, evidence)] = Estimate(
            right / answers,
            "higher",
            wilson(right, answers),
            interval_kind="Wilson over tested samples, given the classifier",
            bounds=(0.0, 1.0),
            n_real=len(real[0]),
            n_fake=len(fake[0]),
            note=f"logistic regression on {len(learn[0])} {other} samples; trained and tested on real samples: {usual[0] / usual[1]:.4f}",
        )
    return found
