"""Regularizers, one file each: penalties, noise, augmentation and other remedies.

Each one declares the single place of the training at which it is called.
"""

from landscape.components.regularizers._base import (
    REGULARIZERS,
    Critique,
    RegularizerFacts,
    Unrolling,
)

__all__ = ["REGULARIZERS", "Critique", "RegularizerFacts", "Unrolling"]
