"""Compare the speed of this project's Inception extractor with torch-fidelity's: `python -m benchmarks.inception`.

Both read the same weights file. It is the true one if LANDSCAPE_INCEPTION_WEIGHTS names it, and otherwise one of random weights made here.
The speed does not depend on the values, but the agreement and the shift of FD by bfloat16 then mean little, and the table says so.
"""

import argparse
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks._timing import Ratio, compare, table
from landscape.components.extractors import inception as module
from landscape.components.extractors.inception import SIDE, VARIABLE, Inception
from landscape.components.metrics._moments import moments
from landscape.components.metrics.frechet import frechet_terms
from landscape.components.numerics.processor import fast_bfloat16

BATCH = 32


def sha256(path: Path) -> str:
    """Return the SHA-256 of a weights file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def random_weights(folder: Path) -> Path:
    """Write a weights file in the true format with random values."""
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    torch.manual_seed(0)
    network_type = theirs.FeatureExtractorInceptionV3
    with (
        mock.patch.object(theirs, "load_state_dict_from_url", return_value={}),
        mock.patch.object(network_type, "load_state_dict", return_value=None),
    ):
        network = network_type("inception-v3-compat", ["2048"])
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    torch.save(network.state_dict(), folder / module.FILES[0])
    return folder / module.FILES[0]


def torch_fidelitys(path: Path, *, compiled: bool = False, autocast: bool = False) -> Callable[[Tensor], Tensor]:
    """torch-fidelity's extractor of the 2048 features.

    Args:
        path: the weights.
        compiled: as with its option `feature_extractor_compile`.
        autocast: its network under torch's automatic bfloat16, for it has no such setting of its own in release 0.4.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))

    forward = torch.compile(network) if compiled else network

    def features(images: Tensor) -> Tensor:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            made: Tensor = forward(images)[0]
        return made

    return features


def shift(fp32: Inception, bf16: Inception, images: Tensor) -> tuple[float, float]:
    """Return the Frechet distance of two halves of `images`, one of them darkened, in fp32 and in bf16."""
    half = len(images) // 2
    first, second = images[:half], (images[half:].float() * 0.7).to(torch.uint8)
    found = []
    for extractor in (fp32, bf16):
        one, two = (moments(extractor(part).features) for part in (first, second))
        found.append(frechet_terms(one, two).distance)
    return found[0], found[1]


def rows(path: Path, repeats: int, quick: bool) -> Iterator[tuple[Ratio, float, str]]:
    """Yield (ratio, target, note for the reader) for each precision and image size."""
    module.SHA256 = sha256(path)
    device = torch.device("cpu")
    ours, rounded = Inception(path, device, "fp32", "extractor"), Inception(path, device, "bf16", "extractor")
    theirs, compiled = torch_fidelitys(path), torch_fidelitys(path, compiled=True)
    generator = torch.Generator().manual_seed(0)
    for side in (SIDE, 32):
        images = torch.randint(0, 256, (4 if quick else BATCH, 3, side, side), dtype=torch.uint8, generator=generator)
        expected = theirs(images)
        error = (ours(images).features - expected).norm() / expected.norm()
        name = f"batch {len(images)}, {side} px"
        found = compare(f"Inception fp32, {name}", partial(ours, images), "torch-fidelity", partial(theirs, images), repeats)
        yield found, 1.7, f"features differ by {float(error):.1e} (bound 1e-5)"
        found = compare(f"Inception fp32, {name}", partial(ours, images), "torch-fidelity, compiled", partial(compiled, images), repeats)
        yield found, 1.0, ""
        cast = torch_fidelitys(path, autocast=True)
        # Without bfloat16 instructions torch's autocast takes six seconds an image, and two images tell enough.
        some = images if fast_bfloat16() else images[:2]
        part = f"batch {len(some)}, {side} px"
        found = compare(f"Inception bf16, {part}", partial(rounded, some), "torch-fidelity under autocast", partial(cast, some), repeats)
        yield found, 1.0, "bf16 on both sides"
        if fast_bfloat16():
            found = compare(f"Inception bf16, {name}", partial(rounded, images), "torch-fidelity", partial(theirs, images), repeats)
            yield found, 3.2, "same rounding as emulated elsewhere"


def bfloat16_line(path: Path, samples: int) -> str:
    """Return a line that says how bfloat16 changes a Frechet distance, and whether this machine can gain from it."""
    module.SHA256 = sha256(path)
    ours, rounded = (Inception(path, torch.device("cpu"), precision, "extractor") for precision in ("fp32", "bf16"))
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2 * samples, 3, 32, 32), dtype=np.uint8))
    exact, changed = shift(ours, rounded, images)
    line = f"bf16: FD of {samples} against {samples} darkened noise images {exact:.6g} in fp32, {changed:.6g} in bf16"
    line += f" ({100 * (changed / exact - 1):+.2g} %)"
    if not fast_bfloat16():
        line += "; this processor has no bfloat16 convolutions: they are emulated in float32 (same rounding, no gain)"
    return line


def run(path: Path, repeats: int, shift_samples: int) -> str:
    """Return the table and the notes that are needed to read it."""
    found = list(rows(path, repeats, quick=False))
    lines = [f"{ratio.name}: {note}" for ratio, _, note in found if note]
    lines.append(bfloat16_line(path, shift_samples))
    machine = f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"
    return "\n".join([table([ratio for ratio, _, _ in found]), "", *lines, machine])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shift-samples", type=int, default=32)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as folder:
        true = os.environ.get(VARIABLE)
        path = Path(true) if true else random_weights(Path(folder))
        print(run(path, given.repeats, given.shift_samples))
        print("weights: " + (str(path) if true else "random"))


if __name__ == "__main__":
    main()
