"""Numbers and times as a reader sees them."""

import math

import pytest

from landscape.report import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(0, "0"), (3.634, "3.63"), (0.00421, "0.00421"), (12_345, "12,300"), (999.6, "1,000"), (-0.5, "-0.500"), (1.2e9, "1.20e+09")],
        *[(math.nan, "–"), (None, "–"), (math.inf, "∞"), (-math.inf, "−∞"), (5e-6, "5.00e-06")],
    ],
)
def test_three_digits_of_a_number(value, text):
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0%"),
        (4e-4, "<0.1%"),
        (6e-4, "0.1%"),
        (0.056, "5.6%"),
        (0.4, "40%"),
        (0.9949, "99%"),
        (0.9951, ">99%"),
        (1.0, "100%"),
        (math.nan, "–"),
    ],
)
def test_a_share_that_is_not_zero_or_one_does_not_look_like_it(value, text):
    assert formats.share(value) == text
