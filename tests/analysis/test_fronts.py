"""The trials that no other one beats in both of two scores."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, trial
from hypothesis import given
from hypothesis import strategies as st

from landscape.analysis.frames import trials_frame
from landscape.analysis.fronts import front, non_dominated, second_score
from landscape.results.record import Estimate, Scores, Status


def brute_force(points):
    """The rows that no other row dominates, by comparing every pair."""
    return {i for i, a in enumerate(points) if not any((b <= a).all() and (b < a).any() for b in points)}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=25))
def test_the_front_is_that_of_all_pairs_compared_ties_and_equal_trials_included(rows):
    points = np.array(rows, dtype=np.float64).reshape(-1, 2)
    found = non_dominated(points)
    assert set(found) == brute_force(points)
    assert len(set(found)) == len(found)
    assert [tuple(points[i]) for i in found] == sorted(tuple(points[i]) for i in found)


@pytest.mark.parametrize("n", [1, 10, 300])
def test_random_clouds(n):
    points = np.random.default_rng(n).normal(size=(n, 2))
    assert set(non_dominated(points)) == brute_force(points)


def table_of(scores, **more):
    """A search of trials with FD, lower is better, and recall, higher is better; more names have random values."""
    trials, labels = [], dict(zip(AXES, ("hinge", "none", "mlp"), strict=True))
    for i, (fd, recall) in enumerate(scores):
        one = trial(labels, "search", rate=0.1 + i, seed=i, cost=np.log(fd), ask=i)
        found = {"recall[pixels]": Estimate(recall, "higher", interval=(recall - 0.01, recall + 0.01))}
        found |= {name: Estimate(0.1 * i, direction) for name, direction in more.items()}
        trials.append(replace(one, scores={"p": Scores(one.scores["p"].protocol, {**one.scores["p"].estimates, **found})}))
    better = trials[0].scores["p"].estimates | {"recall[pixels]": Estimate(1.0, "higher")}
    confirmed = replace(
        trial(labels, "confirmation", rate=9.0, seed=99, cost=-9.0), scores={"p": Scores(trials[0].scores["p"].protocol, better)}
    )
    lost = trial(labels, "search", rate=8.0, seed=98, cost=0.0, ask=98, status=Status.DIVERGED)
    return trials_frame([*trials, confirmed, lost], axes=tuple(AXES))


def test_the_front_of_a_study_by_hand():
    """Lower FD and higher recall are better. The third trial is beaten by the second, the fifth by the fourth; confirmation is left out."""
    table = table_of([(1.0, 0.1), (2.0, 0.5), (3.0, 0.4), (4.0, 0.9), (4.0, 0.8)])
    found = front(table, SCORE, "recall[pixels]")
    assert found["one"].tolist() == pytest.approx([1, 2, 4])
    assert found["two"].tolist() == [0.1, 0.5, 0.9]
    assert found["two_low"].tolist() == pytest.approx([0.09, 0.49, 0.89])
    assert found["digest"].tolist() == [table.frame["digest"].iloc[i] for i in (0, 1, 3)]


def test_the_second_score_is_one_of_diversity_if_there_is_one():
    scores = [(1.0, 0.1), (2.0, 0.5)]
    assert second_score(table_of(scores, **{"MS-SSIM": "lower", "KID[pixels]": "lower"}), SCORE) == "recall[pixels]"
    both = table_of(scores, **{"MS-SSIM": "lower", "coverage[pixels]": "higher"})
    both = replace(both, scores={name: facts for name, facts in both.scores.items() if not name.startswith("recall")})
    assert second_score(both, SCORE) == "coverage[pixels]"
    table = table_of(scores, **{"KID[pixels]": "lower", "MS-SSIM": "lower", "memorization": "none"})
    without = replace(table, scores={name: facts for name, facts in table.scores.items() if not name.startswith("recall")})
    assert second_score(without, SCORE) == "MS-SSIM"
    assert second_score(replace(without, scores={SCORE: table.scores[SCORE]}), SCORE) is None
    assert (
        second_score(replace(without, scores={n: table.scores[n] for n in (SCORE, "KID[pixels]", "memorization")}), SCORE) == "KID[pixels]"
    )
