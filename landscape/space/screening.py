"""Checks that a study can score its trials in two stages."""

from landscape.config.protocol import Protocol
from landscape.space.settings import Screening


def screening_mistake(screening: Screening, protocol: Protocol) -> str:
    """Return why a screened trial could not be scored again from the generator that it left. The text is empty if it can be."""
    from landscape.components.metrics._base import METRICS

    if protocol.second_objective:
        return f"screening keeps what may be the best by {protocol.objective} alone: leave it or second_objective out"
    if protocol.n_fake is not None and screening.n_fake >= protocol.n_fake:
        return f"screening.n_fake={screening.n_fake} is not below the protocol's own {protocol.n_fake}: give fewer samples, or leave it out"
    if protocol.selection_points > 1 or protocol.checkpoint != "last":
        return "screening keeps the last weights alone: give the protocol selection_points 1 and checkpoint last, or leave it out"
    if reads_d := next((m.name for m in protocol.metrics if "discriminator" in METRICS[m.name].facts.needs), None):
        return f"screening keeps no discriminator, which metric {reads_d!r} reads: leave one of them out"
    return ""
