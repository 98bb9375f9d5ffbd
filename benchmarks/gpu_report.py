"""All that is to be measured on a GPU, in the order of its worth: `make gpu-report` leaves one folder of small files.

Each step has a limit in seconds and a log of its own; a step that fails or is cut off costs no other. `steps.json` holds each step's exit
status and seconds, and is written after every step.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu import sweep_of_digits

CUT_OFF = 124
"""Exit status that stands for a step that took longer than its limit."""


def steps(folder: Path) -> dict[str, tuple[int, list[str]]]:
    """Each step's limit in seconds, and its command."""
    python = [sys.executable, "-m"]
    train = ["landscape", "train", "--dataset", "digits", "--architecture", "sndcgan", "--d-normalization", "spectral", "--loss", "hinge"]
    train += ["--steps", "30000", "--set", "precision=bf16", "--set", "resolution=32", "--protocol", "none", "--out", str(folder / "train")]
    sweep = ["landscape", *sweep_of_digits(0.125, folder / "results", folder / "reports")]
    return {
        "tests": (180, [*python, "pytest", "-q", "-m", "gpu", "tests/training/test_cuda_graph_blocks.py"]),
        "rows": (
            420,
            [*python, "benchmarks.gpu", "--out", str(folder), "--seconds", "60", "--only", "auto", "compiled, bf16", "Inception"],
        ),
        "profile": (60, [*python, "benchmarks.gpu_report", "--profile", str(folder / "profile.txt")]),
        "train": (300, [*python, *train, "--device", "cuda"]),
        "sweep": (240, [*python, *sweep]),
    }


def run(command: list[str], limit: float, log: Path) -> int:
    """The exit status of `command`, whose output goes to `log`."""
    with log.open("w") as file:
        try:
            return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, timeout=limit, check=False).returncode
        except subprocess.TimeoutExpired:
            return CUT_OFF


def report(folder: Path, todo: dict[str, tuple[int, list[str]]]) -> dict[str, dict[str, float]]:
    """Take every step of `todo`; exit status and seconds of each."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, float]] = {}
    for name, (limit, command) in todo.items():
        begin = time.perf_counter()
        status = run(command, limit, folder / f"{name}.log")
        found[name] = {"exit_status": status, "seconds": round(time.perf_counter() - begin, 1)}
        print(f"{name}: exit status {status}, {found[name]['seconds']} s", flush=True)
        (folder / "steps.json").write_text(json.dumps(found, indent=1) + "\n")
    return found


def profile(path: Path) -> None:
    """Kernels of a stretch of SNDCGAN's rounds in bf16, those that take longest first, and how many a round has."""
    import torch

    from benchmarks.costs import model

    gan = model("sndcgan", 32, 64, "cuda", "auto", precision="bf16", d_normalization="spectral")
    gan.run_rounds(60)
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    number = 60
    with torch.profiler.profile(activities=activities) as found:
        gan.run_rounds(number)
        torch.cuda.synchronize()
    averages: Any = found.key_averages()
    kernels = sum(event.count for event in averages if str(event.device_type).endswith("CUDA"))
    path.write_text(f"{gan.execution}: {kernels / number:.0f} kernels a round\n{averages.table(sort_by='cuda_time_total', row_limit=30)}\n")


def main() -> None:
    """Run every step, or the profile alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("reports/gpu"))
    parser.add_argument("--profile", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.profile:
        profile(given.profile)
        return
    report(given.out, steps(given.out))


if __name__ == "__main__":
    main()
