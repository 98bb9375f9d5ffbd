"""Searches the latent vectors whose images fit the known pixels of given images, by gradient descent."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, softplus

from landscape.core.errors import UserError

BATCH = 128
"""The number of images whose latent vectors are searched at once."""


def context_weights(mask: Tensor, window: int) -> Tensor:
    """Return W [N, 1, H, W]: for a known pixel the share of the hole in the window around it, inside of the image, and 0 in the hole.

    Yeh et al. 2017, arXiv:1607.07539, section 3.2, with |N(i)| the number of pixels of the window that lie in the image.

    Args:
        mask: 1 in the hole and 0 elsewhere, [N, 1, H, W].
        window: The side of the window, an odd number of pixels.
    """
    return avg_pool2d(mask, window, stride=1, padding=window // 2, count_include_pad=False) * (1 - mask)


@dataclass(frozen=True)
class Fit:
    """What is minimized: |W * (G(z) - x)|_1 over images in [-1, 1], plus the prior, `weight` * log(1 - D(G(z)))."""

    generator: Callable[[Tensor], Tensor]
    discriminator: Callable[[Tensor], Tensor] | None = None
    """Maps images to logits [N] or [N, patches], over which the prior is averaged. Without it there is no prior."""
    boundary: float = 0.0
    """D(x) is the sigmoid of its logit minus this number."""
    weight: float = 0.0

    def to(self, known: Tensor, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the function of latent vectors [N, latent] to the objective [N].

        Args:
            known: The images [N, C, H, W] in [0, 1], whose values count where they have a weight.
            weights: W [N, 1, H, W].
        """

        def objective(z: Tensor) -> Tensor:
            made = self.generator(z).float()
            context = 2 * (weights * (made - known).abs()).flatten(1).sum(1)
            if self.discriminator is None:
                return context
            logits = self.discriminator(made).float().reshape(len(z), -1) - self.boundary
            return context - self.weight * softplus(logits).mean(1)

        return objective


@dataclass(frozen=True)
class Descent:
    """How z is searched: by Adam, whose rate falls along a line to 0, and with each coordinate cut to its bounds after every step."""

    iterations: int
    learning_rate: float
    low: Tensor
    """The least value of each coordinate [latent]."""
    high: Tensor
    """The greatest value of each coordinate [latent]."""

    def minimize(self, objective: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
        """Return the latent vectors [N, latent] to which the search leads from `start` [N, latent]. No weight receives a gradient.

        Args:
            objective: (z [N, latent]) -> what is minimized for each row by itself, [N].
            start: The first latent vectors.
        """
        z = start.detach().clone().requires_grad_()
        optimizer = torch.optim.Adam([z], self.learning_rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / self.iterations)
        for _ in range(self.iterations):
            (z.grad,) = torch.autograd.grad(objective(z).sum(), z)
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                z.clamp_(self.low, self.high)
        return z.detach()


def best_images(fit: Fit, descent: Descent, known: Tensor, weights: Tensor, starts: Tensor) -> Tensor:
    """Return G(z*) [N, C, H, W], where z* is the end of the search that ends lowest of those from all starts.

    Args:
        fit: What is minimized.
        descent: How.
        known: The images [N, C, H, W] in [0, 1].
        weights: W [N, 1, H, W].
        starts: The first latent vectors of each search, [restarts, N, latent].

    Raises:
        UserError: What the networks give is not finite, or gradients do not reach z.
    """
    made = []
    for rows in torch.split(torch.arange(len(known), device=known.device), BATCH):
        objective = fit.to(known[rows], weights[rows])
        _require_gradients(objective, starts[0, rows])
        ends = torch.stack([descent.minimize(objective, start[rows]) for start in starts])
        with torch.no_grad():
            reached = torch.stack([objective(end) for end in ends])
            best = ends[reached.argmin(0), torch.arange(len(rows), device=rows.device)]
            made.append(fit.generator(best).float())
        if not bool(reached.isfinite().all() and made[-1].isfinite().all()):
            raise UserError("semantic_inpainting: what the networks give is not finite: their weights or outputs have diverged")
    return torch.cat(made)


def _require_gradients(objective: Callable[[Tensor], Tensor], z: Tensor) -> None:
    # Networks whose own weights ask for gradients give outputs that do, even if these gradients do not reach z.
    value = objective(z.requires_grad_()).sum()
    if not value.requires_grad or torch.autograd.grad(value, z, allow_unused=True)[0] is None:
        raise UserError("semantic_inpainting searches z by gradients, which do not pass through this generator: leave the metric out")
