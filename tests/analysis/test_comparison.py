"""Cells, levels and means over seeds, on small tables worked by hand."""

import math

import numpy as np
import pytest
from helpers.made_trials import trial

from landscape.analysis.comparison import compare_cells, compare_levels, diversity_score, ordinal
from landscape.analysis.frames import ScoreFacts, trials_frame
from landscape.analysis.improvement import probability_of_improvement
from landscape.analysis.quantiles import quantile
from landscape.analysis.seeds import seed_mean
from landscape.results.record import Estimate, Scores, Status

SCORE = "FD[x]"
REPETITIONS = 400
LEAST = 0.95 - 3 * math.sqrt(0.95 * 0.05 / REPETITIONS)


def cells(loss, norm="none"):
    return {"loss": loss, "d_normalization": norm}


def test_levels_by_hand():
    hinge = [trial(f"h{i}", float(i + 1), cell=cells("hinge")) for i in range(8)]
    wgan = [trial(f"w{i}", float(i + 3), cell=cells("wgan", "batch")) for i in range(7)]
    lost = [trial("d", status=Status.DIVERGED, cell=cells("wgan")), trial("f", status=Status.FAILED, cell=cells("wgan"))]
    frame = compare_levels(trials_frame([*hinge, *wgan, *lost]), "loss", SCORE, given_search=True)
    assert frame["level"].tolist() == ["hinge", "wgan"]
    first, second = frame.to_dict("records")
    assert (first["trials"], first["completed"], first["diverged"], first["other"], first["n"]) == (8, 8, 0, 0, 8)
    assert (second["trials"], second["completed"], second["diverged"], second["other"], second["n"]) == (9, 7, 1, 1, 8)
    assert (first["best"], second["best"]) == (1.0, 3.0)
    assert (first["quantile_name"], first["quantile"]) == ("median, 4th of 8", 4.0)
    assert (first["quantile_low"], first["quantile_high"]) == (quantile(np.arange(1, 9.0)).low, quantile(np.arange(1, 9.0)).high)
    assert (second["quantile"], second["quantile_low"], second["quantile_high"]) == (6.0, 3.0, 9.0)  # ranks 1 and 7: 1 - 10 / 256
    assert second["diverged_share"] == 1 / 8
    assert first["wins"] == probability_of_improvement(range(1, 9), [3, 4, 5, 6, 7, 8, 9, math.inf]).value
    assert first["wins"] + second["wins"] == pytest.approx(1)
    assert first["seconds"] == 24.0
    assert first["seconds_per_trial"] == 3.0
    assert second["scores"] == (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, math.inf)


def test_confirmation_runs_are_no_part_of_the_comparison():
    rows = [trial("a", 2.0, cell=cells("hinge")), trial("b", 0.1, cell=cells("hinge"), role="confirmation")]
    frame = compare_cells(trials_frame(rows), SCORE, given_search=False)
    assert frame["best"].tolist() == [2.0]
    assert math.isnan(frame["quantile"][0])


def test_higher_is_better_turns_the_order():
    rows = [
        trial(f"{loss}{i}", value, direction="higher", cell=cells(loss))
        for loss, top in (("good", 0.9), ("bad", 0.5))
        for i, value in enumerate(top - 0.01 * np.arange(10))
    ]
    frame = compare_levels(trials_frame(rows), "loss", SCORE, given_search=False)
    assert frame["level"].tolist() == ["good", "bad"]
    assert frame["best"].tolist() == [0.9, 0.5]
    assert (frame["quantile_low"] <= frame["quantile"]).all()
    assert (frame["quantile"] <= frame["quantile_high"]).all()
    assert frame["wins"].tolist() == [1.0, 0.0]


def test_a_cell_where_all_diverged_has_no_best():
    frame = compare_cells(
        trials_frame([trial("a", 1.0, cell=cells("x")), trial("b", status=Status.DIVERGED, cell=cells("y"))]), SCORE, given_search=False
    )
    assert frame["cell"].tolist() == ["x · none", "y · none"]
    assert math.isnan(frame["best"][1])
    assert frame["diverged_share"].tolist() == [0.0, 1.0]


def test_diversity_is_that_of_the_best_trial():
    rows = []
    for i, (fd, diversity) in enumerate([(3.0, 0.5), (1.0, 0.2), (2.0, 0.9)]):
        one = trial(str(i), fd)
        extra = {"MS-SSIM": Estimate(diversity, "lower"), "recall[x]": Estimate(0.1, "higher")}
        scores = Scores(protocol=one.scores["p"].protocol, estimates=dict(one.scores["p"].estimates) | extra)
        rows.append(type(one)(one.record, {"p": scores}, one.folder))
    assert compare_cells(trials_frame(rows), SCORE, given_search=False)["diversity"].tolist() == [0.2]
    assert diversity_score({"FD": ScoreFacts("FD", "lower")}) is None
    assert diversity_score({"recall[x]": ScoreFacts("recall[x]", "higher")}) == "recall[x]"


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")]
)
def test_ordinal(n, text):
    assert ordinal(n) == text


def test_seed_mean_by_hand():
    # Mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445.
    found = seed_mean([1, 2, 3, 4, 5], log=False)
    reach = 2.7764451052 * math.sqrt(2.5 / 5)
    assert (found.value, found.low, found.high) == pytest.approx((3, 3 - reach, 3 + reach))
    geometric = seed_mean(np.exp([1, 2, 3, 4, 5]), log=True)
    assert (geometric.value, geometric.low, geometric.high) == pytest.approx(tuple(np.exp([3, 3 - reach, 3 + reach])))
    assert seed_mean([1, 2, 3, 4], log=False).absent == "4 seeds: an interval needs 5"
    assert seed_mean([1, 2, 3, 4, math.inf], log=False).absent == "1 of 5 seeds diverged: no mean"


def test_a_score_without_logarithm_is_refused():
    with pytest.raises(ValueError, match="a score of 0 has no logarithm"):
        seed_mean([0, 1, 2, 3, 4], log=True)


@pytest.mark.parametrize(("spread", "n"), [(0.05, 5), (0.3, 5), (0.1, 8)])
def test_intervals_over_seeds_cover(spread, n):
    rng = np.random.default_rng(4)
    means = [seed_mean(5 * rng.lognormal(0, spread, n), log=True) for _ in range(REPETITIONS)]
    assert sum(mean.low <= 5 <= mean.high for mean in means) / REPETITIONS >= LEAST
