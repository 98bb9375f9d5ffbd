"""Data sets, one file each: uint8 images (N, C, H, W) or float32 points (N, D), with labels."""

from landscape.components.datasets._base import (
    DATASETS,
    Dataset,
    DatasetFacts,
    Modes,
    Request,
    Split,
)

__all__ = ["DATASETS", "Dataset", "DatasetFacts", "Modes", "Request", "Split"]
