"""The clock of a training."""

from dataclasses import dataclass


@dataclass
class Counts:
    """The only clock: explicit counts."""

    rounds: int = 0
    d_steps: int = 0
    g_steps: int = 0
    images: int = 0
    """Real images shown to D (or to the loss, where there is no D)."""
