"""The small convolutional classifier of the `classifier` extractor, its file format and its inference."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import interpolate

from landscape.components.extractors._base import Features, require_images
from landscape.components.extractors._weights import load_into
from landscape.core.errors import UserError
from landscape.core.files import read_json, write_bytes, write_json

BATCH = 64
"""The number of images per batch. The activations of this many fit into the processor's cache: 1.6 times as fast as 256 on one core."""


@dataclass(frozen=True)
class ClassifierFacts:
    """What a trained classifier is, as written in the JSON file beside its weights."""

    name: str
    """The public name: `classifier:digits`, `classifier:local-<hash>`."""
    shape: tuple[int, int, int]
    """The shape (C, H, W) of its input."""
    classes: int
    width: int
    features: int
    accuracy: float = 0.0
    accuracy_split: str = ""
    accuracy_samples: int = 0
    data_hash: str = ""
    """The content hash of the data set on which it was trained and tested."""
    command: str = ""
    """The command that trained it."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Seed, epochs, batch size, learning rate, threads and torch version of the training."""
    sha256: str = ""
    """SHA-256 of the safetensors file."""


class SmallNetwork(nn.Module):
    """Four convolutions with batch norm (two with stride 2), a hidden layer whose activations are the features, and logits.

    SiLU has no inactive region, so the covariance of the features has full rank.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int, features: int) -> None:
        super().__init__()
        channels, height, columns = shape
        widths = (channels, width, width, 2 * width, 2 * width)
        layers: list[nn.Module] = []
        for i, stride in enumerate((1, 2, 1, 2)):
            layers += [nn.Conv2d(widths[i], widths[i + 1], 3, stride, 1, bias=False), nn.BatchNorm2d(widths[i + 1]), nn.SiLU()]
        self.convolutions = nn.Sequential(*layers)
        self.hidden = nn.Linear(2 * width * -(-height // 4) * -(-columns // 4), features)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(features, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Compute features [N, features] and logits [N, classes] of images (N, C, H, W) with levels in [0, 255]."""
        hidden = self.convolutions(images.to(torch.float32) / 127.5 - 1).flatten(1)
        features = nn.functional.silu(self.hidden(hidden))
        return features, self.output(self.dropout(features))


class SmallClassifier:
    """A trained small network as an extractor. Features are the activations of the last hidden layer."""

    def __init__(self, network: SmallNetwork, facts: ClassifierFacts, device: torch.device) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.facts = facts
        self.device = device
        self.name = facts.name
        self.weights_hash = facts.sha256[:16]
        self.channels: int | None = facts.shape[0]
        channels, height, width = facts.shape
        self.handling: Mapping[str, str] = {
            "channels": "averaged to gray where in color" if channels == 1 else "gray repeated to 3",
            "resize": f"bilinear, antialiased, to {height}x{width} where of another size",
            "features": f"penultimate layer, {facts.features} activations; accuracy {facts.accuracy:.4f} on {facts.accuracy_split}",
        }

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        with torch.no_grad():
            parts = [self.network(self._fitted(batch.to(self.device))) for batch in torch.split(images, BATCH)]
        return Features(torch.cat([f for f, _ in parts]).cpu(), torch.cat([logits for _, logits in parts]).cpu())

    def _fitted(self, images: Tensor) -> Tensor:
        return fitted(images, self.facts.shape)


class StackedClassifier:
    """Applies one classifier to each channel separately, for stacked digits.

    Features are put side by side, [N, C * features]; logits are [N, C, classes].
    """

    channels: int | None = 3

    def __init__(self, single: SmallClassifier) -> None:
        self.single = single
        self.name = f"{single.name}-stacked"
        self.weights_hash = single.weights_hash
        self.handling: Mapping[str, str] = {**single.handling, "channels": "each read as one gray image"}

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        count, channels = images.shape[:2]
        features, logits = self.single(images.reshape(count * channels, 1, *images.shape[2:]))
        assert logits is not None
        return Features(features.reshape(count, -1), logits.reshape(count, channels, -1))


def fitted(images: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Convert images (N, C, H, W) to the channels and size of `shape` (C, H, W). Changed images are float32 levels."""
    channels, height, width = shape
    if images.shape[1] != channels:
        images = images.to(torch.float32).mean(1, keepdim=True) if channels == 1 else images.expand(-1, channels, -1, -1)
    if images.shape[2:] != (height, width):
        images = interpolate(images.to(torch.float32), (height, width), mode="bilinear", align_corners=False, antialias=True)
    return images


def save_classifier(network: SmallNetwork, facts: ClassifierFacts, path: Path) -> ClassifierFacts:
    """Write `path` (safetensors) and the JSON file beside it, and return the facts with the file's hash.

    The JSON file is written last, because it marks the pair as complete.

    Raises:
        UserError: The files cannot be written.
    """
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    complete = ClassifierFacts(**{**asdict(facts), "sha256": hashlib.sha256(content).hexdigest()})
    write_bytes(path, content)
    write_json(path.with_suffix(".json"), asdict(complete))
    return complete


def load_classifier(path: Path, device: torch.device) -> SmallClassifier:
    """Load the classifier at `path` and check its hash against the JSON file beside it.

    Raises:
        UserError: A file is missing or damaged, or the weights are not those that the JSON file describes.
    """
    data = read_json(path.with_suffix(".json"))
    try:
        facts = ClassifierFacts(**{**data, "shape": tuple(data["shape"])})
        content = path.read_bytes()
    except (TypeError, KeyError) as error:
        raise UserError(f"{path.with_suffix('.json')} does not describe a classifier: {error}") from error
    except OSError as error:
        raise UserError(f"cannot read weights {path}: {error.strerror or error}; reinstall landscape") from error
    found = hashlib.sha256(content).hexdigest()
    if found != facts.sha256:
        message = f"{path} is not the classifier that its JSON describes: expected SHA-256 {facts.sha256[:16]}, found {found[:16]}"
        raise UserError(f"{message}; delete both to have it made again")
    # The random initial weights are overwritten. Drawing them must not advance the generator that a training run draws from.
    with torch.random.fork_rng(devices=[]):
        network = SmallNetwork(facts.shape, facts.classes, facts.width, facts.features)
    load_into(network, dict(load(content)), path)
    return SmallClassifier(network, facts, device)
