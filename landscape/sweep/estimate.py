"""Estimates made before the first trial of a study: the floor of its scores, and its time from short probes."""

import gc
import itertools
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landscape.core.durations import duration
from landscape.core.errors import UserError
from landscape.core.wording import plural
from landscape.results.score_names import same_score
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.pool.resources import Resources, device_of
from landscape.sweep.probe import probe_together
from landscape.sweep.search_load import WHOLE, ScoringTime, SearchLoad
from landscape.sweep.study_data import Data
from landscape.sweep.sweep_options import SweepOptions

PROBES = 4
"""The largest number of cells that are probed. Together the probes take a small part of the time of the smallest study."""
MOST_PROCESSES = 16
"""The largest number of probes that run at the same time. If more trials than that run at a time, the probes show too little of how
trials slow each other down."""


@dataclass(frozen=True)
class Estimate:
    """The expected time of a trial, from the fastest and the slowest probe. The times are None if nothing was measured.

    A trial of the search may take less than a whole one, because it may be stopped early or be scored with few samples first.
    """

    fastest: float | None
    """The seconds that a trial occupies one of the places for trials, at the pace of the fastest probe."""
    slowest: float | None = None
    """The same at the pace of the slowest probe."""
    start: float = 0.0
    """The seconds until a process can train. Every place starts one process, all at the same time."""
    basis: str = ""
    """What the estimate rests on, or why there is none."""
    expected: tuple[float, float] | None = None
    """The expected seconds of a trial of the search at both paces, if they are not those of a whole trial."""
    most: tuple[float, float] | None = None
    """The most seconds of a trial of the search at both paces, likewise: none is stopped, and all are scored in both stages."""

    @property
    def seconds_per_trial(self) -> float | None:
        """The mean of the fastest and the slowest time."""
        return None if self.fastest is None or self.slowest is None else (self.fastest + self.slowest) / 2

    def seconds(self, search: int, others: int) -> tuple[float, float] | None:
        """Return the seconds of `search` trials of the search and `others` whole trials, one at a time: as expected, and at most.

        Both are at the mean pace. The result is None if nothing was measured.
        """
        if self.seconds_per_trial is None:
            return None
        whole = self.seconds_per_trial
        expected, most = (whole if pair is None else sum(pair) / 2 for pair in (self.expected, self.most))
        return expected * search + whole * others, most * search + whole * others

    def range(self, trials: int, jobs: int, *, search: int = 0) -> tuple[float, float] | None:
        """Return the seconds that `trials` trials take, `jobs` at a time, at the fastest and at the slowest pace.

        The slow end counts the start twice, because Ray itself starts too, and counts the last trials as a full group, because they run
        while other places are idle. The fast end has what is expected of trials of the search, and the slow end their most. The result is
        None if nothing was measured.

        Args:
            trials: The number of trials.
            jobs: The number of trials at a time.
            search: How many of the trials are trials of the search.
        """
        if self.fastest is None or self.slowest is None:
            return None
        fast = (self.expected or (self.fastest, 0.0))[0] * search + self.fastest * (trials - search)
        slow = (self.most or (0.0, self.slowest))[1] * search + self.slowest * (trials - search)
        return self.start + fast / jobs, 2 * self.start + slow / max(trials, 1) * math.ceil(trials / jobs)


