"""Training on a CUDA device: rounds a second, steps of `landscape train`, features, small trials that share the device.

`python -m benchmarks.gpu [--out FOLDER] [--seconds 60] [--only WORD ...]` prints one table and writes it to FOLDER as `gpu.md`,
with the same figures as `gpu.json` beside it. Each row is measured in a process of its own and is given up after `--seconds`, or after
`LEAST_SECONDS` where a row needs longer, so that one row that hangs costs no other; a row that is given up or fails says so in the table.
Shares are of the rate of products in the row's precision.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks._operations import operations_by_name
from benchmarks._timing import rate_of_products, seconds
from benchmarks.costs import model, noise
from landscape.trial.operations import products

MODELS: dict[str, tuple[str, int, int]] = {
    "SNDCGAN, 32x32, batch 64": ("sndcgan", 32, 64),
    "ResNet-CIFAR, 32x32, batch 64": ("resnet_cifar", 32, 64),
    "ResNet19, 128x128, batch 64": ("resnet19", 128, 64),
}
PATHS = (("auto", "bf16"), ("compiled", "bf16"), ("eager", "bf16"), ("auto", "fp32"), ("compiled", "fp32"), ("eager", "fp32"))
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
TRAIN_STEPS = 30_000
LEAST_SECONDS = {"train": 400.0, "small trials": 240.0}
"""The limits of rows that need more than a minute, by the last words of their names. At 127 steps a second `train` alone takes 236 s."""


def rounds(name: str, execution: Any, precision: str, device: str) -> dict[str, Any]:
    """Rounds a second: the median of five stretches of about a second, their least and greatest; operations of a round."""
    architecture, resolution, batch = MODELS[name]
    fields = {"precision": precision, "d_normalization": "spectral"}
    gan = model(architecture, resolution, batch, device, execution, **fields)
    gan.run_rounds(20)
    number = max(int(1 / (seconds(lambda: gan.run_rounds(8)) / 8)), 8)
    times = sorted(seconds(lambda: gan.run_rounds(number)) / number for _ in range(5))
    counted = model(architecture, resolution, 2, **fields)
    arithmetic = products(counted) * batch / 2
    return {
        "how": f"{gan.execution}, {precision}",
        "rate": 1 / times[2],
        "unit": "rounds/s",
        "spread": [1 / times[-1], 1 / times[0]],
        "gflop": arithmetic / 1e9,
        "share": arithmetic / times[2] / rate_of_products(8192 if device == "cuda" else 1024, device, TYPES[precision]),
        "operations": sum(operations_by_name(counted.rounds.play).values()),
    }


def train(name: str, device: str, steps: int = TRAIN_STEPS) -> dict[str, Any]:
    """Steps a second of a whole trial as `landscape train` runs it, beside the rounds of the same model and nothing else."""
    from landscape.config.trial_config import TrialConfig
    from landscape.trial.prepared_trial import PreparedTrial
    from landscape.trial.run_trial import run_trial

    architecture, resolution, batch = MODELS[name]
    config = TrialConfig.parse(
        {
            "dataset": "cifar10",
            "architecture": architecture,
            "loss": "non_saturating",
            "d_normalization": "spectral",
            "precision": "bf16",
            "batch_size": batch,
            "budget": {"amount": steps},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        record = run_trial(PreparedTrial(config, noise(50_000, resolution)), None, folder=Path(folder), device=device, pictures=False)
    rate = steps / record.seconds["training"]
    bare = rounds(name, "auto", "bf16", device)["rate"]
    return {
        "how": f"landscape train, {steps} steps, {record.environment['execution']}, bf16",
        "rate": rate,
        "unit": "steps/s",
        "of_bare": rate / bare,
        "setup_seconds": record.seconds["setup"],
    }


def extractor(precision: str, device: str) -> dict[str, Any]:
    """Images a second through the 2015 Inception network with random weights: 32x32 pixels, in batches of 64."""
    from benchmarks.inception import random_weights
    from landscape.components.extractors.inception import Inception

    with tempfile.TemporaryDirectory() as folder:
        network = Inception(random_weights(Path(folder)), torch.device(device), precision, "tensorflow")
    images = torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8, device=device)
    network(images)
    times = sorted(seconds(lambda: network(images)) / len(images) for _ in range(9))
    return {"how": precision, "rate": 1 / times[4], "unit": "images/s", "spread": [1 / times[-1], 1 / times[0]]}


def sweep_of_digits(share: float, results: Path, reports: Path) -> list[str]:
    """The arguments of `landscape` for the 72 trials of the study of digits; the runs of its confirmation would make them 117."""
    asked = ["--gpus-per-trial", str(share), "--no-confirmation"]
    return ["sweep", "digits", *asked, "--results", str(results), "--reports", str(reports)]


def small_trials(share: float) -> dict[str, Any]:
    """The trials of the embedded study of digits, several on the device at a time: seconds from the first's start to the last's end."""
    from datetime import datetime

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "landscape", *sweep_of_digits(share, Path(folder) / "results", Path(folder) / "reports")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        records = [json.loads(path.read_text()) for path in Path(folder).glob("results/*/trials/*/record.json")]
        report = any(Path(folder).glob("reports/*/index.html"))
    starts, ends = (sorted(datetime.fromisoformat(r[key]) for r in records) for key in ("started_at", "finished_at"))
    whole = (ends[-1] - starts[0]).total_seconds()
    how = f"{len(records)} trials, {share} of the device each; exit status {done.returncode}, {'a' if report else 'no'} report"
    return {"how": how, "rate": whole, "unit": "s, first to last trial", "exit_status": done.returncode, "report": report}


def rows(device: str) -> dict[str, Callable[[], dict[str, Any]]]:
    """Every row by name; what matters most comes first, for device time is scarce."""
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for execution, precision in PATHS:
        for name in MODELS:
            found[f"{name}, {execution}, {precision}"] = partial(rounds, name, execution, precision, device)
    first = next(iter(MODELS))
    found[f"{first}, train"] = partial(train, first, device)
    for precision in TYPES:
        found[f"Inception, {precision}"] = partial(extractor, precision, device)
    found["digits, small trials"] = partial(small_trials, 0.125)
    return found


def limit_of(name: str, asked: float) -> float:
    """Return the seconds after which the row `name` is given up: those asked for, or more if the row cannot be done in so few."""
    return max(asked, *(least for words, least in LEAST_SECONDS.items() if name.endswith(words)), 0.0)


def measured(name: str, device: str, limit: float) -> dict[str, Any]:
    """One row, in a process of its own; what became of it where it failed or took longer than `limit` seconds."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--row", name, "--device", device]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return {"row": name, "failed": f"given up after {limit:g} s"}
    if done.returncode:
        return {"row": name, "failed": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1][:200]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"row": name} | found


