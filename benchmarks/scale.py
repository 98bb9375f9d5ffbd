"""Constants behind `docs/clusters.md`: what one trial costs the driver, its files and its searcher, in processor time and bytes.

python -m benchmarks.scale [--trials 10000]
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from landscape import results, space
from landscape.record import Estimate, Scores, Status, TrialRecord, write_json
from landscape.sweep import study as files
from landscape.sweep.log import SearchLog
from landscape.sweep.plan import Outcome, Plan

CURVE = tuple((float(i), 0.5) for i in range(64))
NAMES = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm", "d_accuracy_real", "d_accuracy_fake", "sample_diversity")


def timed(action: Callable[[], object]) -> tuple[float, object]:
    begin = time.process_time()
    found = action()
    return time.process_time() - begin, found


def memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_trials(folder: Path, chosen: space.Space, number: int) -> list[Outcome]:
    """Proposals of a random search, each with a record and scores of the usual size."""
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
        write_json(trial / "record.json", record.to_json())
        estimate = Estimate(value, "lower", (value - 0.1, value + 0.1))
        write_json(results.score_path(trial, protocol), Scores(protocol, dict.fromkeys(("FD[x]", "KID[x]"), estimate)).to_json())
        outcomes.append(Outcome(task.ask, task.repeat, task.cell.id, task.assignment, task.digest, "completed", value, value, 1.0))
        plan.settle(outcomes[-1])
    files.write_study(folder, chosen, {})
    return outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    number = parser.parse_args().trials
    chosen = space.load("digits")
    found: dict[str, float] = {"trials": number}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "digits"
        outcomes = write_trials(folder, chosen, number)
        trial = next((folder / "trials").iterdir())
        found["bytes of a record"] = (trial / "record.json").stat().st_size
        before = memory_mib()
        found["seconds to read a study without its index"], study = timed(lambda: results.read_study(folder))
        found["MiB of a study in memory"] = memory_mib() - before
        found["bytes of a line of the index"] = (folder / results.INDEX_FILE).stat().st_size / number
        del study
        found["seconds to read a study with its index"], _ = timed(lambda: results.read_study(folder))
        found["seconds to write search.log anew"], _ = timed(lambda: SearchLog(folder, chosen, outcomes))
        found["seconds to open search.log"], log = timed(lambda: SearchLog(folder, chosen, outcomes))
        late = replace(outcomes[-1], digest="f" * 16)
        found["milliseconds to add a line to search.log"] = 1000 * timed(lambda: log.add(late))[0]
        found["milliseconds to add a line to the index"] = 1000 * timed(lambda: results.append_to_index(folder, trial.name))[0]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
