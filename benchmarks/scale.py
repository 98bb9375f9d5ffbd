"""Measure what growing studies cost the driver, its files and its report, in processor time and bytes.

The constants in `docs/clusters.md` come from here.

python -m benchmarks.scale [--trials 10 100 1000 10000]
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks._memory import resident
from landscape.core.files import write_json
from landscape.report.build import build
from landscape.results import studies
from landscape.results.record import RECORD_FILE, Estimate, Scores, Status, TrialRecord
from landscape.results.trial_files import score_path
from landscape.space import study_files
from landscape.space.space import Space
from landscape.sweep import study_folder as files
from landscape.sweep.search.optuna_log import SearchLog
from landscape.sweep.search.plan import Outcome, Plan

CURVE = tuple((float(i), 0.5) for i in range(64))
SCORES = ("FD[classifier:digits]", "KID[classifier:digits]")
NAMES = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm", "d_accuracy_real", "d_accuracy_fake", "sample_diversity")


def timed(action: Callable[[], object]) -> tuple[float, object]:
    begin = time.process_time()
    found = action()
    return time.process_time() - begin, found


def write_trials(folder: Path, chosen: Space, number: int) -> list[Outcome]:
    """Write the proposals of a random search, each with a record and scores of the usual size."""
    plan = Plan(chosen.with_changes(trials=number, searcher={"name": "random"}), pin=lambda config: config)
    protocol = chosen.protocol.to_json() | {"digest": chosen.protocol.digest()}
    outcomes = []
    for _ in range(number):
        task = plan.propose()
        if task is None:
            break
        value = 1.0 + task.ask % 97
        record = TrialRecord(
            task.digest, "s" * 16, "r" * 16, task.config.to_json(), Status.COMPLETED, curves=dict.fromkeys(NAMES, CURVE), study=task.study
        )
        trial = files.trial_folder(folder, task.digest)
        write_json(trial / RECORD_FILE, record.to_json())
        estimates = dict.fromkeys(SCORES, Estimate(value, "lower", (value - 0.1, value + 0.1)))
        write_json(score_path(trial, protocol), Scores(protocol, estimates).to_json())
        outcomes.append(Outcome(task.ask, task.repeat, task.cell.id, task.assignment, task.digest, "completed", value, value, 1.0))
        plan.settle(outcomes[-1])
    files.write_study(folder, chosen, {})
    return outcomes


def costs(number: int) -> dict[str, float]:
    """Measure what a study of `number` trials costs in this process.

    If there are fewer trials than cells, a study of 3 cells is taken.
    """
    chosen = study_files.load_space("digits")
    if number < len(chosen.cells()):
        axes = {name: entries if name == "regularizers" else entries[:1] for name, entries in chosen.axes.items()}
        chosen = chosen.with_changes(axes=axes)
    found: dict[str, float] = {"trials": number}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "digits"
        outcomes = write_trials(folder, chosen, number)
        trial = next((folder / "trials").iterdir())
        found["bytes of a record"] = (trial / RECORD_FILE).stat().st_size
        before = resident("VmRSS")
        found["seconds to read it without its index"], study = timed(lambda: studies.read_study(folder))
        found["MiB of it in memory"] = 1024 * (resident("VmRSS") - before)
        found["bytes of a line of the index"] = (folder / studies.INDEX_FILE).stat().st_size / number
        del study
        found["seconds to read it with its index"], study = timed(lambda: studies.read_study(folder))
        ended = files.outcomes(study, chosen.protocol)
        more = chosen.with_changes(trials=number + len(chosen.cells()), searcher={"name": "random"})
        found["seconds to plan its continuation"], _ = timed(lambda: Plan(more, pin=lambda config: config, outcomes=ended))
        found["seconds to write search.log anew"], _ = timed(lambda: SearchLog(folder, chosen, outcomes))
        found["seconds to open search.log"], log = timed(lambda: SearchLog(folder, chosen, outcomes))
        late = replace(outcomes[-1], digest="f" * 16)
        found["milliseconds to add a line to search.log"] = 1000 * timed(lambda: log.add(late))[0]
        found["milliseconds to add a line to the index"] = 1000 * timed(lambda: studies.append_to_index(folder, trial.name))[0]
        build(Path(temporary), Path(temporary) / "reports", "digits")  # The first call imports modules and is not timed.
        found["seconds to write its report"], pages = timed(lambda: build(Path(temporary), Path(temporary) / "reports", "digits"))
        found["MB of the report's page"] = pages[0].stat().st_size / 1e6
    found["MiB of the process at its peak"] = 1024 * resident("VmHWM")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, nargs="+", default=[10, 100, 1000, 10_000], metavar="N")
    numbers = parser.parse_args().trials
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        found = list(pool.map(costs, numbers))
    for name in found[0]:
        row = " | ".join(f"{each[name]:,.4g}" if each[name] < 1e4 else f"{each[name]:,.0f}" for each in found)
        print(f"| {name} | {row} |")
        if name == "trials":
            print("|---" * (len(found) + 1) + "|")


if __name__ == "__main__":
    main()
