"""Mel-cepstral distortion of speech."""

import math

import torch
from torch import Tensor

from landscape.components.datasets._speech import spoken_span
from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import mean_estimate, pairs_of
from landscape.components.metrics._samples import checked
from landscape.components.numerics.mel import from_levels
from landscape.core.errors import UserError
from landscape.results.record import Estimate

COEFFICIENTS = 13
DECIBELS = 10 * math.sqrt(2) / math.log(10)
_ROWS = 256
"""The pairs that are compared at once."""


def cepstra(log_mels: Tensor) -> Tensor:
    """Return c_1 to c_13 of ln mels [N, n, frames], float64 [N, frames, 13].

    c_m = (2 / n) sum_k ln(mel_k) cos(pi m (k + 1/2) / n). c_0, the loudness, is left out. With an orthonormal transform they would be
    sqrt(n / 2) times as large.
    """
    n = log_mels.shape[1]
    places, orders = torch.arange(n, dtype=torch.float64) + 0.5, torch.arange(1, COEFFICIENTS + 1, dtype=torch.float64)
    return (2 / n * torch.cos(math.pi / n * orders[:, None] * places) @ log_mels.double()).transpose(1, 2)


def warped_mean(distances: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean distance [N] along the path of dynamic time warping from the first frames to the last frames of two sequences.

    A step of the path moves on in one sequence or in both. The path with the least sum is taken; of several, the one that moves in both.

    Args:
        distances: The distance of each frame of one sequence from each of the other, [N, T, T].
        lengths: The number of frames of each pair of sequences, [N] int64, 1 to T.
    """
    count, frames = distances.shape[:2]
    sums = torch.full((count, frames + 1, frames + 1), math.inf, dtype=distances.dtype)
    steps = torch.zeros_like(sums)
    sums[:, 0, 0] = 0
    for i in range(frames):
        for j in range(frames):
            before = torch.stack([sums[:, i, j], sums[:, i, j + 1], sums[:, i + 1, j]], 1)  # [N, 3]
            least, chosen = before.min(1)
            sums[:, i + 1, j + 1] = least + distances[:, i, j]
            counts = torch.stack([steps[:, i, j], steps[:, i, j + 1], steps[:, i + 1, j]], 1)
            steps[:, i + 1, j + 1] = counts.gather(1, chosen[:, None])[:, 0] + 1
    rows = torch.arange(count)
    return sums[rows, lengths, lengths] / steps[rows, lengths, lengths]


def distortions(made: Tensor, targets: Tensor, tokens: Tensor) -> Tensor:
    """Return the mel-cepstral distortion in decibels of each pair of ln mels [N, n, frames], over the frames in which is spoken.

    Args:
        made, targets: The two sets.
        tokens: The voice and the phone of each frame, [N, 1 + frames], which both share.
    """
    first, lengths = spoken_span(tokens)
    places = (first[:, None] + torch.arange(made.shape[2])).clamp(max=made.shape[2] - 1)[:, :, None]  # [N, frames, 1]
    found = []
    for rows in torch.split(torch.arange(len(made)), _ROWS):
        one, two = (cepstra(mels[rows]) for mels in (made, targets))
        one, two = (values.gather(1, places[rows].expand_as(values)) for values in (one, two))
        found.append(warped_mean(torch.cdist(one, two), lengths[rows]))
    return DECIBELS * torch.cat(found)


@METRICS.register(
    needs=frozenset({"pairs"}),
    names=("MCD",),
    direction="lower",
    paper="Kubichek 1993, Mel-cepstral distance measure for objective speech quality assessment; of mel spectrograms, over a warped path",
)
def mel_cepstral_distortion(evidence: Evidence) -> dict[str, Estimate]:
    """Mel-cepstral distortion in decibels between each generated mel and the recording of its phones and voice.

    It is (10 sqrt(2) / ln 10) times the mean of |c - c'| along the path of dynamic time warping, with 13 coefficients without c_0. The
    frames from the first to the last phone count: silence would flatter. The warping hides wrong durations, and loudness does not count.
    Values are comparable for the same mels only.

    Raises:
        UserError: The model is given no speech, or there are no images.
    """
    pairs = pairs_of(evidence, "mel_cepstral_distortion")
    if pairs.task.facts.condition != "speech":
        raise UserError(f"mel_cepstral_distortion compares mels of speech, task {pairs.task.name!r} makes none: leave the metric out")
    made, real = (
        checked(of.images, what, "images", "mel_cepstral_distortion", minimum=1)
        for of, what in ((evidence.fake, "generated"), (evidence.real, "real"))
    )
    rows = torch.arange(len(made)) % len(real)
    values = distortions(from_levels(made), from_levels(real[rows]), pairs.conditions[rows])
    return {"MCD": mean_estimate(values, evidence, "lower", bounds=(0.0, None), unit="dB")}
