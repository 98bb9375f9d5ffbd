"""Say how well each score of a study's protocol, early in the training, orders trials as their final scores do.

`python -m benchmarks.early_scores STUDY [--trials 40] [--shares 0.125 0.25 0.5] [--samples N] [--data-dir D] [--into FILE] [--jobs 1]`
prints three tables, from which a user can choose the metric and the rungs of early stopping. Settings are drawn at random from the space of
the study, evenly over its cells, each with a seed of its own, and each one is trained alone. At every share of its training, and at the
end, every metric of the protocol scores it as a rung would: on the selection samples, with N generated samples (`n_fake` of
`early_stopping`). At the end the whole protocol also scores it on the reporting samples. The first two tables have Spearman's correlation
over trials, with its 95% interval, of each early score with the same final score and with the final objective; the third one has what
scoring costs. Trials that diverge are counted and left out. Each trial is added to the CSV FILE when it has ended, and a trial that is
there is not trained again.
"""

import argparse
import csv
import functools
import itertools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

import landscape
from benchmarks.early_stopping import shown
from landscape.analysis.correlation import rank_correlation
from landscape.components.metrics._base import METRICS
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import SamplesError, UserError
from landscape.evaluation.models import gives
from landscape.results.score_names import same_score
from landscape.space.space import Space
from landscape.space.study_files import load_space
from landscape.sweep.search.plan import Plan, Task
from landscape.sweep.study_data import Data
from landscape.training.gan import DivergedError
from landscape.trial.best_checkpoint import of_checkpoint
from landscape.trial.model_scores import ModelScores
from landscape.trial.rungs import rung_protocol

Measured = dict[tuple[str, str], str]
"""What was measured of a trial, as text: by share of the training or `FINAL`, and by the name of a score or of something else."""
COLUMNS = ("trial", "share", "quantity", "value")
FINAL, STATUS, HOW, TRAINING = "final", "status", "measured by", "seconds of training"


