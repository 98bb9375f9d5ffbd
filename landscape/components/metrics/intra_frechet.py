"""The intra-class Frechet distance, which is the mean over classes of the distance within each class."""

import math

import torch

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import log_student
from landscape.components.metrics._moments import moments
from landscape.components.metrics._samples import feature_pair, named, on_device
from landscape.components.metrics.frechet import LEAST_FREEDOM, frechet_standard_error, frechet_terms
from landscape.core.errors import UserError
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"features", "labels"}),
    names=("intra_FD[{extractor}]", "intra_FID"),
    log_scale=("intra_FD[{extractor}]", "intra_FID"),
    paper="Miyato & Koyama 2018, arXiv:1802.05637, section 4.1",
)
def intra_frechet(evidence: Evidence) -> dict[str, Estimate]:
    """Mean over classes of the Frechet distance between the real and the generated samples of the class.

    It detects both a wrong class and a lack of diversity within a class. The distance is biased upwards, and more so if a class has fewer
    samples. Values can therefore be compared only at equal numbers of samples per class, which the note gives.

    Args:
        evidence: Features [N, d] and labels [N] of both sets.

    Raises:
        UserError: A set has no labels, or a class of the real set has fewer than two samples in one of the sets.
    """
    real, fake = feature_pair(evidence, "intra_frechet")
    whose = "the classes of the {} samples"
    real_labels = on_device(need(evidence.real.labels, whose.format("real"), "intra_frechet"), evidence)
    fake_labels = on_device(
        need(evidence.fake.labels, whose.format("generated") + " (a class-conditional model)", "intra_frechet"), evidence
    )
    values, errors, counts = [], [], []
    for label in torch.unique(real_labels).tolist():
        one, two = real[real_labels == label], fake[fake_labels == label]
        if min(len(one), len(two)) < 2:
            raise UserError(f"intra_frechet: class {label} has {len(one)} real and {len(two)} generated samples, two of each are needed")
        both = moments(one), moments(two)
        values.append(frechet_terms(*both).distance)
        errors.append(frechet_standard_error(one, two, *both))
        counts += [len(one), len(two)]
    mean = math.fsum(values) / len(values)
    least, most = min(counts), max(counts)
    note = f"n_c = {least if least == most else f'{least} to {most}'}, {len(values)} classes; biased upwards at this n_c"
    interval = _interval(mean, errors)
    estimate = Estimate(
        mean,
        "lower",
        interval,
        interval_kind="delta method over samples of each class, in log, Student's t, at these sizes" if interval else "",
        bounds=(0.0, None),
        n_real=len(real),
        n_fake=len(fake),
        note=note if interval else f"{note}; too few samples a class for an interval",
    )
    return {"intra_FID" if evidence.is_fid else named("intra_FD", evidence): estimate}


def _interval(mean: float, errors: list[tuple[float, float] | None]) -> tuple[float, float] | None:
    """Return the interval of the mean of independent distances from the standard error and degrees of freedom of each, if all are known."""
    known = [error for error in errors if error is not None]
    variances = [error**2 for error, _ in known]
    if len(known) < len(errors) or mean <= 0 or sum(variances) <= 0:
        return None
    freedom = sum(variances) ** 2 / max(sum(v**2 / f for v, (_, f) in zip(variances, known, strict=True)), 1e-300)
    if freedom < LEAST_FREEDOM:
        return None
    return log_student(mean, math.sqrt(sum(variances)) / len(errors) / mean, freedom)
