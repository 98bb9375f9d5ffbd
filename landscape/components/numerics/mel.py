"""Mel spectrograms of speech as square images, and sound made of them again."""

import math
from functools import cache

import torch
from torch import Tensor

RATE = 8000
"""Samples of sound a second."""
N_FFT, HOP = 512, 128
"""The length of a window and the distance of two windows, in samples. At 256 samples some of the lowest bands would be empty."""
BANDS = FRAMES = 64
"""The number of mel bands and of frames of one image."""
LENGTH = FRAMES * HOP
"""The samples of sound that one image shows: 8,192, which last 1.024 s."""
LOWEST, HIGHEST = -11.5, 2.0
"""The range of ln mel, which levels from 0 to 255 cover in steps of 0.053."""
ITERATIONS, MOMENTUM = 60, 0.99
"""The settings of Griffin-Lim."""
_FITS = 60
"""The steps in which the magnitudes of a spectrum are fitted to its mel bands."""


@cache
def filterbank() -> Tensor:
    """Return the weights [BANDS, N_FFT / 2 + 1] float64 of triangular filters, evenly spaced on Slaney's mel scale from 0 to RATE / 2.

    Each filter is divided by half of its width in hertz, so that all have the same area (Slaney's normalization, librosa's default).
    """
    edges = _hertz(torch.linspace(0, _mel(RATE / 2), BANDS + 2, dtype=torch.float64))
    frequencies = torch.linspace(0, RATE / 2, N_FFT // 2 + 1, dtype=torch.float64)
    low, center, high = (edges[i : i + BANDS, None] for i in range(3))
    triangles = torch.minimum((frequencies - low) / (center - low), (high - frequencies) / (high - center)).clamp(min=0)
    return triangles * 2 / (high - low)


def _mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def _hertz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel * 200 / 3, 1000 * torch.exp((mel - 15) * (math.log(6.4) / 27)))


def log_mel(sound: Tensor) -> Tensor:
    """Return the natural logarithms of the mel bands of sound [N, LENGTH] in [-1, 1]: [N, BANDS, FRAMES], cut to [LOWEST, HIGHEST].

    The bands are weighted sums of the magnitudes under Hann windows. Frame f has its center at sample f * HOP; zeros lie outside.
    """
    bands = filterbank().to(sound.dtype) @ _spectrum(sound).abs()
    return bands.clamp(min=math.exp(LOWEST)).log().clamp(max=HIGHEST)


def to_levels(log_mels: Tensor) -> Tensor:
    """Return ln mels [N, BANDS, FRAMES] as images uint8 [N, 1, BANDS, FRAMES], the highest band on top as in every spectrogram."""
    levels = (log_mels - LOWEST) * (255 / (HIGHEST - LOWEST))
    return levels.round().clamp(0, 255).to(torch.uint8).flip(1)[:, None]


def from_levels(images: Tensor) -> Tensor:
    """Return images [N, 1, BANDS, FRAMES] with levels from 0 to 255 as ln mels [N, BANDS, FRAMES] float32."""
    return images[:, 0].flip(1).float() * ((HIGHEST - LOWEST) / 255) + LOWEST


def griffin_lim(log_mels: Tensor, iterations: int = ITERATIONS, momentum: float = MOMENTUM) -> Tensor:
    """Return sound [N, LENGTH] whose mels are close to ln mels [N, BANDS, FRAMES].

    Phases are found by the fast algorithm of Griffin and Lim (Perraudin et al. 2013), from random ones with a fixed seed. The sound is
    cut to [-1, 1].
    """
    magnitudes = magnitudes_of(log_mels)
    random = torch.rand(magnitudes.shape[1:], generator=torch.Generator().manual_seed(0)) * (2 * math.pi)
    phases = torch.polar(torch.ones_like(random), random).expand(magnitudes.shape)
    before = torch.zeros_like(phases)
    for _ in range(iterations):
        rebuilt = _spectrum(_sound(magnitudes * phases))
        moved = rebuilt - before * (momentum / (1 + momentum))
        phases, before = moved / moved.abs().clamp(min=1e-16), rebuilt
    return _sound(magnitudes * phases).clamp(-1, 1)


def magnitudes_of(log_mels: Tensor) -> Tensor:
    """Return magnitudes [N, N_FFT / 2 + 1, FRAMES] >= 0 whose mel bands are close to ln mels [N, BANDS, FRAMES], by least squares.

    The squares are lowered by the multiplicative steps of Lee and Seung, which keep magnitudes positive.
    """
    bands, weights = log_mels.exp(), filterbank().to(log_mels.dtype)
    wanted, found = weights.T @ bands, weights.T @ bands
    for _ in range(_FITS):
        found = found * wanted / (weights.T @ (weights @ found)).clamp(min=1e-12)
    return found


def _spectrum(sound: Tensor) -> Tensor:
    window = torch.hann_window(N_FFT, dtype=sound.dtype, device=sound.device)
    return torch.stft(sound, N_FFT, HOP, window=window, center=True, pad_mode="constant", return_complex=True)[..., :FRAMES]


def _sound(spectrum: Tensor) -> Tensor:
    window = torch.hann_window(N_FFT, device=spectrum.device)
    return torch.istft(spectrum, N_FFT, HOP, window=window, center=True, length=LENGTH)
