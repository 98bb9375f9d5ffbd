"""Searchers: proposals respect the space, depend on (seed, number, what was told) alone, learn, and never fall back in silence."""

import math

import numpy as np
import pytest
from scipy.stats import kstest
from scipy.stats.qmc import Sobol

from landscape.space.search_range import Parameter
from landscape.space.settings import SearcherChoice
from landscape.sweep.search.gp_ucb import confidence, decode, encode
from landscape.sweep.search.make_searcher import make_searcher

PARAMETERS = {
    "a": Parameter(min=1e-5, max=1e-1, scaling="log", points=3),
    "b": Parameter(min=0, max=1, points=3),
    "c": Parameter(choices=["x", "y", "z"]),
    "k": Parameter(min=1, max=5, integer=True, points=5),
}
ALL = ["random", "qmc", "grid", "optuna-tpe", "optuna-gp", "gp-ucb"]
MODELLED = ["optuna-tpe", "optuna-gp", "gp-ucb"]


def toy(x) -> float:
    """Lowest at a = 10^-2.5, b = 0.3, c = x, k = 2."""
    return (math.log10(x["a"]) + 2.5) ** 2 + 4 * (x["b"] - 0.3) ** 2 + 0.5 * (x["c"] != "x") + 0.3 * abs(x["k"] - 2)


def searcher(name, seed=0, startup=6):
    return make_searcher(SearcherChoice(name=name, startup=startup), seed)


def proposals(name, seed, number, parameters=PARAMETERS, value=toy):
    found = searcher(name, seed)
    made = []
    for n in range(number):
        made.append(found.ask(n, n, parameters))
        found.tell(n, value(made[-1]))
    return made


@pytest.mark.parametrize("name", ALL)
def test_proposals_lie_in_the_space_and_are_reproducible(name):
    made = proposals(name, 3, 9)
    for assignment in made:
        assert list(assignment) == list(PARAMETERS)
        assert [n for n, p in PARAMETERS.items() if not p.holds(assignment[n])] == []
        assert isinstance(assignment["k"], int)
    assert proposals(name, 3, 9) == made
    if name != "grid":
        assert proposals(name, 4, 6) != made[:6]


def test_sobol_points_fill_the_space_evenly_and_are_those_of_scipy():
    """Of 64 points each coordinate has one in every 64th part, which random points hardly ever have."""
    square = {"u": Parameter(min=0, max=1), "v": Parameter(min=0, max=1)}
    made = [searcher("qmc", 5).ask(n, n, square) for n in range(64)]
    points = np.array([list(x.values()) for x in made])
    assert [sorted((points[:, d] * 64).astype(int)) for d in (0, 1)] == [list(range(64))] * 2
    np.testing.assert_allclose(points, Sobol(2, scramble=True, rng=np.random.default_rng([5])).random(64))
    assert searcher("qmc").ask(0, 0, {}) == {}


def test_a_shuffled_grid_has_each_point_once_in_an_order_of_its_own():
    def points(seed, count, **how):
        found = make_searcher(SearcherChoice(name="grid", **how), seed)
        return [tuple(found.ask(7 * n, n, PARAMETERS).values()) for n in range(count)]

    listed, made = points(3, 135), points(3, 270, shuffled=True)
    assert sorted(made[:135]) == sorted(listed)
    assert made[135:] == made[:135]
    assert made[:135] != listed
    assert points(3, 9, shuffled=True) == made[:9]
    assert points(4, 9, shuffled=True) != made[:9]
    # The value that changes slowest in the file's order is the same in its first 30 points, and random in those of a shuffled grid.
    assert [len({p[0] for p in order[:30]}) for order in (listed, made)] == [1, 3]
    with pytest.raises(ValueError, match="random has no points in an order to shuffle"):
        SearcherChoice(name="random", shuffled=True)


def test_matched_draws_are_those_of_the_same_fields_whatever_else_is_searched():
    def ask(seed, number, index, parameters):
        return make_searcher(SearcherChoice(name="random", matched=True), seed).ask(number, index, parameters)

    alike = {"a": PARAMETERS["a"], "mine": Parameter(choices=[{"f": 1}, {"f": 2}])}
    other = {"a": PARAMETERS["a"], "b": PARAMETERS["b"], "yours": Parameter(choices=[{"f": 3, "g": 0}, {"f": 4, "g": 1}])}
    first, second = [[ask(0, 2 * n + k, n, which) for n in range(400)] for k, which in enumerate((alike, other))]
    assert [x["a"] for x in first] == [x["a"] for x in second]
    assert [x["mine"] == "f=2" for x in first] == [x["yours"] == "f=4, g=1" for x in second]
    assert ask(1, 0, 0, other) != second[0]
    shares = np.array([[PARAMETERS[p].share(x[p]) for p in "ab"] for x in second])
    assert min(kstest(shares[:, d], "uniform").pvalue for d in (0, 1)) > 0.01
    assert abs(np.corrcoef(shares.T)[0, 1]) < 0.15
    for wrong in ({"name": "grid"}, {"name": "random", "scope": "across"}):
        with pytest.raises(ValueError, match="does not match cells"):
            SearcherChoice(matched=True, **wrong)


