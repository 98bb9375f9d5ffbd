"""What a worker does with its device: which it is, how much of it, and what follows when it fails. CUDA is stood in for."""

from types import SimpleNamespace

import pytest
import torch

from landscape.config.protocol import Protocol
from landscape.sweep.pool import worker
from landscape.sweep.pool.worker import TrialActor, is_out_of_memory


@pytest.mark.parametrize(
    "text",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`",
        "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to allocate 80000000000 bytes",
    ],
)
def test_signs_of_full_memory(text):
    assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))


def test_the_first_of_two_stages_has_a_protocol_of_few_samples():
    whole = Protocol.parse({"name": "toy", "extractor": "pixels", "metrics": ["frechet", "kid"], "objective": "FD[pixels]", "n_fake": 999})
    made = TrialActor._protocol.__get__(SimpleNamespace(protocol=whole))
    assert made(0) is whole
    few = made(70)
    assert (few.name, few.n_fake, [m.name for m in few.metrics]) == ("toy/screening", 70, ["frechet"])


class Ended(BaseException):
    """In the place of the process's end."""


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that answers as `it.fault` says, and keeps the share of its memory that a process may take."""
    it = SimpleNamespace(fault=None, share=None, emptied=0)

    def synchronize():
        if it.fault is not None:
            raise RuntimeError(it.fault)

    def end(code):
        raise Ended(code)

    def empty():
        it.emptied += 1

    for name, function in {
        "is_available": lambda: True,
        "is_initialized": lambda: True,
        "synchronize": synchronize,
        "empty_cache": empty,
        "set_per_process_memory_fraction": lambda share: setattr(it, "share", share),
    }.items():
        monkeypatch.setattr(torch.cuda, name, function)
    monkeypatch.setattr(worker.os, "_exit", end)
    monkeypatch.setattr(worker.gc, "freeze", lambda: None)
    return it


def actor(share, run):
    """A worker whose trials are `run(task, ask)`; the private method is replaced because a real trial cannot be made to fail in each of these ways."""
    it = object.__new__(TrialActor)
    it.common, it.config, it._run = SimpleNamespace(gpus_per_trial=share), {"task": "{}"}, run
    return it


def failing(text):
    def run(task, ask):
        raise RuntimeError(text)

    return run


def test_an_error_of_the_trial_leaves_the_process(gpu):
    assert actor(1.0, failing("a bug")).step()["ended"]["error"].startswith("RuntimeError: a bug")
    assert gpu.emptied == 0


def test_a_gpu_that_no_longer_answers_ends_the_process(gpu):
    gpu.fault = "CUDA error: an illegal memory access was encountered"
    with pytest.raises(Ended):
        actor(1.0, failing(gpu.fault)).step()


def test_full_memory_does_not_end_the_process(gpu):
    gpu.fault = "CUDA out of memory"
    assert actor(1.0, failing(gpu.fault)).step()["ended"].keys() == {"out_of_memory"}
    assert gpu.emptied == 1


@pytest.mark.parametrize(("share", "alone", "limit"), [(0.25, False, 0.25), (0.25, True, 1.0), (1.0, False, 1.0), (0.0, False, None)])
def test_a_trial_takes_its_share_of_the_memory(gpu, share, alone, limit):
    it = actor(share, lambda task, ask: {})
    it.config = {"task": '{"alone": true}' if alone else "{}"}
    it.step()
    assert gpu.share == limit
    assert gpu.emptied == (share < 1)  # its neighbors may need what it no longer does


@pytest.mark.parametrize(("share", "device"), [(0.0, "cpu"), (0.5, "auto")])
def test_without_a_share_of_a_gpu_trials_run_on_the_cpu(share, device, tmp_path, monkeypatch):
    given = {}

    def run_trial(config, protocol, **settings):
        given.update(settings)
        return SimpleNamespace(status=worker.Status.COMPLETED)

    it = object.__new__(TrialActor)
    it.common = SimpleNamespace(gpus_per_trial=share, hang_seconds=60.0, threads=1)
    it.study, it.there, it.run_trial, it.protocol, it.data_dir, it.parent = tmp_path, None, run_trial, None, None, 0
    # `step` would hide what the trial was given behind what it returns, so the private method is called.
    it._run({"config": {"dataset": "digits", "architecture": "mlp", "loss": "hinge"}, "digest": "d", "study": {}})
    assert given["device"] == device
