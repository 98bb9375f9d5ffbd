"""Means and differences over seeds computed by hand, and the verdict of an interval for a margin."""

import math
import warnings

import pytest

from landscape.reproductions._differences import gain_between, judged, mean_between

T2, T4 = 4.302653, 2.776445  # These are the 97.5% points of Student's t with 2 and 4 degrees of freedom, from a printed table.


def test_mean_by_hand():
    assert mean_between([1, 7, 6]) == pytest.approx((14 / 3, 14 / 3 - T2 * (31 / 3 / 3) ** 0.5, 14 / 3 + T2 * (31 / 3 / 3) ** 0.5))
    assert mean_between([3]) == (3, -math.inf, math.inf)
    assert mean_between([7, 7, 7]) == pytest.approx((7, math.nan, math.nan), nan_ok=True)


def test_gain_by_hand():
    same_spread = gain_between([5, 6, 7], [1, 2, 3])  # Welch's degrees of freedom are then 4.
    assert same_spread == pytest.approx((4, 4 - T4 * (2 / 3) ** 0.5, 4 + T4 * (2 / 3) ** 0.5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one_without_spread = gain_between([7, 7, 7], [1, 7, 6])
    assert one_without_spread == pytest.approx((7 / 3, 7 / 3 - T2 * (31 / 3 / 3) ** 0.5, 7 / 3 + T2 * (31 / 3 / 3) ** 0.5))
    assert gain_between([7, 7], [2, 2]) == pytest.approx((5, math.nan, math.nan), nan_ok=True)
    assert gain_between([7], [2, 3]) == (4.5, -math.inf, math.inf)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (-1, 1, "within the margin"),
        (1.5, 2, "not reproduced: outside the margin"),
        (-3, -1.5, "not reproduced: outside the margin"),
        (0, 2, "undecided: the interval crosses the margin"),
        (-math.inf, math.inf, "undecided: the interval crosses the margin"),
        (math.nan, math.nan, "not judged: no interval"),
    ],
)
def test_what_an_interval_says(low, high, says):
    assert judged(low, high, 1.0) == says
