"""Mels by their formula and by librosa, and the way back to sound."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.components.numerics.mel import (
    BANDS,
    FRAMES,
    HOP,
    LENGTH,
    LOWEST,
    N_FFT,
    RATE,
    filterbank,
    from_levels,
    griffin_lim,
    log_mel,
    magnitudes_of,
    to_levels,
)


def speech_like(rows=2):
    """Sound with harmonics, pauses and noise, [rows, LENGTH]."""
    random, times = np.random.RandomState(0), np.arange(LENGTH) / RATE
    sound = []
    for row in range(rows):
        pitch = 110 * (1 + row) * (1 + 0.1 * np.sin(2 * np.pi * 2 * times))
        tones = sum(np.sin(2 * np.pi * k * np.cumsum(pitch) / RATE) / k for k in range(1, 12))
        sound.append(0.1 * (tones + 0.3 * random.randn(LENGTH)) * (np.sin(2 * np.pi * 1.5 * times) > -0.3))
    return torch.tensor(np.array(sound), dtype=torch.float32)


def test_log_mels_by_the_formula():
    """Windows, transform and triangles written out in NumPy float64."""
    sound = speech_like(1)
    padded = np.pad(sound[0].double().numpy(), N_FFT // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    spectrum = np.stack([np.abs(np.fft.rfft(window * padded[f * HOP : f * HOP + N_FFT])) for f in range(FRAMES)], 1)

    def hertz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    edges = [hertz(m) for m in np.linspace(0, 15 + 27 * math.log(4) / math.log(6.4), BANDS + 2)]
    expected = np.zeros((BANDS, FRAMES))
    for band in range(BANDS):
        low, center, high = edges[band : band + 3]
        for i in range(N_FFT // 2 + 1):
            f = i * RATE / N_FFT
            weight = max(0.0, min((f - low) / (center - low), (high - f) / (high - center)))
            expected[band] += weight * 2 / (high - low) * spectrum[i]
    expected = np.log(np.maximum(expected, math.exp(LOWEST)))
    np.testing.assert_allclose(log_mel(sound)[0].numpy(), expected, atol=2e-3)
    assert expected.max() < 2


@pytest.fixture
def librosa():
    """What librosa 0.11.0 gave, which needs too many packages to be installed for these tests.

    `weights` are `filters.mel(sr=RATE, n_fft=N_FFT, n_mels=BANDS, fmin=0, fmax=RATE / 2)`, `mels` the `melspectrogram` of `speech_like(1)`
    with these sizes, `power=1`, `pad_mode="constant"`. `miss` is the distance of the spectrum of `griffinlim(magnitudes, n_iter=60,
    momentum=0.99, pad_mode="constant", random_state=0)` from the magnitudes, those that the test below asks for.
    """
    with np.load(Path(__file__).with_name("librosa.npz")) as file:
        return dict(file)


def test_mels_and_filters_are_those_of_librosa(librosa):
    np.testing.assert_allclose(filterbank().numpy(), librosa["weights"], rtol=1e-5, atol=1e-9)
    theirs = np.log(np.maximum(librosa["mels"], math.exp(LOWEST)))
    np.testing.assert_allclose(log_mel(speech_like(1))[0].numpy(), theirs, atol=2e-3)


def test_levels_are_close_and_the_highest_band_is_on_top():
    mels = log_mel(speech_like())
    levels = to_levels(mels)
    assert levels.shape == (2, 1, BANDS, FRAMES)
    assert levels.dtype == torch.uint8
    assert float((from_levels(levels) - mels).abs().max()) < 0.027
    tone = torch.sin(2 * torch.pi * 3500 * torch.arange(LENGTH) / RATE)[None] * 0.5
    assert int(to_levels(log_mel(tone))[0, 0, :, 30].argmax()) < 8
    assert int(to_levels(torch.full((1, BANDS, FRAMES), LOWEST)).max()) == 0


def test_the_way_to_sound_and_back_keeps_the_mels():
    mels = log_mel(speech_like())
    fitted = filterbank().float() @ magnitudes_of(mels)
    assert float((fitted - mels.exp()).norm() / mels.exp().norm()) < 0.02
    sound = griffin_lim(mels)
    assert sound.shape == (2, LENGTH)
    assert float(sound.abs().max()) <= 1
    again = griffin_lim(mels)
    assert torch.equal(sound, again)
    loud = mels > -6
    assert float((log_mel(sound) - mels)[loud].abs().mean()) < 0.3
    poor = griffin_lim(mels, iterations=1)
    assert float((log_mel(poor) - mels)[loud].abs().mean()) > float((log_mel(sound) - mels)[loud].abs().mean())


def test_griffin_lim_is_that_of_librosa(librosa):
    """Phases differ because both begin at random; the distance of the spectrum from the magnitudes that were asked for does not."""
    mels = log_mel(speech_like(1))
    magnitudes = magnitudes_of(mels)[0].double().numpy()
    padded = np.pad(griffin_lim(mels)[0].double().numpy(), N_FFT // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    spectrum = np.stack([np.abs(np.fft.rfft(window * padded[f * HOP : f * HOP + N_FFT])) for f in range(FRAMES)], 1)
    assert np.linalg.norm(spectrum - magnitudes) / np.linalg.norm(magnitudes) < 1.15 * float(librosa["miss"])
