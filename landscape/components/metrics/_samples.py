"""Checks that samples are present, enough, of one width and finite, as every metric needs them. Others are refused in one line."""

import torch
from torch import Tensor

from landscape.components.metrics._base import Evidence, SampleSet, need
from landscape.components.metrics._memo import shared
from landscape.core.errors import UserError


def checked(values: Tensor | None, whose: str, what: str, metric: str, minimum: int = 2) -> Tensor:
    """Return `values` [N, ...] if they are present, at least `minimum` in number, and finite.

    Args:
        values: Samples, features or logits. None if the evaluation has none.
        whose: `real`, `generated`, `training` or `validation`, for the message.
        what: `features`, `logits` or `images`, for the message.
        metric: The name of the metric, for the message.
        minimum: The fewest samples for which the metric is defined.

    Raises:
        UserError: The values are missing, too few, or not finite. The line says which.
    """
    present: Tensor = need(values, f"{whose} {what}", metric)
    if present.ndim < 2 or 0 in present.shape[1:]:
        raise UserError(f"{metric}: {whose} {what} have shape {tuple(present.shape)}, expected (samples, ...): give one row a sample")
    if len(present) < minimum:
        raise UserError(f"{metric} needs at least {minimum} {whose} samples, got {len(present)}: score more samples or leave it out")
    if present.is_floating_point() and not bool(torch.isfinite(present.sum(dtype=torch.float64))):
        bad = int((~torch.isfinite(present.flatten(1)).all(dim=1)).sum())
        raise UserError(f"{metric}: {bad} of {len(present)} {whose} {what} hold NaN or infinity: look at the samples or their extractor")
    return present


def feature_pair(evidence: Evidence, metric: str, minimum: int = 2) -> tuple[Tensor, Tensor]:
    """Return the real [n, d] and the generated [m, d] features of `evidence`, checked, of one width, and on the evaluation's device."""
    return paired(evidence.real, evidence.fake, evidence, metric, minimum=minimum)


def paired(
    first: SampleSet,
    second: SampleSet,
    evidence: Evidence,
    metric: str,
    *,
    names: tuple[str, str] = ("real", "generated"),
    minimum: int = 2,
) -> tuple[Tensor, Tensor]:
    """Do the same as `feature_pair` for any two sets of one evaluation, which `names` names in messages."""
    one = checked(first.features, names[0], "features", metric, minimum)
    two = checked(second.features, names[1], "features", metric, minimum)
    if one.ndim != 2 or two.ndim != 2 or one.shape[1] != two.shape[1]:
        raise UserError(
            f"{metric}: {names[0]} features {tuple(one.shape)} and {names[1]} features {tuple(two.shape)} do not compare:"
            " use one extractor for both sets"
        )
    return on_device(one, evidence), on_device(two, evidence)


def on_device(values: Tensor, evidence: Evidence) -> Tensor:
    """Return `values` without gradient on the evaluation's device. All metrics share one copy there."""
    values = values.detach() if values.requires_grad else values
    if evidence.device is None or values.device == evidence.device:
        return values
    return _moved(values, evidence.device)


@shared
def _moved(values: Tensor, device: torch.device) -> Tensor:
    return values.to(device)


def named(score: str, evidence: Evidence) -> str:
    """Return `score[extractor]`, the public name of a score that is computed from the features of an extractor."""
    return f"{score}[{evidence.extractor or 'features'}]"
