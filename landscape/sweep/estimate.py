"""What a study will take, before its first trial: the floor of its scores, and its time from short probes."""

import gc
import itertools
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landscape.core.errors import UserError
from landscape.core.wording import plural
from landscape.results.score_names import same_score
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.pool.resources import Resources, device_of
from landscape.sweep.probe import probe_together
from landscape.sweep.study_data import Data
from landscape.sweep.sweep_options import SweepOptions

PROBES = 4
"""At most so many different cells are probed: together they take a small part of the smallest study."""
MOST_PROCESSES = 16
"""At most so many probes run at the same time. Fewer than trials run at a time see less of what trials take from one another."""


@dataclass(frozen=True)
class Estimate:
    """What a trial is expected to take, from the fastest and the slowest probe. None where nothing was measured."""

    fastest: float | None
    """Seconds that a trial keeps one of the places for trials busy, at the pace of the fastest probe."""
    slowest: float | None = None
    start: float = 0.0
    """Seconds until a process can train; every place starts one, all at the same time."""
    basis: str = ""

    @property
    def seconds_per_trial(self) -> float | None:
        """The middle of the two paces."""
        return None if self.fastest is None or self.slowest is None else (self.fastest + self.slowest) / 2

    def range(self, trials: int, jobs: int) -> tuple[float, float] | None:
        """Seconds of `trials` trials, `jobs` at a time, at the fastest and at the slowest pace.

        The slow end counts the start twice, because Ray itself starts too, and its last trials run beside places that have nothing to do.
        """
        if self.fastest is None or self.slowest is None:
            return None
        return self.start + self.fastest * trials / jobs, 2 * self.start + self.slowest * math.ceil(trials / jobs)


def floor_of(space: Space, data: Data, resources: Resources) -> tuple[dict[str, Any], float]:
    """The `floor` (what other real samples score in the place of generated ones, by name) and the `protocol`; and seconds of one scoring.

    The protocol is that of the space with the hash of the weights it was measured through, as every score carries it.

    Raises:
        UserError: the protocol cannot be carried out (weights are missing, too few samples, metrics that give no such objective): better
            said now than after a trial.
    """
    import torch

    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.models import floor, floor_draws

    # Threads and device as a trial has them: its scoring is timed here too.
    torch.set_num_threads(resources.threads)
    dataset = data.load(space.cells()[0].config({}, seed=0))
    begin = time.perf_counter()
    scores = floor(dataset, space.protocol, options=EvaluationOptions(device=resolve_device(device_of(resources.gpus_per_trial))))
    seconds = (time.perf_counter() - begin) / floor_draws(dataset, space.protocol)
    estimates = {name: asdict(found) for name, found in scores.estimates.items()}
    # A metric that fails here, for want of a generator, may give it.
    wanted = space.protocol.objective
    if wanted and not scores.failures and not any(same_score(name, wanted) for name in estimates):
        message = f"protocol {space.protocol.name!r}: its metrics give no objective {wanted!r}"
        raise UserError(f"{message}; choose one of {', '.join(estimates)}")
    return {"floor": estimates, "protocol": dict(scores.protocol)}, seconds


def estimate(cells: Sequence[Cell], data: Data, how: SweepOptions, scoring: float | None) -> Estimate:
    """The time of a trial, from a second of training in a few different cells, in processes like those of the trials.

    As many probes run at the same time as trials will, so that they take cores, memory and the GPU from one another as trials do.
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
    whole = [training + around + (scoring or 0.0) for training, around in trained]
    training = sum(seconds for seconds, _ in trained) / len(trained)
    scored = f", {scoring:.2g} s of scoring" if scoring is not None else ""
    start = statistics.median(p.start for p in probes)
    basis = f"{training:.2g} s of training{scored} each and {start:.2g} s to start, from {plural(len(trained), 'short probe')}"
    return Estimate(min(whole), max(whole), start, basis)


def probed(cells: Sequence[Cell]) -> list[Cell]:
    """Cells that differ in what costs time: for each architecture one from the beginning and one from the end of its list."""
    by_architecture: dict[str, list[Cell]] = {}
    for cell in cells:
        by_architecture.setdefault(cell.labels.get("architecture", ""), []).append(cell)
    chosen = [cell for group in by_architecture.values() for cell in dict.fromkeys(c.id for c in (group[0], group[-1]))]
    by_id = {cell.id: cell for cell in cells}
    return [by_id[i] for i in chosen[:: max(1, -(-len(chosen) // PROBES))]]
