"""Means over seeds computed by hand, and the verdict of an interval for a margin."""

import math

import pytest

from landscape.reproductions._differences import judged, mean_between

T2 = 4.302653  # This is the 97.5% point of Student's t with 2 degrees of freedom, from a printed table.


def test_mean_by_hand():
    assert mean_between([1, 7, 6]) == pytest.approx((14 / 3, 14 / 3 - T2 * (31 / 3 / 3) ** 0.5, 14 / 3 + T2 * (31 / 3 / 3) ** 0.5))
    assert mean_between([3]) == (3, -math.inf, math.inf)
    assert mean_between([7, 7, 7]) == pytest.approx((7, math.nan, math.nan), nan_ok=True)


def test_an_interval_stays_within_the_bounds_of_its_score_or_is_absent():
    """By Student's t alone, [-3.32, 12.7] modes of 7 were said to be found."""
    assert mean_between([1, 7, 6], (0.0, 7.0)) == pytest.approx((14 / 3, math.nan, math.nan), nan_ok=True)
    assert mean_between([1, 7, 6], (0.0, None))[1:] == pytest.approx((0.0, 14 / 3 + T2 * (31 / 3 / 3) ** 0.5))
    assert mean_between([-1, -7, -6], (None, 0.0))[2] == 0.0
    assert mean_between([3], (0.0, None)) == (3, 0.0, math.inf)


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
