"""DINOv2, a self-supervised vision transformer."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from landscape.components.extractors._base import EXTRACTORS
from landscape.components.extractors._transformer_extractor import TransformerExtractor, find
from landscape.components.extractors._vision_transformer import Shape, VisionTransformer, renamed
from landscape.components.extractors._weights import load_into, read_state
from landscape.core.errors import UserError
from landscape.core.file_digests import sha256_of
from landscape.core.remote_file import RemoteFile

SIDE = 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZES = {384: "vits14", 768: "vitb14", 1024: "vitl14"}
FILES = ("dinov2_vitb14_pretrain.pth", "dinov2_vitl14_pretrain.pth", "dinov2_vits14_pretrain.pth")
SHA256 = {
    FILES[0]: "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
    FILES[1]: "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
    FILES[2]: "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
}
"""The authors do not publish these hashes. They are the same in many repositories that pin the files at the authors' address."""
REMOTE = RemoteFile(
    FILES[0], 346_378_731, f"sha256:{SHA256[FILES[0]]}", (f"https://dl.fbaipublicfiles.com/dinov2/dinov2_vitb14/{FILES[0]}",)
)
SOURCE = f"{REMOTE.sources[0]} (or vitl14, vits14)"
VARIABLE = "LANDSCAPE_DINOV2_WEIGHTS"
OFFSET = 0.1
"""The offset in the resize of the position grid, with the value that torch.hub uses to build the network."""

_BLOCK = r"blocks\.(\d+)\."
NAMES = [
    (r"cls_token", "token"),
    (r"pos_embed", "position"),
    (r"patch_embed\.proj\.(\w+)", r"patches.\1"),
    (_BLOCK + r"norm([12])\.(\w+)", r"blocks.\1.norm\2.\3"),
    (_BLOCK + r"attn\.qkv\.(\w+)", r"blocks.\1.qkv.\2"),
    (_BLOCK + r"attn\.proj\.(\w+)", r"blocks.\1.out.\2"),
    (_BLOCK + r"ls([12])\.gamma", r"blocks.\1.scale\2"),
    (_BLOCK + r"mlp\.fc([12])\.(\w+)", r"blocks.\1.fc\2.\3"),
    (r"norm\.(\w+)", r"norm.\1"),
]


@EXTRACTORS.register(
    trained_on="142 million photographs without labels",
    sees="what tells photographs apart without any labels: objects, their parts and layout",
    network="dinov2",
    source=SOURCE,
    files=SHA256,
)
def dinov2(
    *, weights: Path | None = None, device: torch.device | None = None, interpolation: Literal["tensorflow", "bicubic"] = "tensorflow"
) -> TransformerExtractor:
    """DINOv2 (Oquab et al. 2023, arXiv:2304.07193): ViT-S/14, B/14 or L/14 according to the given file, B/14 by default.

    The feature is the class token after the last norm. The extractor's name contains the size, and the protocol the hash of the file.

    Args:
        weights: The user's own weights file.
        device: The device to run on; the CPU by default.
        interpolation: The resize. `tensorflow` is torch-fidelity's; `bicubic`, with antialiasing, is that of studies which report
            FD-DINOv2, mostly with L/14.

    Raises:
        UserError: The weights are missing or belong to another network.
    """
    path = find(weights, VARIABLE, FILES, "DINOv2 weights", REMOTE)
    state = read_state(path)
    shape = _shape(state, path)
    tensors = renamed(state, NAMES, dropped="mask_token")
    tensors["token"], tensors["position"] = tensors["token"].reshape(-1), tensors["position"].reshape(-1, shape.width)
    network = VisionTransformer(shape, epsilon=1e-6, quick=False, norm_before=False, patch_bias=True, offset=OFFSET)
    load_into(network, tensors, path)
    name = f"dinov2:{SIZES.get(shape.width, f'width{shape.width}')}"
    extractor = TransformerExtractor(name, network.to(device or torch.device("cpu")), SIDE, MEAN, DEVIATION, interpolation)
    extractor.weights_hash = sha256_of(path, "weights")[:16]
    return extractor


def _shape(state: dict[str, Tensor], path: Path) -> Shape:
    try:
        width, _, patch, _ = state["patch_embed.proj.weight"].shape
        hidden = len(state["blocks.0.mlp.fc1.bias"])
        depth = sum(name.endswith(".attn.qkv.weight") for name in state)
        return Shape(width, patch, state["pos_embed"].shape[1], depth, hidden)
    except (KeyError, ValueError) as error:
        raise UserError(f"weights {path} are not of DINOv2 S/14, B/14 or L/14 without registers: {error} is missing") from error
