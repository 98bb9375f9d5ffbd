"""Measure what a searcher's model costs a sweep: the time between trials with 300 observed ones, and without a model.

`python -m benchmarks.searchers [--observed 300] [--trials 26]` prints one table. The trials imitate training on a GPU: they wait `SECONDS`
without using the processor, and their scores are random. Proposals are made while earlier trials run. With --deterministic they are made in
batches, from completed batches only, and the first trial of each batch must wait for them.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.sweeps import child
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.files import write_json
from landscape.results.record import RECORD_FILE, Estimate, Scores, Status, TrialRecord
from landscape.results.trial_files import score_path
from landscape.space.space import Space

SECONDS = 2.0
SEARCHERS = ("random", "optuna-tpe", "optuna-gp", "gp-ucb")
SPACE: dict[str, Any] = {
    "name": "small",
    "dataset": "digits",
    "protocol": "quick",
    "axes": {"loss": ["non_saturating"], "d_normalization": ["none"], "regularizers": ["gradient_penalty"], "architecture": ["mlp"]},
    "search": {
        "d_optimizer.learning_rate": {"min": 1e-5, "max": 1e-2, "scaling": "log"},
        "g_optimizer.learning_rate": {"min": 1e-5, "max": 1e-2, "scaling": "log"},
        "d_optimizer.beta1": {"min": 0, "max": 0.9},
        "g_optimizer.beta1": {"min": 0, "max": 0.9},
        "gradient_penalty.weight": {"min": 0.1, "max": 100, "scaling": "log"},
        "d_optimizer.beta2": {"min": 0, "max": 0.999},
    },
}


def waiting(config: TrialConfig, protocol: Protocol, *, folder: Path, study: Any, **_: Any) -> TrialRecord:
    """Imitate a trial: wait if the searcher has seen enough trials to use its model, and write a random score."""
    if study["ask"] >= int(os.environ["LANDSCAPE_BENCH_OBSERVED"]):
        time.sleep(SECONDS)
    given = protocol.to_json() | {"digest": protocol.digest()}
    estimates = {"FD[classifier:digits]": Estimate(1 + int(config.digest()[:6], 16) / 16**6, "lower")}
    write_json(score_path(folder, given), Scores(given, estimates).to_json())
    record = TrialRecord(config.digest(), config.setting_digest(), config.run_digest(), config.to_json(), Status.COMPLETED, study=study)
    write_json(folder / RECORD_FILE, record.to_json())
    return record


def sweep(folder: Path, searcher: str, observed: int, trials: int, deterministic: bool) -> None:
    """Run one sweep with one worker in this process."""
    import ray.cloudpickle

    from landscape.sweep.run import run

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    os.environ["LANDSCAPE_BENCH_OBSERVED"] = str(observed)
    chosen = Space.parse(SPACE | {"trials": observed + trials, "searcher": {"name": searcher, "startup": observed}})
    with open(os.devnull, "w") as nowhere:
        run(chosen, results_dir=folder, jobs=1, stream=nowhere, run_trial=waiting, deterministic=deterministic)


def between(folder: Path, observed: int) -> float:
    """Return the mean seconds between the ends of two trials, minus the time that a trial waits.

    Only trials proposed by the searcher's model count.
    """
    times = sorted(path.stat().st_mtime for path in (folder / "small" / "trials").glob(f"*/{RECORD_FILE}"))[observed + 1 :]
    return (times[-1] - times[0]) / (len(times) - 1) - SECONDS


def main() -> None:
    """Measure every searcher and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observed", type=int, default=300)
    parser.add_argument("--trials", type=int, default=26, help="two more than whole rounds of 8")
    parser.add_argument("--searcher", choices=SEARCHERS, help=argparse.SUPPRESS)
    parser.add_argument("--deterministic", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.searcher:
        sweep(given.folder, given.searcher, given.observed, given.trials, given.deterministic)
        return
    print(f"| searcher, {given.observed} observed trials of 6 hyperparameters | seconds between trials | the same, --deterministic |")
    print("|---|---|---|")
    for searcher in SEARCHERS:
        found = []
        for flags in ([], ["--deterministic"]):
            with tempfile.TemporaryDirectory(prefix="landscape-bench-") as name:
                sizes = ["--observed", str(given.observed), "--trials", str(given.trials)]
                child("--searcher", searcher, "--folder", name, *sizes, *flags, module="benchmarks.searchers")
                found.append(between(Path(name), given.observed))
        print(f"| {searcher} | {found[0]:.3f} | {found[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
