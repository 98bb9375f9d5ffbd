import numpy as np
import pytest
import torch
from scipy.stats import linregress

from landscape.components.metrics._moments import moments
from landscape.components.metrics.fd_infinity import fd_infinity, fit_line
from landscape.components.metrics.frechet import frechet_terms
from landscape.core.errors import UserError


def test_line_equals_scipy():
    x = np.linspace(0.1, 1, 9)
    y = 2 + 3 * x + 0.1 * np.sin(40 * x)
    theirs = linregress(x, y)
    found = fit_line(x, y)
    assert found == pytest.approx((theirs.intercept, theirs.slope, theirs.intercept_stderr))


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.3, 1.2)])
def test_removes_the_bias_and_covers_the_truth(evidence, shift, scale):
    truth = 5 * (shift**2 + (scale - 1) ** 2)
    found = [
        fd_infinity(evidence(torch.randn(300, 5), torch.randn(250, 5) * scale + shift, seed=seed), points=6)["FD_infinity[x]"]
        for seed in range(60)
    ]
    values = np.array([each.value for each in found])
    assert values.mean() == pytest.approx(truth, abs=3 * values.std() / np.sqrt(60) + 0.003)  # 0.003 is the next order of the bias.
    assert np.mean([each.interval[0] < truth < each.interval[1] for each in found]) > 0.9
    assert np.mean([each.curve[-1][1] - each.value for each in found]) > 0.02  # This is the bias of the plug-in estimate at these sizes.


def test_only_the_generated_set_varies(evidence):
    real, fake = torch.randn(400, 4), torch.randn(400, 4)
    both = fd_infinity(evidence(real, fake))["FD_infinity[x]"]
    one = fd_infinity(evidence(real, fake), vary="fake")["FD_infinity[x]"]
    assert "bias of the 400 real samples remains" in one.note
    assert both.value < one.value < both.curve[-1][1]
    assert both.curve[-1] == pytest.approx((1 / 400, frechet_terms(moments(real), moments(fake)).distance))


def test_is_named_fid_only_through_inception(evidence):
    assert set(fd_infinity(evidence(torch.randn(60, 2), torch.randn(60, 2), is_fid=True))) == {"FID_infinity"}


@pytest.mark.parametrize(("count", "options"), [(20, {}), (100, {"smallest": 0.05}), (100, {"smallest": 1.0})])
def test_too_few_samples(evidence, count, options):
    with pytest.raises(UserError, match="score more samples"):
        fd_infinity(evidence(torch.randn(count, 20), torch.randn(count, 20)), **options)
