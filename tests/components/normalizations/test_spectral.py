"""Spectral norm compared with torch's own parametrization and with an SVD, and the ways in which training uses a layer."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrizations, parametrize

from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.normalizations.spectral import SpectralNorm
from landscape.core.errors import UserError

NAMES = ("spectral", "spectral_batch", "spectral_instance", "spectral_layer")


def wrap(layer: nn.Module, name: str = "spectral", **hyperparameters) -> SpectralNorm:
    return NORMALIZATIONS[name].function(**hyperparameters).wrap(layer)


class PaddedConv(nn.Conv2d):
    """A layer with its own forward method, as some architectures have."""

    def forward(self, x):
        return super().forward(nn.functional.pad(x, (1, 2, 1, 2)))


LAYERS = {
    "linear": (lambda: nn.Linear(7, 5), (3, 7)),
    "conv": (lambda: nn.Conv2d(3, 6, 3, padding=1), (2, 3, 5, 5)),
    "strided": (lambda: nn.Conv2d(3, 6, 4, 2, 1, bias=False), (2, 3, 6, 6)),
    "transposed": (lambda: nn.ConvTranspose2d(6, 3, 4, 2, 1), (2, 6, 4, 4)),
    "padded": (lambda: PaddedConv(2, 4, 5, 2), (2, 2, 8, 8)),
}


@pytest.fixture(params=LAYERS)
def case(request):
    make, shape = LAYERS[request.param]
    return make(), torch.randn(shape)


def test_follows_torchs_first_implementation_step_for_step(case):
    """`torch.nn.utils.spectral_norm` iterates in the paper's order: v from u, then u from v, then sigma."""
    layer, x = case
    axis = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
    theirs = nn.utils.spectral_norm(copy.deepcopy(layer), eps=1e-12, dim=axis)
    ours = wrap(layer)
    ours.u.copy_(theirs.weight_u)
    for _ in range(3):
        left, right = ours(x), theirs(x)
        torch.testing.assert_close(left, right)
        left.square().sum().backward()
        right.square().sum().backward()
        torch.testing.assert_close(layer.weight.grad, theirs.weight_orig.grad)
        torch.testing.assert_close(ours.u, theirs.weight_u)


@pytest.mark.parametrize("name", NAMES)
def test_follows_torchs_parametrization(case, name):
    """Torch's parametrization keeps u and v and updates u first, so its sigma is half an iteration ahead of the paper's.

    The sequence of u is the same. The evaluation mode here computes v from the stored u, and thus uses the u and v that torch has after the
    same number of steps.
    """
    layer, x = case
    theirs = parametrizations.spectral_norm(copy.deepcopy(layer), eps=1e-12)
    ours = wrap(layer, name)
    ours.u.copy_(theirs.parametrizations.weight[0]._u)
    for _ in range(3):
        ours.train()(x)
        right = theirs(x)
        torch.testing.assert_close(ours.u, theirs.parametrizations.weight[0]._u)
        left = ours.eval()(x)
        torch.testing.assert_close(left, right)
        left.square().sum().backward()
        right.square().sum().backward()
        torch.testing.assert_close(layer.weight.grad, theirs.parametrizations.weight.original.grad)


def test_converges_to_the_largest_singular_value(case):
    layer, x = case
    ours = wrap(layer)
    for _ in range(300):
        ours(x)
    axis = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
    matrix = layer.weight.detach().transpose(0, axis).flatten(1).double()
    expected = torch.linalg.svdvals(matrix)[0].item()
    assert ours.largest_singular_value(layer.weight).item() == pytest.approx(expected, rel=1e-5)
    normalized = ours.effective_weight().detach().transpose(0, axis).flatten(1)
    assert torch.linalg.svdvals(normalized)[0].item() == pytest.approx(1, rel=1e-5)


def test_one_iteration_by_hand():
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    ours = wrap(layer)
    ours.u.copy_(torch.tensor([0.6, 0.8]))
    # W'u = (1.8, 3.2), v = W'u / sqrt(13.48), W v = (5.4, 12.8) / sqrt(13.48), and sigma = |W v| = sqrt(193 / 13.48).
    assert ours.largest_singular_value(layer.weight).item() == pytest.approx((193 / 13.48) ** 0.5, rel=1e-6)
    torch.testing.assert_close(ours.u, torch.tensor([5.4, 12.8]) / 193**0.5)


def test_evaluation_uses_the_stored_u_and_does_not_move_it(case):
    layer, x = case
    ours = wrap(layer)
    ours(x)
    ours.eval()
    before = ours.u.clone()
    first, second = ours(x), ours(x)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    torch.testing.assert_close(ours.u, before, rtol=0, atol=0)
    v = nn.functional.normalize(before @ layer.weight.detach().transpose(0, ours.axis).flatten(1), dim=0)
    sigma = before @ layer.weight.detach().transpose(0, ours.axis).flatten(1) @ v
    torch.testing.assert_close(ours.effective_weight(), layer.weight / sigma)


