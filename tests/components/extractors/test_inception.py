"""The Inception extractor compared with torch-fidelity's, with random weights in the true file format."""

import contextlib
import hashlib
import io

import pytest
import torch
from torch import nn

from landscape.components.extractors import inception as module
from landscape.components.extractors._folded_convolution import FoldedConvolution
from landscape.components.extractors._resize import resize_like_tensorflow
from landscape.components.extractors.inception import inception
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import load_extractor
from landscape.evaluation.scoring import evaluate

torch_fidelity = pytest.importorskip("torch_fidelity")


def _random_state() -> dict[str, torch.Tensor]:
    """Make tensors with the names and shapes of the true file, whose features vary between images."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theirs, "load_state_dict_from_url", lambda *a, **k: {})
        patch.setattr(theirs.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = theirs.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
            layer.weight.data.uniform_(0.8, 1.2)
            layer.bias.data.normal_(0, 0.1)
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / module.FILES[0]
    torch.save(_random_state(), path)
    return path


@pytest.fixture
def trusted(weights, monkeypatch):
    """The random file is accepted as the published one. Only the expected hash is changed."""
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(weights.read_bytes()).hexdigest())
    monkeypatch.setenv(module.VARIABLE, str(weights))
    return weights


def _theirs(weights, images):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights))
    with torch.no_grad():
        return network(images)


def _relative(ours, theirs):
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("side", [32, 299])
def test_features_and_logits_are_torch_fidelitys(trusted, side):
    images = torch.randint(0, 256, (3, 3, side, side), dtype=torch.uint8)
    features, logits = inception()(images)
    expected_features, expected_logits = _theirs(trusted, images)
    assert _relative(features, expected_features) < 1e-5
    assert _relative(logits, expected_logits) < 1e-5
    # Scores depend on what distinguishes images, so that part must agree too.
    assert _relative(features - features.mean(0), expected_features - expected_features.mean(0)) < 1e-4


def test_unfused_path_gives_the_same(trusted, monkeypatch):
    images = torch.randint(0, 256, (2, 3, 75, 75), dtype=torch.uint8)
    extractor = inception()
    fused = extractor(images).features
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert _relative(extractor(images).features, fused) < 1e-5


def test_gray_images_are_repeated_and_unquantized_levels_are_read(trusted):
    gray = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    extractor = inception()
    torch.testing.assert_close(extractor(gray).features, extractor(gray.expand(-1, 3, -1, -1)).features)
    torch.testing.assert_close(extractor(gray.float()).features, extractor(gray).features)
    assert not torch.equal(extractor(gray.float() + 0.4).features, extractor(gray).features)


def test_bfloat16_rounds_weights_and_activations(trusted):
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    exact, rounded = inception()(images).features, inception(precision="bf16")(images).features
    assert 1e-4 < _relative(rounded, exact) < 3e-2


def test_folded_bfloat16_convolution_on_any_processor(monkeypatch):
    """In emulated bfloat16, operands are rounded, sums are computed in float32, and results are rounded."""
    from landscape.components.extractors import _folded_convolution as network

    monkeypatch.setattr(network, "fast_bfloat16", lambda: False)
    weight, bias = torch.randn(4, 3, 3, 3).bfloat16(), torch.randn(4).bfloat16()
    x = torch.randn(2, 3, 8, 8).bfloat16()
    made = FoldedConvolution(weight, bias, 1, (1, 1))(x)
    expected = torch.relu(torch.nn.functional.conv2d(x.double(), weight.double(), bias.double(), padding=1))
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.double(), expected, rtol=2**-8, atol=1e-6)


@pytest.mark.parametrize(("size", "target"), [((32, 32), (299, 299)), ((300, 17), (299, 40)), ((1, 5), (7, 5))])
def test_resize_is_tensorflows(size, target):
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    images = torch.rand(2, 3, *size) * 255
    expected = interpolate_bilinear_2d_like_tensorflow1x(images, size=target, align_corners=False)
    torch.testing.assert_close(resize_like_tensorflow(images, *target), expected, rtol=1e-5, atol=1e-4)


class _Images(torch.utils.data.Dataset):
    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.images[index]


def test_scores_from_images_are_torch_fidelitys(trusted, tmp_path, monkeypatch):
    """FID, KID over all samples and IS of one split, from the same images, agree to 1e-3."""
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    count = 16
    real = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8)
    fake = (torch.rand(count, 3, 1, 1) * torch.randint(0, 256, (count, 3, 32, 32))).to(torch.uint8)
    with contextlib.redirect_stderr(io.StringIO()):
        theirs = torch_fidelity.calculate_metrics(
            input1=_Images(fake), input2=_Images(real), cuda=False, isc=True, fid=True, kid=True, verbose=False, cache=False,
            batch_size=count, isc_splits=1, kid_subsets=1, kid_subset_size=count, feature_extractor_weights_path=str(trusted),
            save_cpu_ram=True,
        )  # fmt: skip
    protocol = varied(
        get("torch-fidelity-default"),
        n_fake=None,
        metrics=["frechet", {"inception_score": {"splits": 1}}, {"kid": {"subsets": 1, "subset_size": count}}],
    )
    ours = evaluate(real, fake, protocol)
    assert not ours.failures
    assert ours.estimates["FID"].value == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert ours.estimates["KID[inception]"].value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-3)
    assert ours.estimates["IS"].value == pytest.approx(theirs["inception_score_mean"], rel=1e-3)


def test_another_file_is_refused_and_both_hashes_are_named(weights, monkeypatch):
    monkeypatch.setenv(module.VARIABLE, str(weights))
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    with pytest.raises(UserError, match=f"expected SHA-256 6726825d0af5.*found {found[:16]}"):
        load_extractor(get("torch-fidelity-default"))


def test_the_right_hash_with_other_contents_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    torch.save({"fc.weight": torch.zeros(10, 2048)}, path)
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(UserError, match=r"not of the 2015 Inception network.*fc\.weight"):
        inception(weights=path)


def test_a_pickle_is_never_loaded(tmp_path, monkeypatch):
    import pickle

    path = tmp_path / "x.pth"
    path.write_bytes(pickle.dumps({"fc.weight": Evil()}))
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(UserError, match="cannot read weights"):
        inception(weights=path)
    assert not Evil.ran


class Evil:
    ran = False

    def __reduce__(self):
        return (setattr, (Evil, "ran", True))


def test_weights_that_are_named_must_exist(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        inception(weights=tmp_path / "nowhere.pth")


def test_native_size_needs_75_pixels(trusted):
    extractor = inception(resize="native")
    with pytest.raises(UserError, match="75 px"):
        extractor(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
    assert extractor(torch.zeros(1, 3, 75, 75, dtype=torch.uint8)).features.shape == (1, 2048)


def test_the_address_of_the_weights_is_torch_fidelitys():
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    assert module.URL == URL_INCEPTION_V3
