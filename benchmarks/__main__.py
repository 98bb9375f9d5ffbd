"""Print the speed table: training steps against torch-mimicry, plain Lightning and bare loops, and a sweep against a bare loop.

`python -m benchmarks [--quick] [--without-sweep]` takes about a quarter of an hour. The rows are also available one by one:
`benchmarks.training`, `benchmarks.mimicry`, `benchmarks.sweeps`; scores: `benchmarks.metrics`; regularizers and normalizations:
`benchmarks.components`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks import mimicry, sweeps, training
from benchmarks._timing import Ratio, table
from benchmarks.metrics import machine
from landscape.components.numerics.processor import fast_bfloat16
from landscape.core.errors import UserError


def rows(*, quick: bool) -> Iterator[tuple[str, Callable[[], Ratio]]]:
    """Yield the name and the measurement of each row of ratios."""
    for precision in ["fp32", "bf16"] if fast_bfloat16() else ["fp32"]:
        yield f"SNGAN-32, {precision}", lambda precision=precision: mimicry.measure(precision, 3 if quick else 5)
    for name in training.CASES:
        yield name, lambda name=name: training.measure(name, 5 if quick else 15)


def main() -> None:
    """Measure each row, naming it on stderr, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="5 repeats in the place of 15, one sweep in the place of 5")
    parser.add_argument("--without-sweep", action="store_true", help="training steps alone")
    arguments = parser.parse_args()
    found = []
    for name, measure in rows(quick=arguments.quick):
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            found.append(measure())
        except UserError as error:
            print(f"left out: {error}", file=sys.stderr)
    print(f"{machine()}; training rows on 1 thread where none is named, SNGAN on 2\n\n{table(found)}\n")
    if not arguments.without_sweep:
        print("measuring sweeps ...", file=sys.stderr, flush=True)
        sweeps.report(40, repeats=1 if arguments.quick else 5)


if __name__ == "__main__":
    main()
