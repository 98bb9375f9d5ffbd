"""What a report shows of a model, made at the end of its trial, so that nothing needs the model later."""

from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.training.gan import GAN
from landscape.trial.pictures import draw, texts
from landscape.trial.sounds import speak


def write_shown(gan: GAN, dataset: Dataset, frames: list[Tensor], folder: Path) -> dict[str, Any]:
    """Write the pictures and sounds of a trained model into `folder`, and return the fields of the record that name them."""
    return {"pictures": draw(gan, dataset, frames, folder), "sounds": speak(gan, folder), "texts": texts(gan)}