def drawn(space: Space, trials: int, data_dir: Path | None) -> list[Task]:
    """Return `trials` random settings of a study in the order of its turns, in which each cell has its next turn after all others."""
    each = -(-trials // len(space.cells()))
    of_a_search = {"ruleset": "", "seeds": 1, "first": [], "batch": None, "screening": None, "early_stopping": None}
    protocol = space.protocol.to_json() | {"second_objective": ""}
    random = space.with_changes(searcher={"name": "random"}, trials={"per_cell": each}, protocol=protocol, **of_a_search)
    return list(itertools.islice(iter(Plan(random, pin=Data(data_dir).pin).propose, None), trials))


def measured(config: TrialConfig, protocol: Protocol, shares: Sequence[float], samples: int | None, data_dir: Path | None) -> Measured:
    """Train one trial, and return its scores at each share and at the end, with the processor seconds of each scoring and of the training.

    Raises:
        UserError: The budget is in seconds, so that no round is at a share of it.
    """
    gan = landscape.build(config, data_dir=data_dir)
    if gan.rounds.total is None:
        raise UserError("the budget is in seconds, of which no round is a known share: give `budget` in d_steps")
    scores, found, training = ModelScores(gan, gan.device, raise_out_of_memory=False), Measured(), 0.0
    try:
        for share in shares:
            begin = time.process_time()
            gan.run_rounds(round(gan.rounds.total * share) - gan.counts.rounds)
            training += time.process_time() - begin
            for metric in (m.name for m in protocol.metrics):
                wanted = METRICS[metric].facts.names[0].format(extractor=protocol.extractor.name)
                begin = time.process_time()
                estimates = scores.now(rung_protocol(protocol, wanted, samples)).estimates
                found[f"{share:g}", f"seconds of {metric}"] = f"{time.process_time() - begin:.4g}"
                found |= {(f"{share:g}", name): repr(estimate.value) for name, estimate in estimates.items()}
        final = scores.for_report(of_checkpoint(protocol, "last"), gan.sampler)
    except (DivergedError, SamplesError):
        return found | {(FINAL, STATUS): "diverged"}
    found |= {(FINAL, name): repr(estimate.value) for name, estimate in final.estimates.items()}
    return found | {(FINAL, TRAINING): f"{training:.4g}", (FINAL, STATUS): "completed"}


def trials_in(file: Path | None) -> dict[str, Measured]:
    """Return the trials of a file by their digests. The status of a trial is its last row, so that one without it was cut off."""
    found: dict[str, Measured] = {}
    if file is not None and file.exists():
        with file.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                found.setdefault(row["trial"], {})[row["share"], row["quantity"]] = row["value"]
    return {trial: rows for trial, rows in found.items() if (FINAL, STATUS) in rows}


def append(file: Path, trial: str, rows: Measured) -> None:
    """Write a trial at the end of a file, after the names of the columns if the file is new."""
    head = [] if file.exists() else [COLUMNS]
    with file.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([*head, *((trial, *key, value) for key, value in rows.items())])


def run(tasks: Sequence[Task], one: Callable[[TrialConfig], Measured], jobs: int, how: str, file: Path | None) -> list[Measured]:
    """Measure the trials that the file lacks, with a line for each on stderr. Return all trials in the order of `tasks`.

    Raises:
        UserError: The file holds a trial that was measured in another way.
    """
    known = trials_in(file)
    if other := next((known[t.digest][FINAL, HOW] for t in tasks if t.digest in known and known[t.digest][FINAL, HOW] != how), None):
        raise UserError(f"{file}: a trial there was measured by {other}, not by {how}: choose another file")
    todo = [task for task in tasks if task.digest not in known]
    for task, rows in zip(todo, _each(one, [task.config for task in todo], jobs), strict=True):
        known[task.digest] = {(FINAL, HOW): how} | rows
        if file is not None:
            append(file, task.digest, known[task.digest])
        count = sum(other.digest in known for other in tasks)
        said = f"{rows[FINAL, STATUS]}, {rows.get((FINAL, TRAINING), '?')} s of training"
        print(f"{count} of {len(tasks)}: {task.cell.id}: {said}", file=sys.stderr, flush=True)
    return [known[task.digest] for task in tasks]


def _each(one: Callable[[TrialConfig], Measured], configs: Sequence[TrialConfig], jobs: int) -> Iterator[Measured]:
    if jobs == 1:
        yield from map(one, configs)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(one, configs)


def correlations(trials: Sequence[Measured], names: Sequence[str], shares: Sequence[str], final: str | None) -> Iterator[list[str]]:
    """Return a row for each score: its correlation at each share with the final score `final`, or with its own one, as text."""
    for name in names:
        row = [name]
        for share in shares:
            keys = (share, name), (FINAL, final or name)
            pairs = np.array([[float(trial[key]) for key in keys] for trial in trials if all(key in trial for key in keys)]).reshape(-1, 2)
            row.append(shown(rank_correlation(pairs[:, 0], pairs[:, 1])))
        yield row


def costs(trials: Sequence[Measured], protocol: Protocol, names: Sequence[str], shares: Sequence[str]) -> Iterator[list[str]]:
    """Return a row for each metric: its scores, the median and 5 to 95% of its seconds, and their median share of the training."""
    for metric in (m.name for m in protocol.metrics):
        each = [(float(trial[share, f"seconds of {metric}"]), float(trial[FINAL, TRAINING])) for trial in trials for share in shares]
        (low, middle, high), part = np.quantile([s for s, _ in each], (0.05, 0.5, 0.95)), np.median([s / max(t, 1e-9) for s, t in each])
        yield [metric, ", ".join(n for n in names if gives(metric, n)), f"{middle:.3g} ({low:.3g} to {high:.3g})", f"{100 * part:.2g}%"]


def table(title: str, head: Sequence[str], rows: Iterator[list[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows), sep="\n")


def main() -> None:
    """Measure the trials and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", help="the name of an embedded study, or the path of a YAML file")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.125, 0.25, 0.5], help="1, the end, is always among them")
    parser.add_argument("--samples", type=int, help="generated samples of an early score; without it as many as the protocol has")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--into", type=Path, help="a CSV file that is continued")
    parser.add_argument("--jobs", type=int, default=1, help="trials at a time, each with one thread if there are several")
    given = parser.parse_args()
    if not all(0 < share <= 1 for share in given.shares):
        raise UserError(f"--shares {given.shares}: give shares of the training above 0 and up to 1")
    space, numbers = load_space(given.study), sorted({*given.shares, 1.0})
    shares, protocol = [f"{share:g}" for share in numbers], space.protocol
    how = f"{protocol.name} {protocol.digest()}, {given.samples or 'all'} samples, at {' '.join(shares)}"
    one = functools.partial(measured, protocol=protocol, shares=numbers, samples=given.samples, data_dir=given.data_dir)
    trials = run(drawn(space, given.trials, given.data_dir), one, given.jobs, how, given.into)
    kept = [trial for trial in trials if trial[FINAL, STATUS] == "completed"]
    print(f"{space.name}: {len(trials)} random trials, {len(trials) - len(kept)} diverged and left out; measured by {how}")
    seen = list(dict.fromkeys(name for trial in kept for share, name in trial if share == FINAL))
    names = [name for name in seen if any((shares[0], name) in trial for trial in kept)]
    objective = next((name for name in names if same_score(name, protocol.objective)), None)
    if objective is None:
        raise UserError(f"{space.name}: no trial has a final {protocol.objective}")
    head = ["at a share of the training", *shares]
    table("Correlation of the early score with the same score at the end", head, correlations(kept, names, shares, None))
    table(f"Correlation of the early score with the final {objective}", head, correlations(kept, names, shares, objective))
    head = ["metric", "scores", "processor seconds of a scoring (5 to 95%)", "of the training"]
    table("What a scoring costs", head, costs(kept, protocol, names, shares))


if __name__ == "__main__":
    main()
