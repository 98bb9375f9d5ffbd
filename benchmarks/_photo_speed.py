"""Measures the speed of EfficientNet-Lite0 at 112 pixels and of MIND, by which photographs are scored."""

import time
from collections.abc import Iterator

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


def mind_row(count: int) -> Row:
    """MIND with its interval against its definition in NumPy, which has none. No release of torch-fidelity has MIND yet."""
    real, fake = (features(count, seed, 0.5, WIDTH) for seed in (0, 1))
    given, (along, _) = evidence(real, fake), directions(PROJECTIONS, WIDTH, 0)
    error = abs(mind(given)["MIND[x]"].value / numpy_mind(real, fake, along) - 1)
    name, note = f"MIND, {count} + {count} x {WIDTH}, {PROJECTIONS} projections, with interval", f"relative difference {error:.1e}"
    return Row("mind", name, "NumPy, without interval", 1, lambda: mind(given), lambda: numpy_mind(real, fake, along), note)


def numpy_mind(real: Tensor, fake: Tensor, along: Tensor) -> float:
    """Compute MIND by its definition: 3 d times the mean squared difference of the sorted projections, in float32."""
    one, two = (np.sort(along.numpy() @ each.numpy().T, axis=1) for each in (real, fake))
    return float(3 * real.shape[1] * np.square(one - two).mean(dtype=np.float64))


def mind_line(count: int) -> str:
    """Seconds of MIND with its interval, 1,000 projections; at half the number too, which shows how it grows."""
    taken = {}
    for number in (count // 2, count):
        given = evidence(features(number, 0, 0.5, WIDTH), features(number, 1, 0.5, WIDTH))
        begin, processor = time.perf_counter(), time.process_time()
        mind(given)
        taken[number] = time.perf_counter() - begin, time.process_time() - processor
    parts = [f"{number:,} + {number:,} x {WIDTH}: {wall:.1f} s ({cpu:.1f} s of processors)" for number, (wall, cpu) in taken.items()]
    return f"MIND, 1,000 projections, with interval and bias, {torch.get_num_threads()} threads (target 60 s at 50,000): {'; '.join(parts)}"
