"""Show how the time of one round (a D step and a G step) divides by kind of operation, and the floor set by its arithmetic.

`python -m benchmarks.steps [--threads N]` prints one table. The floor is the time that all products and convolutions would take at the rate
of a large float32 product on the same threads, which is measured in the same run. The times by kind come from torch's profiler, as shares
of the time that a round takes without the profiler. The rest (Python between operations) is called `other`.
"""

import argparse
import statistics
from typing import Any

import torch

import landscape
from benchmarks._timing import rate_of_products, seconds
from benchmarks.metrics import machine
from landscape.training.gan import GAN
from landscape.trial.operations import products

CASES: dict[str, dict[str, Any]] = {
    "mlp, ring, width 128, batch 512": {
        "dataset": "ring",
        "architecture": {"mlp": {"width": 128}},
        "batch_size": 512,
        "latent": {"dim": 2},
    },
    "sndcgan, 32x32, batch 64": {"architecture": "sndcgan", "d_normalization": "spectral"},
    "resnet_cifar, 32x32, width 64, batch 64": {"architecture": {"resnet_cifar": {"width": 64}}, "d_normalization": "spectral"},
}
COMMON = {"dataset": "digits", "loss": "non_saturating", "batch_size": 64, "budget": {"amount": 10_000_000}}
KINDS = {
    "products": ("mm", "bmm", "addmm", "addmv", "mv", "dot", "convolution", "mkldnn", "linear"),
    "optimizer": ("adam", "foreach"),
    "normalization": ("batch_norm", "layer_norm", "norm"),
}


def kind_of(operation: str) -> str:
    """Return the kind of an operation by its name. The last kind is elementwise work, copies and reductions."""
    return next((kind for kind, words in KINDS.items() if any(word in operation for word in words)), "elementwise, copies")


def profiled(gan: GAN, rounds: int) -> dict[str, float]:
    """Return the seconds per round by kind, as the profiler sees them."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as found:
        gan.run_rounds(rounds)
    kinds: dict[str, float] = {}
    for event in found.key_averages():
        kind = kind_of(event.key)
        kinds[kind] = kinds.get(kind, 0.0) + event.self_cpu_time_total / 1e6 / rounds
    return kinds


def line(name: str, rate: float, rounds: int) -> str:
    """Measure and return one row."""
    fields = COMMON | CASES[name]
    if fields["dataset"] == "digits":
        fields["resolution"] = 32
    gan = landscape.build(fields)
    gan.run_rounds(2)
    whole = statistics.median(seconds(lambda: gan.run_rounds(rounds)) / rounds for _ in range(5))
    kinds = profiled(gan, rounds)
    arithmetic = products(gan)
    shares = {kind: kinds.get(kind, 0.0) / whole for kind in (*KINDS, "elementwise, copies")}
    shares["other"] = max(0.0, 1 - sum(shares.values()))
    total = sum(shares.values())
    cells = " | ".join(f"{share / total:.0%}" for share in shares.values())
    floor = arithmetic / rate
    return f"| {name} | {whole * 1e3:.1f} | {arithmetic / 1e9:.2f} | {floor * 1e3:.1f} | {whole / floor:.1f} | {cells} |"


def main() -> None:
    """Measure the rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rate = rate_of_products(2048)
    print(f"{machine()}; products at {rate / 1e9:.0f} GFLOP/s\n")
    print("| round | ms | GFLOP | floor, ms | times the floor | products | optimizer | normalization | elementwise, copies | other |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in CASES:
        print(line(name, rate, arguments.rounds), flush=True)


if __name__ == "__main__":
    main()
