"""Short probes of training, in processes like those of the trials: `python -m landscape.sweep.probe` is one of them."""

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
"""A rate is believed once two stretches of training in a row differ by less than this factor: before, things happen that happen only once
(libraries start, updates are compiled, rounds are recorded). After so many stretches it is taken as it is."""
PATIENCE_SECONDS = 600.0
"""A probe that takes longer than this is given up, and the study begins without an estimate."""
Seen = Sequence[tuple[float, float]]
"""Share of the budget done and seconds taken, stretch by stretch."""


@dataclass(frozen=True)
class Probe:
    """What a few seconds of one configuration told, in a process of its own."""

    start: float
    """Seconds from the start of the process until its libraries are imported: once for each process of a sweep."""
    around: float
    """Seconds that a trial takes besides its training: data, networks, files."""
    training: float | None
    """Seconds of the whole training, extrapolated; None if the trial ended (diverged) before anything could be measured."""


def probe_together(configs: Sequence[TrialConfig], settings: Mapping[str, Any]) -> list[Probe]:
    """Probe all of `configs` at the same time, each in a process of its own, as trials run.

    Args:
        configs: configurations with the content hash of their data.
        settings: `data_dir`, `threads` and `device` of a trial, and `plugins` (files to load).

    Returns:
        What could be measured, without the configurations whose process failed.

    Raises:
        UserError: a trial would end the same way, for want of data or of a plugin.
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
    """The probe of one configuration; the message of a user's mistake; None where the process failed otherwise."""
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
                # A probe whose sweep was killed ends too.
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
    """Whether enough was seen to tell how long training takes."""
    if len(seen) < 3 or seen[-1][1] - seen[0][1] < PROBE_SECONDS:
        return False
    (p1, s1), (p2, s2), (p3, s3) = seen[-3:]
    if not p1 < p2 < p3:
        return True  # The stretch had no round, because the budget is spent.
    earlier, later = (s2 - s1) / (p2 - p1), (s3 - s2) / (p3 - p2)
    return len(seen) >= MOST_REPORTS or max(earlier, later) < SETTLED * min(earlier, later)


def seconds_of_all(seen: Seen) -> float | None:
    """Seconds of the whole budget at the rate of the last two stretches; of fewer, of what there is; None where nothing is."""
    (first, begin), (last, end) = (seen[-3:][0] if len(seen) > 1 else (0.0, 0.0)), (seen[-1] if seen else (0.0, 0.0))
    return (end - begin) / (last - first) if last > first else None


if __name__ == "__main__":
    print(json.dumps(answer(json.load(sys.stdin))))
