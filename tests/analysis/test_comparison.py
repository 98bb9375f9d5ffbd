"""Cells, levels and verdicts, on small tables worked by hand."""

import math

import numpy as np
import pytest
from helpers.made_trials import trial

from landscape.analysis.comparison import compare_cells, compare_levels, diversity_score, ordinal
from landscape.analysis.frames import ScoreFacts, trials_frame
from landscape.analysis.improvement import probability_of_improvement
from landscape.analysis.quantiles import quantile
from landscape.analysis.seeds import seed_contrast, seed_mean
from landscape.analysis.verdicts import NOT_CONFIRMED, join, verdict
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


def test_join():
    assert [join(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


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
    with pytest.raises(ValueError, match="a score of -1 has no logarithm"):
        seed_contrast([1, 2, 3, 4, 5], [-1, 1, 2, 3, 4], log=True)


def test_seed_contrast_by_hand():
    # Equal variances 2.5 and n = 5: s.e. = 1, Welch's degrees of freedom 8, t(0.975, 8) = 2.306004.
    found = seed_contrast([1, 2, 3, 4, 5], [4, 5, 6, 7, 8], log=False)
    assert (found.value, found.low, found.high) == pytest.approx((-3, -3 - 2.3060041352, -3 + 2.3060041352))
    assert seed_contrast(np.exp([1, 2, 3, 4, 5]), np.exp([4, 5, 6, 7, 8]), log=True).value == pytest.approx(math.exp(-3))
    assert seed_contrast([1, 2, 3, 4], [1, 2, 3, 4, 5], log=False).absent.startswith("4 seeds on one side")
    assert "diverged" in seed_contrast([1, 2, 3, 4, math.inf], [1, 2, 3, 4, 5], log=False).absent
    assert "no spread" in seed_contrast([1] * 5, [1] * 5, log=False).absent


@pytest.mark.parametrize(("spread", "n"), [(0.05, 5), (0.3, 5), (0.1, 8)])
def test_intervals_over_seeds_cover(spread, n):
    rng = np.random.default_rng(4)
    mean_hits = contrast_hits = 0
    for _ in range(REPETITIONS):
        a, b = 5 * rng.lognormal(0, spread, n), 6 * rng.lognormal(0, 2 * spread, n)
        mean, contrast = seed_mean(a, log=True), seed_contrast(a, b, log=True)
        mean_hits += mean.low <= 5 <= mean.high
        contrast_hits += contrast.low <= 5 / 6 <= contrast.high
    assert min(mean_hits, contrast_hits) / REPETITIONS >= LEAST


def confirmed(loss, setting, center, seeds=5, norm="none", **study):
    spread = np.linspace(0.97, 1.03, seeds)
    return [
        trial(f"{setting}-{i}", center * x, cell=cells(loss, norm), role="confirmation", setting=setting, **study)
        for i, x in enumerate(spread)
    ]


def search(loss, setting, value, norm="none"):
    return trial(f"{setting}-s", value, cell=cells(loss, norm), setting=setting)


def test_without_confirmation_runs_there_is_no_verdict():
    rows = [search(loss, loss, value) for loss, value in (("a", 1.0), ("b", 100.0))]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == NOT_CONFIRMED == "no verdict: not confirmed"
    assert not found.is_decided
    four = [*rows, *confirmed("a", "a", 1.0, seeds=4), *confirmed("b", "b", 100.0, seeds=4)]
    assert verdict(trials_frame(four), "loss", SCORE).text == NOT_CONFIRMED
    one = [*rows, *confirmed("a", "a", 1.0)]
    assert verdict(trials_frame(one), "loss", SCORE).text == "no verdict: not confirmed: only a has 5 or more confirmation runs"


def test_confirmation_decides_whatever_the_search_had_seen():
    rows = [search("a", "a", 1.0), search("b", "b", 2.0), *confirmed("a", "a", 8.0), *confirmed("b", "b", 3.0)]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == "b beats a"
    (contrast,) = found.contrasts
    assert contrast.decided
    assert contrast.difference.value == pytest.approx(3 / 8)
    assert contrast.difference.high < 1


def test_close_means_stay_undecided_and_pairs_share_the_error():
    rows = [search(x, x, 1.0) for x in "abc"]
    rows += [*confirmed("a", "a", 3.0), *confirmed("b", "b", 3.02), *confirmed("c", "c", 9.0)]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == "a beats c; b beats c; not decided: a or b"
    assert {round(c.difference.level, 6) for c in found.contrasts} == {round(1 - 0.05 / 3, 6)}


def test_only_the_best_setting_of_a_level_stands_for_it():
    """A setting confirmed for another axis must not stand for a level whose own best setting was not confirmed."""
    rows = [search("a", "best-a", 1.0), search("b", "best-b", 2.0), search("b", "worse-b", 5.0, "batch")]
    rows += [*confirmed("a", "best-a", 1.1), *confirmed("b", "worse-b", 5.1, norm="batch")]
    assert verdict(trials_frame(rows), "loss", SCORE).text.endswith("only a has 5 or more confirmation runs")
    rows += confirmed("b", "best-b", 2.1)
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == "a beats b"
    assert found.levels["setting"].tolist() == ["best-a", "best-b"]


def test_runs_that_say_what_they_confirm_are_believed():
    """The sweep selects on other samples than the report shows: its choice stands."""
    rows = [search("a", "chosen", 1.2), search("a", "luckier", 1.0), search("b", "b", 2.0)]
    rows += [*confirmed("a", "chosen", 1.3, confirms=["loss=a"]), *confirmed("b", "b", 2.0, confirms=["loss=b"])]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == "a beats b"
    assert found.levels["setting"].tolist() == ["chosen", "b"]


def test_a_diverged_seed_leaves_its_pairs_undecided():
    rows = [
        search("a", "a", 1.0),
        search("b", "b", 9.0),
        *confirmed("a", "a", 1.0, seeds=5),
        *confirmed("b", "b", 9.0),
    ]
    rows.append(trial("a-lost", cell=cells("a"), role="confirmation", setting="a", status=Status.DIVERGED))
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert not found.is_decided
    assert "diverged" in found.contrasts[0].difference.absent


def test_verdict_where_higher_is_better():
    rows = [
        trial("a-s", 0.5, direction="higher", cell=cells("a"), setting="a"),
        trial("b-s", 0.4, direction="higher", cell=cells("b"), setting="b"),
    ]
    for name, center in (("a", 0.5), ("b", 0.4)):
        rows += [
            trial(f"{name}{i}", center + 0.01 * i, direction="higher", cell=cells(name), role="confirmation", setting=name)
            for i in range(5)
        ]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert found.text == "a beats b"
    assert found.levels["mean"].tolist() == pytest.approx([0.52, 0.42])
    (contrast,) = found.contrasts
    assert (contrast.better, contrast.decided) == ("a", True)
    assert contrast.difference.value == pytest.approx(0.1)
    assert 0 < contrast.difference.low < 0.1 < contrast.difference.high


def test_a_score_that_may_fall_below_zero_is_compared_by_differences_throughout():
    """An FD extrapolated to infinitely many samples: one level around 2, one around -0.5, and no ratio of the two."""
    rows = []
    for name, center in (("a", -0.5), ("b", 2.0)):
        rows.append(trial(f"{name}-s", center, cell=cells(name), setting=name))
        rows += [trial(f"{name}{i}", center + 0.1 * i, cell=cells(name), role="confirmation", setting=name) for i in range(5)]
    found = verdict(trials_frame(rows), "loss", SCORE)
    assert not found.is_log
    assert sorted(found.levels["mean"]) == pytest.approx([-0.3, 2.2])
    assert found.contrasts[0].difference.value == pytest.approx(-2.5)
