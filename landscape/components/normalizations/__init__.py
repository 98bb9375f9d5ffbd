"""Normalizations, one file each: how a layer is wrapped, and which layer follows it."""

from landscape.components.normalizations._base import (
    NORMALIZATIONS,
    Identity,
    Norm,
    Normalization,
    NormalizationFacts,
    nothing_follows,
    unwrapped,
)

__all__ = ["NORMALIZATIONS", "Identity", "Norm", "Normalization", "NormalizationFacts", "nothing_follows", "unwrapped"]
