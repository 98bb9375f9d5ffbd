"""Sets of samples as users give them."""

import numpy as np
import pytest
import torch

from landscape.components.datasets._base import Dataset, Split
from landscape.components.metrics._base import SampleSet
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.given import Given, as_given
from landscape.evaluation.handling import to_levels
from landscape.evaluation.splits import reporting, selection


def test_arrays_of_every_layout_become_channels_first():
    levels = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    expected = torch.from_numpy(levels.transpose(0, 3, 1, 2).copy())
    assert torch.equal(as_given(levels, "x").samples, expected)
    assert torch.equal(as_given(expected, "x").samples, expected)
    assert as_given(levels[..., 0], "x").samples.shape == (5, 1, 6, 7)
    assert as_given(np.zeros((4, 2)), "x").samples.dtype == torch.float32
    assert len(as_given(SampleSet(features=torch.zeros(3, 8)), "x")) == 3
    assert as_given(Split(expected, torch.arange(5)), "x").labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(0, 1, 4, 4, dtype=torch.uint8), "empty"),
        (torch.full((2, 1, 4, 4), 200.0), r"range from 200 to 200, expected \[0, 1\]: divide levels by 255"),
        (torch.full((2, 1, 4, 4), -1.0), r"map \[-1, 1\] to \[0, 1\]"),
        (torch.full((2, 1, 4, 4), float("nan")), "NaN or infinity"),
        (torch.tensor([[0.0, float("inf")]]), "NaN or infinity"),
        (torch.zeros(2, 5, 4, 4), "give images"),
        (torch.zeros(7), "give images"),
        # One picture as people save it would be scored as so many gray ones.
        (np.zeros((256, 256, 3), np.uint8), r"shape \(256, 256, 3\), one picture of 256x256 or 256 gray ones of 256x3: give gray"),
        (torch.rand(3, 32, 32), r"one picture of 32x32 with its channels first or 3 gray ones of 32x32"),
        (np.zeros((8, 8, 1)), "one picture of 8x8 or 8 gray ones of 8x1"),
        (np.zeros((5, 3, 8, 3), np.uint8), "channels may come first or last"),
        (np.eye(8, dtype=np.uint8)[None, None], "no level above 1, where 255 is white: multiply pictures of 0 and 1 by 255"),
        (torch.zeros(2, 1, 4, 4, dtype=torch.int64), "uint8 levels or floats"),
        (np.array([object()]), "Python objects"),
        ("text", "is a str"),
        (SampleSet(), "neither samples nor features"),
        (SampleSet(features=torch.tensor([[float("nan")]])), "features of the set"),
        (Given(torch.zeros(3, 2), labels=torch.zeros(2)), "3 samples but 2 labels"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_line(value, message):
    with pytest.raises(UserError, match=message) as error:
        as_given(value, "real")
    assert "\n" not in str(error.value)


def test_arrays_that_can_be_read_in_one_way_only_are_read():
    assert as_given(np.full((1, 8, 8), 255, np.uint8), "x").samples.shape == (1, 1, 8, 8)
    assert as_given(np.full((2, 8, 8), 255, np.uint8), "x").samples.shape == (2, 1, 8, 8)
    assert as_given(np.zeros((2, 1, 1, 1), np.uint8), "x").samples.shape == (2, 1, 1, 1)
    # A collapsed model's pictures may be black, and one bright level in the last of many tells that levels are meant.
    assert int(as_given(np.zeros((2, 3, 4, 4), np.uint8), "x").samples.max()) == 0
    late = np.ones((3000, 1, 2, 2), np.uint8)
    late[-1] = 2
    assert len(as_given(late, "x")) == 3000
    assert float(as_given(late.astype(np.float32) / 2, "x").samples.max()) == 1


def test_quantization():
    samples = torch.tensor([0.0, 0.4 / 255, 0.6 / 255, 254.9 / 255, 1.0]).reshape(1, 1, 1, 5)
    assert to_levels(samples, "round").flatten().tolist() == [0, 0, 1, 255, 255]
    assert to_levels(samples, "floor").flatten().tolist() == [0, 0, 0, 254, 255]
    torch.testing.assert_close(to_levels(samples, "none").flatten(), torch.tensor([0.0, 0.4, 0.6, 254.9, 255.0]))
    levels = torch.arange(5, dtype=torch.uint8).reshape(1, 1, 1, 5)
    assert to_levels(levels, "none") is levels
    points = torch.randn(3, 2)
    assert to_levels(points, "round") is points


def test_content_tells_sets_apart():
    one, two = torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.zeros(3, 1, 1, 4, dtype=torch.uint8)
    changed = one.clone()
    changed[2, 0, 1, 1] = 2
    assert len({as_given(s, "x").content for s in (one, two, changed)}) == 3
    assert as_given(one.clone(), "x").content == as_given(one, "y").content


def _dataset(*names, count=10):
    """Splits whose images are all different: number i of split s has level 10 i + s."""
    numbers = 10 * torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(count, 1, 8, 8)
    return Dataset("d", {name: Split(numbers + s) for s, name in enumerate(names)}, "c" * 16)


def _ids(real):
    return set(real.samples.samples[:, 0, 0, 0].tolist())


@pytest.mark.parametrize(
    ("names", "split"),
    [(("train", "validation", "test"), "test"), (("train", "test"), "test"), (("train", "test"), "train"), (("train",), "train"),
     (("train", "test"), "all")],
)  # fmt: skip
def test_selection_and_reporting_share_no_sample(names, split):
    dataset, protocol = _dataset(*names), varied(get("quick"), real_split=split)
    chosen, reported = selection(dataset, protocol), reporting(dataset, protocol)
    assert _ids(chosen)
    assert _ids(reported)
    assert not _ids(chosen) & _ids(reported)
    assert chosen.samples.content != reported.samples.content


def test_the_order_of_the_real_samples():
    dataset = _dataset("train", "test", count=20)
    first = reporting(dataset, varied(get("quick"), n_real=5))
    assert first.samples.samples[:, 0, 0, 0].tolist() == [1, 11, 21, 31, 41]
    assert first.choice == "test, 5 samples first in file order"
    drawn = [reporting(dataset, varied(get("quick"), n_real=5, real_order="random", seed=s)) for s in (1, 1, 2)]
    assert _ids(drawn[0]) == _ids(drawn[1]) != _ids(drawn[2])
    assert drawn[0].samples.content == drawn[1].samples.content != drawn[2].samples.content
    assert "drawn with seed 1" in drawn[0].choice


def test_too_few_real_samples_and_missing_splits():
    with pytest.raises(UserError, match=r"needs 11 real samples, 'd test' \(test\) has 10"):
        reporting(_dataset("train", "test"), varied(get("quick"), n_real=11))
    with pytest.raises(UserError, match="no 'test' split: use one of train, validation"):
        reporting(_dataset("train", "validation"), get("quick"))
