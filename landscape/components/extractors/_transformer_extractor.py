"""A vision transformer as an extractor: resize, normalize, and return the class token."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from landscape.components.extractors._base import Features, require_images
from landscape.components.extractors._resize import resize_like_tensorflow
from landscape.components.extractors._vision_transformer import VisionTransformer
from landscape.components.extractors._weights import found_or_downloaded
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile

BATCH = 32

RESIZES = {"tensorflow": "TensorFlow 1 bilinear, not antialiased", "bicubic": "bicubic, antialiased"}


class TransformerExtractor:
    """An extractor that returns features [N, width] and no class logits."""

    channels: int | None = 3

    def __init__(self, name: str, network: VisionTransformer, side: int, mean: Sequence[float], std: Sequence[float], resize: str) -> None:
        self.name = name
        self.weights_hash = ""
        self.network = network.eval().requires_grad_(False)
        self.side, self.resize = side, resize
        self.device = network.position.device
        self.mean, self.std = (255 * torch.tensor(v, device=self.device).reshape(1, 3, 1, 1) for v in (mean, std))
        self.handling: Mapping[str, str] = {
            "channels": "gray repeated to 3",
            "resize": f"{RESIZES[resize]}, to {side}x{side}",
            "range": f"levels / 255, mean {tuple(mean)}, deviation {tuple(std)}",
            "features": f"class token after the last norm, {network.shape.projection or network.shape.width}",
        }

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        with torch.no_grad():
            return Features(torch.cat([self.network(self._input(batch)) for batch in torch.split(images, BATCH)]))

    def _input(self, images: Tensor) -> Tensor:
        levels = images.to(self.device).to(torch.float32)
        if self.resize == "tensorflow":
            levels = resize_like_tensorflow(levels, self.side, self.side)
        elif levels.shape[2:] != (self.side, self.side):
            levels = interpolate(levels, (self.side, self.side), mode="bicubic", antialias=True).clamp(0, 255)
        return ((levels - self.mean) / self.std).expand(-1, 3, -1, -1).contiguous()


def find(given: Path | None, variable: str, files: Sequence[str], what: str, remote: RemoteFile) -> Path:
    """Find the weights file.

    It is the given file, the one named by the environment variable, one in the cache of this project or of torch.hub, or a new download.

    Args:
        given: The user's own file.
        variable: The environment variable that may name a file.
        files: The names under which weights of this network are known.
        what: The weights, in words.
        remote: The file to download if none is found.

    Raises:
        UserError: No file is found. The line says what to fetch and where to put it.
    """
    if given is None and os.environ.get(variable):
        given = Path(os.environ[variable])
    if given is not None:
        if given.expanduser().is_file():
            return given.expanduser()
        raise UserError(f"weights {given}: no such file; give {what}: {remote.by_hand()}")
    try:
        return found_or_downloaded(files, remote, what)
    except UserError as error:
        raise UserError(f"{error}, or name it by --weights or {variable}") from error