def line(found: dict[str, Any]) -> str:
    """A row of the table."""
    if "failed" in found:
        return f"| {found['row']} | {found['failed']} | | | | | |"
    spread = "{:.0f} to {:.0f}".format(*found["spread"]) if "spread" in found else ""
    share = f"{found['share']:.0%} of products" if "share" in found else ""
    share = f"{found['of_bare']:.2f} of bare rounds" if "of_bare" in found else share
    gflop = f"{found['gflop']:.0f}" if "gflop" in found else ""
    rate = f"{found['rate']:.0f} {found['unit']}"
    return f"| {found['row']} | {found['how']} | {rate} | {spread} | {gflop} | {share} | {found.get('operations', '')} |"


def main() -> None:
    """Measure, print the table as it grows, and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for gpu.md and gpu.json")
    parser.add_argument("--seconds", type=float, default=60, help="limit of a row; rows that need more have more")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="rows whose name holds one of these words")
    parser.add_argument("--device", default="cuda", help="cpu: to try the script where there is no GPU")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("no CUDA device is here")
    # Convolutions would use TF32 by themselves and products would not: the share would compare one with the other.
    torch.backends.cudnn.allow_tf32 = False
    if given.row:
        print(json.dumps(rows(given.device)[given.row]()))
        return
    chosen = [name for name in rows(given.device) if not given.only or any(word in name for word in given.only)]
    where = torch.cuda.get_device_name() if given.device == "cuda" else "CPU"
    lines = [f"{where}, torch {torch.__version__}, no TF32", ""]
    lines += ["| row | how | rate | spread | GFLOP a round | share | operations a round |", "|---|---|---|---|---|---|---|"]
    print("\n".join(lines))
    found = []
    for name in chosen:
        found.append(measured(name, given.device, limit_of(name, given.seconds)))
        lines.append(line(found[-1]))
        print(lines[-1], flush=True)
        if given.out:  # After each row: a machine that is taken away leaves what was measured.
            given.out.mkdir(parents=True, exist_ok=True)
            (given.out / "gpu.md").write_text("\n".join(lines) + "\n")
            content = {"device": where, "torch": torch.__version__, "limit_seconds": given.seconds, "rows": found}
            (given.out / "gpu.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
