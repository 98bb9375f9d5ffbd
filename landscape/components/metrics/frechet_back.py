"""The Frechet distance of the way back between two sets of pictures."""

from dataclasses import replace

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._two_ways import ways_of
from landscape.components.metrics.frechet import frechet
from landscape.results.record import Estimate

DISTANCES = ("FD_back[{extractor}]", "FID_back")


@METRICS.register(
    needs=frozenset({"features", "ways"}), names=DISTANCES, log_scale=DISTANCES, paper="Heusel et al. 2017, arXiv:1706.08500, for both ways"
)
def frechet_back(evidence: Evidence) -> dict[str, Estimate]:
    """Frechet distance between pictures of A and what the generator of the way back makes of pictures of B.

    It is computed as that of the way there, which the metric `frechet` gives.

    Raises:
        UserError: The model does not translate in two directions, or as for `frechet`.
    """
    ways = ways_of(evidence, "frechet_back")
    found = frechet(replace(evidence, real=ways.a, fake=ways.back, real_is_stratified=False))
    name, estimate = next(iter(found.items()))
    stem, bracket, rest = name.partition("[")
    return {f"{stem}_back{bracket}{rest}": estimate}
