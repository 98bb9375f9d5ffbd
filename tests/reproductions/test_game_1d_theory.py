"""What theory foretells of the game on a line is computed independently, and the games come near it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from landscape.reproductions._game_1d import theory
from landscape.reproductions._game_1d.recipe import LEVELS, SCALE, SHIFT, Snapshot, X


def value_of_the_best_d() -> float:
    """-log 4 + 2 JSD of N(0, 1) and the points of the fixed G, by adaptive integration of the two Kullback-Leibler divergences."""

    def integrand(x: float) -> float:
        real, fake = norm.pdf(x), norm.pdf(x, SHIFT, SCALE)
        middle = (real + fake) / 2
        return real * np.log(real / middle) + fake * np.log(fake / middle)

    return -np.log(4) + quad(integrand, -5, 5)[0]


@pytest.fixture(scope="module")
def stated():
    """Short games with one seed. Only D against the fixed G comes near its end in them."""
    return {one.says: one for one in theory.statements(240, 1)}


def test_the_value_against_the_fixed_g_is_that_of_theory(stated):
    of_d = stated["value of the game of this D, -log 4 + 2 JSD"]
    assert of_d.theory == pytest.approx(value_of_the_best_d(), abs=1e-4)
    assert of_d.unlearned == pytest.approx(-np.log(4), abs=1e-3)
    assert of_d.theory - 0.05 < of_d.found.value <= of_d.theory


def test_learning_brings_every_quantity_nearer_to_theory(stated):
    for one in stated.values():
        assert abs(one.found.value - one.theory) < 0.5 * abs(one.unlearned - one.theory), one.says
    assert sorted(one.theory for one in stated.values()) == pytest.approx([-np.log(4), value_of_the_best_d(), 0, 0, 0, 0, 2], abs=1e-4)


def test_one_seed_has_no_interval(stated):
    assert not any(one.found.has_interval for one in stated.values())
    frame = theory.frame(list(stated.values()))
    assert frame["seed_0"].to_numpy() == pytest.approx(frame["measured"].to_numpy())


def test_the_map_may_rise_or_fall():
    rising = norm.ppf(LEVELS) + 0.25
    for mapped in (rising, rising[::-1]):
        snapshot = Snapshot(0, np.zeros(len(X)), np.zeros(len(X)), mapped)
        assert theory.quantile_error(snapshot) == pytest.approx(0.25)