def test_gradient_holds_u_and_v_fixed():
    layer = nn.Linear(4, 3, bias=False).double()
    ours = wrap(layer).double()
    weight, direction = layer.weight, torch.randn(3, 4, dtype=torch.float64)
    u0 = ours.u.clone()
    (ours.effective_weight() * direction).sum().backward()
    u1 = ours.u.clone()
    v1 = nn.functional.normalize(u0 @ weight.detach(), dim=0)
    sigma = u1 @ weight.detach() @ v1
    # The differential of W / sigma, with sigma = u'Wv and constant u and v, is D / sigma - <D, W> / sigma^2 u v'.
    expected = direction / sigma - (direction * weight.detach()).sum() / sigma**2 * torch.outer(u1, v1)
    torch.testing.assert_close(weight.grad, expected)


def test_several_calls_before_one_backward(case):
    layer, x = case
    ours = wrap(layer)
    loss = ours(x).square().sum() + ours(2 * x).square().sum()
    points = x.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(ours(points).sum(), points, create_graph=True)
    (loss + slope.square().sum()).backward()
    assert torch.isfinite(layer.weight.grad).all()


def test_copies_saves_and_is_called_with_other_weights(case):
    layer, x = case
    ours = wrap(layer)
    ours(x)
    twin = copy.deepcopy(ours)
    torch.testing.assert_close(twin(x), copy.deepcopy(ours)(x), rtol=0, atol=0)
    fresh = wrap(copy.deepcopy(layer))
    nn.init.normal_(fresh.weight)
    fresh.load_state_dict(ours.state_dict())
    torch.testing.assert_close(fresh(x), copy.deepcopy(ours)(x), rtol=0, atol=0)
    assert {name for name, _ in ours.named_parameters()} <= {"layer.weight", "layer.bias"}

    ours.eval()
    replaced = {"layer.weight": (3 * layer.weight).detach().requires_grad_(True)}
    output = functional_call(ours, replaced, (x,))
    torch.testing.assert_close(output, ours(x))  # A factor of W cancels.
    (gradient,) = torch.autograd.grad(output.square().sum(), replaced["layer.weight"])
    assert torch.isfinite(gradient).all()


def test_the_stored_u_keeps_its_place_in_memory():
    """A captured step writes to the memory to which it wrote when it was captured."""
    ours = wrap(nn.Linear(4, 3))
    before, place = ours.u.clone(), ours.u.data_ptr()
    ours(torch.randn(2, 4))
    assert ours.u.data_ptr() == place
    assert not torch.equal(ours.u, before)


def test_initialized_after_wrapping_as_before():
    ours = wrap(nn.Conv2d(3, 4, 3))
    nn.init.constant_(ours.weight, 0.5)
    assert ours.layer.weight.detach().unique().tolist() == [0.5]
    assert [type(module).__name__ for module in ours.modules()] == ["SpectralNorm", "Conv2d"]


def test_iterates_in_full_precision_under_autocast():
    layer = nn.Linear(64, 32)
    ours = wrap(layer, iterations=60)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = ours(torch.randn(4, 64))
        sigma = layer.weight / ours.effective_weight()
    assert output.dtype == torch.bfloat16
    assert sigma.dtype == torch.float32
    assert sigma.mean().item() == pytest.approx(torch.linalg.svdvals(layer.weight.detach())[0].item(), rel=1e-4)


def test_traces_under_compile_without_breaks(case):
    layer, x = case
    ours = wrap(layer)
    twin = copy.deepcopy(ours)
    compiled = torch.compile(ours, backend="aot_eager", fullgraph=True)
    for _ in range(2):
        torch.testing.assert_close(compiled(x), twin(x))
    torch.testing.assert_close(ours.u, twin.u)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(4), nn.ReLU(), nn.Sequential(nn.Linear(2, 2))])
def test_refuses_what_has_no_kernel(layer):
    with pytest.raises(UserError, match=f"{type(layer).__name__} cannot be normalized by its weight"):
        wrap(layer)


def test_parametrization_is_not_used():
    """Reading the weight must not advance the power iteration, and initializers must reach the raw weight."""
    ours = wrap(nn.Linear(3, 3))
    before = ours.u.clone()
    _ = ours.weight.shape, ours.layer.weight.norm()
    torch.testing.assert_close(ours.u, before, rtol=0, atol=0)
    assert not parametrize.is_parametrized(ours.layer)
