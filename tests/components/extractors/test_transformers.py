"""dinov2 and clip compared with independent implementations, on small random weights in the true layouts."""

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from landscape.components.extractors import clip as clip_module
from landscape.components.extractors import dinov2 as dinov2_module
from landscape.components.extractors._vision_transformer import Shape, VisionTransformer, renamed
from landscape.components.extractors.clip import clip
from landscape.components.extractors.dinov2 import NAMES, dinov2
from landscape.core.errors import UserError

WIDTH, DEPTH, GRID = 128, 2, 4


@pytest.fixture(autouse=True)
def _no_weights_at_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    for module in (clip_module, dinov2_module):
        monkeypatch.delenv(module.VARIABLE, raising=False)


def _dinov2_state():
    torch.manual_seed(1)
    state = {
        "cls_token": torch.randn(1, 1, WIDTH),
        "pos_embed": torch.randn(1, GRID**2 + 1, WIDTH),
        "mask_token": torch.zeros(1, WIDTH),
        "patch_embed.proj.weight": torch.randn(WIDTH, 3, 14, 14) * 0.05,
        "patch_embed.proj.bias": torch.randn(WIDTH) * 0.1,
        "norm.weight": torch.rand(WIDTH) + 0.5,
        "norm.bias": torch.randn(WIDTH),
    }
    for i in range(DEPTH):
        for name, shape in (("attn.qkv", (3 * WIDTH, WIDTH)), ("attn.proj", (WIDTH, WIDTH)), ("mlp.fc1", (4 * WIDTH, WIDTH)), ("mlp.fc2", (WIDTH, 4 * WIDTH))):  # fmt: skip
            state[f"blocks.{i}.{name}.weight"] = torch.randn(shape) * shape[1] ** -0.5
            state[f"blocks.{i}.{name}.bias"] = torch.randn(shape[0]) * 0.1
        for n in (1, 2):
            state[f"blocks.{i}.norm{n}.weight"], state[f"blocks.{i}.norm{n}.bias"] = torch.rand(WIDTH) + 0.5, torch.randn(WIDTH) * 0.1
            state[f"blocks.{i}.ls{n}.gamma"] = torch.rand(WIDTH)
    return state


