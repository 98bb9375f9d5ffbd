"""Training rounds on a CUDA device: rounds a second, and which share of the measured rate of products they reach.

`python -m benchmarks.gpu [--rounds 300]` prints one table: each model eager and compiled (replayed as CUDA graphs), in fp32 and in bf16.
"""

import argparse
import time
from typing import Any

import torch

from benchmarks.components import products
from benchmarks.costs import model
from landscape.gan import GAN

CASES: dict[str, tuple[str, int, int]] = {
    "SNDCGAN, 32x32, batch 64": ("sndcgan", 32, 64),
    "ResNet19, 128x128, batch 64": ("resnet19", 128, 64),
}
PATHS = (("eager", "fp32"), ("compiled", "fp32"), ("eager", "bf16"), ("compiled", "bf16"))


def rate_of_products(dtype: torch.dtype) -> float:
    """Floating-point operations a second of an 8192 x 8192 x 8192 product: the best of six."""
    left, right = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
    return 2 * 8192**3 / min(seconds(lambda: left @ right) for _ in range(6))


def seconds(function: Any) -> float:
    """One call, until the device is done."""
    torch.cuda.synchronize()
    begin = time.perf_counter()
    function()
    torch.cuda.synchronize()
    return time.perf_counter() - begin


def row(name: str, execution: str, precision: str, rounds: int, rate: float) -> str:
    """Median of five stretches."""
    architecture, resolution, batch = CASES[name]
    gan: GAN = model(architecture, resolution, batch, device="cuda", execution=execution, precision=precision, d_normalization="spectral")
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
    rates = {"fp32": rate_of_products(torch.float32), "bf16": rate_of_products(torch.bfloat16)}
    described = ", ".join(f"{name} products at {rate / 1e12:.0f} TFLOP/s" for name, rate in rates.items())
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, no TF32; {described}\n")
    print("| model | how | rounds a second | spread | GFLOP a round | share of the rate of products |\n|---|---|---|---|---|---|")
    for name in CASES:
        for execution, precision in PATHS:
            print(row(name, execution, precision, rounds, rates[precision]), flush=True)


if __name__ == "__main__":
    main()
