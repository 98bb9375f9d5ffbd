"""VGG-16, whose features perceptual losses and torch-fidelity's scores read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from landscape.components.extractors._base import EXTRACTORS, Features, require_images
from landscape.components.extractors._resize import resize_like_tensorflow
from landscape.components.extractors._transformer_extractor import find
from landscape.components.extractors._weights import checked
from landscape.core.remote_file import RemoteFile

SIDE, WIDTH = 224, 4096
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 32
SHA256 = "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"
FILES = ("vgg16-397923af.pth",)
REMOTE = RemoteFile(FILES[0], 553_433_881, f"sha256:{SHA256}", sources=())
"""The file without its address, which `remote` takes from torchvision."""
VARIABLE = "LANDSCAPE_VGG16_WEIGHTS"
WHAT = "torchvision's VGG-16 weights"


class Vgg16:
    """Extracts the features [N, 4096] of the second fully connected layer."""

    name = "vgg16"
    channels: int | None = 3

    def __init__(self, path: Path, device: torch.device, layer: str) -> None:
        from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

        # This class unpickles the file, which has been compared with the published checksum before.
        theirs = FeatureExtractorVGG16("vgg16", [layer], feature_extractor_weights_path=str(path))
        self.network: nn.Module = theirs.model.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
        self.weights_hash = SHA256[:16]
        self.device, self.rectified = device, layer == "fc2_relu"
        self.mean, self.std = (255 * torch.tensor(v, device=device).reshape(1, 3, 1, 1) for v in (MEAN, DEVIATION))
        self.handling: Mapping[str, str] = {
            "channels": "gray repeated to 3",
            "resize": f"TensorFlow 1 bilinear, not antialiased, to {SIDE}x{SIDE}",
            "range": f"levels / 255, mean {MEAN}, deviation {DEVIATION}",
            "features": f"{layer}, {WIDTH}",
        }

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        with torch.no_grad():
            made = torch.cat([self.network(self._input(batch)) for batch in torch.split(images, BATCH)])
        return Features(made.relu() if self.rectified else made)

    def _input(self, images: Tensor) -> Tensor:
        levels = resize_like_tensorflow(images.to(self.device).to(torch.float32), SIDE, SIDE)
        return ((levels - self.mean) / self.std).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


@EXTRACTORS.register(
    trained_on="1,000 classes of ImageNet's photographs",
    sees="what classifies objects in photographs: texture before shape; foreign to drawings and digits",
    network="vgg16",
    source="torchvision's VGG16_Weights.IMAGENET1K_V1",
    files={FILES[0]: SHA256},
)
def vgg16(*, weights: Path | None = None, device: torch.device | None = None, layer: Literal["fc2_relu", "fc2"] = "fc2_relu") -> Vgg16:
    """VGG-16 (Simonyan & Zisserman 2015, arXiv:1409.1556), by the class and with the resize of torch-fidelity.

    Args:
        weights: The user's own copy of the published file.
        device: The device to run on; the CPU by default.
        layer: The second fully connected layer after its ReLU, as torch-fidelity scores it, or before.

    Raises:
        UserError: The weights are missing (the line says what to fetch and where to put it), or the file is another one.
    """
    path = checked(find(weights, VARIABLE, FILES, WHAT, remote()), SHA256, WHAT)
    return Vgg16(path, device or torch.device("cpu"), layer)


def remote() -> RemoteFile:
    """Return the published file with the address at which torchvision offers it."""
    from torchvision.models import VGG16_Weights

    return replace(REMOTE, sources=(str(VGG16_Weights.IMAGENET1K_V1.url),))
