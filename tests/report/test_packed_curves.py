"""Learning curves as the page holds them: few bytes, and no further from the record than the docstring says."""

import math

import numpy as np
import pytest

from landscape.report.interactive.packed_curves import LEVELS, pack, unpack

LINES = {
    "loss": np.sin(np.linspace(0, 9, 40)) + 1.5,
    "near zero": np.linspace(-1e-3, 1e-3, 40),
    "exploding": np.geomspace(1e-6, 1e30, 40),
    "both signs": np.concatenate([-np.geomspace(1e30, 1e-6, 20), np.geomspace(1e-6, 1e30, 20)]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_value_moves_by_no_more_than_half_a_level(name):
    values = LINES[name]
    packed = pack([(float(10 * i), float(v)) for i, v in enumerate(values)], len(values))
    step = (packed[3] - packed[2]) / LEVELS
    found = unpack(packed)
    assert [x for x, _ in found] == pytest.approx([10.0 * i for i in range(len(values))])
    for (_, got), value in zip(found, values, strict=True):
        # The slope of sinh grows along half a level, and low and high are rounded to eight digits.
        assert abs(math.asinh(got) - math.asinh(value)) <= 0.5 * step * (1 + 1e-6) + 1e-6, (value, got)
        assert abs(got - value) <= 0.5 * step * math.hypot(1, value) * 1.01 + 1e-6 * math.hypot(1, value)


def test_the_widest_curve_is_off_by_a_tenth_of_a_percent():
    packed = pack([(float(i), float(v)) for i, v in enumerate(LINES["both signs"])], 40)
    for (_, got), value in zip(unpack(packed), LINES["both signs"], strict=True):
        assert abs(got - value) <= 0.0011 * max(1.0, abs(value))


def test_points_between_those_of_the_record_lie_on_straight_lines_in_asinh():
    packed = pack([(0.0, 0.0), (100.0, 50.0), (200.0, math.nan), (300.0, 1e6)], 3)
    assert [x for x, _ in unpack(packed)] == [0.0, 150.0, 300.0]
    middle = math.sinh(np.interp(150, [100, 300], np.arcsinh([50.0, 1e6])))
    assert unpack(packed)[1][1] == pytest.approx(middle, rel=2e-4)
    assert pack([(0.0, 1.0), (1.0, math.inf)], 10) is None
