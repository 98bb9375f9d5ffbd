"""Measures peak memory and time of each score at growing sample sizes, each in a process of its own."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

WIDTH = 2048
CLASSES = 1008
COUNTS = (5_000, 10_000, 20_000, 50_000)
LIMIT_GIB = 4


def scores() -> dict[str, Callable[[int], object]]:
    """Return functions that compute each score of N + N samples. They make the features themselves, so that these are counted too."""
    from benchmarks._speed import evidence, features
    from landscape.components.metrics._base import METRICS, SampleSet

    def of_features(*names: str) -> Callable[[int], object]:
        def run(count: int) -> object:
            given = evidence(features(count, 0), features(count, 1))
            return [METRICS[name].function(given) for name in names]

        return run

    def memorization(count: int) -> object:
        from dataclasses import replace

        given = evidence(features(count, 0), features(count, 1))
        return METRICS["memorization"].function(replace(given, train=SampleSet(features=features(count, 2))))

    def inception_score(count: int) -> object:
        empty = torch.zeros(2, 1)
        return METRICS["inception_score"].function(evidence(empty, empty, torch.randn(count, CLASSES)))

    def parzen(count: int) -> Tensor:
        from landscape.components.metrics.parzen import log_likelihoods

        return log_likelihoods(torch.rand(count, 784), torch.rand(count, 784), torch.tensor([0.2], dtype=torch.float64))

    return {
        "frechet": of_features("frechet"),
        "fd_infinity": of_features("fd_infinity"),
        "kid": of_features("kid"),
        "P/R/D/C": of_features("precision_recall", "density_coverage"),
        "prd": of_features("prd"),
        "vendi": of_features("vendi"),
        "memorization (3 sets)": memorization,
        "inception_score": inception_score,
        "parzen (784)": parzen,
    }


def resident(what: str) -> float:
    """Return `VmRSS` or `VmHWM` of this process in GiB. The peak of getrusage is not used, because it survives an exec."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(what))
    return int(line.split()[1]) / 2**20


def peak_of(action: Callable[[], object]) -> float:
    """Return how many GiB this process uses at most during `action` in addition to what it used before."""
    baseline = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # This resets the peak.
    action()
    return resident("VmHWM") - baseline


def _measure(name: str, count: int) -> None:
    function = scores()[name]
    function(64 if name != "fd_infinity" else 4100)  # A small call first, because imports and thread pools do not belong to the score.
    wall, busy = time.perf_counter(), time.process_time()
    peak = peak_of(lambda: function(count))
    print(f"{peak} {time.perf_counter() - wall} {time.process_time() - busy}")


def curve(counts: Sequence[int], threads: int, only: Sequence[str] = ()) -> str:
    """Return the table: for each score and each N, the GiB above the baseline (features included) and the seconds."""
    cells = " | ".join(f"N = {count // 1000}K" for count in counts)
    lines = [f"| score, N + N x {WIDTH}: peak GiB, seconds (CPU seconds) | {cells} |", "|---" * (len(counts) + 1) + "|"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    for name in only or scores():
        found = []
        for count in counts:
            command = [sys.executable, "-m", "benchmarks._memory", name, str(count)]
            done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            if done.returncode:
                found.append(f"failed: {(done.stderr.strip().splitlines() or [str(done.returncode)])[-1]}")
                continue
            peak, wall, busy = map(float, done.stdout.split()[-3:])
            found.append(f"{peak:.2f}{' (over 4)' if peak > LIMIT_GIB else ''}, {wall:.1f} s ({busy:.1f})")
        lines.append(f"| {name} | {' | '.join(found)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("score")
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    _measure(given.score, given.count)
