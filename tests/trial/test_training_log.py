"""A trial's log opens in TensorBoard: every curve point once, the scores, the pictures; and it changes nothing of the trial."""

import dataclasses

import pytest

from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.results.record import Status
from landscape.trial.run_trial import prepare_and_run

TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "non_saturating", "batch_size": 16, "budget": {"amount": 40}}


def opened(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": 0, "images": 0})
    found.Reload()
    return found


def test_the_log_holds_curves_scores_and_pictures_and_leaves_the_trial_as_it_is(tmp_path):
    pytest.importorskip("tensorboard")
    config, protocol = TrialConfig.parse(TINY), protocols.get("quick")
    record = prepare_and_run(config, protocol, folder=tmp_path / "logged", logger="tensorboard", threads=1)
    plain = prepare_and_run(config, protocol, folder=tmp_path / "plain", threads=1)
    assert record.digest == plain.digest
    assert record.curves == plain.curves
    assert (tmp_path / "plain").is_dir()
    assert not (tmp_path / "plain" / "tensorboard").exists()
    log = opened(tmp_path / "logged")
    tags = log.Tags()
    assert {f"training/{name}" for name in record.curves} <= set(tags["scalars"])
    for name, points in record.curves.items():
        shown = [(e.step, pytest.approx(e.value, rel=1e-5)) for e in log.Scalars(f"training/{name}")]
        assert [(int(x), y) for x, y in points] == shown
    assert any(tag.startswith("quick/FD") for tag in tags["scalars"])
    assert set(tags["images"]) == set(record.pictures)


def test_points_beyond_the_last_checkpoint_of_a_killed_trial_are_written_anew(tmp_path):
    """The process ends after it wrote points that no checkpoint holds. Its successor starts at the checkpoint and repeats them."""
    pytest.importorskip("tensorboard")
    config = TrialConfig.parse(TINY | {"budget": {"amount": 200}})
    how = {"folder": tmp_path, "logger": "tensorboard", "threads": 1, "pictures": False}
    looks = iter([False, True])
    prepare_and_run(config, None, should_stop=lambda: next(looks, True), **how)
    checkpoint = (tmp_path / "resume.safetensors").read_bytes()
    looks = iter([False, True])
    prepare_and_run(config, None, should_stop=lambda: next(looks, True), **how)
    (tmp_path / "resume.safetensors").write_bytes(checkpoint)
    record = prepare_and_run(config, None, **how)
    assert record.status is Status.COMPLETED
    log = opened(tmp_path)
    for name, points in record.curves.items():
        assert [e.step for e in log.Scalars(f"training/{name}")] == [int(x) for x, _ in points]


def test_an_interrupted_trial_writes_each_point_once(tmp_path):
    pytest.importorskip("tensorboard")
    config = TrialConfig.parse(TINY | {"budget": {"amount": 200}})
    looks = iter([False, True])
    how = {"folder": tmp_path, "logger": "tensorboard", "threads": 1, "pictures": False}
    first = prepare_and_run(config, None, should_stop=lambda: next(looks, True), **how)
    assert first.status is Status.STOPPED
    record = prepare_and_run(config, None, **how)
    assert record.status is Status.COMPLETED
    log = opened(tmp_path)
    for name, points in dataclasses.asdict(record)["curves"].items():
        assert [e.step for e in log.Scalars(f"training/{name}")] == [int(x) for x, _ in points]
