"""The 2015 Inception network, through which FID is defined."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from landscape.components.extractors._base import EXTRACTORS, Features, require_images
from landscape.components.extractors._inception_network import CLASSES, InceptionNetwork
from landscape.components.extractors._inception_network import FEATURES as WIDTH
from landscape.components.extractors._resize import resize_like_tensorflow
from landscape.components.extractors._weights import already_here, checked, found_or_downloaded, read_state
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile

SIDE = 299
SMALLEST_NATIVE = 75
"""The smallest side without a resize. Below it nothing is left for the network's last blocks to read."""
BATCH = 32
"""The fastest batch size on CPUs. The activations of larger batches do not fit into their caches."""

SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
FILES = ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth")
"""The names of the same file at torch-fidelity and at pytorch-fid."""
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILES[0]}"
REMOTE = RemoteFile(
    FILES[0],
    95_628_359,
    f"sha256:{SHA256}",
    (URL, f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILES[1]}"),
)
VARIABLE = "LANDSCAPE_INCEPTION_WEIGHTS"
WHAT = "the 2015 Inception weights of FID"


class Inception:
    """Extracts pool features [N, 2048], and logits [N, 1008] without the last bias, as the Inception score uses them."""

    name = "inception"
    channels: int | None = 3

    def __init__(self, path: Path, device: torch.device, precision: str, resize: str) -> None:
        state = read_state(path)
        if state.get("fc.weight", torch.empty(0)).shape != (CLASSES, WIDTH):
            raise UserError(f"weights {path} are not of the 2015 Inception network: expected 'fc.weight' [{CLASSES}, {WIDTH}]")
        self.weights_hash = SHA256[:16]
        self.device = device
        self.native = resize == "native"
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self.network = InceptionNetwork(state, self.dtype).to(device).eval().requires_grad_(False)
        size = f"none from {SMALLEST_NATIVE} px on" if self.native else f"TensorFlow 1 bilinear to {SIDE}x{SIDE}, not antialiased"
        self.handling: Mapping[str, str] = {
            "channels": "gray repeated to 3",
            "resize": size,
            "range": "(level - 128) / 128",
            "features": "pool_3, 2048; logits without bias, 1008",
        } | ({"precision": "bfloat16 weights and activations"} if precision == "bf16" else {})

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        if self.native and min(images.shape[2:]) < SMALLEST_NATIVE:
            raise UserError(f"extractor 'inception' reads images from {SMALLEST_NATIVE} px on without a resize: use resize 'extractor'")
        with torch.no_grad():
            parts = [self.network(self._input(batch)) for batch in torch.split(images, BATCH)]
        return Features(torch.cat([f for f, _ in parts]), torch.cat([logits for _, logits in parts]))

    def _input(self, images: Tensor) -> Tensor:
        levels = images.to(self.device).to(torch.float32)
        # The range is mapped before the resize, because it then has fewer pixels to map. The order does not matter, as both are linear.
        scaled = (levels - 128) / 128
        if not self.native:
            scaled = resize_like_tensorflow(scaled, SIDE, SIDE)
        return scaled.expand(-1, 3, -1, -1).to(self.dtype).contiguous(memory_format=torch.channels_last)


@EXTRACTORS.register(
    is_fid=True,
    trained_on="1,008 classes of ImageNet's photographs (2015)",
    sees="what classifies objects in photographs: texture before shape; foreign to drawings, digits and faces",
    network="inception",
    source=f"{URL}; pytorch-fid's file is the same",
    files={FILES[0]: SHA256},
)
def inception(
    *,
    weights: Path | None = None,
    device: torch.device | None = None,
    precision: Literal["fp32", "bf16"] = "fp32",
    resize: Literal["extractor", "native"] = "extractor",
) -> Inception:
    """The network of FID (Heusel et al. 2017, arXiv:1706.08500), with torch-fidelity's weights and resize.

    Its features equal torch-fidelity's up to rounding.

    Args:
        weights: The user's own weights file.
        device: The device to run on; the CPU by default.
        precision: The precision of weights and activations.
        resize: `extractor` resizes to 299x299; `native` does not resize.

    Raises:
        UserError: The weights are missing (the line says what to fetch and where to put it), or the file is another one (the line names the
            expected hash).
    """
    return Inception(checked(find_weights(weights), SHA256, WHAT), device or torch.device("cpu"), precision, resize)


def at_hand() -> bool:
    """Whether the weights are on this machine, so that nothing would be downloaded."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).expanduser().is_file()
    return already_here(FILES) is not None


def find_weights(given: Path | None = None) -> Path:
    """Find the weights file.

    It is the given file, the one named by LANDSCAPE_INCEPTION_WEIGHTS, one in the cache of this project or of torch.hub, or a new download
    into this project's cache.

    Raises:
        UserError: The given file does not exist, or nothing was found and the download failed.
    """
    named = [(given, "weights")] if given is not None else [(Path(os.environ[VARIABLE]), VARIABLE)] if os.environ.get(VARIABLE) else []
    for path, source in named:
        if not path.expanduser().is_file():
            raise UserError(f"{source}: {path} does not exist; give {WHAT} ({URL})")
        return path.expanduser()
    try:
        return found_or_downloaded(FILES, REMOTE, WHAT)
    except UserError as error:
        raise UserError(f"{error}, or set {VARIABLE} to where it is; protocol 'quick-photos' does without") from error
