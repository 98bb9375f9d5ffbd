"""The VGG-16 extractor compared with torch-fidelity's own scores of the same images, with random weights in the true file format."""

import hashlib

import pytest
import torch
from torch import nn

from landscape.components.extractors import vgg16 as module
from landscape.components.extractors.vgg16 import vgg16
from landscape.core.errors import UserError

torch_fidelity = pytest.importorskip("torch_fidelity")


@pytest.fixture
def narrow(monkeypatch, tmp_path):
    """A file of random weights that is taken for the published one. Its network has the true layers and is narrower."""
    import torchvision

    def network(*_, **__):
        torch.manual_seed(0)
        made, inputs = torchvision.models.VGG(torchvision.models.vgg.make_layers([4, "M", 8, "M", 8, "M", 8, "M", 8, "M"])), 8 * 49
        made.classifier = nn.Sequential(
            nn.Linear(inputs, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 5)
        )
        return made

    monkeypatch.setattr(torchvision.models, "vgg16", network)
    path = tmp_path / module.FILES[0]
    torch.save(network().state_dict(), path)
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setenv(module.VARIABLE, str(path))
    return path


@pytest.mark.parametrize("layer", ["fc2_relu", "fc2"])
def test_features_are_torch_fidelitys(narrow, layer):
    from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

    images = torch.randint(0, 256, (3, 3, 40, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    (expected,) = FeatureExtractorVGG16("vgg16", [layer], feature_extractor_weights_path=str(narrow))(images)
    assert expected.std() > 0
    found = vgg16(layer=layer)(images)
    torch.testing.assert_close(found.features, expected, rtol=1e-5, atol=1e-5)
    assert found.logits is None


def test_another_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / module.FILES[0]
    path.write_bytes(b"no weights")
    with pytest.raises(UserError, match="is not torchvision's VGG-16 weights: expected SHA-256 397923af"):
        vgg16(weights=path)
