"""The small convolutional classifier of `classifier` extractors, its file format and its inference."""

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
"""Activations of so many images stay in the cache: on one core 1.6 times as fast as 256 of them."""


@dataclass(frozen=True)
class ClassifierFacts:
    """What a trained classifier is, as the JSON beside its weights says."""

    name: str
    """Public name: `classifier:digits`, `classifier:local-<hash>`."""
    shape: tuple[int, int, int]
    """(C, H, W) of its input."""
    classes: int
    width: int
    features: int
    accuracy: float = 0.0
    accuracy_split: str = ""
    accuracy_samples: int = 0
    data_hash: str = ""
    """Content hash of the data set it was trained and tested on."""
    command: str = ""
    """What trained it."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Seed, epochs, batch size, learning rate, threads, torch version."""
    sha256: str = ""
    """Of the safetensors file."""


class SmallNetwork(nn.Module):
    """Four convolutions with batch norm, two of them strided; a hidden layer whose activations are the features; logits.

    SiLU keeps every feature alive, so that the covariance of the features has full rank.
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
        """images: (N, C, H, W) levels in [0, 255]; returns features [N, features] and logits [N, classes]."""
        hidden = self.convolutions(images.to(torch.float32) / 127.5 - 1).flatten(1)
        features = nn.functional.silu(self.hidden(hidden))
        return features, self.output(self.dropout(features))


class SmallClassifier:
    """A trained small network as an extractor: penultimate activations and class logits."""

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
    """One classifier read on each channel alone (stacked digits): features side by side [N, C * features], logits [N, C, classes]."""

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
    """Bring images (N, C, H, W) to the channels and size of `shape` (C, H, W), as float32 levels where anything changed."""
    channels, height, width = shape
    if images.shape[1] != channels:
        images = images.to(torch.float32).mean(1, keepdim=True) if channels == 1 else images.expand(-1, channels, -1, -1)
    if images.shape[2:] != (height, width):
        images = interpolate(images.to(torch.float32), (height, width), mode="bilinear", align_corners=False, antialias=True)
    return images


def save_classifier(network: SmallNetwork, facts: ClassifierFacts, path: Path) -> ClassifierFacts:
    """Write `path` (safetensors) and the JSON beside it; returns the facts with the file's hash. The JSON, written last, makes it valid."""
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    complete = ClassifierFacts(**{**asdict(facts), "sha256": hashlib.sha256(content).hexdigest()})
    write_bytes(path, content)
    write_json(path.with_suffix(".json"), asdict(complete))
    return complete


def load_classifier(path: Path, device: torch.device) -> SmallClassifier:
    """The classifier at `path`, its hash checked against the JSON beside it.

    Raises:
        UserError: a file is missing or damaged, or the weights are not those that the JSON describes.
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
    # Its random initialization is overwritten, and must not move the generator that a training run draws from.
    with torch.random.fork_rng(devices=[]):
        network = SmallNetwork(facts.shape, facts.classes, facts.width, facts.features)
    load_into(network, dict(load(content)), path)
    return SmallClassifier(network, facts, device)
