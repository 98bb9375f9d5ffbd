"""Compiled updates of many trials in one process."""

import itertools
import json
import warnings
from contextlib import nullcontext

import pytest
import torch
from torch import nn

import landscape
from benchmarks import compiling
from landscape.components.numerics import input_gradients
from landscape.config.trial_config import TrialConfig
from landscape.core.environment import resolve_device
from landscape.core.errors import UserError
from landscape.results.record import Status
from landscape.training import compilation, effective_weights
from landscape.trial.run_trial import prepare_and_run


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


def breaking_off(owner: str, at_call: int, error: Exception):
    """In place of `compiled`: the function itself, but that of `owner` runs, changes all that it changes, and then raises at its n-th call."""

    def compiled(function, **_):
        calls = itertools.count(1)

        def call(*arguments):
            made = function(*arguments)
            if function.__name__ == owner and next(calls) == at_call:
                raise error
            return made

        return call

    return compiled


STATEFUL = {
    "dataset": "digits",
    "architecture": {"dcgan": {"width": 4}},
    "resolution": 16,
    "loss": "hinge",
    "d_normalization": "spectral_batch",
    "regularizers": ["lecam", "instance_noise"],
    "batch_size": 8,
    "budget": {"amount": 6},
}


@pytest.mark.parametrize(
    ("owner", "order"), [("of_d", "d_first"), ("of_g", "d_first"), ("of_both", "simultaneous")], ids=["D's", "G's", "both"]
)
@pytest.mark.parametrize(
    "error", [AssertionError("expected size 64==64, stride 256==1 at dim=1"), RuntimeError(""), KeyError("buf3")], ids=type
)
def test_code_that_breaks_off_leaves_no_trace_and_the_update_runs_eagerly(owner, order, error, monkeypatch):
    """Inductor's code asserts strides when it runs: whatever it raises, training goes on as if the update had been eager all along."""
    monkeypatch.setattr(compilation, "cannot_compile", lambda device: "")
    monkeypatch.setattr(compilation, "compiled", breaking_off(owner, 2, error))
    eager, broken = (landscape.build(STATEFUL | {"order": order}) for _ in range(2))
    broken.load_state_dict(eager.state_dict())
    for gan, execution in ((eager, "eager"), (broken, "compiled")):
        gan.prepare(torch.device("cpu"), execution)
        torch.manual_seed(1)
        if gan is broken:
            with pytest.warns(UserWarning, match="compiled code failed, the update runs eagerly"):
                gan.run_rounds(4)
        else:
            gan.run_rounds(4)
    whose = {"of_d": "D's updates", "of_g": "G's updates", "of_both": "all updates"}[owner]
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    assert broken.execution == f"compiled, but {whose} eager ({reason})"
    theirs = eager.state_dict()
    assert [name for name, mine in broken.state_dict().items() if not torch.equal(mine, theirs[name])] == []
    assert broken.extra_state() == eager.extra_state()


def test_a_trial_ends_well_although_compiled_code_breaks_off(tmp_path, monkeypatch):
    monkeypatch.setattr(compilation, "cannot_compile", lambda device: "")
    monkeypatch.setattr(compilation, "compiled", breaking_off("of_d", 3, AssertionError("expected size 1==1, stride 256==1 at dim=0")))
    with pytest.warns(UserWarning, match="runs eagerly"):
        record = prepare_and_run(TrialConfig.parse(STATEFUL), None, folder=tmp_path, pictures=False, threads=1, execution="compiled")
    assert record.status is Status.COMPLETED
    assert record.environment["execution"].startswith("compiled, but D's updates eager (AssertionError: expected size")


def test_an_error_of_the_update_itself_is_raised():
    def wrong(x):
        raise UserError("loss 'mine' returned Tensor: return a LossPair")

    with pytest.raises(UserError, match="return a LossPair"), pytest.warns(UserWarning, match="runs eagerly"):
        compilation.with_fallback(wrong, lambda reason: None)(torch.ones(2))


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


@pytest.mark.skipif(bool(compilation.cannot_compile(torch.device("cpu"))), reason="nothing compiles here")
def test_compiled_code_takes_gradients_as_older_compilers_need_it(monkeypatch):
    """The compiler of torch 2.11 refuses `requires_grad_` in compiled code: the other way gives the same gradients of gradients."""
    monkeypatch.setattr(input_gradients, "TRACES_LEAVES", False)
    # `monkeypatch.setattr` would leave the setting deleted: torch keeps settings elsewhere than in the module.
    with torch._dynamo.config.patch(trace_autograd_ops=True):
        input_gradients.prepare_to_compile(torch.device("cpu"))
        torch.manual_seed(0)
        network, points = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(5, 3)

        def penalty(points):
            gradient, values = input_gradients.input_gradient(lambda x: network(x).squeeze(1), points)
            return torch.autograd.grad(gradient.square().sum() + values.mean(), network[0].weight)[0]

        torch.testing.assert_close(torch.compile(penalty, fullgraph=True, backend="aot_eager")(points), penalty(points))


@pytest.mark.parametrize(
    ("execution", "status"),
    [("compiled", None), ("not built: no such pair", None), ("compiled, but D's updates eager (Unsupported: grad)", 1)],
)
def test_the_list_of_what_compiles_ends_with_status_1_if_an_update_is_refused(execution, status, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(compilation, "compiled", compilation.compiled)  # `main` replaces both
    monkeypatch.setattr(effective_weights, "COMPILED_TOGETHER", effective_weights.COMPILED_TOGETHER)
    monkeypatch.setattr(compilation, "cannot_compile", lambda device: "")
    monkeypatch.setattr(compiling, "outcome", lambda fields, precision: execution if precision == "bf16" else "compiled")
    monkeypatch.setattr("sys.argv", ["compiling", "--only", "hinge", "r1", "--json", str(tmp_path / "found.json")])
    with nullcontext() if status is None else pytest.raises(SystemExit, match=str(status)):
        compiling.main()
    found = json.loads((tmp_path / "found.json").read_text())["trials"]
    assert [(each["name"], each["precision"]) for each in found] == [(name, p) for name in ("hinge", "r1") for p in ("fp32", "bf16")]
    assert f": {4 if execution == 'compiled' else 2} of 4 trials compile both updates" in capsys.readouterr().out
