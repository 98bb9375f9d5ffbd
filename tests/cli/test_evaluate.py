"""`landscape evaluate`: the protocol that its options make, and what it prints."""

import json
import pickle

import numpy as np
import pytest
import scipy.linalg
import torch

from landscape.analysis.study_views import study_views
from landscape.cli.changed_protocol import changed_protocol
from landscape.config.protocols import get
from landscape.config.trial_config import TrialConfig
from landscape.report.build import build
from landscape.results.studies import read_study
from landscape.trial.prepared_trial import prepare
from landscape.trial.run_trial import run_trial


def test_a_protocol_through_another_extractor_says_what_that_one_sees():
    changed = changed_protocol(get("quick-photos"), (), "inception")
    assert changed.digest() != get("quick-photos").digest()
    assert "seen through 'inception': trained on 1,008 classes of ImageNet's photographs" in changed.note
    assert "EfficientNet" not in changed.note
    assert changed_protocol(get("quick-photos"), (), None).note == get("quick-photos").note
    assert "hardly blur, noise" in changed_protocol(get("quick"), (), "pixels").note


def _features(path, count=60, shift=0.0, seed=0, **more):
    values = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32) + shift
    np.savez(path, features=values, **more)
    return values


def test_the_table_shows_real_against_real_and_what_is_resolved(run, here):
    _features(here / "real.npz"), _features(here / "fake.npz", shift=0.5, seed=1)
    both = ("evaluate", "--real", "real.npz", "--fake", "fake.npz", "--metrics", "frechet,mind")
    outcome = run(*both)
    assert outcome.code == 0, outcome
    lines = outcome.out.splitlines()
    assert lines[1].split("  ")[1].strip() == "score"
    for column in ("value", "95 % interval", "real against real", "resolves", "better"):
        assert column in lines[1]
    row = next(line for line in lines if line.strip().startswith("FD[given]"))
    assert len([cell for cell in row.split("  ") if cell.strip()]) == 6
    assert "30 + 30 real samples, of 60" in outcome.out
    assert "biased upwards at N" not in outcome.out
    assert "biased upwards at N" in run(*both, "--verbose").out
    assert "real against real:" not in run(*both, "--no-floor").out
    data = json.loads(run(*both, "--json").out)
    assert data["floor"]["samples"] == 30
    assert data["floor"]["estimates"]["FD[given]"]["value"] < data["estimates"]["FD[given]"]["value"]


def test_statistics_on_either_side_give_the_frechet_distance(run, here):
    real, fake = _features(here / "real.npz"), _features(here / "fake.npz", shift=0.5, seed=1)
    np.savez(here / "statistics.npz", mu=real.mean(0), sigma=np.cov(real, rowvar=False))
    np.savez(here / "others.npz", mu=fake.mean(0), sigma=np.cov(fake, rowvar=False))
    covariances = [np.cov(each.astype(np.float64), rowvar=False) for each in (real, fake)]
    expected = ((real.mean(0, dtype=np.float64) - fake.mean(0, dtype=np.float64)) ** 2).sum() + np.trace(sum(covariances))
    expected -= 2 * np.trace(scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real)
    outcome = run("evaluate", "--real", "statistics.npz", "--fake", "others.npz", "--json")
    assert json.loads(outcome.out)["estimates"]["FD[statistics]"]["value"] == pytest.approx(expected, rel=1e-5)
    images = np.random.default_rng(0).integers(0, 256, (80, 2, 2, 3), dtype=np.uint8)
    flat = torch.from_numpy(images).permute(0, 3, 1, 2).flatten(1).numpy() / 255
    np.savez(here / "pixels.npz", mu=flat.mean(0), sigma=np.cov(flat, rowvar=False))
    np.savez(here / "images.npz", images)
    for sides in (("pixels.npz", "images.npz"), ("images.npz", "pixels.npz")):
        outcome = run("evaluate", "--real", sides[0], "--fake", sides[1], "--features", "pixels", "--json", "--no-floor")
        data = json.loads(outcome.out)
        assert data["estimates"]["FD[pixels]"]["value"] == pytest.approx(0, abs=1e-5)
        assert "KID" not in str(data["estimates"])
        assert any("reads samples" in reason for reason in data["failures"].values())
    line = run("evaluate", "--real", "statistics.npz", "--fake", "images.npz", "--features", "pixels").is_one_line_error()
    assert "the real side has 4 features, the generated side 12" in line


