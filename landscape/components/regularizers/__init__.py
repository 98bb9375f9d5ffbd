"""Penalties, remedies and tricks, one file each; every one declares where it acts and is called there and nowhere else."""

from landscape.components.regularizers._base import (
    REGULARIZERS,
    Critique,
    RegularizerFacts,
    Unrolling,
)

__all__ = ["REGULARIZERS", "Critique", "RegularizerFacts", "Unrolling"]
