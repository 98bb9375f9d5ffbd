"""Data sets, one file each. A data set gives uint8 images (N, C, H, W) or float32 points (N, D), with labels where it has them."""

from landscape.components.datasets._base import (
    DATASETS,
    Dataset,
    DatasetFacts,
    Modes,
    Request,
    Split,
)

__all__ = ["DATASETS", "Dataset", "DatasetFacts", "Modes", "Request", "Split"]
