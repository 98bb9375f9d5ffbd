"""The mean absolute difference of pictures from their translations there and back."""

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._paired import mean_estimate
from landscape.components.metrics._two_ways import ways_of
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"ways", "cycles"}), names=("cycle_L1", "cycle_L1_back"), paper="Zhu et al. 2017, arXiv:1703.10593, equation 2"
)
def cycle_l1(evidence: Evidence) -> dict[str, Estimate]:
    """Mean absolute difference of pictures from their translation there and back, in [0, 1].

    `cycle_L1` is that of F(G(a)) from a, and `cycle_L1_back` that of G(F(b)) from b. A low value says little
    alone: a picture can hide what it was made of where no eye sees it, with the wrong content (Chu et al. 2017, arXiv:1712.02950).

    Raises:
        UserError: The model does not translate in two directions.
    """
    both = need(ways_of(evidence, "cycle_l1").cycles, "generators in both directions", "cycle_l1")
    names = ("cycle_L1", "cycle_L1_back")
    return {name: mean_estimate(values, evidence, "lower", bounds=(0.0, 1.0)) for name, values in zip(names, both, strict=True)}
