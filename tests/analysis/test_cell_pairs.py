"""Paired cells against values worked by hand, and the coverage of their interval by simulation."""

import math

import numpy as np
import pytest

from landscape.analysis.cell_pairs import paired_cells, searched_axis
from landscape.analysis.frames import ScoreFacts

FD, SHARE = ScoreFacts("FD[x]", "lower"), ScoreFacts("recall[x]", "higher")


def test_ratio_by_hand():
    found = paired_cells([(2.0, 1.0), (3.0, 1.0), (4.0, 1.0)], FD)
    assert found.contrast.value == pytest.approx(3.0)
    assert not found.contrast.has_interval
    assert (found.pairs, found.better) == (3, 0)
    found = paired_cells([(x, 1.0) for x in (1, 2, 3, 4, 5, 6.0)], FD)
    assert (found.contrast.low, found.contrast.high) == (pytest.approx(1.0), pytest.approx(6.0))


def test_diverged_cells_are_worse_by_more_than_any_number():
    found = paired_cells([(1.0, 2.0)] * 5 + [(1.0, math.inf), (math.inf, math.inf)], FD)
    assert (found.pairs, found.better) == (6, 6)
    assert (found.contrast.low, found.contrast.high) == (0.0, pytest.approx(0.5))
    assert paired_cells([(math.inf, 1.0)] * 6, FD).contrast.value == math.inf


def test_differences_keep_the_direction_of_the_score():
    found = paired_cells([(-0.6, -0.5)] * 6, SHARE)  # costs: the first has recall 0.6
    assert found.contrast.value == pytest.approx(0.1)
    assert found.better == 6


def test_the_better_level_of_matched_cells_is_found_though_pooling_says_otherwise():
    """Level a is twice as good everywhere, and was tried in the hard cells more often than b."""
    medians = {(level, str(i)): (1.0 if level == "a" else 2.0) * 10.0**i for level in "ab" for i in range(7)}
    del medians[("b", "6")]
    found = searched_axis(medians, ["loss", "architecture"], "loss", FD)
    assert (found.best, found.runner_up) == ("a", "b")
    assert found.paired.contrast.value == pytest.approx(0.5)
    assert (found.paired.pairs, found.paired.better) == (6, 6)
    assert searched_axis({("a", "0"): 1.0}, ["loss", "architecture"], "loss", FD) is None


def test_the_interval_covers_the_median_ratio():
    rng = np.random.default_rng(0)
    hits, runs = 0, 600
    for _ in range(runs):
        logs = 0.4 + rng.standard_t(2, 18) * rng.choice([0.3, 1.5], 18)  # cells of unequal spread around one median
        interval = paired_cells([(math.exp(x), 1.0) for x in logs], FD).contrast
        hits += interval.low <= math.exp(0.4) <= interval.high
    assert hits / runs >= 0.94
