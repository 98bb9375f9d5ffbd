"""Autocast is off inside, and only where it was on."""

from contextlib import nullcontext

import torch

from landscape.precision import at_least_float32, full_precision


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
