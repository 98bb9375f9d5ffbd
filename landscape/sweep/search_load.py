"""What a trial of a search takes beside a whole trial: it may be stopped early, and be scored with few samples first."""

import time
from dataclasses import dataclass

from landscape.config.protocol import Protocol
from landscape.space.space import Space
from landscape.sweep.pool.resources import Resources, device_of
from landscape.sweep.study_data import Data


@dataclass(frozen=True)
class SearchLoad:
    """The work of a trial of the search, as it is expected and at most."""

    training: float = 1.0
    """The expected share of its training. At most it is 1."""
    rungs: float = 0.0
    """The expected number of rungs at which it is scored."""
    most_rungs: int = 0
    """The number of rungs of a whole training."""


WHOLE = SearchLoad()
"""The work of a trial that is trained to its end and scored once."""


@dataclass(frozen=True)
class ScoringTime:
    """The seconds of scorings."""

    whole: float
    """Those of one scoring by the whole protocol."""
    first: float | None = None
    """Those of the first of two stages, on the selection samples and on the reporting ones. None if trials are scored in one stage."""
    rung: float = 0.0
    """Those of one scoring at a rung."""


def load_of(space: Space) -> SearchLoad:
    """Return the work of a trial of the search of a study."""
    how = space.early_stopping
    if how is None:
        return WHOLE
    from landscape.sweep.search.early_stopping import expected_shares, expected_work

    cells = len(space.cells())
    compared = space.asks_per_cell(cells) * space.seeds // space.searches
    compared *= cells if space.searcher.scope == "across" else 1
    *reached, _ = expected_shares(how, compared)
    return SearchLoad(expected_work(how, compared), sum(reached), len(how.shares))


def scoring_time(space: Space, data: Data, resources: Resources, whole: float) -> ScoringTime:
    """Measure the scorings of few samples of a study, beside one by the whole protocol, which takes `whole` seconds."""
    from landscape.evaluation.models import screening_protocol
    from landscape.trial.rungs import rung_protocol

    few = space.screening.n_fake if space.screening is not None else None
    first = None if few is None else 2 * _seconds(screening_protocol(space.protocol, few), space, data, resources)
    how = space.early_stopping
    if how is None:
        return ScoringTime(whole, first)
    rung = rung_protocol(space.protocol, how.metric, how.n_fake or few)
    return ScoringTime(whole, first, _seconds(rung, space, data, resources))


def _seconds(protocol: Protocol, space: Space, data: Data, resources: Resources) -> float:
    """Return the seconds of one scoring of real samples by the objective of `protocol` alone."""
    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.models import floor, selection_protocol

    dataset = data.load(space.cells()[0].config({}, seed=0))
    options = EvaluationOptions(device=resolve_device(device_of(resources.gpus_per_trial)))
    begin = time.perf_counter()
    floor(dataset, selection_protocol(protocol), options=options, most_draws=1)
    return time.perf_counter() - begin
