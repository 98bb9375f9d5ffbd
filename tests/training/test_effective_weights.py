"""Weights made for a whole network at once are those that its layers make one by one, and so are the gradients, to rounding."""

import copy
import random
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.func import functional_call

import landscape
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.normalizations._spectral_stacks import PADDING, Shape, groups
from landscape.training import gan as gan_module
from landscape.training.effective_weights import EffectiveWeights

FIELDS = {"dataset": "digits", "loss": "hinge", "batch_size": 4, "budget": {"amount": 64}}


def network(iterations: int = 1, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """Layers of every kind, two of one shape, and one that is used as it is."""
    wrap = NORMALIZATIONS["spectral"].function(iterations=iterations).wrap
    layers = [
        wrap(nn.Conv2d(2, 6, 3, padding=1)),
        nn.LeakyReLU(0.1),
        wrap(nn.Conv2d(6, 6, 3, padding=1, bias=False)),
        nn.Tanh(),
        wrap(nn.ConvTranspose2d(6, 4, 4, 2, 1)),
        nn.Tanh(),
        nn.Conv2d(4, 3, 3),
        nn.Flatten(),
        wrap(nn.Linear(108, 5)),
        nn.Tanh(),
        wrap(nn.Linear(5, 1)),
    ]
    return nn.Sequential(*layers).to(dtype)


def autocast(precision: str):
    return torch.autocast("cpu", dtype=torch.bfloat16) if precision == "bf16" else nullcontext()


def pair(**keywords) -> tuple[nn.Module, nn.Module, EffectiveWeights]:
    """The same network twice: layer by layer, and at once."""
    torch.manual_seed(0)
    one_by_one = network(**keywords)
    at_once = copy.deepcopy(one_by_one)
    return one_by_one, at_once, EffectiveWeights(at_once)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last], ids=["contiguous", "channels-last"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("iterations", [1, 3])
def test_outputs_gradients_and_iterations(iterations, precision, memory_format):
    one_by_one, at_once, weights = pair(iterations=iterations)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if precision == "fp32" else {"rtol": 2e-2, "atol": 2e-2}
    for each in (one_by_one, at_once):
        each.to(memory_format=memory_format)
    for step in range(3):
        real, fake = torch.randn(4, 2, 4, 4), torch.randn(4, 2, 4, 4)
        found = []
        for each in (one_by_one, at_once):
            with autocast(precision), weights.for_calls(2) if each is at_once else nullcontext():
                loss = each(real).float().square().sum() - each(fake).float().sum()
            parameters = dict(each.named_parameters())
            gradients = torch.autograd.grad(loss, list(parameters.values()))
            found.append([loss.detach(), *gradients, *(u.clone() for u in each.buffers())])
            assert not any("weight" in vars(module) or "bias" in vars(module) for module in each.modules())
        for mine, theirs in zip(*found, strict=True):
            assert mine.dtype == theirs.dtype
            torch.testing.assert_close(mine, theirs, **tolerance, msg=lambda text, step=step: f"step {step}: {text}")


def test_in_double_precision_to_its_last_digits():
    one_by_one, at_once, weights = pair(dtype=torch.float64)
    x, found = torch.randn(4, 2, 4, 4, dtype=torch.float64), []
    for each in (one_by_one, at_once):
        with weights.for_calls(2) if each is at_once else nullcontext():
            loss = each(x).square().sum() + each(2 * x).sin().sum()
        found.append([loss.detach(), *torch.autograd.grad(loss, list(each.parameters())), *(u.clone() for u in each.buffers())])
    torch.testing.assert_close(*found, rtol=1e-11, atol=1e-13)


def test_penalties_and_gradients_of_gradients():
    one_by_one, at_once, _ = pair(dtype=torch.float64)
    found = []
    for each in (one_by_one, at_once):
        x = torch.ones(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(each(x).sum(), x, create_graph=True)
        penalty = torch.autograd.grad(slope.square().sum(), list(each.parameters()), allow_unused=True)
        inner = torch.autograd.grad(each(x).square().sum(), list(each.parameters()), create_graph=True)
        outer = torch.autograd.grad(sum((i * i.detach().cos()).sum() for i in inner), list(each.parameters()))
        found.append([*(g for g in penalty if g is not None), *(i.detach() for i in inner), *outer])
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-11)


def test_called_with_parameters_that_are_not_its_own():
    one_by_one, at_once, _ = pair()
    x, found = torch.randn(2, 2, 4, 4), []
    for each in (one_by_one, at_once):
        given = {
            name: (2 * value).detach().requires_grad_(value.is_floating_point() and "u" not in name)
            for name, value in each.named_parameters()
        }
        buffers = {name: value.clone() for name, value in each.named_buffers()}
        loss = functional_call(each, {**given, **buffers}, (x,)).square().sum()
        found.append([loss.detach(), *torch.autograd.grad(loss, list(given.values())), *buffers.values(), *each.buffers()])
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_a_layer_that_the_loss_does_not_reach_has_no_gradient():
    class TwoHeads(nn.Module):
        def __init__(self):
            super().__init__()
            wrap = NORMALIZATIONS["spectral"].function().wrap
            self.used, self.unused, self.plain, self.idle = wrap(nn.Linear(3, 2)), wrap(nn.Linear(3, 2)), nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x):
            return self.used(x) + self.plain(x), self.unused(x) + self.idle(x)

    for precision in ("fp32", "bf16"):
        both = TwoHeads()
        weights = EffectiveWeights(both)
        with autocast(precision), weights.for_calls(2):
            loss = both(torch.ones(1, 3))[0].sum() + both(torch.ones(1, 3))[0].sum()
        gradients = torch.autograd.grad(loss.float(), list(both.parameters()), allow_unused=True)
        reached = {name for (name, _), gradient in zip(both.named_parameters(), gradients, strict=True) if gradient is not None}
        assert reached == {"used.layer.weight", "used.layer.bias", "plain.weight", "plain.bias"}


