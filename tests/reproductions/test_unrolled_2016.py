"""The ring of the unrolled GAN: its recipe, its statistics compared with scipy, and its page from finished trials."""

import csv
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json, write_json
from landscape.reproductions._unrolled_2016 import page as page
from landscape.reproductions._unrolled_2016.recipe import EXPLANATIONS, NOTEBOOK, UNROLLED_STEPS, trial
from landscape.reproductions.unrolled_2016 import unrolled_2016
from landscape.trial.run_trial import prepare_and_run

SEEDS = [3.0, 6.0, 7.0]


def test_recipe_of_the_notebook():
    config = trial(NOTEBOOK, 5, 1, 25_000, None).config
    assert config.rounds == 25_000
    assert (config.batch_size, config.latent.dim, config.latent.distribution) == (512, 256, "normal")
    assert (config.d_optimizer.learning_rate, config.g_optimizer.learning_rate) == (1e-4, 1e-3)
    assert config.d_optimizer.beta1 == config.g_optimizer.beta1 == 0.5
    assert config.regularizers[0].hyperparameters == {"k": 5}
    assert TrialConfig.parse(config.to_json()).digest() == config.digest()


def test_interval_of_a_mean_is_scipys():
    expected = stats.ttest_1samp(SEEDS, 0).confidence_interval(0.95)
    assert page.mean_between(SEEDS) == pytest.approx((np.mean(SEEDS), expected.low, expected.high))


def test_no_verdict_without_an_interval():
    text = page.verdict({0: [1.0, 2.0], 10: [7.0, 6.0]})
    assert text.startswith("10 unrolled steps find 5.00 modes more than none, means over 2 seeds.")
    assert text.endswith("not decided.")


@pytest.mark.parametrize(
    ("low", "high", "says"), [(-0.1, 0.1, "within"), (0.2, 0.4, "not reproduced"), (-0.4, -0.2, "not reproduced"), (0.05, 0.2, "undecided")]
)
def test_judgement_by_the_margin(low, high, says):
    assert page.judged(low, high, 0.125).startswith(says)


@pytest.mark.parametrize("stored", [np.float32, np.float16])
def test_frames_are_read_in_either_precision(tmp_path, stored):
    points = np.array([[[0.123456789, -2.0]], [[1.5, 0.25]]])
    np.save(tmp_path / "progress.npy", points.astype(stored))
    found = page._frames(tmp_path / "progress.npy")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, points, rtol=1e-3)


def test_shown_points_have_three_decimals():
    points = {"x": [0.123456, 1.0], "y": [-1.98765, 0.0], "mode": [0, 1], "good": [False, False]}
    shown = page.samples_figure(pd.DataFrame(points).assign(k=0, seed=0, step=1), NOTEBOOK, "samples").frame
    assert shown[["x", "y"]].to_numpy().tolist() == [[0.123, -1.988], [1.0, 0.0]]


def finish(planned, folder, like):
    """Leave a finished trial in `folder`: trained, or a copy of the files of the trained one in `like` under its own configuration."""
    if like is None:
        assert prepare_and_run(planned.config, planned.protocol, folder=folder, threads=1).status == "completed"
        return
    shutil.copytree(like, folder)
    config = planned.config
    digests = {"digest": config.digest(), "setting_digest": config.setting_digest(), "run_digest": config.run_digest()}
    write_json(folder / "record.json", read_json(folder / "record.json") | digests | {"config": config.to_json()})


def test_page_of_finished_trials(tmp_path):
    trained = {}
    for seed in range(2):
        for setting, k in [*((NOTEBOOK, k) for k in UNROLLED_STEPS), *EXPLANATIONS]:
            t = trial(setting, k, seed, 8, None)
            folder = tmp_path / "published" / "unrolled-2016" / "trials" / t.config.digest()
            # The page is about files, so that one training stands for all numbers of unrolled steps of its setting and seed.
            finish(t, folder, trained.get((setting, seed)))
            trained.setdefault((setting, seed), folder)
            assert np.load(folder / "progress.npy").shape == (8, 1000, 2)
    written = unrolled_2016(results_dir=tmp_path, data_dir=None, seeds=2, steps=8)
    html = written.read_text(encoding="utf-8")
    assert "://" not in html.replace("http://www.w3.org", "")
    assert html.count('data-chart="') == html.count('<noscript><img class="drawn" src="data:image/png;base64,') == 3
    assert "<svg" not in html
    drawn = json.loads(re.search(r'id="data">(.*?)</script>', html, flags=re.S).group(1))
    assert set(drawn) == {"samples", "samples_paper", "modes_over_training"}
    assert len(drawn["samples"]["data"]["x"]) == 8 * len(UNROLLED_STEPS) * page.DRAWN_POINTS
    with (written.parent / "modes.csv").open() as file:
        for row in csv.DictReader(file):
            assert row["modes_low"] == row["modes_high"] == row["high_quality_low"] == ""
            assert row["reverse_KL_low"] == "" or float(row["reverse_KL_low"]) >= 0
    with (written.parent / "modes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["k"] for row in rows] == [str(k) for k in UNROLLED_STEPS]
    assert all(len(row["modes_seeds"].split(", ")) == 2 and "." not in row["modes_seeds"] for row in rows)
    with (written.parent / "figure_modes_over_training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 * 2 * len(UNROLLED_STEPS)
    assert rows
    assert all(0 <= int(row["modes"]) <= page.MODES for row in rows)
