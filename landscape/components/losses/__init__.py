"""Losses, one file each. A loss maps critic outputs on real and generated samples to what D and G minimize."""

from landscape.components.losses._base import (
    LOSSES,
    LossFacts,
    LossPair,
)

__all__ = ["LOSSES", "LossFacts", "LossPair"]
