"""Autocast is off inside, and only where it was on."""

from contextlib import nullcontext

import pytest
import torch

import landscape
from landscape.components.numerics.precision import at_least_float32, full_precision
from landscape.training import gan as gan_module


def test_autocast_is_off_inside():
    a = torch.randn(4, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        with full_precision(a.device):
            assert (a @ a).dtype == torch.float32
        assert (a @ a).dtype == torch.bfloat16


def test_nothing_is_entered_without_autocast():
    for device in ("cpu", "meta"):
        assert isinstance(full_precision(torch.device(device)), nullcontext)


def test_promotes_half_precision_alone():
    kept = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.float32: torch.float32, torch.float64: torch.float64}
    for given, expected in kept.items():
        assert at_least_float32(torch.ones(1, dtype=given)).dtype == expected


def in_bf16(**fields):
    torch.manual_seed(2)
    config = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "non_saturating", "precision": "bf16", "batch_size": 8}
    gan = landscape.build(config | fields)
    gan.prepare(torch.device("cpu"))
    return gan


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_weights_lie_channels_last_unless_the_processor_lacks_bfloat16(native, precision, monkeypatch):
    """Gradients of such weights end there with "slow_conv2d: grad_weight must be contiguous"."""
    monkeypatch.setattr(gan_module, "fast_bfloat16", lambda: native)
    networks = in_bf16(architecture={"dcgan": {"width": 4}}, precision=precision)
    weights = [p for p in networks.parameters() if p.ndim == 4 and min(p.shape) > 1]
    assert len(weights) > 4
    assert {p.is_contiguous(memory_format=torch.channels_last) for p in weights} == {native or precision == "fp32"}


@pytest.mark.parametrize("architecture", [{"mlp": {"width": 16}}, {"dcgan": {"width": 4}}], ids=["dense", "convolutions"])
@pytest.mark.parametrize("name", ["gradient_penalty", "dragan", "r1", "r2", "r1_r2", "roth"])
def test_penalties_are_in_float32_forward_and_backward(name, architecture):
    gan = in_bf16(regularizers=[name], architecture=architecture, resolution=16)
    batch, fake = gan.rounds.stream.next(8), gan.generator(gan.draw_z(8), None).detach()
    found = []
    for enabled in (True, False):
        torch.manual_seed(3)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            term = gan.game.d_objective(batch, fake, due=(name,)).terms[name]
        gradients = torch.autograd.grad(term, gan.rounds.d_parameters, allow_unused=True)
        found.append([term.detach(), *(g for g in gradients if g is not None)])
    torch.testing.assert_close(*found, rtol=0, atol=0)


def test_fakes_are_float32_when_networks_meet():
    seen = []

    def note(module, arguments):
        seen.append(arguments[0].dtype)

    for fields in ({"order": "simultaneous"}, {}, {"regularizers": [{"unrolled": {"k": 1}}]}):
        gan = in_bf16(**fields)
        gan.discriminator.register_forward_pre_hook(note)
        gan.run_rounds(1)
    assert set(seen) == {torch.float32}


def test_consistency_of_an_unchanged_image_costs_nothing():
    gan = in_bf16(regularizers=[{"consistency": {"shift": 0, "flip": False, "fake_weight": 10.0}}])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        objective = gan.game.d_objective(gan.rounds.stream.next(8), torch.rand(8, 1, 8, 8), due=("consistency",))
    assert float(objective.terms["consistency"].detach()) == 0


@pytest.mark.parametrize("loss", ["mmd", "vae"])
def test_a_generator_without_d_runs_in_bf16_too(loss):
    gan, seen = in_bf16(loss=loss), []
    for module in gan.generator.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda module, given, made: seen.append(made.dtype))
    gan.run_rounds(1)
    assert set(seen) == {torch.bfloat16}
