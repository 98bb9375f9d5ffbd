"""Measures the speed of EfficientNet-Lite0 at 112 pixels and of MIND, by which photographs are scored."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from benchmarks._speed import Row, evidence, features
from landscape.components.extractors._efficientnet_network import EfficientNetLite
from landscape.components.extractors._weights import read_state
from landscape.components.extractors.efficientnet_lite import BATCH, find_weights
from landscape.components.metrics.mind import directions, mind

SIDE = 112
WIDTH = 1280
PROJECTIONS = 1000


def rows() -> Iterator[Row]:
    """EfficientNet-Lite0 as it runs here against timm's network as it comes, and against the same laid out channels last."""
    import timm

    state = read_state(find_weights("lite0"))
    ours = EfficientNetLite(state, "lite0").eval().requires_grad_(False)
    images = torch.rand(BATCH, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for peer, layout, target in (("timm, NCHW", torch.contiguous_format, 1.5), ("timm, channels last", torch.channels_last, 1.0)):
        theirs = timm.create_model("tf_efficientnet_lite0").eval().requires_grad_(False)
        theirs.load_state_dict(dict(zip(theirs.state_dict(), state.values(), strict=True)))
        theirs = theirs.to(memory_format=layout)
        given = images.contiguous(memory_format=layout)
        error = float((ours(images).logits - theirs(given)).norm() / theirs(given).norm())
        name, note = f"EfficientNet-Lite0, {BATCH} images of {SIDE} px", f"logits differ by {error:.1e}"
        yield Row("lite", name, peer, target, lambda: ours(images), lambda theirs=theirs, given=given: theirs(given), note)  # type: ignore[misc]


def numpy_mind(real: Tensor, fake: Tensor, along: Tensor) -> float:
    """Compute MIND by its definition: 3 d times the mean squared difference of the sorted projections, in float32."""
    one, two = (np.sort(along.numpy() @ each.numpy().T, axis=1) for each in (real, fake))
    return float(3 * real.shape[1] * np.square(one - two).mean(dtype=np.float64))


def mind_line(count: int) -> str:
    """Give the seconds of MIND with its interval and bias, also at half the number, which shows how they grow.

    Beside them are those of its definition in NumPy, which has neither. No release of torch-fidelity has MIND yet.
    """
    taken = {}
    for number in (count // 2, count):
        real, fake = (features(number, seed, 0.5, WIDTH) for seed in (0, 1))
        taken[f"{number:,} + {number:,} x {WIDTH}"] = _taken(lambda: mind(evidence(real, fake)))  # noqa: B023 (called at once)
    along, _ = directions(PROJECTIONS, WIDTH, 0)
    taken["the last in NumPy, without interval and bias"] = _taken(lambda: numpy_mind(real, fake, along))
    parts = [f"{what}: {wall:.1f} s ({cpu:.1f} s of processors)" for what, (wall, cpu) in taken.items()]
    return f"MIND, {PROJECTIONS:,} projections, {torch.get_num_threads()} threads (target 60 s at 50,000): {'; '.join(parts)}"


def _taken(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of one call, by the clock and of processors."""
    begin, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begin, time.process_time() - processor
