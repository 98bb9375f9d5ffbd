"""Compare the scores with the packages that they agree with: speed, memory, agreement, and sensitivity.

`python -m benchmarks.metrics [--quick]` prints the speed table and the memory curve; `--agreement` and `--sense` print one table each. A
row says so if its target is missed. Speed is a ratio within one process: calls alternate after a warm-up, and medians over repeats are
taken.
"""

import argparse
import os
import tempfile
from pathlib import Path

import torch

from benchmarks import _agreement, _memory, _photo_speed, _sense, _sense_photos, _speed, inception
from benchmarks._timing import Ratio
from landscape.components.extractors.inception import VARIABLE


def speed(groups: list[str], repeats: int, quick: bool) -> None:
    """Print the speed table row by row, as the rows are measured."""
    notes = []
    print("| work | against | ours, s | theirs, s | ratio | spread | target | |\n|---|---|---|---|---|---|---|---|")
    if not groups or "inception" in groups:
        with tempfile.TemporaryDirectory() as folder:
            true = os.environ.get(VARIABLE)
            path = Path(true) if true else inception.random_weights(Path(folder))
            for ratio, target, note in inception.rows(path, repeats, quick):
                print(line(ratio, target, note), flush=True)
            notes = [inception.bfloat16_line(path, 8 if quick else 64), f"Inception weights: {path if true else 'random'}"]
    if not groups or "lite" in groups:
        for row in _photo_speed.rows():
            print(line(row.measure(repeats), row.target, row.note), flush=True)
    if not groups or "mind" in groups:
        notes.append(_photo_speed.mind_line(5_000 if quick else 50_000))
    for row in _speed.rows(quick):
        if not groups or row.group in groups:
            print(line(row.measure(repeats), row.target, row.note), flush=True)
    print("\n".join(["", *notes]))


def line(r: Ratio, target: float, note: str) -> str:
    """Return one row of the table, with a missed target marked."""
    verdict = f"{target:g}" if r.ratio >= target else f"{target:g}, missed"
    spread = f"{r.least:.2f} to {r.greatest:.2f}"
    return f"| {r.name} | {r.peer} | {r.ours_seconds:.3f} | {r.peer_seconds:.3f} | {r.ratio:.2f} | {spread} | {verdict} | {note} |"


def machine() -> str:
    """Describe the machine on which the figures are measured."""
    rows = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((row.split(":")[1].strip() for row in rows if row.startswith("model name")), "CPU")
    return f"{name}, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples, three repeats, no 20K and 50K")
    parser.add_argument("--repeats", type=int, help="timed calls of each side; the median counts (5, with --quick 3)")
    parser.add_argument("--threads", type=int, default=2)
    groups = ["inception", "lite", "mind", "frechet", "interval", "kid", "prdc", "flat", "parzen", "ms_ssim", "record"]
    parser.add_argument("--only", nargs="+", default=[], choices=groups, metavar="ROWS", help=" ".join(groups))
    parser.add_argument("--speed", action="store_true", help="the speed table alone")
    parser.add_argument("--memory", action="store_true", help="the memory curve alone")
    parser.add_argument("--agreement", action="store_true", help="ours, theirs, difference, tolerance")
    parser.add_argument("--sense", action="store_true", help="what blurred, noisy, mode-dropped and memorized sets do to each score")
    parser.add_argument("--sense-photos", action="store_true", help="what damaged sets of photographs do to each score: CIFAR-10 as JPEG")
    parser.add_argument(
        "--views", nargs="+", default=[], help="with --sense-photos: pixels, classifier, 'Lite0 at 64 px', 'Lite0 at 112 px'"
    )
    parser.add_argument("--counts", nargs="+", type=int, default=_sense_photos.COUNTS, help="with --sense-photos: images a set")
    parser.add_argument("--data-dir", type=Path, help="where cifar10-jpeg lies, if not in LANDSCAPE_DATA")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(machine())
    chosen = given.speed or given.memory or given.agreement or given.sense or given.sense_photos or bool(given.only)
    if given.speed or given.only or not chosen:
        speed(given.only, given.repeats or (3 if given.quick else 5), given.quick)
    if given.memory or not chosen:
        print("\n" + _memory.curve((1000, 2000) if given.quick else _memory.COUNTS, given.threads))
    if given.agreement:
        print(_agreement.table())
    if given.sense_photos:
        for row in _sense_photos.rows(given.data_dir, given.views, given.counts):
            print(row, flush=True)
    if given.sense:
        print(_sense.table("digits" if given.quick else "mnist"))


if __name__ == "__main__":
    main()
