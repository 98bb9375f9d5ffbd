"""The effect on each score of blurred, noisy, mode-dropped, memorized and fair sets of real digits, compared with real samples."""

import functools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import avg_pool2d, interpolate

from benchmarks._sense import moved
from landscape.components.datasets._base import Modes
from landscape.components.metrics._base import METRICS, Evidence, SampleSet
from landscape.results.record import Estimate

OPTIONS = {
    "kid": {"estimator": "full"},
    "prd": {"runs": 5},
    "inception_score": {"splits": 1},
    "fd_infinity": {"points": 5, "smallest": 0.4},
}
SCORES = [
    "frechet",
    "fd_infinity",
    "kid",
    "precision_recall",
    "density_coverage",
    "inception_score",
    "modified_inception",
    "class_coverage",
    "prd",
    "vendi",
    "memorization",
    "parzen",
    "ms_ssim",
]


@functools.cache
def digits():
    """(images [1797, 1, 8, 8] with levels, labels, weights of a classifier), shuffled."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.data))
    pixels, labels = data.data[order] / 16, data.target[order]
    model = LogisticRegression(max_iter=300, C=0.1).fit(pixels[:800], labels[:800])
    images = torch.from_numpy(pixels).float().reshape(-1, 1, 8, 8) * 255
    return images, torch.from_numpy(labels), torch.from_numpy(model.coef_).float(), torch.from_numpy(model.intercept_).float()


def looked_at(images):
    """Return images as seen through a simple extractor: 20 fixed random features of pixels, and logits of a logistic regression."""
    _, _, weights, bias = digits()
    flat = images.flatten(1) / 255
    mixing = torch.randn(64, 20, generator=torch.Generator().manual_seed(5)) / 8
    return SampleSet(features=(flat @ mixing).tanh(), logits=flat @ weights.T + bias, images=images)


def set_of(kind):
    """Return (400 generated images of that kind; real test images). The first 800 images are the training images."""
    images, labels, _, _ = digits()
    train, test, fresh, fresh_labels = images[:800], images[800:1200], images[1200:1600], labels[1200:1600]
    small = avg_pool2d(fresh, 2)
    kinds = {
        "fair": fresh,
        "blurred": interpolate(small, scale_factor=2, mode="bilinear"),
        "noisy": (fresh + 60 * torch.randn(fresh.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 255),
        "dropped": fresh[fresh_labels < 5].repeat(3, 1, 1, 1)[:400],
        "memorized": train[:400],
    }
    return kinds[kind], test, train


@functools.cache
def scores(kind):
    fake, test, train = set_of(kind)
    evidence = Evidence(
        looked_at(test), looked_at(fake), train=looked_at(train), validation=looked_at(digits()[0][1600:]), extractor="x", seed=0
    )
    found = {}
    for name in SCORES:
        found |= METRICS[name].function(evidence, **OPTIONS.get(name, {}))
    return found


def test_fair_set_is_at_the_floor():
    found = scores("fair")
    assert found["KID[x]"].interval[0] < 0 < found["KID[x]"].interval[1]
    assert found["FD_infinity[x]"].interval[0] < 0 < found["FD_infinity[x]"].interval[1]
    floor = float(found["FD[x]"].note.split("would give about ")[1].split(";")[0])
    assert found["FD[x]"].value == pytest.approx(floor, rel=0.5)
    assert found["memorization[x]"].interval[0] < 0.5 < found["memorization[x]"].interval[1]
    assert found["density[x]"].interval[0] < 1 < found["density[x]"].interval[1]
    expected = float(found["coverage[x]"].note.split("equal distributions give ")[1].split()[0])
    assert found["coverage[x]"].interval[0] < expected < found["coverage[x]"].interval[1]
    assert found["classes[x]"].value == 10


WORSE = {
    # For each kind, the scores that must get worse, and those that must stay within the interval of the fair set's value (with a margin of
    # a tenth).
    "blurred": (
        "FD[x] FD_infinity[x] KID[x] recall[x] coverage[x] IS[x] Vendi[x] MS-SSIM PRD_F8[x]",
        "precision[x]",
    ),
    "noisy": (
        "FD[x] FD_infinity[x] KID[x] precision[x] density[x] coverage[x] IS[x] Parzen_LL PRD_F1/8[x]",
        "classes[x] MS-SSIM",
    ),
    "dropped": (
        "FD[x] FD_infinity[x] KID[x] recall[x] coverage[x] IS[x] classes[x] class_KL[x] Vendi[x] PRD_F8[x]",
        "precision[x]",
    ),
    "memorized": (
        "memorization[x] authenticity[x]",
        "FD[x] KID[x] precision[x] recall[x] density[x] coverage[x] IS[x] classes[x] Vendi[x] PRD_F8[x] PRD_F1/8[x] Parzen_LL MS-SSIM",
    ),
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (moves, _) in WORSE.items() for name in moves.split()])
def test_moves_the_right_way(kind, name):
    fair, found = scores("fair")[name], scores(kind)[name]
    worse = found.value - fair.value if fair.direction == "lower" else fair.value - found.value
    if fair.target == "real":  # The best value is that of the fair set, and both sides of it are worse.
        worse = abs(worse)
    assert worse > 0
    if fair.interval and found.interval:
        low, high = sorted([fair, found], key=lambda each: each.value)
        assert low.interval[1] < high.value or high.interval[0] > low.value


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, (_, stays) in WORSE.items() for name in stays.split()])
def test_does_not_move(kind, name):
    fair, found = scores("fair")[name], scores(kind)[name]
    if fair.interval is None or found.interval is None:
        assert found.value == fair.value
    else:
        assert found.interval[0] <= fair.interval[1]
        assert fair.interval[0] <= found.interval[1]


def test_dropped_modes_of_points():
    angles = torch.arange(8) * torch.pi / 4
    modes = Modes(torch.stack([angles.cos(), angles.sin()], dim=1), 0.01)
    generator = torch.Generator().manual_seed(0)

    def points(kept):
        chosen = torch.randint(0, kept, (2500,), generator=generator)
        return modes.centers[chosen] + 0.01 * torch.randn(2500, 2, generator=generator)

    def score(samples):
        return METRICS["mode_coverage"].function(Evidence(SampleSet(), SampleSet(images=samples), modes=modes))

    fair, dropped, noisy = score(points(8)), score(points(3)), score(points(8) + 0.03)
    assert (fair["modes"].value, dropped["modes"].value) == (8, 3)
    assert fair["reverse_KL"].value < 0.01 < dropped["reverse_KL"].value
    assert dropped["high_quality"].value == pytest.approx(fair["high_quality"].value, abs=0.02)
    assert noisy["high_quality"].value < 0.5 < fair["high_quality"].value


@pytest.mark.parametrize(("value", "mark"), [(0.5, ""), (0.9, " -"), (0.1, " -")])
def test_every_distance_from_real_samples_is_worse_where_they_are_the_best(value, mark):
    """Blurred images lie far from every training image. That is no better than what held-out real images score."""
    floor, found = (Estimate(v, "lower", (v - 0.01, v + 0.01), target="real") for v in (0.5, value))
    assert moved(floor, found) == mark
