"""What a linear classifier with few labels reads from the discriminator's last features."""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, SampleSet, need
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._reconstruction import as_networks_see, in_batches
from landscape.components.metrics._samples import checked, on_device
from landscape.components.metrics.classifier_accuracy import accuracy_across
from landscape.core.errors import UserError
from landscape.core.registry import Positive, PositiveInt
from landscape.results.record import Estimate

WORDS = {"D_probe_untrained": "untrained D", "D_probe_pixels": "pixels"}
"""What a note calls the scores that stand for comparison."""


def few_labels(labels: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """Draw the indices [number] of labeled samples without replacement, with as equal numbers of each class as there can be.

    Args:
        labels: The classes [N] int64 of all samples.
        number: How many are drawn.
        generator: The random generator.

    Raises:
        UserError: There are fewer samples or more classes than labels.
    """
    classes = labels.unique().tolist()  # type: ignore[no-untyped-call]
    if not len(classes) <= number <= len(labels):
        raise UserError(
            f"feature_probe: {number} labels for {len(labels)} training samples of {len(classes)} classes: "
            "give at least one a class, and no more than there are samples"
        )
    order = torch.randperm(len(labels), generator=generator)
    # The k-th samples of all classes come before the (k + 1)-th of any.
    seen, ranks = dict.fromkeys(classes, 0), []
    for label in labels[order].tolist():
        ranks.append(seen[label])
        seen[label] += 1
    return order[torch.argsort(torch.tensor(ranks), stable=True)[:number]]


def _labeled(samples: SampleSet | None, whose: str, evidence: Evidence) -> tuple[Tensor, Tensor]:
    images = checked(None if samples is None else samples.images, whose, "images", "feature_probe")
    labels = None if samples is None else samples.labels
    if labels is None or len(labels) != len(images):
        raise UserError(f"feature_probe needs the class of each of the {whose} samples: score it on labeled data or leave it out")
    return as_networks_see(on_device(images, evidence)), labels.cpu()


@METRICS.register(
    needs=frozenset({"images", "train", "discriminator"}),
    names=("D_probe_accuracy", "D_probe_untrained", "D_probe_pixels"),
    direction="higher",
    paper="Radford et al. 2016, arXiv:1511.06434, section 5.1; few labels as Salimans et al. 2016, arXiv:1606.03498, section 5",
)
def feature_probe(
    evidence: Evidence,
    *,
    labels: PositiveInt = 100,
    draws: PositiveInt = 10,
    strength: Positive = 1.0,
    steps: PositiveInt = 200,
) -> dict[str, Estimate]:
    """Semi-supervision: accuracy on held-out samples of a logistic regression on D's last features that was fitted with few labels.

    D was trained without labels. `D_probe_untrained` is the same score of D's features before the training, and `D_probe_pixels` that of
    the pixels: a D whose training has taught it nothing about the classes is not above the former. Values are means over draws of the
    labeled training samples, which are the same in all three scores.

    Args:
        evidence: The images and labels of the real and of the training set, and the discriminator before and after its training.
        labels: The number of labeled samples, as many of each class as of any other.
        draws: How many times labeled samples are drawn.
        strength: The inverse of the L2 penalty's weight.
        steps: The largest number of L-BFGS iterations.

    Raises:
        UserError: There is no discriminator, it gives no features or needs a condition, features are not finite, samples have no labels, or
            there are fewer labels than classes.
    """
    features: dict[str, Callable[[Tensor], Tensor]] = {"D_probe_accuracy": need(evidence.d_features, "the discriminator", "feature_probe")}
    if evidence.untrained_d_features is not None:
        features["D_probe_untrained"] = evidence.untrained_d_features()
    features["D_probe_pixels"] = lambda x: x.flatten(1)
    (x, y), (x_test, y_test) = _labeled(evidence.train, "training", evidence), _labeled(evidence.real, "real", evidence)
    generator = torch.Generator().manual_seed(evidence.seed)
    chosen = [few_labels(y, labels, generator) for _ in range(draws)]
    accuracies = {name: _accuracies(network, (x, y), (x_test, y_test), chosen, (strength, steps)) for name, network in features.items()}
    note = f"logistic regression on {labels} labels, mean over {draws} draws of them"
    beside = "".join(f"; {WORDS[name]} {statistics.fmean(accuracies[name]):.4f}" for name in WORDS if name in accuracies)
    return {
        name: Estimate(
            value := statistics.fmean(of_draws),
            "none" if name in WORDS else "higher",
            wilson(value * len(y_test), len(y_test)),
            interval_kind="Wilson over tested samples, given the networks and the draws of labels",
            spread=statistics.pstdev(of_draws),
            bounds=(0.0, 1.0),
            n_real=len(y_test),
            note=note if name in WORDS else note + beside,
        )
        for name, of_draws in accuracies.items()
    }


def _accuracies(
    network: Callable[[Tensor], Tensor],
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    chosen: list[Tensor],
    fit: tuple[float, int],
) -> list[float]:
    """Return the accuracy on `test` of a regression on the features of `network` for each choice of labeled samples."""
    tested = _finite(in_batches(network, test[0]))
    found = []
    for index in chosen:
        learned = _finite(in_batches(network, train[0][index.to(train[0].device)]))
        right, answers = accuracy_across((learned, train[1][index]), (tested, test[1]), *fit)
        found.append(right / answers)
    return found


def _finite(features: Tensor) -> Tensor:
    if not bool(features.isfinite().all()):
        raise UserError("feature_probe: the discriminator's features hold NaN or infinity: its weights have diverged")
    return features
