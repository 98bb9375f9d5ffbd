"""Packs learning curves into few bytes: fewer points, and 16 bits for asinh of a value between its least and its largest."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.report.view import View
from landscape.results.record import Curve

MOST_POINTS, FEWEST_POINTS = 48, 12
MOST_BYTES = 1_400_000
"""The number of bytes of all curves together, in base64. With more trials, each curve gets fewer points."""
LEVELS = 65_535


def packed_curves(view: View) -> dict[str, Any]:
    """Return the most points of a curve as `points`, and the packed curves of each trial, in the order of the frame, as `trials`.

    A packed curve is `[first step, last step, low, high, text]`. `text` is base64 of little-endian unsigned 16-bit numbers u. A value is
    sinh(low + (high - low) * u / 65535). Steps are evenly spaced between the first and the last. Between the points of the record, the
    curve is straight in asinh.

    Packing moves a value v by at most (high - low) / 131,070 times sqrt(1 + v^2), where low and high are in asinh. For a curve that spans
    everything from -1e30 to 1e30 this is 0.11% of a large value and 0.0011 near zero; for a curve between 0 and 10 it is fifty times less.
    """
    records = [view.trial(str(digest)).record for digest in view.table.frame["digest"]]
    curves = sum(len(r.curves) for r in records)
    afford = int(MOST_BYTES / max(1, curves) * 3 / 4 / 2) - 14
    points = max(FEWEST_POINTS, min(MOST_POINTS, afford))
    return {
        "points": points,
        "trials": [{str(n): p for n, c in r.curves.items() if (p := pack(c, points))} for r in records],
    }


def pack(curve: Curve, points: int) -> list[Any] | None:
    """Return one curve as the JSON holds it, or None if fewer than two of its points are finite."""
    kept = [(x, y) for x, y in curve if math.isfinite(x) and math.isfinite(y)]
    if len(kept) < 2:
        return None
    x, y = np.array([k[0] for k in kept]), np.arcsinh(np.array([k[1] for k in kept]))
    steps = np.linspace(x[0], x[-1], min(points, len(kept)))
    values = np.interp(steps, x, y)
    low, high = float(values.min()), float(values.max())
    scaled = np.round((values - low) / (high - low) * LEVELS) if high > low else np.zeros(len(values))
    text = base64.b64encode(scaled.astype("<u2").tobytes()).decode()
    return [_short(steps[0]), _short(steps[-1]), _short(low), _short(high), text]


def unpack(packed: Sequence[Any]) -> list[tuple[float, float]]:
    """Return the (step, value) points that the page makes of a packed curve."""
    first, last, low, high, text = packed
    scaled = np.frombuffer(base64.b64decode(text), dtype="<u2").astype(float)
    values = np.sinh(low + (high - low) * scaled / LEVELS)
    return list(zip(np.linspace(first, last, len(scaled)).tolist(), values.tolist(), strict=True))


def _short(value: float) -> float:
    return float(f"{value:.8g}")
