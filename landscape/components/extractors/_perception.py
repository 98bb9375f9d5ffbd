"""The hidden activations of a small classifier, differentiable by the image, for terms of G's loss."""

import torch
from torch import Tensor, nn

from landscape.components.datasets._base import Dataset
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.extractors._small_network import SmallClassifier, fitted
from landscape.core.errors import UserError


class Perception(nn.Module):
    """What a classifier computes behind its last convolution: images [N, C, H, W] in [0, 1] -> [N, F]. Its weights stay as they are."""

    def __init__(self, classifier: SmallClassifier) -> None:
        super().__init__()
        self.convolutions = classifier.network.convolutions
        self.shape = classifier.facts.shape

    def forward(self, images: Tensor) -> Tensor:
        # The classifier reads levels from 0 to 255 as levels / 127.5 - 1.
        with torch.autocast(images.device.type, enabled=False):
            maps: Tensor = self.convolutions(fitted(images.float(), self.shape) * 2 - 1)
        return maps.flatten(1)


def perception_of(extractor: str, dataset: Dataset, trained_on: str) -> Perception:
    """Load a classifier as `EXTRACTORS` has it.

    Args:
        extractor: The name of the extractor.
        dataset: The data on which the model is trained.
        trained_on: The name of a classifier that comes with the program, or "" for that of the data.

    Raises:
        UserError: There is no such classifier, or none can be trained because the data have no labels.
    """
    # Where the classifier has to be trained first, the draws of the model's own training stay the same.
    with torch.random.fork_rng(devices=[]):
        found = EXTRACTORS[extractor].call(hyperparameters={"trained_on": trained_on}, dataset=dataset, device=torch.device("cpu"))
    if not isinstance(found, SmallClassifier):
        raise UserError(f"{trained_on!r} reads the channels of a picture one by one, which is no content of the whole: name another")
    return Perception(found)
