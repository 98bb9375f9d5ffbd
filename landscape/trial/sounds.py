"""Makes the sounds of a model of speech that a report plays, at the end of its trial, as its pictures are made."""

from pathlib import Path

import torch
from torch import Tensor

from landscape.components.datasets._speaking.sound_files import wav_bytes
from landscape.components.numerics.mel import from_levels, griffin_lim
from landscape.components.tasks._asked import as_floats
from landscape.core.files import write_bytes
from landscape.training.gan import GAN
from landscape.training.sampling import shown_rows

SPOKEN = 3
"""The conditions of the sound `samples`, the first rows of the picture of the same name. Each takes two seconds."""


def speak(gan: GAN, folder: Path) -> dict[str, str]:
    """Write the sounds of a trained model into `folder`, and return their file names by name. A model that makes no speech has none.

    `samples` has, for each of a few conditions of the test split, a sample and behind it the recording. Both are made of mels, so that
    they differ by the model alone and not by what the vocoder costs.
    """
    if gan.condition.kind != "speech" or gan.fixed_conditions is None:
        return {}
    recordings = as_floats(shown_rows(gan.dataset, SPOKEN).samples)
    rows = len(recordings)
    made = gan.sample(gan.fixed_z[:rows], gan.fixed_conditions[:rows]).cpu()
    write_bytes(folder / "samples.wav", sound_of(torch.stack([made, recordings], 1).flatten(0, 1)))
    return {"samples": "samples.wav"}


def sound_of(mels: Tensor) -> bytes:
    """Return a WAVE file in which mels [n, 1, bands, frames] in [0, 1] sound one behind the other.

    A mel with NaN, which a diverged model makes, is silent.
    """
    return wav_bytes(griffin_lim(from_levels(mels * 255)).nan_to_num(0).flatten().numpy())
