"""The condition number and the determinant of the generator's Jacobian."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import normal
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

ELEMENTS = 1 << 25
"""The number of values in the Jacobians that are computed at once, which take 128 MiB."""


def jacobians(generator: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Return the derivatives [n, outputs, latent] of generator(z) by z, by one forward-mode pass per latent dimension."""
    columns = []
    for dimension in range(z.shape[1]):
        direction = torch.zeros_like(z)
        direction[:, dimension] = 1
        columns.append(torch.func.jvp(generator, (z,), (direction,))[1].detach().flatten(1))
    return torch.stack(columns, dim=2)


def log_singular_values(generator: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Return the descending log singular values [n, min(outputs, latent)] of the Jacobian at each z [n, latent], -inf for zeros."""
    outputs = generator(z[:1]).numel()
    step = max(1, ELEMENTS // (outputs * z.shape[1]))
    values = torch.cat([torch.linalg.svdvals(_finite(jacobians(generator, part)).double()) for part in torch.split(z, step)])
    rounding = torch.finfo(torch.float32).eps * values[:, :1] * max(outputs, z.shape[1])
    return torch.where(values > rounding, values, 0).log()


def _finite(derivatives: Tensor) -> Tensor:
    if not bool(torch.isfinite(derivatives).all()):
        raise UserError("conditioning: the generator's derivatives are not finite: its weights or outputs have diverged")
    return derivatives


@METRICS.register(
    needs=frozenset({"generator"}), names=("G_log_condition", "G_log_determinant"), paper="Odena et al. 2018, arXiv:1802.08768"
)
def conditioning(evidence: Evidence, *, samples: PositiveInt = 64) -> dict[str, Estimate]:
    """Means over z of ln cond(J'J) and ln det(J'J), where J is the Jacobian of the generator at z. `spread` is taken over z.

    Args:
        evidence: The generator, which must be differentiable, and its latent distribution.
        samples: The number of latent vectors z.

    Raises:
        UserError: There is no generator, its derivatives are not finite, or its Jacobian has full rank at no z.
    """
    generator = need(evidence.generator, "the generator", "conditioning")
    z = need(evidence.latent, "the latent distribution", "conditioning")(samples)
    logs = log_singular_values(generator, z)
    full = logs[:, -1].isfinite()
    if not bool(full.any()):
        raise UserError("conditioning: the generator's Jacobian has no full rank at any z (unused latent dimensions): leave this score out")
    kept = logs[full]
    note = f"at {len(kept)} of {samples} z"
    if len(kept) < samples:
        note += "; at the others the Jacobian has no full rank (infinite condition), so that the mean is too low"
    found = {}
    for name, values in (("G_log_condition", 2 * (kept[:, 0] - kept[:, -1])), ("G_log_determinant", 2 * kept.sum(dim=1))):
        value = float(values.mean())
        spread = float(values.std(correction=0))
        certain = len(kept) == samples and samples >= 30
        found[name] = Estimate(
            value,
            "lower" if name == "G_log_condition" else "none",
            normal(value, spread / math.sqrt(samples - 1)) if certain else None,
            interval_kind="standard error of the mean over z" if certain else "",
            spread=spread,
            n_fake=len(kept),
            note=note,
        )
    return found
