"""torch-fidelity's published values on CIFAR-10, with the true Inception weights. Run with `pytest -m weights`.

The tests need LANDSCAPE_INCEPTION_WEIGHTS, and CIFAR-10's own files under LANDSCAPE_DATA or DATA_DIR. The figures are those of
toshas/torch-fidelity@5e211a9: README.md, tests/torch_versions_ge_1_13_0/test_versions.py and
tests/tf1/numerical_precision/test_metric_fid_fidelity.py.
"""

import os

import pytest

from landscape.components.datasets._load import load_dataset
from landscape.components.extractors.inception import VARIABLE
from landscape.components.metrics._base import SampleSet
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation import evaluate

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(7200)]

SPLIT_SPREAD = 0.09514061
"""The published standard deviation over the ten splits of 50,000 images."""


@pytest.fixture(scope="module")
def cifar10():
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} is not set")
    try:
        return load_dataset("cifar10", {"validation": False})
    except UserError as error:
        pytest.skip(f"CIFAR-10 not at hand: {error}")


@pytest.fixture(scope="module")
def five_thousand(cifar10):
    """The scores of the first 5,000 training images, taken as generated ones, against the first 5,000 test images."""
    protocol = varied(get("torch-fidelity-default"), n_fake=None)
    fake, real = (SampleSet(images=cifar10.split(name).samples[:5000]) for name in ("train", "test"))
    return evaluate(real, fake, protocol).estimates


def test_fid(five_thousand):
    assert five_thousand["FID"].value == pytest.approx(10.3233274, abs=2e-3)


def test_kid(five_thousand):
    # The mean is over other random subsets. Their published deviation is 1.0e-4, and that of a mean of 100 is a tenth of it.
    assert five_thousand["KID[inception]"].value == pytest.approx(-2.907863e-05, abs=5e-5)


def test_precision_and_recall(five_thousand):
    assert five_thousand["precision[inception]"].value == pytest.approx(0.6852, abs=1e-3)
    assert five_thousand["recall[inception]"].value == pytest.approx(0.6908, abs=1e-3)


def test_inception_score_of_5000(five_thousand):
    # The ten splits have another order. The tolerance is three standard errors of their mean (0.5778723 is the published deviation).
    assert five_thousand["IS"].value == pytest.approx(10.75051, abs=3 * 0.5778723 / 10**0.5)


def test_inception_score_of_the_training_set(cifar10):
    protocol = varied(get("torch-fidelity-default"), n_fake=None, metrics=[{"inception_score": {"splits": 10}}])
    images = SampleSet(images=cifar10.split("train").samples)
    assert evaluate(images, images, protocol).estimates["IS"].value == pytest.approx(11.23678, abs=3 * SPLIT_SPREAD / 10**0.5)
