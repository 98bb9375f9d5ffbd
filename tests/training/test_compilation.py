"""Compiled updates of many trials in one process."""

import warnings

import pytest
import torch

import landscape
from landscape.core.environment import resolve_device
from landscape.core.errors import UserError
from landscape.training import compilation


@pytest.mark.skipif(bool(compilation.cannot_compile(torch.device("cpu"))), reason="nothing compiles here")
def test_too_many_variants_run_eagerly(monkeypatch):
    """A hyperparameter is a constant of the compiled graph: each trial's makes a variant, and their number is limited."""
    monkeypatch.setattr(compilation, "VARIANTS", 1)
    reasons = []

    def scaled(x, weight):
        return (x * weight).sum()

    functions = [compilation.with_fallback(scaled, reasons.append) for _ in range(2)]
    x = torch.ones(3)
    assert functions[0](x, 2.0) == 6
    assert reasons == []
    with torch._dynamo.config.patch(recompile_limit=1), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert [functions[1](x, 5.0), functions[1](x, 7.0)] == [15, 21]
    assert len(reasons) == 1
    assert "FailOnRecompileLimitHit" in reasons[0]
    assert any("runs eagerly" in str(w.message) for w in told)


def test_a_trial_says_which_of_its_updates_could_not_be_compiled(monkeypatch):
    gan = landscape.build(
        {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "hinge", "batch_size": 8, "budget": {"amount": 4}}
    )

    def refuse(function, **_):
        def call(*arguments):
            if function.__name__ == "of_d":
                raise torch._dynamo.exc.TorchDynamoException("no gradient of a gradient")
            return function(*arguments)

        return call

    monkeypatch.setattr(compilation, "compiled", refuse)
    monkeypatch.setattr("landscape.training.compilation.cannot_compile", lambda device: "")
    gan.prepare(torch.device("cpu"), "compiled")
    with pytest.warns(UserWarning, match="runs eagerly"):
        gan.run_rounds(4)
    assert gan.execution == "compiled, but D's updates eager (TorchDynamoException: no gradient of a gradient)"


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("cuda:1").index == 1
    with pytest.raises(UserError, match="'cuda:9' was asked for, and the last that torch sees is cuda:1"):
        resolve_device("cuda:9")


def test_variants_are_forgotten_before_they_are_too_many(monkeypatch):
    forgotten = []
    monkeypatch.setattr(torch.compiler, "reset", lambda: forgotten.append(True))
    for _ in range(4 * compilation.KEPT_FUNCTIONS):
        compilation.compiled(lambda x: x)
    assert len(forgotten) == 4
