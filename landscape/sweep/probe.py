"""Short probes of training, in processes like those of the trials. `python -m landscape.sweep.probe` runs one of them."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import landscape
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError

PROBE_SECONDS = 1.0
SETTLED, MOST_REPORTS = 1.5, 12
"""The rate of training is accepted if two successive stretches differ by less than this factor, or after this many stretches.

Earlier stretches contain work that happens only once: libraries start, updates are compiled, rounds are recorded.
"""
PATIENCE_SECONDS = 600.0
"""The seconds after which a probe is given up. The study then begins without an estimate."""
Seen = Sequence[tuple[float, float]]
"""The share of the budget that is done and the seconds taken, for each stretch."""


@dataclass(frozen=True)
class Probe:
    """What a few seconds of one configuration showed, in a process of its own."""

    start: float
    """The seconds from the start of the process until its libraries are imported. Each process of a sweep takes them once."""
    around: float
    """The seconds that a trial takes besides its training, for data, networks and files."""
    training: float | None
    """The extrapolated seconds of the whole training. It is None if the trial ended before anything could be measured."""


def probe_together(configs: Sequence[TrialConfig], settings: Mapping[str, Any]) -> list[Probe]:
    """Probe all of `configs` at the same time, each in a process of its own, as trials run.

    Args:
        configs: The configurations with the content hash of their data.
        settings: The `data_dir`, `threads` and `device` of a trial, and `plugins` (files to load).

    Returns:
        What could be measured, without the configurations whose process failed.

    Raises:
        UserError: A trial would end in the same way, because data or a plugin are missing.
    """
    found: list[Probe | str | None] = [None] * len(configs)

    def watch(number: int) -> None:
        found[number] = _in_process({"config": configs[number].to_json(), **settings})

    threads = [threading.Thread(target=watch, args=(number,), daemon=True) for number in range(len(configs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if mistakes := [each for each in found if isinstance(each, str)]:
        raise UserError(mistakes[0])
    return [each for each in found if isinstance(each, Probe)]


def _in_process(request: Mapping[str, Any]) -> Probe | str | None:
    """Return the probe of one configuration, the message of a user's mistake, or None if the process failed for another reason."""
    root = str(Path(landscape.__file__).resolve().parent.parent)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])]),
        "OMP_NUM_THREADS": str(request["threads"]),
    }
    text = json.dumps({**request, "started_at": time.time()})
    try:
        run = subprocess.run(
            [sys.executable, "-m", "landscape.sweep.probe"],
            input=text,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        answer = json.loads(run.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return str(answer["user_error"]) if "user_error" in answer else Probe(**answer)


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Probe one configuration in this process."""
    from landscape.core.registry import load_installed_plugins, load_plugin
    from landscape.trial.run_trial import prepare_and_run

    parent = os.getppid()
    start = time.time() - request["started_at"]
    seen: list[tuple[float, float]] = []
    begin = time.perf_counter()
    try:
        load_installed_plugins()
        for plugin in request["plugins"]:
            load_plugin(plugin)
        with tempfile.TemporaryDirectory(prefix="landscape-probe-") as folder:
            prepare_and_run(
                TrialConfig.parse(request["config"]),
                None,
                folder=Path(folder),
                report=lambda line: seen.append((line["progress"], line["seconds"])),
                # A probe also ends if its sweep was killed.
                should_stop=lambda: settled(seen) or os.getppid() != parent,
                data_dir=Path(request["data_dir"]) if request["data_dir"] is not None else None,
                threads=request["threads"],
                device=request["device"],
                pictures=False,
            )
    except UserError as error:
        return {"user_error": str(error)}
    trained = seen[-1][1] if seen else 0.0
    return asdict(Probe(start, max(time.perf_counter() - begin - trained, 0.0), seconds_of_all(seen)))


def settled(seen: Seen) -> bool:
    """Return whether the reports are enough to tell how long training takes."""
    if len(seen) < 3 or seen[-1][1] - seen[0][1] < PROBE_SECONDS:
        return False
    (p1, s1), (p2, s2), (p3, s3) = seen[-3:]
    if not p1 < p2 < p3:
        return True  # The stretch had no round, because the budget is spent.
    earlier, later = (s2 - s1) / (p2 - p1), (s3 - s2) / (p3 - p2)
    return len(seen) >= MOST_REPORTS or max(earlier, later) < SETTLED * min(earlier, later)


def seconds_of_all(seen: Seen) -> float | None:
    """Return the seconds of the whole budget at the rate of the last two stretches, or of one. It is None if there is none."""
    (first, begin), (last, end) = (seen[-3:][0] if len(seen) > 1 else (0.0, 0.0)), (seen[-1] if seen else (0.0, 0.0))
    return (end - begin) / (last - first) if last > first else None


if __name__ == "__main__":
    print(json.dumps(answer(json.load(sys.stdin))))
