"""Training rounds on a CUDA device: rounds a second, and which share of the measured rate of products they reach.

`python -m benchmarks.gpu [--rounds 300]` prints one table: each model eager and compiled (replayed as CUDA graphs), in fp32 and in bf16.
"""

import argparse

import torch

from benchmarks._timing import rate_of_products, seconds
from benchmarks.costs import model
from landscape.trial.operations import products

CASES: dict[str, tuple[str, int, int]] = {
    "SNDCGAN, 32x32, batch 64": ("sndcgan", 32, 64),
    "ResNet19, 128x128, batch 64": ("resnet19", 128, 64),
}
PATHS = (("eager", "fp32"), ("compiled", "fp32"), ("eager", "bf16"), ("compiled", "bf16"))


def row(name: str, execution: str, precision: str, rounds: int, rate: float) -> str:
    """Median of five stretches."""
    architecture, resolution, batch = CASES[name]
    gan = model(architecture, resolution, batch, "cuda", execution, precision=precision, d_normalization="spectral")
    gan.run_rounds(20)
    times = sorted(seconds(lambda: gan.run_rounds(rounds)) / rounds for _ in range(5))
    arithmetic = products(model(architecture, resolution, 2, d_normalization="spectral")) * batch / 2
    share = arithmetic / times[2] / rate
    spread = f"{1 / times[-1]:.0f} to {1 / times[0]:.0f}"
    return f"| {name} | {gan.execution}, {precision} | {1 / times[2]:.0f} | {spread} | {arithmetic / 1e9:.0f} | {share:.0%} |"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="in a stretch")
    rounds = parser.parse_args().rounds
    if not torch.cuda.is_available():
        parser.error("no CUDA device is here")
    # convolutions use it by themselves, products do not: the share would compare one with the other
    torch.backends.cudnn.allow_tf32 = False
    rates = {"fp32": rate_of_products(8192, "cuda"), "bf16": rate_of_products(8192, "cuda", torch.bfloat16)}
    described = ", ".join(f"{name} products at {rate / 1e12:.0f} TFLOP/s" for name, rate in rates.items())
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, no TF32; {described}\n")
    print("| model | how | rounds a second | spread | GFLOP a round | share of the rate of products |\n|---|---|---|---|---|---|")
    for name in CASES:
        for execution, precision in PATHS:
            print(row(name, execution, precision, rounds, rates[precision]), flush=True)


if __name__ == "__main__":
    main()
