"""How alike the scores of a study rank its models."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, trial
from scipy.stats import kendalltau, spearmanr

from landscape.analysis.correlation import kendall_correlation, rank_correlation
from landscape.analysis.frames import trials_frame
from landscape.analysis.paired_scores import costs_by_both
from landscape.analysis.score_agreement import ranking_scores, score_agreements
from landscape.results.record import Estimate, Scores, Status

DIRECTIONS = {"KID[pixels]": "lower", "recall[pixels]": "higher", "FD_mean[pixels]": "lower", "memorization": "none"}


def table_of(n=30):
    """A search of `n` trials, each with scores that follow its number with some noise, a confirmation run and a diverged trial."""
    rng, labels = np.random.default_rng(0), dict(zip(AXES, ("hinge", "none", "mlp"), strict=True))
    trials = []
    for i in range(n + 1):
        one = trial(labels, "confirmation" if i == n else "search", rate=0.1 + i, seed=i, cost=i / 10, ask=i)
        values = {name: i * (-1 if way == "higher" else 1) + rng.normal(0, 5) for name, way in DIRECTIONS.items()}
        more = {name: Estimate(float(value), DIRECTIONS[name]) for name, value in values.items()}
        trials.append(replace(one, scores={"p": Scores(one.scores["p"].protocol, {**more, **one.scores["p"].estimates})}))
    diverged = trial(labels, "search", rate=99.0, seed=99, cost=0.0, ask=99, status=Status.DIVERGED)
    return trials_frame([*trials, diverged], axes=tuple(AXES))


def test_each_pair_is_compared_by_costs_over_the_search():
    table = table_of()
    found = {(pair.one, pair.two): pair for pair in score_agreements(table, SCORE, given_search=True)}
    assert list(found) == [(SCORE, "KID[pixels]"), (SCORE, "recall[pixels]"), ("KID[pixels]", "recall[pixels]")]
    frame = table.frame[(table.frame["role"] == "search") & (table.frame["status"] == "completed")]
    for (one, two), pair in found.items():
        x, y = (frame[f"score:{name}"] * (-1 if "recall" in name else 1) for name in (one, two))
        assert pair.models == pair.spearman.n == 30
        assert pair.spearman.value == pytest.approx(spearmanr(x, y).statistic)
        assert pair.kendall.value == pytest.approx(kendalltau(x, y).statistic)
        assert pair.spearman.value > 0.5
        assert pair.spearman.low < pair.spearman.value < pair.spearman.high
        assert pair.kendall.low < pair.kendall.value < pair.kendall.high
        assert pair.spearman.given_search
        assert pair.kendall.given_search


def test_terms_of_a_score_and_scores_without_a_better_direction_rank_no_models():
    assert ranking_scores(table_of(3), SCORE) == [SCORE, "KID[pixels]", "recall[pixels]"]


def test_seeds_of_a_setting_count_once():
    table = table_of(12)
    frame = table.frame.assign(setting=["same" if i < 3 else setting for i, setting in enumerate(table.frame["setting"])])
    pair = score_agreements(replace(table, frame=frame), SCORE)[0]
    assert pair.models == 10
    first = frame.iloc[[1, *range(3, 12)]]  # The second of three is the median of the objective, whose costs rise.
    known = first["score:KID[pixels]"].to_numpy(copy=True)
    known[0] = frame["score:KID[pixels]"].iloc[:3].median()
    assert pair.spearman.value == pytest.approx(spearmanr(first[f"score:{SCORE}"], known).statistic)
    costs = costs_by_both(replace(table, frame=frame).role("search"), SCORE, "KID[pixels]")
    assert [of[0] for of in costs] == pytest.approx([first[f"score:{SCORE}"].iloc[0], known[0]])


def test_the_same_order_throughout_has_no_interval():
    for f in (rank_correlation, kendall_correlation):
        for sign in (1, -1):
            found = f(np.arange(12.0), sign * np.arange(12.0) ** 3)
            assert (found.value, found.has_interval) == (sign, False)
            assert found.absent == "the order is the same throughout (or reversed)"
