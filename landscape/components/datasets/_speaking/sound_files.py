"""Reads and writes files of sound (WAV with 16 bits)."""

import io
import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._readers.files import read_bytes
from landscape.components.numerics.mel import RATE
from landscape.core.errors import UserError

MAX_BYTES = 100_000_000
Sound = NDArray[np.float32]


def read_wav(path: Path) -> Sound:
    """Return the sound of a file as float32 (samples,) in [-1, 1] at `RATE`. Several channels are averaged.

    Raises:
        UserError: The file cannot be read or is no WAV with 16 bits.
    """
    content = read_bytes(path, MAX_BYTES)
    try:
        with wave.open(io.BytesIO(content)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise UserError(f"{path} is no file of sound that can be read ({error or 'it is cut off'}): give WAV with 16 bits") from None
    if width != 2:
        raise UserError(f"{path} has {8 * width} bits a sample: convert it to WAV with 16 bits")
    samples = np.frombuffer(frames[: len(frames) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels).mean(1) / 32768
    return resampled(samples.astype(np.float32), rate)


def resampled(samples: Sound, rate: int) -> Sound:
    """Return sound (samples,) of a rate at `RATE`, through a filter that cuts what lies above half of it."""
    from scipy.signal import resample_poly

    if rate == RATE:
        return samples
    common = math.gcd(rate, RATE)
    made: Sound = resample_poly(samples, RATE // common, rate // common).astype(np.float32)
    return made


def wav_bytes(samples: Sound) -> bytes:
    """Return sound (samples,) in [-1, 1] at `RATE` as the content of a WAV file with 16 bits."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return buffer.getvalue()
