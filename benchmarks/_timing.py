"""Timing of two ways to do one thing: warmed up, alternated, medians with spread."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times as fast ours is as the peer: the median over repeats, and the least and greatest of them."""

    name: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    ratio: float
    least: float
    greatest: float


def compare(name: str, ours: Callable[[], object], peer_name: str, peer: Callable[[], object], repeats: int = 5) -> Ratio:
    """Time `ours` and `peer` in alternation, after one untimed call of each; who goes first changes with every repeat."""
    ours()
    peer()
    pairs = []
    for i in range(repeats):
        order = (ours, peer) if i % 2 == 0 else (peer, ours)
        seconds = {function: _seconds(function) for function in order}
        pairs.append((seconds[ours], seconds[peer]))
    ratios = [p / o for o, p in pairs]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Ratio(name, peer_name, mine, theirs, statistics.median(ratios), min(ratios), max(ratios))


def _seconds(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def table(rows: list[Ratio]) -> str:
    """The ratios as a Markdown table."""
    lines = ["| what | against | ours, ms | theirs, ms | ratio | spread |", "|---|---|---|---|---|---|"]
    for r in rows:
        milliseconds = f"{r.ours_seconds * 1e3:.2f} | {r.peer_seconds * 1e3:.2f}"
        lines.append(f"| {r.name} | {r.peer} | {milliseconds} | {r.ratio:.2f} | {r.least:.2f} to {r.greatest:.2f} |")
    return "\n".join(lines)