@pytest.mark.parametrize("name", MODELLED)
def test_an_interrupted_search_goes_on_as_if_it_had_not_been(name):
    whole = proposals(name, 1, 9)
    again = searcher(name, 1)
    for n in range(8):
        again.replay(n, whole[n], PARAMETERS)
        again.tell(n, toy(whole[n]))
    assert again.ask(8, 8, PARAMETERS) == whole[8]


@pytest.mark.parametrize("name", MODELLED)
def test_a_proposal_depends_on_its_number_not_on_what_was_drawn_before(name):
    first, second = searcher(name, 1), searcher(name, 1)
    for n in range(6):
        x = first.ask(n, n, PARAMETERS)
        first.tell(n, toy(x))
        second.replay(n, x, PARAMETERS)
        second.tell(n, toy(x))
    assert first.ask(41, 6, PARAMETERS) == second.ask(41, 6, PARAMETERS)
    third = searcher(name, 1)
    for n in range(6):
        third.replay(n, searcher("random", n).ask(n, n, PARAMETERS), PARAMETERS)
        third.tell(n, 1.0 + n)
    assert third.ask(41, 6, PARAMETERS) != second.pending[41]


@pytest.mark.parametrize("name", ["optuna-gp", "gp-ucb"])
def test_a_process_learns_more_than_random_draws(name):
    # The best of 14 proposals (6 of them random) of 2 searches, against the best of 14 random ones over 300 seeds.
    modeled = [min(map(toy, proposals(name, seed, 14))) for seed in range(2)]
    drawn = [min(toy(searcher("random", s).ask(n, n, PARAMETERS)) for n in range(14)) for s in range(300)]
    assert np.mean(modeled) < np.quantile(drawn, 0.25)


def test_tpe_learns_too():
    modeled = [min(map(toy, proposals("optuna-tpe", seed, 60))) for seed in range(3)]
    drawn = [min(toy(searcher("random", s).ask(n, n, PARAMETERS)) for n in range(60)) for s in range(300)]
    assert np.mean(modeled) < np.quantile(drawn, 0.25)


@pytest.mark.parametrize("name", ["optuna-gp", "gp-ucb"])
def test_proposals_of_one_round_differ(name):
    found = searcher(name, 0)
    for n in range(6):
        found.tell(n, toy(found.ask(n, n, PARAMETERS)))
    made = [found.ask(n, n, PARAMETERS) for n in range(6, 9)]
    shares = encode(made, PARAMETERS)
    distances = np.linalg.norm(shares[:, None] - shares[None], axis=-1)[np.triu_indices(3, 1)]
    assert distances.min() > 0.01


def test_a_process_refuses_what_it_has_no_model_of():
    found = searcher("optuna-gp", 0)
    for n in range(6):
        found.tell(n, toy(found.ask(n, n, PARAMETERS)))
    with pytest.raises(RuntimeError, match="no model of 'new'"):
        found.ask(6, 6, PARAMETERS | {"new": Parameter(min=0, max=1)})


