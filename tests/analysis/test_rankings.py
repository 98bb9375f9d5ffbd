"""Rankings by several views: by hand, and the coverage of their agreement's interval by simulation."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from landscape.analysis.rankings import agreement_of, best_models, by_mean_rank, contradicted, judged, misjudged, ranks
from landscape.results.record import Estimate


def scores(values, direction="lower", half=0.1):
    return {
        name: Estimate(float(v), direction, (v - half, v + half)) for name, v in zip("abcdefghijklmnopqrstuvwxyz", values, strict=False)
    }


def test_ranks_by_hand():
    views = {"one": scores([3, 1, 2]), "two": scores([3, 1, 1], direction="higher")}
    assert ranks(views) == {"one": {"a": 3, "b": 1, "c": 2}, "two": {"a": 1, "b": 2.5, "c": 2.5}}
    assert by_mean_rank(views)[0] == ("b", 1.75)
    with pytest.raises(ValueError, match="neither better high nor low"):
        ranks({"one": scores([1, 2], direction="none")})


def test_a_model_that_one_view_flatters_is_named():
    """The third view places c, the others' worst, before everything else."""
    views = {"one": scores([1, 2, 3]), "two": scores([1, 2, 3]), "three": scores([1, 2, 0])}
    first, *rest = misjudged(views)
    assert (first.model, first.view, first.flattered, first.opponents) == ("c", "three", True, ("a", "b"))
    assert {(m.model, m.flattered) for m in rest} == {("a", False), ("b", False)}
    # Nothing is decided where intervals overlap, nor where a single other view decides.
    assert misjudged({**views, "three": scores([1, 2, 0], half=3)}) == []
    assert misjudged({**views, "two": scores([1, 2, 3], half=3)}) == []
    # A view alone is contradicted by none.
    assert misjudged({"one": scores([1, 2, 3])}) == []
    # Two views contradict each other.
    assert {m.view for m in misjudged({"one": scores([1, 2]), "two": scores([2, 1])})} == {"one", "two"}


def test_scores_as_large_as_numbers_go_are_decided_without_an_overflow():
    largest = 1.7e308
    high, low = (Estimate(value, "lower", (value, value)) for value in (largest, -largest))
    with np.errstate(all="raise"):
        found = misjudged({"one": {"a": low, "b": high}, "two": {"a": high, "b": low}})
    assert {(m.model, m.view) for m in found if m.flattered} == {("a", "one"), ("b", "two")}


def test_of_two_views_each_model_is_named_once_for_each_order_and_neither_view_is_called_wrong():
    two = {"one": scores([1, 2, 3]), "two": scores([1, 3, 2])}
    assert [(m.model, m.view, judged(m, two)) for m in contradicted(two)] == [
        ("b", "one", "better through"),
        ("c", "two", "better through"),
    ]
    three = {**two, "three": scores([1, 2, 3])}
    assert {(m.model, m.view, judged(m, three)) for m in contradicted(three)} == {("c", "two", "flattered by"), ("b", "two", "wronged by")}


def test_the_best_of_equal_models_is_the_one_that_the_other_views_place_best():
    views = {"one": scores([1, 1, 2]), "two": scores([2, 1, 3]), "three": scores([5, 5, 5])}
    assert best_models(views) == {"one": "b", "two": "b", "three": "b"}
    assert best_models({"one": scores([1, 1, 2]), "two": scores([3, 2, 1])}) == {"one": "b", "two": "c"}
    assert best_models({"one": scores([1, 1]), "two": scores([1, 1])}) == {"one": "a", "two": "a"}


def test_agreement_is_kendalls_tau_and_says_where_it_has_no_interval():
    generator = np.random.default_rng(0)
    x = generator.normal(size=20)
    y = x + generator.normal(size=20)
    found = agreement_of(scores(x), scores(y, direction="higher"))
    assert found.value == pytest.approx(-kendalltau(x, y).statistic)
    assert found.low < found.value < found.high
    assert agreement_of(scores([1, 2, 3]), scores([1, 2, 3])).value == 1
    assert agreement_of(scores([1, 2, 3]), scores([1, 2, 3])).absent == "3 models: an interval needs 10"
    assert agreement_of(scores([1, 1, 1]), scores([1, 2, 3])).absent == "one of the two is the same for all models"


@pytest.mark.parametrize("count", range(10, 27))
def test_orders_that_are_the_same_throughout_or_reversed_have_no_interval(count):
    """At 10, 12 and many other numbers of models rounding leaves Kendall's tau a little below 1, whose interval would be [1.00, 1.00]."""
    for values in (range(count), [0, 0, *range(1, count - 1)]):
        for direction, tau in (("lower", 1), ("higher", -1)):
            found = agreement_of(scores(values), scores(values, direction=direction))
            assert (found.value, found.has_interval) == (tau, False)
            assert found.absent == "the order is the same throughout (or reversed)"


@pytest.mark.parametrize(("count", "correlation"), [(10, 0.5), (15, 0.0), (30, 0.8)])
def test_the_interval_covers_the_agreement_of_all_models(count, correlation):
    generator = np.random.default_rng(1)
    truth = 2 / np.pi * np.arcsin(correlation)
    hits = total = 0
    for _ in range(300):
        x = generator.normal(size=count)
        y = correlation * x + np.sqrt(1 - correlation**2) * generator.normal(size=count)
        found = agreement_of({i: Estimate(v, "lower") for i, v in enumerate(x)}, {i: Estimate(v, "lower") for i, v in enumerate(y)})
        if found.has_interval:
            total, hits = total + 1, hits + (found.low <= truth <= found.high)
    assert total > 290
    assert 0.92 <= hits / total <= 0.99
