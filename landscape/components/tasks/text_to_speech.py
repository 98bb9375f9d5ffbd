"""Text to speech."""

import torch
from torch import Tensor

from landscape.components.numerics.mel import from_levels, griffin_lim, log_mel, to_levels
from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._wrong import wrong_conditions

PLAYED_AT_ONCE = 256


def copy_synthesis(mels: Tensor) -> Tensor:
    """Return mels uint8 [N, 1, bands, frames] after they were made to sound by Griffin-Lim and to mels again."""
    return torch.cat([to_levels(log_mel(griffin_lim(from_levels(part)))) for part in torch.split(mels, PLAYED_AT_ONCE)])


@TASKS.register(
    condition="speech",
    has_target=True,
    d_sees="pair",
    baseline_is_mean=True,
    played=copy_synthesis,
    protocols=("quick-speech", "quick-recordings"),
    paper="Binkowski et al. 2020, arXiv:1909.11646 (aligned phones and the voice as the condition), with mels in the place of sound",
)
def text_to_speech(rows: Rows) -> Batch:
    """Mels of what a voice says: G makes them of a latent vector, the phone of each frame and the voice, and D judges a mel beside these.

    The condition of the generated sample i is that of the row i which was drawn, and the recording of that row is its target. With the
    regularizer `mismatch`, D also learns that a recording does not belong to the phones and voice of another row.
    """
    assert rows.tokens is not None
    return Batch(rows.samples, rows.tokens, wrong_conditions(rows.tokens, 0))
