"""CLIP's image network."""

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

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
FILES = ("clip-vit-base-patch32.safetensors", "clip-vit-b-32.pt")
REMOTE = RemoteFile(
    FILES[0],
    605_157_884,
    "sha256:99d28a652e6ec46629ab7047a0ac82c69b1fe11e0ce672c43af65d3a9a3fc05d",
    (
        "https://huggingface.co/openai/clip-vit-base-patch32/resolve/b33cedfd0df4e43b8238760678fcc89e1a0d38b3/model.safetensors",
        "https://huggingface.co/sentence-transformers/clip-ViT-B-32/resolve/327ab6726d33c0e22f920c83f2ff9e4bd38ca37f/0_CLIPModel/model.safetensors",
    ),
)
"""OpenAI's weights as safetensors: the conversion in OpenAI's own repository, and the same file in another, both at fixed commits."""
SOURCE = "openai/clip-vit-base-patch32 as safetensors, or the state dict of OpenAI's ViT-B-32 (its TorchScript archive is not read)"
VARIABLE = "LANDSCAPE_CLIP_WEIGHTS"

_BLOCK = r"visual\.transformer\.resblocks\.(\d+)\."
NAMES = [
    (r"visual\.class_embedding", "token"),
    (r"visual\.positional_embedding", "position"),
    (r"visual\.conv1\.weight", "patches.weight"),
    (r"visual\.ln_pre\.(\w+)", r"norm_before.\1"),
    (_BLOCK + r"ln_([12])\.(\w+)", r"blocks.\1.norm\2.\3"),
    (_BLOCK + r"attn\.in_proj_(\w+)", r"blocks.\1.qkv.\2"),
    (_BLOCK + r"attn\.out_proj\.(\w+)", r"blocks.\1.out.\2"),
    (_BLOCK + r"mlp\.c_fc\.(\w+)", r"blocks.\1.fc1.\2"),
    (_BLOCK + r"mlp\.c_proj\.(\w+)", r"blocks.\1.fc2.\2"),
    (r"visual\.ln_post\.(\w+)", r"norm.\1"),
    (r"visual\.proj", "projection"),
]
"""Patterns for OpenAI's names. Names that do not begin with `visual.` belong to the text network."""

_LAYER = r"vision_model\.encoder\.layers\.(\d+)\."
CONVERTED_NAMES = [
    (r"vision_model\.embeddings\.class_embedding", "token"),
    (r"vision_model\.embeddings\.position_embedding\.weight", "position"),
    (r"vision_model\.embeddings\.patch_embedding\.weight", "patches.weight"),
    (r"vision_model\.pre_layrnorm\.(\w+)", r"norm_before.\1"),
    (_LAYER + r"layer_norm([12])\.(\w+)", r"blocks.\1.norm\2.\3"),
    (_LAYER + r"self_attn\.([qkv])_proj\.(\w+)", r"blocks.\1.\2.\3"),
    (_LAYER + r"self_attn\.out_proj\.(\w+)", r"blocks.\1.out.\2"),
    (_LAYER + r"mlp\.fc([12])\.(\w+)", r"blocks.\1.fc\2.\3"),
    (r"vision_model\.post_layernorm\.(\w+)", r"norm.\1"),
    (r"visual_projection\.weight", "projection"),
]
"""Patterns for the names in the converted safetensors file (the misspelling is in the file)."""


@EXTRACTORS.register(
    trained_on="400 million pictures of the web with the texts beside them",
    sees="what a caption would name: subject and style, hardly fine texture",
    network="clip",
    source=SOURCE,
    files={FILES[0]: REMOTE.digits},
)
def clip(
    *, weights: Path | None = None, device: torch.device | None = None, interpolation: Literal["tensorflow", "bicubic"] = "tensorflow"
) -> TransformerExtractor:
    """CLIP (Radford et al. 2021, arXiv:2103.00020): image embedding of a vision transformer, ViT-B/32 unless another file is given.

    Args:
        weights: The user's own weights file.
        device: The device to run on; the CPU by default.
        interpolation: The resize. `tensorflow` is torch-fidelity's; `bicubic`, with antialiasing, is that of CLIP's own preprocessing.

    Raises:
        UserError: The weights are missing or belong to another network.
    """
    path = find(weights, VARIABLE, FILES, "CLIP weights", REMOTE)
    tensors = _tensors(read_state(path), path)
    shape = _shape(tensors, path)
    for block in range(shape.depth):
        tensors[f"blocks.{block}.scale1"] = tensors[f"blocks.{block}.scale2"] = torch.ones(shape.width)
    network = VisionTransformer(shape, epsilon=1e-5, quick=True, norm_before=True, patch_bias=False, offset=0.0)
    load_into(network, tensors, path)
    name = f"clip:vit-{shape.width}-{shape.patch}" if shape.width != 768 else f"clip:vit-b-{shape.patch}"
    side = shape.side * shape.patch
    extractor = TransformerExtractor(name, network.to(device or torch.device("cpu")), side, MEAN, DEVIATION, interpolation)
    extractor.weights_hash = sha256_of(path, "weights")[:16]
    return extractor


def _tensors(state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the image network's tensors under this project's names, from either of the two layouts."""
    if any(name.startswith("visual.") for name in state):
        return renamed(state, NAMES, dropped=r"(?!visual\.).*")
    if not any(name.startswith("vision_model.") for name in state):
        raise UserError(f"weights {path} hold no visual tower (names beginning with 'visual.' or 'vision_model.'): give CLIP's")
    tensors = renamed(state, CONVERTED_NAMES, dropped=r"(?!vision_model\.|visual_projection\.).*|.*\.position_ids")
    tensors["projection"] = tensors["projection"].T.contiguous()
    for key in [name for name in tensors if ".q." in name]:
        tensors[key.replace(".q.", ".qkv.")] = torch.cat([tensors.pop(key.replace(".q.", f".{part}.")) for part in "qkv"])
    return tensors


def _shape(tensors: dict[str, Tensor], path: Path) -> Shape:
    try:
        width, _, patch, _ = tensors["patches.weight"].shape
        depth = sum(name.endswith(".qkv.weight") for name in tensors)
        hidden, projection = len(tensors["blocks.0.fc1.bias"]), tensors["projection"].shape[1]
        return Shape(width, patch, len(tensors["position"]), depth, hidden, projection)
    except (KeyError, ValueError) as error:
        raise UserError(f"weights {path} are not of a CLIP vision transformer: {error} is missing") from error
