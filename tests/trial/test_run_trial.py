"""A trial from config to record: what it leaves, what it does twice, what an interruption changes (nothing)."""

import dataclasses
import json

import pytest
import torch

import landscape
from landscape import evaluation
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.evaluation import models
from landscape.results.record import Status, TrialRecord
from landscape.training import sampling
from landscape.trial import checkpoint_file
from landscape.trial import run_trial as trial_module
from landscape.trial.prepared_trial import PreparedTrial
from landscape.trial.run_trial import prepare_and_run, run_trial

TINY = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 16}},
    "loss": "non_saturating",
    "batch_size": 16,
    "budget": {"amount": 40},
}


def config(**fields):
    return TrialConfig.parse(TINY | fields)


def test_a_gpu_is_woken_before_its_memory_is_counted(tmp_path, monkeypatch):
    """Torch refuses to reset the statistics of a device that is given by its index before CUDA has begun."""

    class SeenEnoughError(Exception):
        pass

    def built(*_):
        raise SeenEnoughError

    calls = []
    monkeypatch.setattr(torch.cuda, "init", lambda: calls.append("init"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", calls.append)
    monkeypatch.setattr(trial_module, "resolve_device", torch.device)
    monkeypatch.setattr(trial_module, "GAN", built)
    with pytest.raises(SeenEnoughError):
        run_trial(PreparedTrial(config(), None), None, folder=tmp_path, device="cuda:1")
    assert calls == ["init", torch.device("cuda:1")]


def stop_after(looks: int):
    """Asks to stop at the `looks`-th look."""
    seen = []

    def should_stop() -> bool:
        seen.append(1)
        return len(seen) >= looks

    return should_stop


def interrupted(trial, folder, looks=2):
    first = prepare_and_run(trial, None, folder=folder, should_stop=stop_after(looks), pictures=False, threads=1)
    assert first.status is Status.STOPPED
    assert 0 < first.counts["rounds"] < trial.rounds
    return prepare_and_run(trial, None, folder=folder, pictures=False, threads=1)


def left_behind(folder):
    tensors, _ = checkpoint_file.read(folder / "generator.safetensors", "generator")
    return tensors


VARIANTS = {
    "adam, ema, flips": {"ema": {"decay": 0.9}, "horizontal_flip": True, "dequantize": True},
    "spectral": {"d_normalization": "spectral", "loss": "hinge"},
    "bf16": {"precision": "bf16"},
    "gradient penalty, 3 D steps": {"regularizers": ["gradient_penalty"], "d_steps_per_round": 3, "loss": "wasserstein"},
    "sgd momentum schedule": {"d_optimizer": {"name": "sgd", "momentum": 0.5, "final_momentum": 0.7, "learning_rate": 0.01}},
    "rmsprop": {"g_optimizer": {"name": "rmsprop", "learning_rate": 1e-4, "schedule": {"name": "linear"}}},
    "lecam state": {"regularizers": ["lecam"]},
    "instance noise": {"regularizers": ["instance_noise"]},
    "unrolled": {"regularizers": [{"unrolled": {"k": 2}}]},
    "simultaneous": {"order": "simultaneous"},
    "reused z": {"reuse_z": True, "order": "g_first", "d_steps_per_round": 2},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_interrupted_is_bit_identical(name, tmp_path):
    trial = config(**VARIANTS[name])
    whole = prepare_and_run(trial, None, folder=tmp_path / "whole", pictures=False, threads=1)
    again = interrupted(trial, tmp_path / "interrupted")
    assert whole.status is Status.COMPLETED
    assert again.status is Status.COMPLETED
    assert again.environment["interruptions"] == 1
    assert again.curves == whole.curves
    assert again.counts == whole.counts
    mine, theirs = left_behind(tmp_path / "whole"), left_behind(tmp_path / "interrupted")
    assert mine.keys() == theirs.keys()
    for key in mine:
        assert torch.equal(mine[key], theirs[key]), key
    assert not (tmp_path / "interrupted" / "resume.safetensors").exists()


def test_curves_have_six_digits_in_the_record_and_all_in_a_checkpoint(tmp_path):
    record = prepare_and_run(config(), None, folder=tmp_path, should_stop=stop_after(2), pictures=False, threads=1)
    _, state = checkpoint_file.read(tmp_path / "resume.safetensors", "resume")
    measured = state["gan"]["curves"]
    assert record.curves.keys() == measured.keys() >= {"d_loss", "g_loss", "d_gradient_norm", "sample_diversity"}
    for name, points in record.curves.items():
        assert [(at, float(f"{value:.6g}")) for at, value in measured[name]] == list(points), name
    assert any(value != round(value, 9) for _, value in measured["d_loss"])


def test_same_seed_same_model_other_seed_other_model(tmp_path):
    a, b, c = (prepare_and_run(config(seed=s), None, folder=tmp_path / str(i), pictures=False, threads=1) for i, s in enumerate((0, 0, 1)))
    assert a.curves == b.curves
    assert a.curves != c.curves


def test_a_digest_is_not_trained_twice(tmp_path):
    first = prepare_and_run(config(), None, folder=tmp_path, pictures=False)
    stamp = (tmp_path / "record.json").stat().st_mtime_ns
    second = prepare_and_run(config(), None, folder=tmp_path, pictures=False)
    assert second.digest == first.digest
    assert (tmp_path / "record.json").stat().st_mtime_ns == stamp


def test_folder_of_another_trial_is_refused(tmp_path):
    prepare_and_run(config(), None, folder=tmp_path, pictures=False)
    with pytest.raises(UserError, match="holds trial"):
        prepare_and_run(config(seed=3), None, folder=tmp_path, pictures=False)


def test_divergence_is_a_result(tmp_path):
    record = prepare_and_run(
        config(loss="wasserstein", d_optimizer={"name": "sgd", "learning_rate": 1e9}), None, folder=tmp_path, pictures=False
    )
    assert record.status is Status.DIVERGED
    assert "step" in record.reason
    assert not (tmp_path / "generator.safetensors").exists()
    assert TrialRecord.from_json(json.loads((tmp_path / "record.json").read_text())) == dataclasses.replace(record)


def test_damaged_checkpoint_is_set_aside_and_the_trial_still_ends(tmp_path):
    trial = config()
    prepare_and_run(trial, None, folder=tmp_path, should_stop=stop_after(1), pictures=False, threads=1)
    path = tmp_path / "resume.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.warns(UserWarning, match="damaged"):
        record = prepare_and_run(trial, None, folder=tmp_path, pictures=False, threads=1)
    assert record.status is Status.COMPLETED
    assert (tmp_path / "resume.safetensors.corrupt").exists()


@pytest.mark.parametrize("lost", ["module.generator", "random.torch", "gan"])
def test_checkpoint_that_does_not_fit_is_set_aside_and_the_trial_ends_as_if_it_had_never_been(lost, tmp_path):
    trial = config()
    record = prepare_and_run(trial, None, folder=tmp_path / "whole", pictures=False, threads=1)
    prepare_and_run(trial, None, folder=tmp_path / "cut", should_stop=stop_after(1), pictures=False, threads=1)
    path = tmp_path / "cut" / "resume.safetensors"
    tensors, data = checkpoint_file.read(path, "resume")
    checkpoint_file.write(
        path, {k: v for k, v in tensors.items() if not k.startswith(lost)}, {k: v for k, v in data.items() if k != lost}, "resume"
    )
    with pytest.warns(UserWarning, match="does not fit"):
        again = prepare_and_run(trial, None, folder=tmp_path / "cut", pictures=False, threads=1)
    assert (path.parent / "resume.safetensors.corrupt").exists()
    assert again.counts == record.counts
    assert again.environment["interruptions"] == 0
    ours, theirs = (checkpoint_file.read(tmp_path / n / "generator.safetensors", "generator")[0] for n in ("whole", "cut"))
    assert ours
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_the_first_record_of_a_trial_stays(tmp_path):
    """A worker that was cut off and is back ends its trial after another one has."""
    trial, calls = config(), []

    def meanwhile():
        if not calls:
            calls.append(1)
            prepare_and_run(trial, None, folder=tmp_path, pictures=False, threads=1, study={"who": "the other"})
        return False

    record = prepare_and_run(trial, None, folder=tmp_path, should_stop=meanwhile, pictures=False, threads=1, study={"who": "the first"})
    assert record.study == {"who": "the other"}
    assert json.loads((tmp_path / "record.json").read_text())["study"] == {"who": "the other"}


def test_counts(tmp_path):
    record = prepare_and_run(config(d_steps_per_round=4, g_steps_per_round=2, budget={"amount": 8}), None, folder=tmp_path, pictures=False)
    assert dict(record.counts) == {"rounds": 2, "d_steps": 8, "g_steps": 4, "images": 8 * 16}


@pytest.mark.parametrize("loss", ["mmd", "vae"])
def test_methods_without_a_discriminator(loss, tmp_path):
    latent = {"dim": 8, "distribution": "normal"}
    record = prepare_and_run(config(loss=loss, latent=latent), None, folder=tmp_path, pictures=False)
    assert record.status is Status.COMPLETED, record.reason
    assert record.counts["d_steps"] == 0
    assert record.counts["g_steps"] == 40
    losses = [y for _, y in record.curves["g_loss"]]
    assert losses[-1] < losses[0]


def test_seconds_budget(tmp_path):
    record = prepare_and_run(config(budget={"amount": 0.5, "unit": "seconds"}), None, folder=tmp_path, pictures=False)
    assert record.status is Status.COMPLETED
    assert record.counts["rounds"] > 0
    assert record.seconds["training"] >= 0.5


def pixels(**changes):
    fields = {"name": "tiny", "extractor": "pixels", "metrics": ["frechet"], "objective": "FD[pixels]", "n_fake": 100, "n_real": 100}
    return Protocol.parse(fields | changes)


@pytest.mark.parametrize("points", [1, 2])
def test_a_model_whose_samples_overflow_has_diverged(points, tmp_path, monkeypatch):
    """Finite weights, samples that are not: a result, which a sweep goes on from."""
    monkeypatch.setattr(sampling, "in_range", lambda samples: samples / 0 - samples / 0)
    record = prepare_and_run(config(), pixels(selection_points=points), folder=tmp_path, pictures=False)
    assert record.status is Status.DIVERGED
    assert "NaN" in record.reason
    assert (tmp_path / "record.json").exists()


def test_an_interrupted_selection_of_weights_goes_on_with_its_curves(tmp_path):
    whole = prepare_and_run(config(), pixels(selection_points=8), folder=tmp_path / "whole", pictures=False, threads=1)
    stopped = tmp_path / "stopped"
    first = prepare_and_run(config(), pixels(selection_points=8), folder=stopped, should_stop=stop_after(6), pictures=False, threads=1)
    assert 2 <= len(first.curves["distance_to_best"]) < 8
    again = prepare_and_run(config(), pixels(selection_points=8), folder=stopped, pictures=False, threads=1)
    assert again.curves == whole.curves
    assert [at for at, _ in again.curves["distance_to_best"]] == [at for at, _ in again.curves["selection_objective"]]


@pytest.mark.parametrize(
    ("prescribed", "names"),
    [
        ("last", {"tiny": "last", "tiny/best_on_selection": "best_on_selection"}),
        ("best_on_selection", {"tiny": "best_on_selection", "tiny/last": "last"}),
        ("best_on_test", {"tiny": "best_on_test", "tiny/last": "last"}),
    ],
)
def test_a_protocols_name_stands_for_the_checkpoint_that_it_prescribes(prescribed, names, tmp_path):
    """Other checkpoints have names of their own, and no file of scores names two checkpoints."""
    prepare_and_run(config(), pixels(selection_points=2, checkpoint=prescribed), folder=tmp_path, pictures=False)
    found = [json.loads(path.read_text()) for path in (tmp_path / "scores").glob("*.json")]
    reported = {each["protocol"]["name"]: each for each in found if not each["protocol"]["name"].endswith("/selection")}
    assert {name: each["checkpoint"] for name, each in reported.items()} == names
    assert {name: each["protocol"]["checkpoint"] for name, each in reported.items()} == names


def test_scores_are_taken_as_the_protocol_says(tmp_path, monkeypatch):
    """Batches of its size; on the trial's device; with its batch-norm statistics and runs, for a trial that is scored again too."""
    sizes, devices = [], []
    original = sampling.in_range
    monkeypatch.setattr(sampling, "in_range", lambda samples: sizes.append(len(samples)) or original(samples))
    wanted = pixels(sampling_batch=40, averaging_runs=2)
    prepare_and_run(config(), wanted, folder=tmp_path, pictures=False, device="cpu")
    assert {40, 20} <= set(sizes)
    assert 64 not in sizes
    sizes.clear()
    monkeypatch.setattr(trial_module, "resolve_device", lambda name: devices.append(name) or torch.device("cpu"))
    other = pixels(name="other", sampling_batch=50)
    prepare_and_run(config(), other, folder=tmp_path, pictures=False, device="cpu")
    assert devices == ["cpu"]
    assert set(sizes) == {50}


def test_a_screened_trial_is_scored_later_as_it_would_have_been_at_once(tmp_path):
    wanted = pixels(n_fake=100)
    prepare_and_run(config(), wanted, folder=tmp_path / "at once", pictures=False)
    screened = tmp_path / "in two stages"
    prepare_and_run(config(), models.screening_protocol(wanted, 50), folder=screened, pictures=False)
    assert names_of(screened) == {"tiny/screening", "tiny/screening/selection"}
    few = next(s for s in scores_of(screened) if s["protocol"]["name"] == "tiny/screening/selection")
    assert {e["n_fake"] for e in few["estimates"].values()} == {50}
    for _ in range(2):
        prepare_and_run(config(), wanted, folder=screened, pictures=False)
    assert names_of(screened) == {"tiny/screening", "tiny/screening/selection", "tiny", "tiny/selection"}
    at_once = {s["protocol"]["digest"]: s["estimates"] for s in scores_of(tmp_path / "at once")}
    later = {s["protocol"]["digest"]: s["estimates"] for s in scores_of(screened)}
    assert {digest: later[digest] for digest in at_once} == at_once


def scores_of(folder):
    return [json.loads(path.read_text()) for path in (folder / "scores").glob("*.json")]


def names_of(folder):
    return {scores["protocol"]["name"] for scores in scores_of(folder)}


def test_scoring_happens_on_the_trials_device(tmp_path, monkeypatch):
    asked = []
    for module, name in ((models, "select_model"), (evaluation, "evaluate_model")):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, o=original, **k: asked.append(k["options"].device) or o(*a, **k))
    prepare_and_run(config(), pixels(), folder=tmp_path, pictures=False, device="cpu")
    assert asked == [torch.device("cpu")] * 2


def test_a_trial_is_prepared_once(tmp_path, monkeypatch):
    """The data are loaded once and the configuration is completed once, whoever starts the trial."""
    from landscape.components.datasets import _load
    from landscape.config import compatibility

    loaded, resolved = [], []
    load, resolve = _load.load_dataset, compatibility.resolve
    monkeypatch.setattr(_load, "load_dataset", lambda *given, **named: loaded.append(given) or load(*given, **named))
    monkeypatch.setattr(compatibility, "resolve", lambda given: resolved.append(given) or resolve(given))
    landscape.train(TINY, None, folder=tmp_path)
    assert (len(loaded), len(resolved)) == (1, 1)
