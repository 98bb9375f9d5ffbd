"""What every registered loss must satisfy. A new file is tested without writing a test."""

import itertools

import pytest
import torch

from landscape.components.losses._base import LOSSES, LossPair

N = 12
SHAPE = {"logits": (N,), "energies": (N,), "samples": (N, 3, 4, 4), "autoencoding": (N, 3, 4, 4)}


def call(name: str, real: torch.Tensor, fake: torch.Tensor) -> LossPair:
    component = LOSSES[name]
    injected = {}
    if component.facts.state:
        injected["state"] = {key: torch.tensor(value + 0.3) for key, value in component.facts.state.items()}
    if component.facts.inputs == "autoencoding":
        generator = torch.Generator().manual_seed(2)
        injected["mean"] = torch.randn(N, 5, generator=generator)
        injected["log_variance"] = torch.randn(N, 5, generator=generator)
    return component.function(real, fake, **injected)


def inputs(name: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    kind = LOSSES[name].facts.inputs
    generator = torch.Generator().manual_seed(seed)
    draw = torch.randn if kind == "logits" else torch.rand
    real, fake = (draw(SHAPE[kind], generator=generator) for _ in range(2))
    return real, fake


@pytest.mark.parametrize("name", LOSSES.names())
def test_shapes_finite_values_and_gradients(name):
    real, fake = inputs(name)
    real.requires_grad_(True), fake.requires_grad_(True)
    pair = call(name, real, fake)
    kind = LOSSES[name].facts.inputs
    assert (pair.d is None) == (kind in ("samples", "autoencoding"))
    terms = [pair.g] if pair.d is None else [pair.d, pair.g]
    for term in terms:
        assert term.shape in ((N,), ())
        assert torch.isfinite(term).all()
    (gradient,) = torch.autograd.grad(pair.g.mean(), fake, retain_graph=True)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0
    if pair.d is not None:
        for gradient in torch.autograd.grad(pair.d.mean(), (real, fake)):
            assert torch.isfinite(gradient).all()
            assert gradient.abs().max() > 0


@pytest.mark.parametrize("name", LOSSES.names())
def test_generator_needs_real_only_where_declared(name):
    """In G's step the module passes fake outputs as the real ones unless the loss declares otherwise. `g` must not change by this."""
    real, fake = inputs(name)
    depends = not torch.equal(call(name, real, fake).g, call(name, fake, fake).g)
    declared = LOSSES[name].facts.g_needs_real or LOSSES[name].facts.inputs in ("samples", "autoencoding")
    assert depends == declared


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].facts.inputs == "logits"])
def test_a_loss_with_no_boundary_depends_on_differences_of_logits_alone(name):
    real, fake = (each.double() for each in inputs(name))
    pair = call(name, real, fake)
    depends = not torch.allclose(call(name, real + 3, fake + 3).d, pair.d)
    assert depends == (pair.boundary is not None) == (not LOSSES[name].facts.only_differences)


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].facts.inputs in ("logits", "energies")])
def test_finite_at_extreme_outputs(name):
    large = torch.full((N,), 1e4)
    for real, fake in itertools.product((large, -large), repeat=2):
        if LOSSES[name].facts.inputs == "energies":
            real, fake = real.abs(), fake.abs()
        fake = fake.clone().requires_grad_(True)
        pair = call(name, real, fake)
        assert torch.isfinite(pair.d).all()
        assert torch.isfinite(pair.g).all()
        assert torch.isfinite(torch.autograd.grad(pair.g.mean(), fake)[0]).all()


@pytest.mark.parametrize("name", LOSSES.names())
def test_state_is_declared_detached_and_scalar(name):
    component = LOSSES[name]
    pair = call(name, *inputs(name))
    assert set(pair.state) == set(component.facts.state)
    for value in [*pair.state.values(), *pair.report.values()]:
        assert value.shape == ()
        assert not value.requires_grad


@pytest.mark.parametrize("name", LOSSES.names())
def test_names_its_paper(name):
    component = LOSSES[name]
    assert component.facts.paper
    assert len(component.summary) > 20


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(LOSSES.names(), 2)))
def test_no_two_names_for_one_function(first, second):
    """Two losses differ if they have different inputs, or if D's or G's gradient differs by more than a factor."""
    if LOSSES[first].facts.inputs != LOSSES[second].facts.inputs:
        return
    gradients = []
    for name in (first, second):
        real, fake = inputs(name, seed=5)
        real.requires_grad_(True), fake.requires_grad_(True)
        pair = call(name, real, fake)
        per_player = []
        for term in [t for t in (pair.d, pair.g) if t is not None]:
            found = torch.autograd.grad(term.mean(), (real, fake), retain_graph=True, allow_unused=True)
            flat = torch.cat([torch.zeros(N) if g is None else g.flatten() for g in found])
            per_player.append(flat / flat.norm())
        gradients.append(torch.stack(per_player))
    assert not torch.allclose(*gradients, rtol=1e-3, atol=1e-4), f"{first} and {second} are one function"
