"""The table of 2014: its recipe equals the authors' file, and the page is made from trials that have ended."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.report.reproduction_page import write
from landscape.reproductions import _ledger
from landscape.reproductions import goodfellow_2014 as module
from landscape.reproductions._goodfellow_2014 import longer_page, noise_page, page, recipe
from landscape.reproductions._run import FinishedTrial, PlannedTrial
from landscape.results.published_runs import read_runs
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


def test_a_short_training_is_the_beginning_of_a_long_one(made):
    short, long = (made(0, epochs, None).config.g_optimizer for epochs in (100, 250))
    assert (short.momentum, short.momentum_saturation, long.momentum_saturation) == (0.5, 1, 1)
    assert short.final_momentum == pytest.approx(0.5 + (long.final_momentum - 0.5) * 100 / 250)
    assert short.schedule == long.schedule


def test_the_row_that_explains_differs_by_its_rate_alone(made):
    plain, faster = (made(0, 250, None, row).config.to_json() for row in (recipe.NETS, recipe.FASTER))
    for side in ("d_optimizer", "g_optimizer"):
        assert faster[side]["schedule"].pop("decay") == 1 / 1.00002
        plain[side]["schedule"].pop("decay")
    assert plain == faster


def test_the_row_with_gaussian_noise_differs_by_its_noise_alone(made):
    plain, normal = (made(0, 250, None, row).config.to_json() for row in (recipe.NETS, recipe.NORMAL_NOISE))
    assert (normal["latent"]["dim"], normal["latent"].pop("distribution")) == (100, "normal")
    assert plain["latent"].pop("distribution") == "uniform"
    assert plain == normal


def outcome(row, seed, nats, epochs=20):
    config = TrialConfig.parse(
        {"dataset": "digits", "architecture": "mlp", "loss": "minimax", "budget": {"amount": epochs * 500}, "seed": seed}
    )
    curves = {"selection_objective": tuple((5000.0 * i, nats + 5 - 4 * i) for i in range(1, epochs // 10 + 1))}
    record = TrialRecord("d", "s", "r", config.to_json(), Status.COMPLETED, curves=curves, seconds={"training": 60.0})
    protocol = protocols.get("goodfellow-2014")
    scores = {
        name: Scores({"name": name}, {"Parzen_LL": Estimate(value, "higher", (value - 2, value + 2), note="sigma 0.2")})
        for name, value in ((page.BEST, nats), ("goodfellow-2014", nats - 4))
    }
    return FinishedTrial(PlannedTrial(row, config, protocol), replace(record, environment={"torch": "2"}), scores, None)


def test_page_of_trials_that_have_ended(tmp_path):
    trials = [outcome(recipe.NETS, seed, nats, 250) for seed, nats in enumerate(LIKELIHOODS)]
    written = write(page.page([*trials, outcome(recipe.FASTER, 0, 210.0, 250)]), tmp_path)
    html = written.read_text(encoding="utf-8")
    assert "seed 0 then reaches 30.0 nats more" in html
    assert "More than 5 nats ask for seeds 1 and 2 too, which were not run." in html
    with (tmp_path / "published.csv").open() as file:
        (row,) = csv.DictReader(file)
    reach = stats.t.ppf(0.975, 2) * np.std(LIKELIHOODS, ddof=1) / 3**0.5
    assert [float(row[k]) for k in ("ours", "ours_low", "ours_high")] == pytest.approx([190, 190 - reach, 190 + reach])
    assert float(row["difference"]) == pytest.approx(-35)
    # One published model, whose printed error says nothing of another training: it varies as ours do.
    assert float(row["difference_high"]) == pytest.approx(-35 + reach * 3**0.5 * (1 / 3 + 1) ** 0.5)
    assert row["says"] == "undecided"
    with (tmp_path / "seeds.csv").open() as file:
        assert [(r["seed"], float(r["epoch"]), float(r["best"])) for r in csv.DictReader(file)] == [
            (str(seed), 10.0, nats) for seed, nats in enumerate(LIKELIHOODS)
        ]
    with (tmp_path / "tested.csv").open() as file:
        assert [float(r["best"]) for r in csv.DictReader(file)] == [210.0]
    with (tmp_path / "figure_epochs.csv").open() as file:
        assert {r["seed"] for r in csv.DictReader(file)} == {"seed 0", "seed 1", "seed 2", f"seed 0, {recipe.FASTER}"}


def test_a_seed_without_a_likelihood_is_not_compared():
    trials = [outcome(recipe.NETS, seed, nats) for seed, nats in enumerate(LIKELIHOODS)]
    made = page.page([*trials[:2], replace(trials[2], scores={}), outcome(recipe.FASTER, 0, 210.0)])
    assert made.verdict == "Ours minus published: not compared: a training has no likelihood (margin 11 nats, set beforehand)."


NORMAL = [(recipe.NORMAL_NOISE, seed, nats) for seed, nats in ((0, 186.0), (1, 192.0), (2, 209.0))]


def test_gaussian_noise_is_compared_seed_by_seed_at_the_same_epoch(tmp_path):
    # Of the recipe, seed 0 is as long as the tested trials and the others are longer.
    trials = [outcome(recipe.NETS, seed, nats, 20 if seed == 0 else 40) for seed, nats in enumerate(LIKELIHOODS)]
    html = write(noise_page.page([outcome(*each) for each in NORMAL], trials), tmp_path).read_text(encoding="utf-8")
    with (tmp_path / "noise.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The validation images at epoch 20, of which `outcome` says 3 nats less than of the test images.
    assert [(float(r["uniform"]), float(r["normal"]), float(r["difference"])) for r in rows] == [
        (177, 183, 6),
        (187, 189, 2),
        (197, 206, 9),
    ]
    assert [(r["uniform_test"], float(r["normal_test"])) for r in rows] == [("180.0", 186), ("", 192), ("", 209)]
    low, high = stats.t.interval(0.95, 2, loc=17 / 3, scale=stats.sem([6, 2, 9]))
    assert f"at epoch 20: 5.67 nats, 95% interval [{low:.2f}, {high:.1f}]." in html
    assert "goodfellow-2014:noise=normal,seeds=3,epochs=20 " in html.replace("<wbr>", "")
    assert "G 100 normal," in html


def test_one_seed_of_gaussian_noise_has_no_interval():
    def verdict(nats):
        return noise_page.page([outcome(recipe.NORMAL_NOISE, 0, nats)], [outcome(recipe.NETS, 0, 180.0)]).verdict

    assert "6.00 nats from 1 seed, without an interval; that is more than the 5 nats" in verdict(186.0)
    assert "-4.00 nats from 1 seed, without an interval; that is not more than the 5 nats" in verdict(176.0)
    assert noise_page.page([outcome(recipe.NORMAL_NOISE, 0, 186.0)], [outcome(recipe.NETS, 1, 180.0)]).verdict.startswith("No trial")


def test_gaussian_noise_has_a_folder_of_its_own(made, monkeypatch, tmp_path):
    folders = []

    def run(trials, folder, **_):
        folders.append(folder.name)
        return [outcome(t.row, t.config.seed, 186.0) for t in trials]

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "already_run", run)
    path = module.goodfellow_2014(results_dir=tmp_path, data_dir=None, seeds=1, epochs=20, noise="normal")
    assert folders == ["goodfellow-2014-normal-noise", "goodfellow-2014"]
    assert path.parent.name == "goodfellow-2014-normal-noise"
    assert [p.name for p in (tmp_path / "published").iterdir()] == [path.parent.name], "no row of the ledger has these trials"


def test_a_long_training_says_what_the_epochs_after_the_recipe_gain(tmp_path):
    # `outcome` lets the validation images lose 4 nats every 10 epochs, and has 5 more than the test images at first.
    long = [outcome(recipe.NETS, seed, nats, 300) for seed, nats in enumerate(LIKELIHOODS)]
    written = write(longer_page.page(long, [outcome(recipe.NETS, 1, 260.0, 250)]), tmp_path)
    with (tmp_path / "longer.csv").open() as file:
        rows = list(csv.DictReader(file))
    numbers = [[float(r[k]) for k in ("early", "late", "gain", "test", "missing")] for r in rows]
    assert numbers == [[n + 5 - 100, n + 5 - 120, -20, n, 225 - n] for n in LIKELIHOODS]
    assert [r["recipe"] for r in rows] == ["", "165.0", ""]
    html = written.read_text(encoding="utf-8")
    assert "goodfellow-2014:seeds=3,epochs=300 " in html.replace("<wbr>", "")
    assert "Of the published value 35.0 nats are missing then." in html
    one = longer_page.page(long[:1], []).verdict
    assert one.startswith("From epoch 250 to epoch 300 the validation images gain -20.0 nats from 1 seed, without an interval.")


def test_a_long_training_has_a_page_of_its_own_and_stands_beside_the_row(made, monkeypatch, tmp_path):
    def run(trials, folder, **_):
        assert folder.name == "goodfellow-2014"
        assert {t.row for t in trials} == {recipe.NETS}
        return [outcome(t.row, t.config.seed, 186.0, t.config.rounds // 500) for t in trials]

    monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(module, "already_run", run)
    path = module.goodfellow_2014(results_dir=tmp_path, data_dir=None, seeds=1, epochs=300)
    assert path.parent.name == "goodfellow-2014-300-epochs"
    (noted,) = read_runs(tmp_path)
    assert (noted.key, noted.share, noted.note) == (recipe.KEY, 1.0, "300 epochs in the place of 250")


def test_a_short_training_decides_nothing_and_leaves_the_page_of_the_recipe(made, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "run", lambda trials, folder, **_: [outcome(t.row, t.config.seed, 186.0, 100) for t in trials])
    path = module.goodfellow_2014(results_dir=tmp_path, data_dir=None, seeds=3, epochs=100)
    assert path.parent.name == "goodfellow-2014-100-epochs"
    html = path.read_text(encoding="utf-8")
    assert "reduced to 100 of 250 epochs: no verdict" in html
    with (path.parent / "published.csv").open() as file:
        assert [row["says"] for row in csv.DictReader(file)] == ["reduced to 100 of 250 epochs: no verdict"]
    assert "goodfellow-2014:seeds=3,epochs=100 " in html.replace("<wbr>", "")
    (noted,) = read_runs(tmp_path)
    assert (noted.share, noted.note) == (0.4, "100 epochs, with a momentum that rises to 0.58")


def test_digits_that_are_not_mnist_are_noted(made, monkeypatch, tmp_path):
    def finished(content):
        of = [outcome(recipe.NETS, seed, 186.0, 250) for seed in range(3)]
        config = of[0].trial.config.replace(dataset={"name": "mnist"}, data_hash=content)
        return [replace(o, trial=replace(o.trial, config=config.replace(seed=seed))) for seed, o in enumerate(of)]

    for content, note in (("6088924f15507fb5", ""), ("0" * 16, f"on other data than those of mnist (content {'0' * 16})")):
        _ledger.note(recipe.KEY, finished(content), tmp_path / content)
        (noted,) = read_runs(tmp_path / content)
        assert noted.note == note


def test_a_long_training_is_measured_at_the_end_of_the_recipe(tmp_path):
    with pytest.raises(UserError, match="epochs=333: above 250 give a multiple of 10"):
        module.goodfellow_2014(results_dir=tmp_path, data_dir=None, seeds=1, epochs=333)
