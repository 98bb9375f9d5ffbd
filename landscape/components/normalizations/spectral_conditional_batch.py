"""Spectral and conditional batch normalization together."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations.conditional_batch import conditional_batch
from landscape.components.normalizations.spectral import spectral
from landscape.components.tasks._base import Condition
from landscape.core.registry import Fraction, Positive, PositiveInt


@NORMALIZATIONS.register(
    sides=frozenset({"g"}),
    wraps=True,
    follows=True,
    couples_samples=True,
    condition="class",
    paper="Zhang et al. 2019, arXiv:1805.08318 (SAGAN's class-conditional generator)",
)
def spectral_conditional_batch(
    *, condition: Condition, iterations: PositiveInt = 1, momentum: Fraction = 0.1, epsilon: Positive = 1e-5
) -> Normalization:
    """Normalizes every kernel of G spectrally (`spectral`) and puts a batch norm of the class after its layer (`conditional_batch`).

    The linear maps from e(y) to scale and shift are not normalized.

    Args:
        condition: The condition of the networks, whose e(y) G is given behind z.
        iterations: The number of power iterations per training forward pass.
        momentum: The share of a batch's statistics in the batch norm's moving averages.
        epsilon: A number that the batch norm adds to the variance.

    Raises:
        UserError: G is not given e(y).
    """
    follow = conditional_batch(condition=condition, momentum=momentum, epsilon=epsilon).follow
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=follow)
