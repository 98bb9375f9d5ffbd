"""Decides close comparisons of distances exactly, by sums in float64 over squared differences of the features as they were given.

Distances that come from products of centered samples are rounded, and so is the center. If two distances are equal, because features have
few values or samples occur twice, rounding would then decide their comparison. Here such a comparison is repeated without center and
product. For features that are small integers the sums are exact. For others, equal differences in the same places give equal sums.
"""

from typing import Literal

import torch
from torch import Tensor

CHUNK = 1 << 20
"""The number of values that are gathered at a time: 8 MiB in float64."""

Border = Literal["inside", "outside"]
"""Whether a sample at exactly the radius of a ball counts as inside of it."""


def direct(first: Tensor, second: Tensor, i: Tensor, j: Tensor) -> Tensor:
    """Return squared distances [p] in float64 between the samples `i` [p] of `first` [n, d] and `j` [p] of `second` [m, d]."""
    step = max(1, CHUNK // first.shape[1])
    found = [
        (first[a].double() - second[b].double()).square_().sum(dim=1)
        for a, b in zip(torch.split(i, step), torch.split(j, step), strict=True)
    ]
    return torch.cat(found) if found else torch.zeros(0, dtype=torch.float64, device=first.device)


class Balls:
    """The balls around the samples of one set, each of which reaches to its sample's k-th nearest neighbor in that set."""

    def __init__(self, features: Tensor, squared: Tensor, indices: Tensor, k: int, rounding: Tensor, border: Border) -> None:
        """Keep what is needed to measure the radii.

        Args:
            features: The samples [n, d] as they were given.
            squared: Rounded squared distances [n, k + 1] to the nearest others, ascending, and infinite where there is no other.
            indices: The indices [n, k + 1] of these others.
            k: The neighbor to which a ball reaches.
            rounding: How far each of the distances [n] may be off.
            border: Whether the border counts as inside.
        """
        self.features, self.indices, self.k, self.rounding, self.border = features, indices, k, rounding, border
        self.radii = squared[:, k - 1]
        self.is_settled = squared[:, k] - self.radii > 2 * rounding
        """Whether the k-th neighbor of each sample [n] is certain. Where it is not, rounding may have put another sample in its place."""
        self._exact = torch.full((len(features),), torch.nan, dtype=torch.float64, device=features.device)
        self.neighbors = (squared < torch.inf).sum(dim=1)

    def exact(self, balls: Tensor) -> Tensor:
        """Return the squared radii [p] of `balls` [p], which are measured directly. Each ball is measured once."""
        unknown = torch.unique(balls[self._exact[balls].isnan()])
        if len(unknown):
            others = self.indices[unknown]
            own = unknown[:, None].expand_as(others)
            measured = direct(self.features, self.features, own.flatten(), others.flatten()).view(others.shape)
            # A set of k + 1 samples has no (k + 1)-th neighbor, and the index in its place does not count.
            measured[torch.arange(others.shape[1], device=others.device) >= self.neighbors[unknown, None]] = torch.inf
            self._exact[unknown] = measured.sort(dim=1).values[:, self.k - 1]
        return self._exact[balls]

    def holds(self, balls: Tensor, others: Tensor, samples: Tensor, squared: Tensor, allowed: float) -> tuple[Tensor, int]:
        """Decide which samples of another set the balls hold.

        Args:
            balls: Indices [p] of balls.
            others: The other set [m, d] as it was given.
            samples: Indices [p] of its samples.
            squared: Rounded squared distances [p] between the two.
            allowed: How far each of them may be off.

        Returns:
            Whether each ball holds its sample [p], and how many of these decisions float32 may still have decided otherwise.
        """
        radii = self.radii[balls]
        held = squared <= radii if self.border == "inside" else squared < radii
        close = ((squared - radii).abs() <= allowed + self.rounding[balls]).nonzero()[:, 0]
        if len(close):
            reach = self.exact(balls[close])
            distance = direct(self.features, others, balls[close], samples[close])
            held[close] = distance <= reach if self.border == "inside" else distance < reach
        return held, int((~self.is_settled[balls[close]]).sum())

    def zero_radii(self) -> int:
        """Return the number of balls of radius 0, which are those of samples that occur more than k times."""
        near_zero = (self.radii <= 2 * self.rounding).nonzero()[:, 0]
        return int((self.exact(near_zero) == 0).sum())
