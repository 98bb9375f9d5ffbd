"""What a study will take, before its first trial: the floor of its scores, and its time from short probes."""

import gc
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError
from landscape.results.record import same_score
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.pool.resources import Resources, device_of
from landscape.sweep.study_data import Data
from landscape.sweep.sweep_options import SweepOptions

PROBES, PROBE_SECONDS = 4, 1.0
"""At most so many cells are tried for so long each: together a small part of the smallest study."""
SETTLED, MOST_REPORTS = 1.5, 12
"""A rate is believed once two stretches of training in a row differ by less than this factor: before, things happen that happen only once
(libraries start, updates are compiled, rounds are recorded). After so many stretches it is taken as it is."""
Seen = Sequence[tuple[float, float]]
"""Share of the budget done and seconds taken, stretch by stretch."""


@dataclass(frozen=True)
class Estimate:
    """Seconds that one trial keeps one of the places for trials busy; None where it could not be measured."""

    seconds_per_trial: float | None
    basis: str = ""


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
    """The time of a trial, from a second of training in a few different cells."""
    if how.run_trial is not None or not how.resources.local:
        return Estimate(None)
    import torch

    measured = [probe(cell, data, how) for cell in probed(cells)]
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # the trials, in processes of their own, need it
        gc.collect()
        torch.cuda.empty_cache()
    known = [seconds for seconds in measured if seconds is not None]
    if not known:
        return Estimate(None)
    training = sum(known) / len(known)
    scored = f" and {scoring:.2g} s of scoring" if scoring is not None else ""
    return Estimate(training + (scoring or 0.0), f"{training:.2g} s of training{scored} each, from {len(known)} short probes")


def probed(cells: Sequence[Cell]) -> list[Cell]:
    """Cells that differ in what costs time: for each architecture one from the beginning and one from the end of its list."""
    by_architecture: dict[str, list[Cell]] = {}
    for cell in cells:
        by_architecture.setdefault(cell.labels.get("architecture", ""), []).append(cell)
    chosen = [cell for group in by_architecture.values() for cell in dict.fromkeys(c.id for c in (group[0], group[-1]))]
    by_id = {cell.id: cell for cell in cells}
    return [by_id[i] for i in chosen[:: max(1, -(-len(chosen) // PROBES))]]


def probe(cell: Cell, data: Data, how: SweepOptions) -> float | None:
    """Seconds of training of a trial of `cell`, extrapolated; None if it ended (diverged) before anything could be measured."""
    from landscape.trial.run_trial import prepare_and_run

    seen: list[tuple[float, float]] = []
    assignment = {name: p.at(0.5) for name, p in cell.parameters.items()}
    config = data.pin(cell.config(assignment, seed=0))
    with tempfile.TemporaryDirectory(prefix="landscape-probe-") as folder:
        prepare_and_run(
            config,
            None,
            folder=Path(folder),
            report=lambda line: seen.append((line["progress"], line["seconds"])),
            should_stop=lambda: settled(seen),
            data_dir=how.data_here,
            threads=how.resources.threads,
            device=device_of(how.resources.gpus_per_trial),
            pictures=False,
        )
    return seconds_of_all(seen)


def settled(seen: Seen) -> bool:
    """Whether enough was seen to tell how long training takes."""
    if len(seen) < 3 or seen[-1][1] - seen[0][1] < PROBE_SECONDS:
        return False
    (p1, s1), (p2, s2), (p3, s3) = seen[-3:]
    if not p1 < p2 < p3:
        return True  # a stretch without a round: the budget is spent
    earlier, later = (s2 - s1) / (p2 - p1), (s3 - s2) / (p3 - p2)
    return len(seen) >= MOST_REPORTS or max(earlier, later) < SETTLED * min(earlier, later)


def seconds_of_all(seen: Seen) -> float | None:
    """Seconds of the whole budget at the rate of the last two stretches; of fewer, of what there is; None where nothing is."""
    (first, begin), (last, end) = (seen[-3:][0] if len(seen) > 1 else (0.0, 0.0)), (seen[-1] if seen else (0.0, 0.0))
    return (end - begin) / (last - first) if last > first else None
