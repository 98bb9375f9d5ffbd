import numpy as np
import pytest
import scipy.linalg
import torch

from landscape.components.metrics.vendi import vendi, vendi_score
from landscape.core.errors import UserError


@pytest.mark.parametrize(("count", "width"), [(40, 12), (12, 40), (30, 30)])
def test_equals_its_definition(count, width):
    features = torch.randn(count, width) + 0.5
    unit = features.double().numpy()
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    values = scipy.linalg.eigvals(unit @ unit.T / count).real
    values = values[values > 1e-14]
    assert vendi_score(features)[0] == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-6)


def test_orthogonal_samples_count_each_and_copies_once():
    assert vendi_score(torch.eye(7))[0] == pytest.approx(7)
    assert vendi_score(torch.eye(7).repeat(3, 1) * torch.arange(1, 22)[:, None])[0] == pytest.approx(7)
    assert vendi_score(torch.ones(5, 3))[0] == pytest.approx(1)


@pytest.mark.parametrize(("count", "width"), [(150, 8), (40, 60)])
def test_interval_covers(evidence, count, width):
    scales = torch.arange(1, width + 1) ** -1.0
    found = [vendi(evidence(None, torch.randn(count, width) * scales))["Vendi[x]"] for _ in range(150)]
    mean = np.mean([each.value for each in found])
    assert np.mean([each.interval[0] < mean < each.interval[1] for each in found]) > 0.88


def test_notes_the_real_value(evidence):
    assert "5 real samples: 5" in vendi(evidence(torch.eye(5), torch.ones(9, 5)))["Vendi[x]"].note


def test_zero_features(evidence):
    with pytest.raises(UserError, match="2 of 4 generated features are zero"):
        vendi(evidence(None, torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])))
