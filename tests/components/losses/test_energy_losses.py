"""Losses of energies: EBGAN's margin and BEGAN's equilibrium."""

import numpy as np
import pytest
import torch

from landscape.components.losses.began import began
from landscape.components.losses.margin_energy import margin_energy

RANDOM = np.random.default_rng(4)
REAL, FAKE = RANDOM.uniform(0, 3, 32), RANDOM.uniform(0, 15, 32)


def test_margin_formula():
    pair = margin_energy(torch.from_numpy(REAL), torch.from_numpy(FAKE), margin=10.0)
    torch.testing.assert_close(pair.d, torch.from_numpy(REAL + np.maximum(10 - FAKE, 0)), rtol=1e-12, atol=0)
    torch.testing.assert_close(pair.g, torch.from_numpy(FAKE), rtol=0, atol=0)
    assert pair.report["margin_active"].item() == pytest.approx((FAKE < 10).mean())


def test_margin_switches_off_where_energy_exceeds_it():
    fake = torch.tensor([1.0, 9.0, 11.0], requires_grad=True)
    margin_energy(torch.zeros(3), fake, margin=10.0).d.sum().backward()
    assert fake.grad.tolist() == [-1, -1, 0]


def test_energy_equilibrium_value():
    """The paper's theorem: at the equilibrium, where real and fake samples have the same energy g < m, D's value is m."""
    for energy in (0.0, 2.5, 9.0):
        pair = margin_energy(torch.full((4,), energy), torch.full((4,), energy), margin=10.0)
        assert pair.d.tolist() == [10.0] * 4


def test_began_two_steps_by_hand():
    real, fake = torch.tensor([2.0, 4.0]), torch.tensor([1.0, 0.0])
    first = began(real, fake, state={"k": torch.tensor(0.25)}, gamma=0.5, gain=0.1)
    assert first.d.tolist() == [1.75, 4.0]
    assert first.g.tolist() == [1.0, 0.0]
    # gamma mean(real) - mean(fake) is 1.5 - 0.5 = 1.
    assert first.state["k"].item() == pytest.approx(0.35)
    assert first.report["convergence"].item() == pytest.approx(4.0)
    assert first.report["k"].item() == pytest.approx(0.25)
    second = began(real, fake, state=first.state, gamma=0.5, gain=0.1)
    assert second.state["k"].item() == pytest.approx(0.45)
    assert second.d.tolist() == pytest.approx([2 - 0.35, 4.0])


@pytest.mark.parametrize(("clamp", "expected"), [(True, [0.0, 1.0]), (False, [-0.1, 1.4])])
def test_began_clamps_k_as_the_paper_or_runs_as_the_code(clamp, expected):
    low = began(torch.zeros(2), torch.ones(2), state={"k": torch.tensor(0.0)}, gain=0.1, clamp=clamp)
    high = began(torch.full((2,), 10.0), torch.zeros(2), state={"k": torch.tensor(0.9)}, gain=0.1, clamp=clamp)
    assert [low.state["k"].item(), high.state["k"].item()] == pytest.approx(expected)


def test_began_keeps_k_out_of_the_gradient():
    k = torch.tensor(0.5, requires_grad=True)
    real, fake = torch.rand(3, requires_grad=True), torch.rand(3, requires_grad=True)
    pair = began(real, fake, state={"k": k.detach()})
    assert not pair.state["k"].requires_grad
    gradients = torch.autograd.grad(pair.d.sum(), (real, fake))
    assert gradients[0].tolist() == [1, 1, 1]
    assert gradients[1].tolist() == [-0.5, -0.5, -0.5]
