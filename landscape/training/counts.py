"""The counts by which the progress of a training is measured."""

from dataclasses import dataclass


@dataclass
class Counts:
    """The numbers of rounds, steps and images so far, which are the only clock of a training."""

    rounds: int = 0
    d_steps: int = 0
    g_steps: int = 0
    images: int = 0
    """The number of real images that were shown to D, or to the loss if there is no D."""
