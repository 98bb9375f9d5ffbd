"""Checks that a study can end its trials early."""

from collections.abc import Iterable, Mapping

from landscape.config.protocol import Protocol
from landscape.results.score_names import matches
from landscape.space.cells import Cell
from landscape.space.search_range import Parameter
from landscape.space.settings import EarlyStopping


def stopping_mistake(stopping: EarlyStopping, protocol: Protocol, search: Mapping[str, Parameter]) -> str:
    """Return why trials of a study could not be compared at rungs. The text is empty if they can be."""
    from landscape.components.metrics._base import METRICS

    if protocol.second_objective:
        return f"trials are stopped by one score: leave early_stopping or second_objective={protocol.second_objective} out"
    if stopping.metric and not any(matches(METRICS[m.name].facts.names, stopping.metric) for m in protocol.metrics):
        return f"no metric of protocol {protocol.name!r} gives early_stopping.metric={stopping.metric!r}: add one, or leave it out"
    if stopping.n_fake is not None and protocol.n_fake is not None and stopping.n_fake > protocol.n_fake:
        return (
            f"early_stopping.n_fake={stopping.n_fake} is above the protocol's own {protocol.n_fake}: give as many or fewer, or leave it out"
        )
    for name, parameter in search.items():
        if any(target.split(".")[0] == "budget" for target in parameter.targets(name)):
            return f"search.{name} sets the length of training, so that rungs would not compare like with like: leave one of them out"
    return ""


def without_rungs(stopping: EarlyStopping, cells: Iterable[Cell]) -> str:
    """Return why trials of some cell have no rungs. The text is empty if all have some."""
    for cell in cells:
        rounds = cell.config({}, seed=0).rounds
        if rounds is None:
            return f"the training of cell {cell.id!r} is measured in seconds, which gives no rungs: give its budget in steps or images"
        if not any(0 < round(rounds * share) < rounds for share in stopping.shares):
            return f"cell {cell.id!r} is trained for {rounds} rounds, too few for a rung at {stopping.shares[0]:g} of them or later"
    return ""
