"""Response surfaces of made searches whose truth is known: groups, offsets, what is left out, and what the page says of them."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.confirmed_study import SCORE, trial

from landscape.analysis.frames import trials_frame
from landscape.analysis.response_surface import response_surfaces
from landscape.analysis.searched_range import SearchedRange
from landscape.report.figures import response_surface as figure
from landscape.report.surfaces_section import surfaces_section
from landscape.report.view import view_of
from landscape.results.record import Status
from landscape.results.studies import Study

SPACE = {
    "search": {
        "rate": {"min": 1e-4, "max": 1e-1, "scaling": "log", "choices": []},
        "idle": {"min": 0.0, "max": 2.0, "scaling": "linear", "choices": []},
        "penalty": {"min": 0.0, "max": 1.0, "choices": []},
        "batch": {"choices": [32, 64]},
    }
}
LOSSES = {"hinge": 0.0, "minimax": 1.0, "wasserstein": -2.0}


def searched(n=60, *, rate=1.0, batch=0.0, noise=0.1, diverged=(), cells=None, seed=0) -> Study:
    """`n` random trials. The log cost has a valley at a rate of 1e-3; losses and batch sizes move it; half of the cells have a penalty."""
    rng, trials = np.random.default_rng(seed), []
    for ask in range(n):
        labels = cells[ask] if cells else {"loss": list(LOSSES)[ask % 3], "regularizers": ["none", "r1"][ask // 3 % 2]}
        assignment = {"rate": float(10 ** rng.uniform(-4, -1)), "idle": float(rng.uniform(0, 2)), "batch": int(rng.choice([32, 64]))}
        assignment |= {"penalty": float(rng.uniform())} if labels["regularizers"] == "r1" else {}
        cost = rate * (math.log10(assignment["rate"]) + 3) ** 2 + LOSSES[labels["loss"]] + batch * (assignment["batch"] == 64)
        status = Status.DIVERGED if ask in diverged else Status.COMPLETED
        one = trial(labels, "search", rate=0.0, seed=ask, cost=cost + noise * rng.normal(), ask=ask, status=status)
        trials.append(replace(one, record=replace(one.record, study={**one.record.study, "assignment": assignment})))
    return Study("made", Path(), {"space": SPACE}, tuple(trials))


def surfaces_of(study, **how):
    return response_surfaces(study, trials_frame(study.trials), SCORE, **{"repeats": 2} | how)


def test_cells_with_the_same_hyperparameters_share_a_surface():
    found = surfaces_of(searched(120, diverged=(0, 6)))
    assert [(one.label, one.cells, one.trials, one.diverged) for one in found.found] == [("r1", 3, 60, 0), ("none", 3, 58, 2)]
    assert [{of.range.name for of in one.dimensions} for one in found.found] == [{"rate", "idle", "penalty"}, {"rate", "idle"}]
    assert (found.too_few, found.left_out) == ((), 0)
    for one in found.found:
        rate, *others = one.dimensions
        assert rate.range.name == "rate"
        assert rate.scale.high < min(of.scale.low for of in others)
        assert 3e-4 < rate.best < 3e-3
        # The valley at 1e-3 rises by (2 decades)^2 at the far end, and nothing else moves the score.
        assert rate.change.value == pytest.approx(math.exp(4.0), rel=0.25)
        assert all(1.0 <= of.change.low <= of.change.value < 1.3 for of in others)
        assert rate.change.low <= rate.change.value <= rate.change.high
        assert one.explained.low > 0.9
        assert one.noise.value < 0.1
        assert one.cell.startswith("wasserstein")
        assert one.prediction.low < math.exp(-2.0) < one.prediction.high


def test_a_choice_moves_the_surface_and_is_no_noise():
    one = surfaces_of(searched(120, batch=3.0), repeats=1).found[0]
    assert one.explained.value > 0.9
    assert one.noise.value < 0.1


def test_a_cell_with_enough_trials_has_its_own_surface():
    """Forty trials of one cell, and of three others too few to have one each."""
    cells = [{"loss": "hinge", "regularizers": "none"}] * 40
    cells += [{"loss": loss, "regularizers": "none"} for loss in ("minimax", "wasserstein") for _ in range(15)]
    found = surfaces_of(searched(70, cells=cells))
    assert [(one.label, one.cells, one.trials) for one in found.found] == [("hinge", 1, 40), ("2 cells", 2, 30)]


def test_too_few_trials_are_named_and_no_range_says_nothing():
    """Sixty trials of six cells: each half has 30, of which three cells and a batch size take 4 and three hyperparameters need 30."""
    found = surfaces_of(searched(60), repeats=1)
    assert found.too_few == ("r1 (30 trials in 3 cells)",)
    assert [one.label for one in found.found] == ["none"]
    assert "Too few trials for a surface: r1 (30 trials in 3 cells). Beyond" in " ".join(surfaces_section(view_of(searched(60))).lines)
    assert surfaces_of(replace(searched(60), facts={"space": {"search": {"batch": {"choices": [32, 64]}}}})) is None
    assert surfaces_of(replace(searched(60), facts={})) is None


def test_a_trial_that_is_alone_in_its_cell_does_not_count():
    cells = [{"loss": "hinge", "regularizers": "none"}] * 30 + [{"loss": "minimax", "regularizers": "none"}]
    found = surfaces_of(searched(31, cells=cells))
    assert [(one.label, one.trials) for one in found.found] == [("hinge", 30)]
    assert found.too_few == ("minimax (0 trials in 0 cells)",)


def test_ranges_have_their_own_scaling():
    log, linear = SearchedRange("a", 1e-4, 1e-2, True), SearchedRange("b", 0.0, 4.0, False)
    assert list(log.shares([1e-4, 1e-3, 1e-2])) == pytest.approx([0, 0.5, 1])
    assert list(linear.shares([1.0, 5.0])) == pytest.approx([0.25, 1])
    assert (log.value(0.5), linear.value(0.5)) == (pytest.approx(1e-3), 2.0)


def test_the_same_records_give_the_same_surfaces():
    cells = [{"loss": "hinge", "regularizers": "none"}] * 30
    first, second = (surfaces_of(searched(30, cells=cells)).found[0] for _ in range(2))
    assert (first.explained, first.noise, first.dimensions) == (second.explained, second.noise, second.dimensions)


def test_a_surface_that_says_nothing_is_not_drawn_and_said():
    section = surfaces_section(view_of(searched(90, rate=0.0, noise=1.0, seed=4)))
    silent = [row for row in csv.DictReader(section.table.csv().decode().splitlines()) if float(row["explained"]) <= 0]
    assert silent
    assert len(section.figures) == len({row["explained"] for row in csv.DictReader(section.table.csv().decode().splitlines())}) - len(
        {row["explained"] for row in silent}
    )
    assert any(line.startswith("No better than the means of cells at predicting trials, and so not drawn: ") for line in section.lines)


def test_a_surface_that_explains_nothing_seldom_claims_to():
    """Leaving out one trial at a time with the parameters of all trials would do so in 71% of these searches."""
    cells = [{"loss": "hinge", "regularizers": "none"}] * 40
    studies = [searched(40, rate=0.0, noise=1.0, cells=cells, seed=seed) for seed in range(8)]
    claimed = [one.says_something for study in studies for one in surfaces_of(study, repeats=1).found]
    assert len(claimed) == 8
    assert sum(claimed) <= 3


def test_the_drawing_shows_the_two_shortest_scales_and_every_trial():
    study = searched(120)
    one = surfaces_of(study, repeats=1).found[0]
    frame = figure.data(one)
    surface, trials = (frame[frame["what"] == what] for what in ("surface", "trial"))
    assert len(trials) == one.trials
    assert len(surface) == figure.POINTS**2
    assert surface.loc[surface["score"].idxmin(), "first"] == pytest.approx(1e-3, rel=0.5)
    assert (surface["score_low"] <= surface["score"]).all()
    # Trials stand where they would be in the best cell, whose log cost is 2 lower than that of hinge.
    assert np.log(trials["score"]).min() == pytest.approx(-2.0, abs=0.3)
    axes = figure.draw(frame, one, view_of(study).facts).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("rate", one.dimensions[1].range.name)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
