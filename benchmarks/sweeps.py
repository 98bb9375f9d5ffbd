"""Measure sweeps of small trials through Ray and Optuna: trials per hour against a bare loop, and the overhead of a trial.

`python -m benchmarks.sweeps [--trials N] [--repeats N]` prints one table. Sweep and bare loop take turns, each in a process of its own; the
figures are medians with the smallest and the largest value. The bare loop trains the same models one after the other with 2 threads and
scores them in the same way, but writes no records, checkpoints or pictures. Rates are taken from the second trial to the last, so that the
start of Ray (shown separately) and the first import of torch in a worker are not counted.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import landscape
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.files import write_json
from landscape.results import studies
from landscape.results.record import RECORD_FILE, Status, TrialRecord
from landscape.space.space import Space

SPACE: dict[str, Any] = {
    "name": "small",
    "dataset": "digits",
    "protocol": "quick",
    "base": {"batch_size": 64, "latent": {"dim": 32}, "budget": {"amount": 600}},
    "axes": {
        "loss": ["non_saturating", "hinge"],
        "d_normalization": ["none", "layer"],
        "regularizers": ["none"],
        "architecture": [{"use": {"mlp": {"width": 64}}, "label": "mlp"}],
    },
    "search": {
        "learning_rate": {"min": 1e-3, "max": 1e-2, "scaling": "log", "sets": ["d_optimizer.learning_rate", "g_optimizer.learning_rate"]}
    },
    "searcher": {"name": "optuna-tpe", "scope": "across", "startup": 4},
    "trials": 40,
}


def instant(config: TrialConfig, protocol: Protocol, *, folder: Path, study: Any, **_: Any) -> TrialRecord:
    """Imitate a trial without training it. Its time is that of proposing, sending and recording a trial."""
    record = TrialRecord(config.digest(), config.setting_digest(), config.run_digest(), config.to_json(), Status.DIVERGED, study=study)
    write_json(folder / RECORD_FILE, record.to_json())
    return record


def ours(folder: Path, trials: int, jobs: int, *, empty: bool) -> None:
    """Run a sweep in this process."""
    import ray.cloudpickle

    from landscape.sweep.run import run

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with open(os.devnull, "w") as nowhere:
        extra = {"run_trial": instant} if empty else {}
        run(Space.parse(SPACE), trials=trials, results_dir=folder, jobs=jobs, stream=nowhere, **extra)


def bare(folder: Path) -> None:
    """Train the models of the sweep in `folder` again, one after the other with 2 threads, and print the seconds per trial."""
    from benchmarks.training import bare_loop
    from landscape.evaluation import evaluate_model
    from landscape.evaluation.model_parts import ModelParts
    from landscape.training.sampling import make_sampler

    torch.set_num_threads(2)
    protocol = Space.parse(SPACE).protocol
    configs = [trial.record.config for trial in studies.read_study(folder / "small").trials]
    begin = 0.0
    for i, fields in enumerate(configs):
        if i == 1:  # The first model is a warm-up.
            begin = time.perf_counter()
        gan = landscape.build(dict(fields))
        train = bare_loop(gan, int(gan.config.budget.amount))
        train()
        evaluate_model(make_sampler(gan.generator.eval(), gan.latent), gan.dataset, protocol, parts=ModelParts(gan.generator))
    print((time.perf_counter() - begin) / (len(configs) - 1))


def steady(folder: Path) -> float:
    """Return the seconds per trial from the second record to the last."""
    times = sorted(path.stat().st_mtime for path in (folder / "small" / "trials").glob(f"*/{RECORD_FILE}"))
    return (times[-1] - times[1]) / (len(times) - 2)


def child(*arguments: str, module: str = "benchmarks.sweeps") -> tuple[float, str]:
    """Run a module of this package in a process of its own; return the seconds and the output."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--part", choices=["ours", "empty", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "bare":
        bare(given.folder)
    elif given.part:
        ours(given.folder, given.trials, given.jobs, empty=given.part == "empty")
    else:
        report(given.trials, given.repeats)


def report(trials: int, repeats: int) -> None:
    """Run the sweeps and bare loops, and print the table."""
    mine, theirs, start = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory(prefix="landscape-bench-") as name:
        for i in range(repeats):
            folder = Path(name) / f"trained{i}"
            whole, _ = child("--part", "ours", "--folder", str(folder), "--trials", str(trials), "--jobs", "2")
            _, printed = child("--part", "bare", "--folder", str(folder))
            mine.append(steady(folder))
            theirs.append(float(printed.split()[-1]))
            start.append(whole - mine[-1] * trials)
        alone, nothing = (Path(name) / each for each in ("alone", "empty"))
        child("--part", "ours", "--folder", str(alone), "--trials", str(trials))
        child("--part", "empty", "--folder", str(nothing), "--trials", "100")
        single, cost = steady(alone), steady(nothing)
    print("| what | figure |", "|---|---|", sep="\n")
    print(f"| sweep of {trials} trials on 2 cores | {spread([3600 / s for s in mine], '.0f')} trials an hour |")
    print(f"| a sweep of as many with one worker of 2 threads (once) | {3600 / single:.0f} trials an hour |")
    print(f"| the same models in a bare loop with 2 threads | {spread([3600 / s for s in theirs], '.0f')} trials an hour |")
    print(f"| ratio of the first to the bare loop, in pairs | {spread([b / a for a, b in zip(mine, theirs, strict=True)], '.2f')} |")
    print(f"| start of the sweep, floor, probes and end | {spread(start, '.1f')} s |")
    print(f"| a trial beside its training (propose, send, record; 100 trials one at a time) | {cost:.3f} s |")


def spread(values: list[float], form: str) -> str:
    """Return the median with the smallest and the largest value, as text."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    main()
