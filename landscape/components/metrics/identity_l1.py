"""The mean absolute difference of pictures from what the generator that makes such pictures makes of them."""

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._paired import mean_estimate
from landscape.components.metrics._two_ways import ways_of
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"ways", "cycles"}), names=("identity_L1", "identity_L1_back"), paper="Zhu et al. 2017, arXiv:1703.10593, section 5.2"
)
def identity_l1(evidence: Evidence) -> dict[str, Estimate]:
    """Mean absolute difference of pictures from what the generator of their own set makes of them, in [0, 1].

    `identity_L1` is that of G(b) from b, and `identity_L1_back` that of F(a) from a.

    Raises:
        UserError: The model does not translate in two directions.
    """
    both = need(ways_of(evidence, "identity_l1").identities, "generators in both directions", "identity_l1")
    names = ("identity_L1", "identity_L1_back")
    return {name: mean_estimate(values, evidence, "lower", bounds=(0.0, 1.0)) for name, values in zip(names, both, strict=True)}
