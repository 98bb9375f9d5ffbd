"""Weights that compiled code makes at once by operators are those that its layers make one by one, and so are the gradients, to rounding."""

import pytest
import torch

import landscape
from benchmarks.compiling import by_the_front_end
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.training import compilation, effective_weights, effective_weights_operators

pytestmark = pytest.mark.skipif(bool(compilation.cannot_compile(torch.device("cpu"))), reason="nothing compiles here")
FIELDS = {
    "dataset": "digits",
    "architecture": {"sndcgan": {"width": 4}},
    "resolution": 16,
    "loss": "hinge",
    "batch_size": 4,
    "budget": {"amount": 64},
    "d_normalization": "spectral",
    "g_normalization": "spectral_batch",
    "d_optimizer": {"name": "sgd", "learning_rate": 0.01},
    "g_optimizer": {"name": "sgd", "learning_rate": 0.01},
}


@pytest.fixture
def operators_used(monkeypatch):
    """Let code that is compiled for a CPU make its weights as on a GPU, and return the numbers of calls for which it did."""
    calls = []
    own = effective_weights_operators.made

    def made(*arguments, **keywords):
        calls.append(keywords["calls"])
        return own(*arguments, **keywords)

    monkeypatch.setattr(effective_weights, "COMPILED_TOGETHER", frozenset({"cpu"}))
    monkeypatch.setattr(effective_weights, "made_by_operators", made)
    monkeypatch.setattr(compilation, "compiled", by_the_front_end)
    return calls


@pytest.mark.parametrize(
    ("regularizer", "precision"),
    [
        ("none", "fp32"),
        ("r1", "bf16"),
        pytest.param("none", "bf16", marks=pytest.mark.slow),
        pytest.param("r1", "fp32", marks=pytest.mark.slow),
        pytest.param({"unrolled": {"k": 1}}, "fp32", marks=pytest.mark.slow),
        pytest.param({"unrolled": {"k": 1}}, "bf16", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_compiled_training_is_that_of_layers_one_by_one(regularizer, precision, operators_used, monkeypatch):
    fields = FIELDS | {"regularizers": [] if regularizer == "none" else [regularizer], "precision": precision}
    at_once = landscape.build(fields)
    monkeypatch.setattr("landscape.training.gan.EffectiveWeights", lambda network: None)
    one_by_one = landscape.build(fields)
    one_by_one.load_state_dict(at_once.state_dict())
    for gan, execution in ((at_once, "compiled"), (one_by_one, "eager")):
        gan.prepare(torch.device("cpu"), execution)
        torch.manual_seed(1)
        gan.run_rounds(3)
    assert at_once.execution == "compiled"
    assert set(operators_used) == {1, 2}
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if precision == "fp32" else {"rtol": 2e-2, "atol": 5e-3}
    torch.testing.assert_close(dict(at_once.state_dict()), dict(one_by_one.state_dict()), **tolerance)
    for network in (at_once.generator, at_once.discriminator):
        assert all(isinstance(p, torch.nn.Parameter) for module in network.modules() for p in module._parameters.values() if p is not None)


def test_a_layer_that_the_loss_does_not_reach_has_no_gradient(operators_used):
    wrap = NORMALIZATIONS["spectral"].function().wrap
    both = torch.nn.ModuleList([wrap(torch.nn.Linear(3, 2)), wrap(torch.nn.Linear(3, 2)), torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)])
    both.forward = lambda x: (both[0](x) + both[2](x), both[1](x) + both[3](x))
    effective_weights.EffectiveWeights(both)

    def gradients(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = both(x)[0].float().sum()
        return torch.autograd.grad(loss, list(both.parameters()), allow_unused=True)

    found = by_the_front_end(gradients)(torch.ones(1, 3))
    reached = {name for (name, _), gradient in zip(both.named_parameters(), found, strict=True) if gradient is not None}
    assert reached == {"0.layer.weight", "0.layer.bias", "2.weight", "2.bias"}
    assert operators_used == [1]


@pytest.mark.parametrize("again", [False, True], ids=["once", "differentiated again"])
@pytest.mark.parametrize("half", [None, torch.bfloat16])
def test_values_and_gradients_are_those_of_eager_code_bit_by_bit(half, again):
    torch.manual_seed(0)
    wrap = NORMALIZATIONS["spectral"].function(iterations=2).wrap
    layers = [wrap(torch.nn.Conv2d(2, 6, 3)), wrap(torch.nn.ConvTranspose2d(6, 4, 4)), wrap(torch.nn.Linear(108, 5)), torch.nn.Linear(5, 2)]
    network = torch.nn.Sequential(*layers)
    weights, state = effective_weights.EffectiveWeights(network), {k: v.clone() for k, v in network.state_dict().items()}
    spectral, found = [module.weight for module in weights.spectral], []
    others = [m.weight for m in weights.plain] + [m.bias for m in weights.biased] if half else []
    for by_operators in (False, True):
        network.load_state_dict(state)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half is not None):
            made = weights._made_by_operators(spectral, others, 2, half) if by_operators else weights._made(2)
        loss = sum((t.float() * (i + 1)).sin().sum() for i, t in enumerate(t for call in made for t in call))
        gradients = torch.autograd.grad(loss, [*spectral, *others], create_graph=again)
        if again:
            gradients += torch.autograd.grad(sum(g.square().sum() for g in gradients), [*spectral, *others])
        found.append([loss, *(t for call in made for t in call), *gradients, *(u.clone() for u in network.buffers())])
    assert len(found[0]) == len(found[1])
    for mine, theirs in zip(*found, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.stride() == theirs.stride()
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("half", [None, torch.bfloat16])
def test_the_operators_are_what_they_tell_the_compiler(half):
    weights = [torch.randn(6, 2, 3, 3).to(memory_format=torch.channels_last).requires_grad_(), torch.randn(5, 7, requires_grad=True)]
    others = [torch.randn(4, requires_grad=True)] if half else []
    us, axes, calls = [torch.randn(6), torch.randn(5)], [0, 0], 2
    operators, checks = torch.ops.landscape, ("test_schema", "test_faketensor", "test_autograd_registration")
    torch.library.opcheck(operators.iterate, ([w.detach() for w in weights], us, axes, calls, 1, 1e-24), test_utils=checks)
    found = operators.iterate([w.detach() for w in weights], us, axes, calls, 1, 1e-24)
    torch.library.opcheck(operators.store, (us, [w.detach() for w in weights], found, axes, calls), test_utils=checks)
    torch.library.opcheck(operators.effective_weights, (weights, others, found, axes, calls, half), test_utils=checks)
    given = [torch.randn_like(w) for w in weights] * calls
    arguments = ([w.detach() for w in weights], found, axes, calls, given, [torch.randn(4)] * 2, [0, 0])
    torch.library.opcheck(operators.effective_weights_gradients, arguments, test_utils=checks)