def floor_of(space: Space, data: Data, resources: Resources) -> tuple[dict[str, Any], float]:
    """Measure the floor of a study's scores.

    Returns:
        The facts `floor` (what real samples score in place of generated ones, by name) and `protocol`, and the seconds of one scoring. The
        protocol is that of the space with the hash of the extractor's weights, as every score carries it.

    Raises:
        UserError: The protocol cannot be carried out, because weights are missing, there are too few samples, or no metric gives the
            objective.
    """
    import torch

    from landscape.config.network_layout import task_of
    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions, load_extractor
    from landscape.evaluation.models import floor, floor_draws
    from landscape.evaluation.scoring import needs, too_small

    # Threads and device are those of a trial, because the scoring is timed here too.
    torch.set_num_threads(resources.threads)
    dataset = data.load(space.cells()[0].config({}, seed=0))
    too_small(dataset, space.protocol, max(task_of(cell.config({}, seed=0).task).border for cell in space.cells()))
    how = EvaluationOptions(device=resolve_device(device_of(resources.gpus_per_trial)))
    if needs(space.protocol, "features", "logits"):
        load_extractor(space.protocol, dataset, how)  # This may train a classifier of the data set, once, which is no part of a scoring.
    begin = time.perf_counter()
    scores = floor(dataset, space.protocol, options=how, task=task_of(space.cells()[0].config({}, seed=0).task))
    seconds = (time.perf_counter() - begin) / floor_draws(dataset, space.protocol)
    estimates = {name: asdict(found) for name, found in scores.estimates.items()}
    # A metric that fails here, because there is no generator, may still give the score later.
    for wanted in filter(None, (space.protocol.objective, space.protocol.second_objective)):
        found = [e for name, e in estimates.items() if same_score(name, wanted)]
        directed = [name for name, e in estimates.items() if e["direction"] != "none"]
        if not found and not scores.failures:
            message = f"protocol {space.protocol.name!r}: its metrics give no objective {wanted!r}"
            raise UserError(f"{message}; choose one of {', '.join(directed)}")
        if any(e["direction"] == "none" for e in found):
            message = f"protocol {space.protocol.name!r}: objective {wanted!r} is neither better high nor low"
            raise UserError(f"{message}; choose one of {', '.join(directed)}")
    return {"floor": estimates, "protocol": dict(scores.protocol)}, seconds


def estimate(cells: Sequence[Cell], data: Data, how: SweepOptions, scoring: ScoringTime | None, load: SearchLoad = WHOLE) -> Estimate:
    """Estimate the time of a trial by training a few different cells for about a second, in processes like those of the trials.

    As many probes run at the same time as trials will, so that they share cores, memory and the GPU as trials do.

    Args:
        cells: The cells of the study.
        data: Its data.
        how: How the study is run.
        scoring: The seconds of scorings, or None if they were not measured.
        load: What a trial of the search takes beside a whole one.
    """
    if not how.resources.local:
        return Estimate(None, basis="the trials run on a cluster, where nothing was measured")
    if how.run_trial is not None:
        return Estimate(None, basis="the trials are run by a function of the caller's, which was not measured")
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # the probes and the trials, in processes of their own, need it
        gc.collect()
        torch.cuda.empty_cache()
    chosen, places = probed(cells), min(how.resources.jobs or 1, MOST_PROCESSES)
    configs = [data.pin(cell.middle()) for cell in itertools.islice(itertools.cycle(chosen), max(len(chosen), places))]
    settings = {
        "data_dir": None if how.data_here is None else str(how.data_here),
        "threads": how.resources.threads,
        "device": device_of(how.resources.gpus_per_trial),
        "plugins": [str(path) for path in how.plugins],
    }
    probes = [found for i in range(0, len(configs), places) for found in probe_together(configs[i : i + places], settings)]
    trained = [(p.training, p.around) for p in probes if p.training is not None]
    if not trained:
        return Estimate(None, basis=f"{plural(len(configs), 'short probe')} ended before anything could be measured")
    timed = scoring or ScoringTime(0.0)
    whole = [training + around + timed.whole for training, around in trained]
    training = sum(seconds for seconds, _ in trained) / len(trained)
    scored = f", {duration(timed.whole)} of scoring" if scoring is not None else ""
    start = statistics.median(p.start for p in probes)
    basis = f"{duration(training)} of training{scored} each and {duration(start)} to start, from {plural(len(trained), 'short probe')}"
    if load == WHOLE and timed.first is None:
        return Estimate(min(whole), max(whole), start, basis)
    first = timed.whole if timed.first is None else timed.first
    # In the second stage at most all trials of the search are scored by the whole protocol.
    again = 0.0 if timed.first is None else timed.whole
    expected = [load.training * training + around + load.rungs * timed.rung + first for training, around in trained]
    most = [training + around + load.most_rungs * timed.rung + first + again for training, around in trained]
    return Estimate(min(whole), max(whole), start, basis, (min(expected), max(expected)), (min(most), max(most)))


def probed(cells: Sequence[Cell]) -> list[Cell]:
    """Return at most 4 cells that differ in their cost: for each architecture, one from the beginning and one from the end of its list."""
    by_architecture: dict[str, list[Cell]] = {}
    for cell in cells:
        by_architecture.setdefault(cell.labels.get("architecture", ""), []).append(cell)
    chosen = [cell for group in by_architecture.values() for cell in dict.fromkeys(c.id for c in (group[0], group[-1]))]
    by_id = {cell.id: cell for cell in cells}
    return [by_id[i] for i in chosen[:: max(1, -(-len(chosen) // PROBES))]]
