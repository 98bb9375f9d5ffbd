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