def test_a_pickle_of_statistics_is_refused(run, here):
    _features(here / "fake.npz")
    (here / "stylegan.pkl").write_bytes(pickle.dumps({"mean": 1}))
    line = run("evaluate", "--real", "stylegan.pkl", "--fake", "fake.npz").is_one_line_error()
    assert "a pickle can run any code" in line
    np.savez(here / "bad.npz", mu=np.zeros(3), sigma=np.zeros((2, 2)))
    assert "expected (d,) and (d, d)" in run("evaluate", "--real", "bad.npz", "--fake", "fake.npz").is_one_line_error()


def test_features_are_saved_with_what_made_them_and_compared(run, here):
    images = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    np.savez(here / "images.npz", images)
    outcome = run("features", "images.npz", "--features", "efficientnet_lite:resolution=32", "--out", "a.npz")
    assert outcome.out.strip() == "a.npz: 24 x 1280 features of efficientnet_lite:lite0-32"
    with np.load(here / "a.npz") as file:
        assert file["features"].shape == (24, 1280)
        assert file["logits"].shape == (24, 1000)
        assert str(file["weights"]) == "579344248a93e230"
    data = json.loads(run("evaluate", "--real", "a.npz", "--fake", "a.npz", "--metrics", "mind", "--json").out)
    assert data["estimates"]["MIND[efficientnet_lite:lite0-32]"]["value"] == 0
    run("features", "images.npz", "--features", "pixels", "--out", "b.npz")
    line = run("evaluate", "--real", "a.npz", "--fake", "b.npz").is_one_line_error()
    assert "'efficientnet_lite:lite0-32'" in line
    assert "'pixels'" in line
    assert "holds features already" in run("features", "a.npz", "--out", "c.npz").is_one_line_error()


def test_the_cache_is_shown_and_emptied(run, here, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(here / "cache"))
    np.savez(here / "images.npz", np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8))
    run("features", "images.npz", "--features", "efficientnet_lite:resolution=32", "--out", "a.npz")
    kept = json.loads(run("data", "cache", "--json").out)
    assert [(e["extractor"], e["samples"], e["width"]) for e in kept["entries"]] == [("efficientnet_lite:lite0-32", 24, 1280)]
    assert "24 x 1280 features of efficientnet_lite:lite0-32" in run("data", "cache").out
    assert ", removed" in run("data", "cache", "--empty").out
    assert json.loads(run("data", "cache", "--json").out)["entries"] == []


def train_short(study, seed, steps):
    """Train a small model of digits as a trial of `study`."""
    config = TrialConfig.parse(
        {"dataset": "digits", "architecture": "mlp", "loss": "hinge", "budget": {"amount": steps}, "seed": seed, "batch_size": 16}
    )
    prepared = prepare(config)
    run_trial(prepared, None, folder=study / "trials" / prepared.config.digest(), pictures=False)