def test_tpe_takes_spaces_that_differ_from_cell_to_cell():
    found = make_searcher(SearcherChoice(name="optuna-tpe", scope="across", startup=4), 0)
    spaces = [{"a": PARAMETERS["a"]}, {"a": PARAMETERS["a"], "b": PARAMETERS["b"]}, {"a": PARAMETERS["a"], "c": PARAMETERS["c"]}]
    made = []
    for n in range(30):
        x = found.ask(n, n // 3, spaces[n % 3])
        assert list(x) == list(spaces[n % 3])
        made.append(abs(math.log10(x["a"]) + 2.5))
        found.tell(n, made[-1])
    # What is learned of `a` in one cell serves the others.
    assert np.mean(made[15:]) < np.mean(made[:15])


def front(seed=0, startup=6, **how):
    return make_searcher(SearcherChoice(name="optuna-gp-front", startup=startup, **how), seed)


def two_costs(x) -> tuple[float, float]:
    """Best for the first at a = 10^-4 and for the second at a = 10^-2; b = 0.3 is best for both."""
    share = (math.log10(x["a"]) + 4) / 2
    return share**2 + 4 * (x["b"] - 0.3) ** 2, (share - 1) ** 2 + 4 * (x["b"] - 0.3) ** 2


def dominated_area(points) -> float:
    """The area below (2, 2) that lies above and to the right of one of the points."""
    area, height = 0.0, 2.0
    for first, second in sorted(p for p in points if max(p) < 2):
        if second < height:
            area, height = area + (2 - first) * (height - second), second
    return area


def fronts(number: int, seed: int):
    found, made = front(seed), []
    for n in range(number):
        x = found.ask(n, n, {"a": PARAMETERS["a"], "b": PARAMETERS["b"]})
        made.append(two_costs(x))
        found.tell(n, *made[-1])
    return made


def test_a_search_for_a_front_finds_better_trade_offs_than_random_draws():
    small = {"a": PARAMETERS["a"], "b": PARAMETERS["b"]}
    points = fronts(16, 0)
    drawn = [dominated_area([two_costs(searcher("random", s).ask(n, n, small)) for n in range(16)]) for s in range(300)]
    assert dominated_area(points) > np.quantile(drawn, 0.75)
    # Both ends of the front are found, not one of them.
    assert min(first for first, _ in points) < 0.1
    assert min(second for _, second in points) < 0.1
    assert fronts(8, 0) == points[:8]


def test_a_front_takes_both_costs_or_none():
    found = front(startup=2)
    for n in range(4):
        found.ask(n, n, PARAMETERS)
    found.tell(0, None, None)
    found.tell(1, 1.0, 5.0)
    found.tell(2, 3.0, 2.0)
    with pytest.raises(AssertionError, match="both costs or none"):
        found.tell(3, 1.0)
    found.tell(3, None, None)
    # A trial without a score has the worst of each cost that was known when it was told.
    assert sorted(trial.values for trial in found.told) == [[1.0, 5.0], [1.0, 5.0], [3.0, 2.0], [3.0, 5.0]]
    assert list(found.ask(4, 4, PARAMETERS)) == list(PARAMETERS)


def lost(name: str, divergence: str, seeds: int) -> int:
    """How many of the last proposals lie where trials diverge: the lower half of b, beside which the best score is."""
    small, count = {"a": PARAMETERS["a"], "b": PARAMETERS["b"]}, 0
    for seed in range(seeds):
        found = make_searcher(SearcherChoice(name=name, startup=6, divergence=divergence), seed)
        for n in range(20):
            x = found.ask(n, n, small)
            found.tell(n, None if x["b"] < 0.5 else 1 + x["b"])
            count += n >= 6 and x["b"] < 0.5
    return count


@pytest.mark.parametrize(("name", "seeds"), [("optuna-gp", 2), ("optuna-tpe", 24)])
def test_divergence_as_a_constraint_is_learned(name, seeds):
    """Random proposals would lie there half of the time: 7 of 14 in each search."""
    assert lost(name, "constraint", seeds) <= 6 * seeds


def test_a_constraint_says_which_trials_had_no_score():
    found = make_searcher(SearcherChoice(name="optuna-gp", startup=2, divergence="constraint"), 0)
    plain = make_searcher(SearcherChoice(name="optuna-gp", startup=2), 0)
    for each in (found, plain):
        for n, value in enumerate((None, 1.0, None)):
            each.ask(n, n, PARAMETERS)
            each.tell(n, value)
    assert [trial.constraints for trial in found.told] == [{"has no score": 1.0}, {"has no score": -1.0}, {"has no score": 1.0}]
    assert [trial.constraints for trial in plain.told] == [{}] * 3
    with pytest.raises(ValueError, match="gp-ucb takes no constraint"):
        SearcherChoice(name="gp-ucb", divergence="constraint")


def test_under_a_constraint_a_trial_without_a_score_is_told_the_median_so_far():
    found = make_searcher(SearcherChoice(name="optuna-gp", startup=9, divergence="constraint"), 0)
    for n, value in enumerate((None, 4.0, 9.0, None, 1.0, None)):
        found.ask(n, n, PARAMETERS)
        found.tell(n, value)
    assert [trial.values for trial in found.told] == [[4.0], [4.0], [9.0], [6.5], [1.0], [4.0]]
    both = front(startup=9, divergence="constraint")
    for n, values in enumerate(((1.0, 5.0), (2.0, 4.0), (6.0, 0.0), (None, None))):
        both.ask(n, n, PARAMETERS)
        both.tell(n, *values)
    assert both.told[-1].values == [2.0, 4.0]


@pytest.mark.parametrize("name", ["optuna-tpe", "optuna-gp", "optuna-gp-front"])
def test_an_interrupted_search_with_a_constraint_is_told_the_same_values_again(name):
    """Proposals are equal to the last bit, and some of the trials have no score."""
    choice = SearcherChoice(name=name, startup=4, divergence="constraint")
    costs = lambda n, x: (None, None) if n % 3 == 1 else (toy(x), -toy(x)) if name.endswith("front") else (toy(x), None)  # noqa: E731
    whole, made = make_searcher(choice, 1), []
    for n in range(8):
        made.append(whole.ask(n, n, PARAMETERS))
        whole.tell(n, *costs(n, made[-1]))
    again = make_searcher(choice, 1)
    for n in range(7):
        again.replay(n, made[n], PARAMETERS)
        again.tell(n, *costs(n, made[n]))
    assert again.ask(7, 7, PARAMETERS) == made[7]
    assert [trial.values for trial in again.told] == [trial.values for trial in whole.told][:7]


def test_a_failure_counts_as_the_worst_finite_score_so_far():
    """The values that the model is fitted to are private, and proposals alone do not tell which values they come from."""
    found = searcher("gp-ucb", 0)
    for n in range(5):
        found.ask(n, n, PARAMETERS)
    found.tell(0, None)
    assert found._values == []
    found.tell(1, 2.0)
    assert found._values == [2.0, 2.0]
    found.tell(2, 5.0)
    found.tell(3, None)
    found.tell(4, 1.0)
    assert found._values == [2.0, 2.0, 5.0, 5.0, 1.0]
    assert not found.pending


@pytest.mark.parametrize("name", MODELLED)
def test_where_everything_failed_proposals_stay_random(name):
    found, drawn = searcher(name, 5), searcher("random", 5)
    for n in range(9):
        assert found.ask(n, n, PARAMETERS) == drawn.ask(n, n, PARAMETERS)
        found.tell(n, None)


def test_random_draws_are_even():
    drawn = [searcher("random", 7).ask(n, n, PARAMETERS) for n in range(2000)]
    for name in ("a", "b"):
        assert kstest([PARAMETERS[name].share(x[name]) for x in drawn], "uniform").pvalue > 0.001
    assert min(np.bincount([x["k"] for x in drawn])[1:]) > 330


def test_a_grid_takes_every_point_once_before_it_repeats():
    found = searcher("grid")
    size = 3 * 3 * 3 * 5
    made = [tuple(found.ask(n, n, PARAMETERS).values()) for n in range(size + 1)]
    assert len(set(made[:size])) == size
    assert made[size] == made[0]
    assert sorted({m[0] for m in made}) == pytest.approx([1e-5, 1e-3, 1e-1])


@pytest.mark.parametrize("name", ALL)
def test_cells_without_parameters_have_empty_proposals(name):
    assert proposals(name, 0, 9, parameters={}, value=lambda _: 1.0) == [{}] * 9


def test_encoding():
    points = [{"a": 1e-3, "b": 0.25, "c": "y", "k": 3}, {"a": 1e-5, "b": 1.0, "c": "z", "k": 1}]
    half = 1 / math.sqrt(2)
    np.testing.assert_allclose(encode(points, PARAMETERS), [[0.5, 0.25, 0, half, 0, 0.5], [0, 1, 0, 0, half, 0.1]])
    # Two different choices are as far apart as the two ends of a range.
    assert np.linalg.norm(encode(points, {"c": PARAMETERS["c"]})[0] - encode(points, {"c": PARAMETERS["c"]})[1]) == pytest.approx(1)
    assert decode(np.array([0.5, 0.25, 0.5, 0.5]), PARAMETERS) == {"a": pytest.approx(1e-3), "b": 0.25, "c": "y", "k": 3}


def test_confidence_of_the_paper():
    # Theorem 1 of Srinivas et al. with |D| = 2, t = 3, delta = 0.1: 2 log(2 * 9 * pi^2 / 0.6) = 11.38, a fifth of it.
    assert confidence(2, 3) == pytest.approx(2 * math.log(18 * math.pi**2 / 0.6) / 5)
    assert confidence(2, 3) == pytest.approx(2.276, abs=0.001)