def test_nothing_is_left_after_a_call_that_failed():
    _, at_once, weights = pair()
    with pytest.raises(RuntimeError), weights.for_calls(2):
        at_once(torch.ones(1, 7, 4, 4))
    assert not any("weight" in vars(module) or "bias" in vars(module) for module in at_once.modules())
    before = [u.clone() for u in at_once.buffers()]
    at_once(torch.ones(1, 2, 4, 4))
    moved = [not torch.equal(u, old) for u, old in zip(at_once.buffers(), before, strict=True) if u.numel() > 1]
    assert moved
    assert all(moved)


def test_in_evaluation_layers_make_their_own_weights_bit_by_bit():
    one_by_one, at_once, _ = pair()
    x = torch.randn(2, 2, 4, 4)
    assert torch.equal(one_by_one.eval()(x), at_once.eval()(x))


def test_stacks_hold_few_zeros():
    sndcgan = [Shape(64, 27), Shape(128, 1024), Shape(128, 1152), Shape(256, 2048), Shape(256, 2304)]
    sndcgan += [Shape(512, 4096), Shape(512, 4608), Shape(1, 8192)]
    for shapes in (sndcgan, [Shape(128, 1152)] * 10, [Shape(1, 2)], [Shape(1, 1000), Shape(1000, 1)]):
        found = groups(shapes)
        assert sorted(i for members in found for i in members) == list(range(len(shapes)))
        held = sum(len(m) * max(shapes[i].rows for i in m) * max(shapes[i].columns for i in m) for m in found)
        assert held <= (1 + PADDING) * sum(s.rows * s.columns for s in shapes)
    assert len(groups(sndcgan)) == 3
    assert len(groups([Shape(128, 1152)] * 10)) == 1
    assert len(groups([Shape(1, 1000), Shape(1000, 1)])) == 2


def test_of_all_unions_the_first_with_the_fewest_zeros_is_made():
    """Groups are lists of positions here, and each step measures every union anew."""
    rng = random.Random(0)

    def held(members, shapes):
        return len(members) * max(shapes[i].rows for i in members) * max(shapes[i].columns for i in members)

    for _ in range(100):
        shapes = [Shape(rng.choice([1, 2, 4, 8, 64]), rng.choice([3, 9, 27, 36, 72, 100])) for _ in range(rng.randint(1, 14))]
        found, allowed = [(i,) for i in range(len(shapes))], (1 + PADDING) * sum(s.rows * s.columns for s in shapes)
        while len(found) > 1:
            unions = [(one, other) for k, one in enumerate(found) for other in found[:k]]
            one, other = min(unions, key=lambda pair: held(pair[0] + pair[1], shapes) - held(pair[0], shapes) - held(pair[1], shapes))
            joined = [members for members in found if members not in (one, other)] + [one + other]
            if sum(held(members, shapes) for members in joined) > allowed:
                break
            found = joined
        assert groups(shapes) == found


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("regularizer", ["none", "r1", "orthogonal", {"unrolled": {"k": 1}}], ids=str)
def test_training_is_that_of_layers_one_by_one(regularizer, precision, monkeypatch):
    fields = {
        "architecture": {"sndcgan": {"width": 4}},
        "resolution": 16,
        "d_normalization": "spectral",
        "g_normalization": "spectral_batch",
        "regularizers": [] if regularizer == "none" else [regularizer],
        "precision": precision,
        "d_optimizer": {"name": "sgd", "learning_rate": 0.01},
        "g_optimizer": {"name": "sgd", "learning_rate": 0.01},
    }
    at_once = landscape.build(FIELDS | fields)
    monkeypatch.setattr(gan_module, "EffectiveWeights", lambda network: None)
    one_by_one = landscape.build(FIELDS | fields)
    assert one_by_one.game.weights_of_d is None
    one_by_one.load_state_dict(at_once.state_dict())
    for gan in (at_once, one_by_one):
        gan.prepare(torch.device("cpu"))
        torch.manual_seed(1)
        gan.run_rounds(3)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if precision == "fp32" else {"rtol": 2e-2, "atol": 5e-3}
    torch.testing.assert_close(dict(at_once.state_dict()), dict(one_by_one.state_dict()), **tolerance)
