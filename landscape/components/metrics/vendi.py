"""The Vendi score, which is the effective number of distinct samples."""

import math

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import log_normal
from landscape.components.metrics._products import eigenvectors, product
from landscape.components.metrics._samples import checked, named, on_device
from landscape.core.errors import UserError
from landscape.results.record import Estimate


def vendi_score(features: Tensor) -> tuple[float, float]:
    """Return exp of the entropy of the eigenvalues of K / n, where K are cosine similarities, and the standard error of its logarithm.

    Friedman & Dieng 2023, equation 2. The eigenvalues of K / n = X X' / n, where X has unit rows, are those of X' X / n, so the smaller of
    the two is decomposed. A sample x moves the entropy by -x' log(X'X / n) x around its mean.

    Args:
        features: The features [n, d], in which no row is zero.
    """
    unit = torch.nn.functional.normalize(features.double(), dim=1)
    count, width = unit.shape
    small = (unit.T @ unit if width <= count else product(unit, unit)) / count
    values, vectors = eigenvectors(small)
    kept = values > torch.finfo(torch.float64).eps * len(values)
    values, vectors = values[kept], vectors[:, kept]
    entropy = float(-(values * values.log()).sum())
    # These are the squared coordinates of each x in the basis of X'X / n. From X X' / n = V S V' the coordinates are sqrt(n s) v.
    weights = (unit @ vectors).square() if width <= count else vectors.square() * values * count
    influence = -(weights * values.log()).sum(dim=1)
    return math.exp(entropy), float(influence.std()) / math.sqrt(count)


@METRICS.register(needs=frozenset({"features"}), names=("Vendi[{extractor}]",), direction="higher", paper="Friedman & Dieng 2023")
def vendi(evidence: Evidence) -> dict[str, Estimate]:
    """Effective number of distinct generated samples by cosine similarity of features. Compare it with that of the real samples.

    Args:
        evidence: Features [N, d] of the generated set, and of the real set for the note if there are any.

    Raises:
        UserError: There are fewer than two samples, or features hold NaN or are zero.
    """
    fake = on_device(checked(evidence.fake.features, "generated", "features", "vendi"), evidence)
    empty = int((fake == 0).all(dim=1).sum())
    if empty:
        raise UserError(f"vendi: {empty} of {len(fake)} generated features are zero, which have no direction: use another extractor")
    value, error = vendi_score(fake)
    note = f"cosine similarity; at most min(N, d) = {min(fake.shape)}"
    real = evidence.real.features
    if real is not None and len(real) > 1 and bool(real.any(dim=1).all()):
        same = on_device(checked(real, "real", "features", "vendi")[: len(fake)], evidence)
        note += f"; {len(same)} real samples: {vendi_score(same)[0]:.4g}"
    bounds = (1.0, float(min(fake.shape)))
    estimate = Estimate(
        value,
        "higher",
        log_normal(value, error, bounds),
        interval_kind="delta method over samples, at this size",
        bounds=bounds,
        n_fake=len(fake),
        note=note,
    )
    return {named("Vendi", evidence): estimate}
