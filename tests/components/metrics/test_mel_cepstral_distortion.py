"""Mel-cepstral distortion against a dynamic time warping written by hand."""

import math

import numpy as np
import pytest
import torch

from landscape.components.datasets._speech import NUMBERS, spoken_span
from landscape.components.metrics._base import Evidence, Pairs, SampleSet
from landscape.components.metrics.mel_cepstral_distortion import cepstra, distortions, mel_cepstral_distortion, warped_mean
from landscape.components.tasks._base import Task
from landscape.core.errors import UserError


def by_hand(one, two):
    """The mean distance along the cheapest path, found by walking back through the table of sums."""
    rows, columns = len(one), len(two)
    cost = np.array([[np.linalg.norm(a - b) for b in two] for a in one])
    total = np.full((rows, columns), np.inf)
    for i in range(rows):
        for j in range(columns):
            before = [total[i - 1, j - 1] if i and j else np.inf, total[i - 1, j] if i else np.inf, total[i, j - 1] if j else np.inf]
            total[i, j] = cost[i, j] + (0 if i == j == 0 else min(before))
    i, j, path = rows - 1, columns - 1, [(rows - 1, columns - 1)]
    while i or j:
        steps = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        i, j = min((s for s in steps if min(s) >= 0), key=lambda s: total[s])
        path.append((i, j))
    return np.mean([cost[place] for place in path])


def coefficients(mels):
    n = len(mels)
    return np.array(
        [[2 / n * sum(frame[k] * math.cos(math.pi * m * (k + 0.5) / n) for k in range(n)) for m in range(1, 14)] for frame in mels.T]
    )


def test_distortion_by_hand():
    random = np.random.RandomState(0)
    made, real = (random.randn(3, 64, 64).cumsum(2) for _ in range(2))
    tokens = torch.zeros(3, 65, dtype=torch.int64)
    spans = [(4, 20), (0, 9), (30, 64)]
    for row, (start, end) in enumerate(spans):
        tokens[row, 1 + start : 1 + end] = torch.tensor([1 + i % 5 for i in range(end - start)])
        tokens[row, 1 + (start + end) // 2] = NUMBERS["pau"]  # A pause within the word counts.
    found = distortions(torch.tensor(made), torch.tensor(real), tokens)
    for row, (start, end) in enumerate(spans):
        one, two = (coefficients(mels[row][:, start:end]) for mels in (made, real))
        assert float(found[row]) == pytest.approx(10 * math.sqrt(2) / math.log(10) * by_hand(one, two), rel=1e-9)


def test_a_shift_in_time_and_another_loudness_cost_nothing_and_silence_does_not_count():
    mels = torch.randn(1, 64, 64).cumsum(2)
    held = torch.cat([mels[..., :1].expand(-1, -1, 3), mels[..., :-3]], 2)
    held[..., -1] = mels[..., -1]
    tokens = torch.full((1, 65), 3)
    assert float(distortions(mels, mels + 1.5, tokens)) == pytest.approx(0, abs=1e-6)
    straight = (cepstra(mels) - cepstra(held)).norm(dim=2).mean()
    assert float(distortions(held, mels, tokens)) < 0.5 * 10 * math.sqrt(2) / math.log(10) * float(straight)
    tokens[:, 41:] = NUMBERS["pau"]
    loud = mels.clone()
    loud[..., 40:] = torch.randn(1, 64, 24)
    assert float(distortions(loud, mels, tokens)) == pytest.approx(0, abs=1e-6)


def test_where_it_is_spoken():
    tokens = torch.zeros(3, 65, dtype=torch.int64)
    tokens[0, 5:10], tokens[1, 64] = 7, 7
    assert [part.tolist() for part in spoken_span(tokens)] == [[4, 63, 0], [5, 1, 64]]


def test_the_mean_of_paths_of_different_lengths():
    assert warped_mean(torch.tensor([[[1.0, 9.0], [9.0, 2.0]], [[5.0, 0.0], [0.0, 0.0]]]), torch.tensor([2, 1])).tolist() == [1.5, 5.0]


def test_it_is_refused_where_nothing_is_spoken():
    images = torch.zeros(2, 1, 64, 64, dtype=torch.uint8)
    pairs = Pairs(Task("text_to_image"), torch.zeros(2, 6, dtype=torch.int64))
    with pytest.raises(UserError, match="compares mels of speech, task 'text_to_image' makes none"):
        mel_cepstral_distortion(Evidence(real=SampleSet(images), fake=SampleSet(images), pairs=pairs))
