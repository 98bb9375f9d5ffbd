"""The classes into which generated samples fall, as a classifier says. For Stacked MNIST these are 1,000 triples of digits."""

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, SampleSet
from landscape.components.metrics._samples import checked, named, on_device
from landscape.components.metrics.mode_coverage import histogram_estimates
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate


def predicted(samples: SampleSet, whose: str, metric: str = "class_coverage") -> Tensor:
    """Return the class [N] with the highest logit of each sample. Several digits (logits [N, digits, 10]) spell one number."""
    logits = checked(samples.logits, whose, "logits", metric, minimum=1)
    best = logits.argmax(dim=-1)
    if best.ndim == 1:
        return best
    return (best * logits.shape[-1] ** torch.arange(best.shape[1] - 1, -1, -1, device=best.device)).sum(dim=1)


def class_count(logits: Tensor) -> int:
    """Return the number of classes that logits [N, classes], or [N, digits, classes of a digit] of stacked images, tell apart."""
    return int(logits.shape[-1] ** (logits.shape[1] if logits.ndim == 3 else 1))


@METRICS.register(
    needs=frozenset({"logits"}),
    names=("classes[{extractor}]", "class_KL[{extractor}]"),
    direction="higher",
    paper="Metz et al. 2017, arXiv:1611.02163; Lin et al. 2018, arXiv:1712.04086",
)
def class_coverage(evidence: Evidence, *, at_least: PositiveInt = 1) -> dict[str, Estimate]:
    """Number of classes that the classifier finds among generated samples, and KL(generated || uniform) over all classes.

    Args:
        evidence: Logits of the generated set: [N, classes], or [N, digits, classes of a digit] for stacked images.
        at_least: The number of samples from which a class counts as found.

    Raises:
        UserError: There are no logits, or they hold NaN.
    """
    labels = on_device(predicted(evidence.fake, "generated"), evidence)
    logits = evidence.fake.logits
    assert logits is not None
    classes = class_count(logits)
    if logits.ndim > 3:
        raise UserError(
            f"class_coverage: logits have shape {tuple(logits.shape)}, expected (samples, classes) or (samples, digits, classes)"
        )
    counts = torch.bincount(labels, minlength=classes)
    names = (named("classes", evidence), named("class_KL", evidence))
    return histogram_estimates(counts, len(labels), names, at_least, "by the classifier's highest logit")