def test_a_study_is_ranked_through_several_views(run, here):
    """Three models through two views: ranks, agreement, the scores kept beside the trials; a second call only reads them."""
    for seed, steps in ((0, 1), (1, 1), (2, 60)):
        train_short(here / "study", seed, steps)
    command = ("evaluate", "--fake", "study", "--features", "pixels,classifier", "--protocol", "quick", "--metrics", "kid", "--json")
    outcome = run(*command)
    assert outcome.code == 0, outcome
    data = json.loads(outcome.out)
    views = ["KID[pixels]", "KID[classifier:digits]"]
    assert len(data["models"]) == 3
    for view in views:
        assert sorted(model[view]["rank"] for model in data["models"].values()) == [1, 2, 3]
        best = min(data["models"].values(), key=lambda model: model[view]["rank"])
        assert best[view]["value"] == min(model[view]["value"] for model in data["models"].values())
    assert data["agreements"][0]["views"] == views
    assert data["agreements"][0]["absent"].endswith("models: an interval needs 10")
    kept = sorted((here / "study").rglob("scores/*.json"))
    assert len(kept) == 6
    times = [path.stat().st_mtime_ns for path in kept]
    for path in (here / "study").rglob("record.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"study": {"cell": {"d_normalization": "none", "loss": "hinge"}}}))
    text = run(*command[:-1]).out
    assert text.count("  hinge · none") >= 3
    assert "wronged" not in text
    assert [path.stat().st_mtime_ns for path in kept] == times
    assert "model, best mean rank first" in text
    assert "KID[pixels] and KID[classifier:digits]" in text
    for idle in (("--real", "digits"), ("--resolution", "8"), ("--no-floor",), ("--verbose",), ("--weights", "w.pth")):
        assert f"no use for {idle[0]} where --fake is a study" in run(*command, *idle).is_one_line_error()
    assert "no use for --channels, --no-cache where" in run(*command, "--channels", "1", "--no-cache").is_one_line_error()
    assert "two views or more" in run("evaluate", "--fake", "study", "--features", "pixels").is_one_line_error()
    assert "--real" in run("evaluate", "--fake", "absent.npz").is_one_line_error()
    assert "the study's report shows them too" in text
    twice = run("evaluate", "--fake", "study", "--features", "pixels,classifier,classifier:digits", "--protocol", "quick")
    assert "the same score KID[classifier:digits]: name each view once" in twice.is_one_line_error()


def test_further_views_and_later_models_add_to_what_is_kept_and_the_report_shows_all(run, here):
    """Two views of two models; then another view, and two more models. The report needs no call of its own."""
    study = here / "study"

    def evaluated(features):
        outcome = run("evaluate", "--fake", "study", "--features", features, "--protocol", "quick")
        assert outcome.code == 0, outcome
        return outcome.out, {path: path.read_bytes() for path in sorted(study.rglob("scores/*.json"))}

    for seed in (0, 1):
        train_short(study, seed, 1)
    text, first = evaluated("pixels,classifier")
    assert len(first) == 4
    assert "report" not in text
    for seed in (2, 3):
        train_short(study, seed, 30)
    _, second = evaluated("pixels,classifier:mnist")
    assert len(second) == 4 + 2 + 4  # the first view of the later models, and the third view of all
    assert {path: content for path, content in second.items() if path in first} == first
    assert evaluated("classifier,pixels,classifier:mnist")[1].keys() > second.keys()
    found = study_views(read_study(study).trials)
    assert [(one.metric, one.protocol, len(one.models)) for one in found] == [("KID", "quick", 4)]
    assert set(found[0].views) == {"KID[pixels]", "KID[classifier:digits]", "KID[classifier:mnist]"}
    estimate = found[0].views["KID[pixels]"][found[0].models[0]]
    stored = [json.loads(path.read_text()) for path in (study / "trials" / found[0].models[0] / "scores").glob("*.json")]
    assert estimate.value in [one["estimates"].get("KID[pixels]", {}).get("value") for one in stored]
    assert estimate.n_fake is not None
    page = build(here, here / "reports", "study")[0].read_text(encoding="utf-8")
    assert "4 models ranked by KID through 3 views" in page


def test_torch_fidelity_computes_the_same_scores(run, here):
    """From features, and from a trained model's samples through an extractor; FD, KID, precision and recall."""
    generator = np.random.default_rng(3)
    for name, shift in (("real", 0.0), ("fake", 0.2)):
        np.savez(here / f"{name}.npz", features=generator.normal(size=(120, 6)).astype(np.float32) + shift)
    metrics = ("--metrics", "frechet", "--metrics", "kid:subsets=5,subset_size=40,precision=float64", "--metrics", "precision_recall:k=3")
    both = ("evaluate", "--real", "real.npz", "--fake", "fake.npz", *metrics, "--check", "torch-fidelity")
    found = {c["name"]: c for c in json.loads(run(*both, "--json").out)["check"]}
    assert set(found) == {"FD[given]", "KID[given]", "precision[given]", "recall[given]"}
    for checked in found.values():
        assert checked["ours"] == pytest.approx(checked["theirs"], rel=1e-6)
    assert "torch-fidelity 0." in run(*both).out
    prepared = prepare(
        TrialConfig.parse({"dataset": "digits", "architecture": "mlp", "loss": "hinge", "budget": {"amount": 1}, "batch_size": 16})
    )
    run_trial(prepared, None, folder=here / "trial", pictures=False)
    trained = ("evaluate", "--real", "digits", "--fake", "trial", "--metrics", "frechet,kid", "--check", "torch-fidelity", "--no-floor")
    for checked in json.loads(run(*trained, "--json").out)["check"]:
        assert checked["ours"] == pytest.approx(checked["theirs"], rel=1e-4)
    assert (
        "knows none"
        in run("evaluate", "--real", "real.npz", "--fake", "fake.npz", "--metrics", "mind", "--check", "torch-fidelity").is_one_line_error()
    )
