"""What every registered regularizer must satisfy. A new file is tested without writing a test."""

import itertools
from typing import get_args

import pytest
import torch
from torch import nn

from landscape.components.regularizers._base import REGULARIZERS, Site, Term

NAMES = REGULARIZERS.names()
TERMS = [name for name in NAMES if REGULARIZERS[name].facts.site in ("d_term", "d_weights", "g_term")]


def at(site):
    return [name for name in NAMES if REGULARIZERS[name].facts.site == site]


@pytest.mark.parametrize("name", NAMES)
def test_declares_a_site_and_a_paper(name):
    component = REGULARIZERS[name]
    assert component.facts.site in get_args(Site)
    assert component.facts.paper
    assert len(component.summary) > 20


@pytest.mark.parametrize("name", TERMS)
def test_terms_are_finite_and_per_sample_or_scalar(name, bench):
    value = bench.term(name)
    assert value.shape in ((), (8,))
    assert torch.isfinite(value).all()


@pytest.mark.parametrize("name", at("d_term") + at("d_weights"))
def test_terms_of_d_reach_its_weights_and_not_g(name, bench):
    bench.term(name).mean().backward()
    # The layer of the logit takes no part in a term that reads the classes alone.
    unread = [bench.d.output.weight] if REGULARIZERS[name].facts.needs_class_logits else []
    gradients = [p.grad for p in bench.d.parameters() if p.ndim >= 2 and all(p is not other for other in unread)]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert any(g.abs().max() > 0 for g in gradients)
    untouched = [p.grad for p in bench.g.parameters()]
    assert untouched
    assert all(gradient is None for gradient in untouched)


@pytest.mark.parametrize("name", at("g_term"))
def test_terms_of_g_reach_its_weights(name, bench):
    bench.term(name).mean().backward()
    for parameter in bench.g.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().max() > 0


@pytest.mark.parametrize("name", at("on_inputs"))
def test_changes_of_inputs_keep_gradients_and_the_number_of_values(name, bench):
    seen = bench.term(name)
    assert seen.numel() == bench.real.numel()
    assert seen.dtype == torch.float32
    assert torch.isfinite(seen).all()
    seen.square().mean().backward()
    assert bench.g.output.weight.grad.abs().max() > 0


@pytest.mark.parametrize("name", at("on_inputs"))
def test_changes_of_inputs_differ_between_calls_or_are_deterministic(name, bench):
    """Random changes must be drawn from torch's generator at each call, so that a seeded trial repeats."""
    torch.manual_seed(5)
    first = bench.term(name)
    torch.manual_seed(5)
    torch.testing.assert_close(bench.term(name), first, rtol=0, atol=0)


@pytest.mark.parametrize("name", at("after_d_update"))
def test_acts_on_d_in_place(name, bench):
    before = nn.utils.parameters_to_vector(bench.d.parameters()).clone()
    after = bench.term(name)
    assert torch.isfinite(after).all()
    assert not torch.equal(before, after)
    assert before.numel() > 0
    assert all(p.requires_grad and p.is_leaf for p in bench.d.parameters())


@pytest.mark.parametrize("name", at("around_g"))
def test_looks_ahead_with_ds_parameters_by_name_and_leaves_d_alone(name, bench):
    before = {k: p.detach().clone() for k, p in bench.d.named_parameters()}
    ahead = REGULARIZERS[name].function(bench.unrolling())
    assert {k: p.shape for k, p in ahead.items()} == {k: p.shape for k, p in before.items()}
    for key, parameter in bench.d.named_parameters():
        torch.testing.assert_close(parameter, before[key], rtol=0, atol=0)
    sum(parameter.square().sum() for parameter in ahead.values()).backward()
    assert before
    assert all(parameter.grad is None for parameter in bench.d.parameters())
    assert bench.g.output.weight.grad.abs().max() > 0


@pytest.mark.parametrize("name", [name for name in NAMES if REGULARIZERS[name].facts.state])
def test_state_is_returned_and_not_changed(name, bench):
    state = start = bench.state(name)
    moved = set()
    # D calls everything real, and a rule may wait for a few batches.
    bench.d.output.bias.data.fill_(5.0)
    for _ in range(4):
        before = {key: value.clone() for key, value in state.items()}
        found = REGULARIZERS[name].function(bench.critique(state=state))
        assert state == before
        assert set(found.state) == set(before)
        assert all(value.shape == () and not value.requires_grad for value in found.state.values())
        state = found.state
        moved |= {key for key, value in state.items() if not torch.equal(value, start[key])}
    assert moved == set(start)


@pytest.mark.parametrize("name", at("d_term") + at("g_term") + at("on_inputs"))
def test_waits_for_no_value(name, bench):
    """The host never reads a number (`.item()`, a branch on data, a shape that depends on data), so that a step can be captured.

    Tensors on the device `meta` have shapes and no values: reading one raises an error.
    """
    facts = REGULARIZERS[name].facts
    state = {key: value.to("meta") for key, value in bench.state(name).items()}
    bench.d.to("meta"), bench.g.to("meta")
    bench.real, bench.z, bench.progress = bench.real.to("meta"), bench.z.to("meta"), bench.progress.to("meta")
    if facts.site == "on_inputs":
        value = bench.seen(name, bench.g(bench.z))
    else:
        value = REGULARIZERS[name].function(bench.critique(generator_step=facts.site == "g_term", state=state), **bench.given(name))
    found = [each for each in (value.values, *value.state.values()) if each is not None] if isinstance(value, Term) else [value]
    assert all(each.is_meta for each in found)


PAIRS = [pair for site in get_args(Site) for pair in itertools.combinations(at(site), 2)]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_no_two_names_for_one_function(first, second, make_bench):
    """The effects of two regularizers at the same site differ by more than a factor."""
    effects = []
    for name in (first, second):
        bench = make_bench()
        torch.manual_seed(3)
        value = bench.term(name)
        if name in TERMS:
            parameters = list((bench.g if REGULARIZERS[name].facts.site == "g_term" else bench.d).parameters())
            found = torch.autograd.grad(value.mean(), parameters, allow_unused=True, materialize_grads=True)
            value = torch.cat([g.flatten() for g in found])
        effects.append(value.detach().flatten() / value.detach().norm())
    assert not torch.allclose(*effects, rtol=1e-3, atol=1e-4), f"{first} and {second} are one function"
