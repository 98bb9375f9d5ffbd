"""The table of 2014: its recipe equals the authors' file, and the page is made from trials that have ended."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.report.reproduction_page import write
from landscape.reproductions._goodfellow_2014 import page, recipe
from landscape.reproductions._run import FinishedTrial, PlannedTrial
from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.trial.prepared_trial import PreparedTrial

LIKELIHOODS = [180.0, 190.0, 200.0]


@pytest.fixture
def made(monkeypatch):
    """The recipe's trials, with arbitrary data."""
    monkeypatch.setattr("landscape.trial.prepared_trial.prepare", lambda config, data_dir: PreparedTrial(config, None))
    return recipe.trial


def test_recipe_of_the_source(made):
    config = made(1, 250, None).config
    assert config.rounds == 250 * 500
    assert (config.order, config.batch_size, config.loss.hyperparameters) == ("simultaneous", 100, {"d_factor": 0.5})
    assert (config.latent.dim, config.latent.distribution) == (100, "uniform")
    for optimizer in (config.d_optimizer, config.g_optimizer):
        assert (optimizer.name, optimizer.learning_rate, optimizer.momentum, optimizer.final_momentum) == ("sgd", 0.1, 0.5, 0.7)
        assert 0.1 * optimizer.schedule.decay**125_000 == pytest.approx(0.1 / 1.000004**125_000, rel=1e-9)
        assert 0.1 * optimizer.schedule.final == pytest.approx(1e-6)
    assert made(1, 1000, None).config.d_optimizer.momentum_saturation == 0.25


def test_the_row_that_explains_differs_by_its_rate_alone(made):
    plain, faster = (made(0, 250, None, row).config.to_json() for row in (recipe.NETS, recipe.FASTER))
    for side in ("d_optimizer", "g_optimizer"):
        assert faster[side]["schedule"].pop("decay") == 1 / 1.00002
        plain[side]["schedule"].pop("decay")
    assert plain == faster


def outcome(row, seed, nats):
    config = TrialConfig.parse(
        {"dataset": "digits", "architecture": "mlp", "loss": "minimax", "budget": {"amount": 20 * 500}, "seed": seed}
    )
    curves = {"selection_objective": ((5000.0, nats + 1), (10000.0, nats - 3))}
    record = TrialRecord("d", "s", "r", config.to_json(), Status.COMPLETED, curves=curves, seconds={"training": 60.0})
    protocol = protocols.get("goodfellow-2014")
    scores = {
        name: Scores({"name": name}, {"Parzen_LL": Estimate(value, "higher", (value - 2, value + 2), note="sigma 0.2")})
        for name, value in ((page.BEST, nats), ("goodfellow-2014", nats - 4))
    }
    return FinishedTrial(PlannedTrial(row, config, protocol), replace(record, environment={"torch": "2"}), scores, None)


def test_page_of_trials_that_have_ended(tmp_path):
    trials = [outcome(recipe.NETS, seed, nats) for seed, nats in enumerate(LIKELIHOODS)]
    written = write(page.page([*trials, outcome(recipe.FASTER, 0, 210.0)]), tmp_path)
    html = written.read_text(encoding="utf-8")
    assert "seed 0 then reaches 30.0 nats more" in html
    with (tmp_path / "published.csv").open() as file:
        (row,) = csv.DictReader(file)
    reach = stats.t.ppf(0.975, 2) * np.std(LIKELIHOODS, ddof=1) / 3**0.5
    assert [float(row[k]) for k in ("ours", "ours_low", "ours_high")] == pytest.approx([190, 190 - reach, 190 + reach])
    assert float(row["difference"]) == pytest.approx(-35)
    assert float(row["difference_high"]) == pytest.approx(-35 + np.hypot(reach, 1.96 * 2))
    assert row["says"] == "undecided: the interval crosses the margin"
    with (tmp_path / "seeds.csv").open() as file:
        assert [(r["seed"], float(r["epoch"]), float(r["best"])) for r in csv.DictReader(file)] == [
            (str(seed), 10.0, nats) for seed, nats in enumerate(LIKELIHOODS)
        ]
    with (tmp_path / "tested.csv").open() as file:
        assert [float(r["best"]) for r in csv.DictReader(file)] == [210.0]
    with (tmp_path / "figure_epochs.csv").open() as file:
        assert {r["seed"] for r in csv.DictReader(file)} == {"seed 0", "seed 1", "seed 2", f"seed 0, {recipe.FASTER}"}
