"""An interrupted trial ends in the very state of an uninterrupted one: every tensor and number of it, whatever has a state of its own."""

import pytest
import torch
from helpers.tiny_trials import BASE, STATES, trial_of

from landscape.components.architectures._base import ARCHITECTURES
from landscape.config.trial_config import TrialConfig
from landscape.results.record import Status
from landscape.trial import checkpoint_file
from landscape.trial.run_trial import prepare_and_run


class Kept:
    """The last state that a trial saved, before it is removed."""

    def __init__(self, monkeypatch) -> None:
        self.tensors, self.data = {}, {}
        true_write = checkpoint_file.write

        def write(path, tensors, data, kind):
            true_write(path, tensors, data, kind)
            if kind == "resume":
                self.tensors, self.data = checkpoint_file.read(path, kind)

        monkeypatch.setattr(checkpoint_file, "write", write)


def ended(config, kept, folder, **options):
    record = prepare_and_run(config, None, folder=folder, pictures=False, threads=1, **options)
    return record, kept.tensors, kept.data


def check(settings, tmp_path, monkeypatch, **options):
    config, kept = TrialConfig.parse(BASE | settings), Kept(monkeypatch)
    whole, tensors, data = ended(config, kept, tmp_path / "whole", **options)
    assert whole.status is Status.COMPLETED, whole.reason
    looks = iter([False, True])
    stopped, *_ = ended(config, kept, tmp_path / "cut", should_stop=lambda: next(looks), **options)
    assert stopped.status is Status.STOPPED
    assert 0 < stopped.counts["rounds"] < whole.counts["rounds"]
    # What the interrupted process had drawn is of no use to the one that continues.
    torch.manual_seed(12345)
    again, theirs, their_data = ended(config, kept, tmp_path / "cut", **options)
    assert again.status is Status.COMPLETED
    assert again.environment["execution"] == whole.environment["execution"]
    assert again.curves == whole.curves
    assert tensors.keys() == theirs.keys()
    different = [name for name in tensors if not torch.equal(tensors[name], theirs[name])]
    assert not different
    for part in ("digest", "gan", "random"):
        assert data[part] == their_data[part], part
    return whole, tensors


@pytest.mark.usefixtures("without_flite")
@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n == "resnet107" else n for n in sorted(ARCHITECTURES)])
def test_every_architecture(name, precision, tmp_path, monkeypatch):
    check(trial_of(name) | {"precision": precision}, tmp_path, monkeypatch)


@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", STATES)
def test_every_state(name, precision, tmp_path, monkeypatch):
    _, tensors = check(STATES[name] | {"precision": precision}, tmp_path, monkeypatch)
    wanted = {"BEGAN k": "module.states.loss", "spectral u": "u", "EMA, flips, dequantization": "module.average", "kept z": "last_z"}
    if name in wanted:
        assert any(wanted[name] in key for key in tensors), sorted(tensors)


@pytest.mark.slow
def test_compiled(tmp_path, monkeypatch):
    whole, _ = check({}, tmp_path, monkeypatch, execution="compiled")
    assert whole.environment["execution"] == "compiled"
