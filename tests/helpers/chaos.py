"""Kills processes of running sweeps at random moments, and checks what must hold afterwards."""

import collections
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil

PROGRAM = Path(__file__).with_name("run_fake.py")
WEIGHTS = {"worker": 6, "driver": 2, "everything": 2, "raylet": 2, "gcs": 1, "interrupt": 1, "terminate": 1}
"""The relative frequency of each target. Most kills end the driver, and a new driver takes seconds to start."""

MARK = "LANDSCAPE_TEST_SWEEP"
"""A variable in the environment of every process that a sweep starts, by which the processes are found."""
PATIENCE_SECONDS = 3000.0
"""The time allowed for a sweep that should end, on a machine that is also doing other work."""


class Sweep:
    """A sweep of fake trials in a process group of its own."""

    def __init__(self, results: Path, step_seconds: float = 0.002, **options) -> None:
        self.results, self.options = results, options
        self.mark = uuid.uuid4().hex
        self.environment = os.environ | {"FAKE_STEP_SECONDS": str(step_seconds), "OMP_NUM_THREADS": "1", MARK: self.mark}
        self.process: subprocess.Popen | None = None

    @property
    def study(self) -> Path:
        return self.results / "toy"

    def start(self) -> None:
        command = [sys.executable, str(PROGRAM), str(self.results), json.dumps(self.options)]
        self.output = open(self.results.parent / "output", "a+")
        self.begin = self.output.seek(0, os.SEEK_END)
        self.process = subprocess.Popen(command, env=self.environment, stdout=self.output, stderr=self.output, process_group=0)

    def said(self) -> str:
        self.output.seek(self.begin)
        return self.output.read()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        code = self.process.wait(seconds)
        self.output.close()
        return code

    def run(self) -> int:
        self.start()
        code = self.process.wait(PATIENCE_SECONDS)
        self.text = self.said()
        self.output.close()
        return code

    def family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def left(self) -> list[psutil.Process]:
        """Return the processes that this sweep started and that still run, whatever their parent is by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.mark:
                    found.append(process)
        return found

    def wait_for(self, condition, seconds: float = 240) -> bool:
        """Wait until `condition` holds or the process ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def workers(self) -> set[str]:
        """Return the processes in which trials have begun."""
        lines = [line for path in self.study.glob("trials/*/journal") for line in path.read_text().splitlines()]
        return {pid for what, _, pid in (line.partition(" ") for line in lines) if what == "begin"}

    def begun(self) -> int:
        return len(list(self.study.glob("trials/*/journal")))

    def ended(self) -> int:
        return len(list(self.study.glob("trials/*/record.json")))

    def hit(self, target: str, rng: random.Random) -> tuple[int, bool]:
        """Kill something. Return how many processes were hit, and whether the driver goes on."""
        named = {"raylet": "raylet", "gcs": "gcs_server"}
        if target == "worker":
            workers = [p for p in self.family() if p.name().startswith("ray::")]
            if workers:
                kill(rng.choice(workers).pid, signal.SIGKILL)
            return len(workers[:1]), True
        if target in named:
            victims = [p for p in self.family() if p.name() == named[target]]
            for process in victims:
                kill(process.pid, signal.SIGKILL)
            return len(victims), not victims
        if target == "everything":
            for process in [*self.family(), psutil.Process(self.process.pid)]:
                kill(process.pid, signal.SIGKILL)
        elif target == "driver":
            kill(self.process.pid, signal.SIGKILL)
        else:
            os.killpg(self.process.pid, signal.SIGINT if target == "interrupt" else signal.SIGTERM)
        return 1, False


def kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def facts(sweep: Sweep) -> dict:
    """Return what a study contains.

    This is, among others, how often each trial ended (not at all if it was killed between its record and its journal) and the number of
    trials of each cell.
    """
    ends, cells, proposals, sums = collections.Counter(), collections.Counter(), {}, {}
    for folder in sorted((sweep.study / "trials").iterdir()):
        record = json.loads((folder / "record.json").read_bytes())
        ends[folder.name] = (folder / "journal").read_text().count("end")
        place = record["study"]
        cells[place["cell_id"]] += 1
        proposals[folder.name] = (place["ask"], place["cell_id"], tuple(sorted(place["assignment"].items())))
        sums[folder.name] = record["environment"].get("sum")  # None for a trial that failed
    return {"ends": ends, "cells": cells, "proposals": proposals, "sums": sums}


def survive(sweep: Sweep, kills: int, seed: int, weights=WEIGHTS) -> collections.Counter:
    """Start the sweep again and again and kill something at random moments, until it was hit `kills` times. Then let it end."""
    rng, hits = random.Random(seed), collections.Counter()
    while sum(hits.values()) < kills:
        sweep.start()
        before = sweep.begun()
        # Most kills happen while trials run, and some while the sweep starts.
        patience = rng.uniform(0, 20) if rng.random() < 0.15 else 240
        sweep.wait_for(lambda: sweep.begun() > before, patience)
        if sweep.process.poll() is not None:
            assert sweep.wait() == 0, sweep.results
            break
        goes_on = True
        while goes_on and sum(hits.values()) < kills and sweep.process.poll() is None:
            time.sleep(rng.choice([0.0, 0.1, 0.5, 1.0, 2.0]) * rng.random())
            target = rng.choices(list(weights), list(weights.values()))[0]
            struck, goes_on = sweep.hit(target, rng)
            hits[target] += struck > 0
        sweep.wait()
    while (code := sweep.run()) != 0:
        assert code in (2, 130), (code, sweep.text)
    return hits
