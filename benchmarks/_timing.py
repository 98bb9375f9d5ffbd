"""Times two ways to do one thing: with a warm-up, in alternation, as medians with their spread."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from landscape.analysis.quantiles import interval_ranks


@dataclass(frozen=True)
class Ratio:
    """How many times faster this project is than the peer.

    It has the median over repeats, the smallest and the largest value, and the median's 95% interval.
    """

    name: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    least: float
    greatest: float
    interval: tuple[float, float] | None = None
    """The interval by order statistics; None below 6 repeats."""


def compare(name: str, ours: Callable[[], object], peer_name: str, peer: Callable[[], object], repeats: int = 5) -> Ratio:
    """Time `ours` and `peer` in alternation, after one untimed call of each. Which one goes first changes at every repeat."""
    ours()
    peer()
    pairs = []
    for i in range(repeats):
        order = (ours, peer) if i % 2 == 0 else (peer, ours)
        taken = {function: seconds(function) for function in order}
        pairs.append((taken[ours], taken[peer]))
    return ratio(name, peer_name, pairs)


def ratio(name: str, peer_name: str, pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Return the ratio of (ours, theirs) seconds, computed pair by pair."""
    ratios = sorted(p / o for o, p in pairs)
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ranks = interval_ranks(len(ratios), 0.5)
    interval = (ratios[ranks[0] - 1], ratios[ranks[1] - 1]) if ranks else None
    return Ratio(name, peer_name, mine, theirs, statistics.median(ratios), ratios[0], ratios[-1], interval)


def seconds(function: Callable[[], object]) -> float:
    """Time one call, including the work that it started on the device."""
    wait = torch.cuda.synchronize if torch.cuda.is_initialized() else lambda: None
    wait()
    begin = time.perf_counter()
    function()
    wait()
    return time.perf_counter() - begin


def rate_of_products(size: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> float:
    """Return the floating-point operations per second of a size x size x size matrix product, the best of six."""
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / min(seconds(lambda: left @ right) for _ in range(6))


def table(rows: list[Ratio]) -> str:
    """Return the ratios as a Markdown table."""
    lines = ["| what | against | ours, ms | theirs, ms | ratio | range | 95% interval |", "|---|---|---|---|---|---|---|"]
    for r in rows:
        milliseconds = f"{r.ours_seconds * 1e3:.2f} | {r.peer_seconds * 1e3:.2f}"
        interval = "{:.2f} to {:.2f}".format(*r.interval) if r.interval else ""
        lines.append(f"| {r.name} | {r.peer} | {milliseconds} | {r.ratio:.2f} | {r.least:.2f} to {r.greatest:.2f} | {interval} |")
    return "\n".join(lines)
