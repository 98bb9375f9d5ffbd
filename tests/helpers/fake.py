"""A trial without torch: steps that sleep, checkpoints, a score that depends on the configuration, and faults on demand.

Faults are listed in `faults.json` beside the results folder. It maps the number of a proposal to what happens, which is once unless the
text ends in `!`.
"""

import json
import math
import os
import signal
import time
from pathlib import Path

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.results.record import Estimate, Rung, Scores, Status, TrialRecord, rung_from_json, rung_to_json
from landscape.trial.rungs import rung_rounds

SPACE = """
name: toy
dataset: digits
protocol: {name: toy, extractor: pixels, metrics: [frechet], objective: "FD[pixels]"}
base: {budget: {amount: 20}}
axes:
  loss: [non_saturating, hinge]
  d_normalization: [none]
  regularizers: [none, gradient_penalty]
  architecture: [mlp]
search:
  d_optimizer.learning_rate: {min: 1e-5, max: 1e-2, scaling: log}
  gradient_penalty.weight: {min: 0.1, max: 100, scaling: log}
searcher: {name: optuna-tpe, startup: 3}
trials: 12
confirmation: {seeds: 0}
limits: {hang_seconds: 2}
"""


def fake_trial(
    config: TrialConfig,
    protocol: Protocol,
    *,
    folder: Path,
    study,
    report,
    should_stop,
    data_dir,
    threads,
    device,
    raise_out_of_memory,
    rungs=None,
) -> TrialRecord:
    """Do in short what `landscape.trial.run_trial.prepare_and_run` does."""
    if (folder / "record.json").exists():
        return TrialRecord.from_json(json.loads((folder / "record.json").read_bytes()))
    state_file = folder / "state.json"
    state = json.loads(state_file.read_bytes()) if state_file.exists() else {"step": 0, "sum": 0.0, "interruptions": -1, "rungs": []}
    state["interruptions"] += 1
    journal(folder, f"begin at niceness {os.nice(0)}")
    fault(folder, study["ask"])
    total = int(config.budget.amount)
    rounds = {} if rungs is None else rung_rounds(total, rungs.shares)
    while state["step"] < total:
        time.sleep(float(os.environ.get("FAKE_STEP_SECONDS", "0.002")))
        state["step"] += 1
        state["sum"] += math.sin(state["step"] * config.seed)
        report({})
        stop = should_stop()
        # It is in the state that is saved below, so that an interrupted trial is not asked again where it was.
        if (rung := rounds.get(state["step"])) is not None and len(state["rungs"]) == rung:
            value = (score_of(config) or 9.0) + 1 / state["step"]
            decided = rungs.judge(Rung(rung, rungs.shares[rung], state["step"], "FD[pixels]", value, value))
            state["rungs"].append(rung_to_json(decided))
            if decided.stop:
                return finished(folder, record(config, study, Status.STOPPED_EARLY, state))
        if state["step"] % 5 == 0 or stop:
            write_json(state_file, state)
        if stop:
            return record(config, study, Status.STOPPED, state)
    value = score_of(config)
    if value is not None:
        scores(folder, protocol, value)
    return finished(folder, record(config, study, Status.DIVERGED if value is None else Status.COMPLETED, state))


def finished(folder: Path, ended: TrialRecord) -> TrialRecord:
    write_json(folder / "record.json", ended.to_json())
    (folder / "state.json").unlink(missing_ok=True)
    journal(folder, "end")
    return ended


def sum_of(steps: int, seed: int) -> float:
    """Return what a trial computes step by step."""
    total = 0.0
    for step in range(1, steps + 1):
        total += math.sin(step * seed)
    return total


def score_of(config: TrialConfig) -> float | None:
    """Return a score that is best at a learning rate of 10^-3.5. Above 0.005 the trial diverges."""
    rate = config.d_optimizer.learning_rate
    if rate > 5e-3:
        return None
    return 1 + (math.log10(rate) + 3.5) ** 2 + 0.01 * abs(math.sin(config.seed))


def cost_of(value: float) -> float:
    """Return the cost of a score in the way in which a Frechet distance is modeled."""
    return math.log(value)


def journal(folder: Path, what: str) -> None:
    """Note which process did what, because no trial may end twice."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "journal", "a") as file:
        file.write(f"{what} {os.getpid()}\n")


def scores(folder: Path, protocol: Protocol, value: float) -> None:
    data = protocol.to_json() | {"digest": protocol.digest()}
    found = Scores(protocol=data, estimates={"FD[pixels]": Estimate(value, "lower")})
    write_json(folder / "scores" / f"{protocol.name}-{protocol.digest()}.json", found.to_json())


def record(config: TrialConfig, study, status: Status, state) -> TrialRecord:
    return TrialRecord(
        digest=config.digest(),
        setting_digest=config.setting_digest(),
        run_digest=config.run_digest(),
        config=config.to_json(),
        status=status,
        counts={"d_steps": state["step"]},
        seconds={"training": 0.05},
        rungs=tuple(rung_from_json(rung) for rung in state["rungs"]),
        environment={"sum": state["sum"], "interruptions": state["interruptions"]},
        study=study,
        started_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:00:00+00:00",
    )


def fault(folder: Path, ask: int) -> None:
    """Return what `faults.json` says about this proposal."""
    path = folder.parents[3] / "faults.json"
    if not path.exists():
        return
    kind = json.loads(path.read_bytes()).get(str(ask), "")
    once = folder / f"fault-{kind.rstrip('!')}"
    if not kind or (once.exists() and not kind.endswith("!")):
        return
    once.touch()
    match kind.rstrip("!"):
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(1000)
        case "memory":
            raise MemoryError("cannot allocate 9 GB")
        case "error":
            raise ZeroDivisionError("a mistake in the code")
        case "user":
            raise UserError("the data folder is gone")
