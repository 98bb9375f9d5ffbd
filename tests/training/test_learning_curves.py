"""Learning curves: where they have points, and what a point holds."""

import itertools
import math

import pytest

from landscape.training.learning_curves import FEW_POINTS, POINTS, Curves, has_point, least_interval


def test_a_point_is_the_mean_over_the_stretch_since_the_last_one():
    curves = Curves()
    curves.add("d_loss", [1.0, 2.0])
    curves.add("d_loss", [6.0])
    curves.close(3)
    curves.add("d_loss", [10.0, 20.0])
    curves.close(5)
    assert curves.points["d_loss"] == [(3, 3.0), (5, 15.0)]


def test_what_is_not_finite_is_no_point():
    curves = Curves()
    curves.add("d_loss", [1.0, math.nan])
    curves.close(2)
    curves.put("diversity", 2, math.inf)
    assert not any(curves.points.values())


def test_a_record_has_six_digits_and_the_training_keeps_all():
    curves = Curves()
    values = [2 / 3, -1234567.8, 1.23456789e-9, 0.5, 0.0]
    for at, value in enumerate(values):
        curves.put("d_loss", at, value)
    assert curves.recorded() == {"d_loss": ((0, 0.666667), (1, -1234570.0), (2, 1.23457e-9), (3, 0.5), (4, 0.0))}
    assert [value for _, value in curves.points["d_loss"]] == values


@pytest.mark.parametrize("total", [64, 100, 640, 12_345])
def test_points_are_spread_evenly_and_the_last_round_has_one(total):
    at = [done for done in range(1, total + 1) if has_point(done, total)]
    assert len(at) == POINTS
    assert at[-1] == total
    gaps = {after - before for before, after in itertools.pairwise(at)}
    assert gaps <= {least_interval(total), least_interval(total) + 1}


@pytest.mark.parametrize("total", [1, 7, 64, 100, 1000, 12345, None])
def test_curves_of_few_points_have_theirs_where_the_others_have_points(total):
    rounds = range(1, (total or 5000) + 1)
    many, few = ([r for r in rounds if has_point(r, total, points)] for points in (POINTS, FEW_POINTS))
    assert set(few) <= set(many)
    assert len(few) == (min(total, FEW_POINTS) if total else 13)


def test_points_without_a_known_end_come_at_powers_of_two_and_every_256_rounds():
    assert [done for done in range(1, 1025) if has_point(done, None)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024]