def _torchvisions(state):
    """Return torchvision's transformer with the same weights, in which the layer scales are folded into the layers before them."""
    from torchvision.models.vision_transformer import VisionTransformer as Theirs

    network = Theirs(14 * GRID, 14, DEPTH, WIDTH // 64, WIDTH, 4 * WIDTH)
    target = {
        "class_token": state["cls_token"],
        "encoder.pos_embedding": state["pos_embed"],
        "conv_proj.weight": state["patch_embed.proj.weight"],
        "conv_proj.bias": state["patch_embed.proj.bias"],
        "encoder.ln.weight": state["norm.weight"],
        "encoder.ln.bias": state["norm.bias"],
    }
    for i in range(DEPTH):
        ours, theirs = f"blocks.{i}.", f"encoder.layers.encoder_layer_{i}."
        for part in ("weight", "bias"):
            first, second = (state[f"{ours}ls{n}.gamma"] for n in (1, 2))
            fold = (lambda gamma: gamma[:, None]) if part == "weight" else (lambda gamma: gamma)
            target[f"{theirs}ln_1.{part}"], target[f"{theirs}ln_2.{part}"] = state[f"{ours}norm1.{part}"], state[f"{ours}norm2.{part}"]
            target[f"{theirs}self_attention.in_proj_{part}"] = state[f"{ours}attn.qkv.{part}"]
            target[f"{theirs}self_attention.out_proj.{part}"] = fold(first) * state[f"{ours}attn.proj.{part}"]
            target[f"{theirs}mlp.0.{part}"] = state[f"{ours}mlp.fc1.{part}"]
            target[f"{theirs}mlp.3.{part}"] = fold(second) * state[f"{ours}mlp.fc2.{part}"]
    network.load_state_dict({**network.state_dict(), **target})
    network.heads = nn.Identity()
    return network.eval()


def _ours(state):
    shape = Shape(WIDTH, 14, GRID**2 + 1, DEPTH, 4 * WIDTH)
    network = VisionTransformer(shape, epsilon=1e-6, quick=False, norm_before=False, patch_bias=True, offset=0.1)
    tensors = renamed(state, NAMES, dropped="mask_token")
    network.load_state_dict({**tensors, "token": tensors["token"].reshape(-1), "position": tensors["position"][0]})
    return network.eval()


def test_dinov2s_blocks_are_torchvisions_with_layer_scale():
    state = _dinov2_state()
    images = torch.randn(3, 3, 14 * GRID, 14 * GRID)
    with torch.no_grad():
        torch.testing.assert_close(_ours(state)(images), _torchvisions(state)(images), rtol=1e-4, atol=1e-4)


def _cubic(distance, a=-0.75):
    x = abs(distance)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def test_the_position_grid_is_resized_with_the_original_offset():
    """Bicubic samples are taken at (i + 1/2) * grid / (side + 0.1) - 1/2, with repeated edges, in NumPy."""
    state, side = _dinov2_state(), 16
    made = _ours(state)._positions(side).detach().numpy()
    grid = state["pos_embed"][0, 1:].reshape(GRID, GRID, WIDTH).double().numpy()
    weights = np.zeros((side, GRID))
    for i in range(side):
        at = (i + 0.5) * GRID / (side + 0.1) - 0.5
        for tap in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            weights[i, min(max(tap, 0), GRID - 1)] += _cubic(at - tap)
    expected = np.einsum("ia,jb,abw->ijw", weights, weights, grid).reshape(side * side, WIDTH)
    np.testing.assert_allclose(made[1:], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(made[0], state["pos_embed"][0, 0].numpy())


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_dinov2_from_a_file(tmp_path, suffix):
    state, path = _dinov2_state(), tmp_path / f"weights{suffix}"
    torch.save(state, path) if suffix == ".pth" else save_file(state, path)
    extractor = dinov2(weights=path)
    assert extractor.name == "dinov2:width128"
    assert extractor.weights_hash == hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    images = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8)
    mean, std = (torch.tensor(v)[:, None, None] for v in (dinov2_module.MEAN, dinov2_module.DEVIATION))
    with torch.no_grad():
        expected = _ours(state)((images / 255 - mean) / std)
    torch.testing.assert_close(extractor(images).features, expected, rtol=1e-4, atol=1e-4)
    gray = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    assert extractor(gray).features.shape == (2, WIDTH)
    assert not torch.allclose(extractor(gray).features, dinov2(weights=path, interpolation="bicubic")(gray).features)


def _clip_state(patch=16, grid=3, projection=96):
    """Make weights under OpenAI's names. Half precision represents their values exactly, as in the published file."""
    torch.manual_seed(2)
    state = {
        "visual.class_embedding": torch.randn(WIDTH),
        "visual.positional_embedding": torch.randn(grid**2 + 1, WIDTH),
        "visual.conv1.weight": torch.randn(WIDTH, 3, patch, patch) * 0.05,
        "visual.proj": torch.randn(WIDTH, projection) * 0.1,
        "text_projection": torch.randn(64, projection),
        "logit_scale": torch.ones(()),
        "token_embedding.weight": torch.randn(5, 64),
        "transformer.resblocks.0.ln_1.weight": torch.ones(64),
    }
    for name in ("ln_pre", "ln_post"):
        state[f"visual.{name}.weight"], state[f"visual.{name}.bias"] = torch.rand(WIDTH) + 0.5, torch.randn(WIDTH) * 0.1
    for i in range(DEPTH):
        block = f"visual.transformer.resblocks.{i}."
        for name, shape in (("attn.in_proj_", (3 * WIDTH, WIDTH)), ("attn.out_proj.", (WIDTH, WIDTH)), ("mlp.c_fc.", (4 * WIDTH, WIDTH)), ("mlp.c_proj.", (WIDTH, 4 * WIDTH))):  # fmt: skip
            state[f"{block}{name}weight"], state[f"{block}{name}bias"] = torch.randn(shape) * shape[1] ** -0.5, torch.randn(shape[0]) * 0.1
        for n in (1, 2):
            state[f"{block}ln_{n}.weight"], state[f"{block}ln_{n}.bias"] = torch.rand(WIDTH) + 0.5, torch.randn(WIDTH) * 0.1
    return {name: tensor.half().float() for name, tensor in state.items()}


def _theirs(state, images, monkeypatch):
    from torch_fidelity.feature_extractor_clip import FeatureExtractorCLIP

    class Archive:
        def state_dict(self):
            return {name: tensor.clone() for name, tensor in state.items()}

    monkeypatch.setattr(torch.jit, "load", lambda *arguments, **options: Archive())
    with torch.no_grad():
        return FeatureExtractorCLIP("clip-vit-b-32", ["clip"], feature_extractor_weights_path="archive")(images)[0]


@pytest.mark.parametrize("side", [32, 48])
def test_clip_is_torch_fidelitys(tmp_path, monkeypatch, side):
    pytest.importorskip("torch_fidelity")
    state = _clip_state()
    torch.save(state, tmp_path / "clip.pt")
    extractor = clip(weights=tmp_path / "clip.pt")
    images = torch.randint(0, 256, (3, 3, side, side), dtype=torch.uint8)
    expected = _theirs(state, images, monkeypatch)
    made = extractor(images).features
    assert made.shape == (3, 96)
    assert float((made - expected).norm() / expected.norm()) < 1e-5


def _converted(state):
    """Return the same network under the names of the converted safetensors file."""
    made = {
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "vision_model.embeddings.position_ids": torch.arange(10)[None],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "visual_projection.weight": state["visual.proj"].T.contiguous(),
        "text_model.final_layer_norm.weight": torch.ones(64),
    }
    for part in ("weight", "bias"):
        made[f"vision_model.pre_layrnorm.{part}"] = state[f"visual.ln_pre.{part}"]
        made[f"vision_model.post_layernorm.{part}"] = state[f"visual.ln_post.{part}"]
        for i in range(DEPTH):
            old, new = f"visual.transformer.resblocks.{i}.", f"vision_model.encoder.layers.{i}."
            for letter, chunk in zip("qkv", state[f"{old}attn.in_proj_{part}"].chunk(3), strict=True):
                made[f"{new}self_attn.{letter}_proj.{part}"] = chunk.contiguous()
            made[f"{new}self_attn.out_proj.{part}"] = state[f"{old}attn.out_proj.{part}"]
            for n, name in ((1, "c_fc"), (2, "c_proj")):
                made[f"{new}mlp.fc{n}.{part}"] = state[f"{old}mlp.{name}.{part}"]
                made[f"{new}layer_norm{n}.{part}"] = state[f"{old}ln_{n}.{part}"]
    return made


def test_both_layouts_of_clip_are_one_network(tmp_path):
    state = _clip_state()
    torch.save(state, tmp_path / "clip.pt")
    save_file(_converted(state), tmp_path / "clip.safetensors")
    images = torch.randint(0, 256, (2, 3, 48, 48), dtype=torch.uint8)
    one, two = (clip(weights=tmp_path / name) for name in ("clip.pt", "clip.safetensors"))
    assert torch.equal(one(images).features, two(images).features)


@pytest.mark.parametrize(("extractor", "module"), [(dinov2, dinov2_module), (clip, clip_module)])
def test_wrong_or_foreign_weights(tmp_path, monkeypatch, extractor, module):
    with pytest.raises(UserError, match="no such file"):
        extractor(weights=tmp_path / "nowhere.pth")
    torch.save({"layer.weight": torch.zeros(2, 2)}, tmp_path / "foreign.pth")
    monkeypatch.setenv(module.VARIABLE, str(tmp_path / "foreign.pth"))
    with pytest.raises(UserError, match="weights"):
        extractor()


def test_a_tower_with_parts_that_are_not_known_is_refused(tmp_path):
    torch.save({**_dinov2_state(), "register_tokens": torch.zeros(1, 4, WIDTH)}, tmp_path / "registers.pth")
    with pytest.raises(UserError, match="'register_tokens', which the extractor's network does not know"):
        dinov2(weights=tmp_path / "registers.pth")
    state = _dinov2_state()
    del state["blocks.1.norm2.bias"]
    torch.save(state, tmp_path / "partial.pth")
    with pytest.raises(UserError, match=r"do not fit VisionTransformer.*blocks\.1\.norm2\.bias"):
        dinov2(weights=tmp_path / "partial.pth")
