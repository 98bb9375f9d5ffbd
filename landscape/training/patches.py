"""Losses and outputs of a discriminator that judges patches of a sample, and not the sample as a whole."""

from dataclasses import replace

from torch import Size, Tensor

from landscape.components.architectures._base import Output
from landscape.components.losses._base import LossPair


def averaged(pair: LossPair, shape: Size) -> LossPair:
    """Return the losses of samples [N] from those of their patches [N * P], by the mean over each sample's patches.

    Args:
        pair: What a loss returned for flattened logits. A value that is a scalar already stays as it is.
        shape: The shape of the logits before, [N, P]. Logits [N] leave the pair as it is.
    """
    if len(shape) == 1:
        return pair

    def of_each(values: Tensor) -> Tensor:
        return values if values.ndim == 0 else values.view(shape).mean(1)

    d, ahead = (None if values is None else of_each(values) for values in (pair.d, pair.g_ahead))
    return replace(pair, d=d, g=of_each(pair.g), g_ahead=ahead)


def of_samples(output: Output) -> Output:
    """Return D's output with one logit [N] for each sample, the mean over its patches."""
    return output if output.logit.ndim == 1 else output._replace(logit=output.logit.mean(1))


def rows_of(output: Output, rows: slice) -> Output:
    """Return D's output for some of the samples."""
    features, class_logits = (None if part is None else part[rows] for part in (output.features, output.class_logits))
    maps = None if output.maps is None else tuple(part[rows] for part in output.maps)
    return Output(output.logit[rows], features, class_logits, maps)
