"""Speed of the scores against the packages that they agree with: one row per kind of work, with the row's target."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks import _peers as peers
from benchmarks._timing import Ratio, compare
from landscape.components.metrics._base import Evidence, SampleSet
from landscape.components.metrics._moments import moments
from landscape.components.metrics.density_coverage import density_coverage
from landscape.components.metrics.frechet import frechet, frechet_terms
from landscape.components.metrics.inception_score import inception_score
from landscape.components.metrics.kid import kid
from landscape.components.metrics.ms_ssim import WEIGHTS, ms_ssim_of_pairs
from landscape.components.metrics.parzen import log_likelihoods
from landscape.components.metrics.precision_recall import precision_recall

WIDTH = 2048
CLASSES = 1008
K = 5
SIGMA = 0.2
SCALES, WINDOW = 3, 7


@dataclass(frozen=True)
class Row:
    """One comparison. `target` is the smallest ratio that was asked for."""

    group: str
    name: str
    peer: str
    target: float
    ours: Callable[[], object]
    theirs: Callable[[], object]
    note: str = ""

    def measure(self, repeats: int) -> Ratio:
        return compare(self.name, self.ours, self.peer, self.theirs, repeats)


def features(count: int, seed: int, exponent: float = 1.0, width: int = WIDTH) -> Tensor:
    """Draw float32 features [count, width] with standard deviations i^-exponent around a common mean.

    A larger seed gives slightly larger standard deviations, so that two sets differ.
    """
    generator = torch.Generator().manual_seed(seed)
    scales = torch.arange(1, width + 1) ** -exponent
    return torch.randn(count, width, generator=generator) * scales * (1 + 0.02 * seed) + 0.4


def fresh(values: Tensor) -> Tensor:
    """Return another tensor on the same memory, so that results cached for the first one are not used."""
    return values.detach()


def evidence(real: Tensor, fake: Tensor, logits: Tensor | None = None) -> Evidence:
    """Return evidence for which nothing is cached."""
    return Evidence(SampleSet(features=fresh(real)), SampleSet(features=fresh(fake), logits=logits), extractor="x", seed=0)


def rows(quick: bool) -> Iterator[Row]:
    """Yield every row but those of the extractor, in the order of the table."""
    count = 1000 if quick else 10_000
    real, fake = features(count, 0), features(count, 1)
    yield from _frechet_rows(real, fake)
    subset = min(1000, count // 2)
    yield Row(
        "kid",
        f"KID, 100 subsets of {subset}, {count} + {count}",
        "torch-fidelity",
        1.0,
        lambda: kid(evidence(real, fake), subset_size=subset),
        lambda: peers.torch_fidelity_kid(real, fake, 100, subset, 0),
        "with the interval over samples",
    )
    yield from _neighbor_rows(real, fake)
    flat_real, flat_fake = features(count, 0, 0.0), features(count, 1, 0.0)
    for row in _neighbor_rows(flat_real, flat_fake):
        yield Row("flat", f"{row.name}, flat spectrum", row.peer, row.target, row.ours, row.theirs, "no direction rules pairs out")
    yield _parzen_row(count)
    yield from _ms_ssim_rows(count)
    yield from (_record_row(real, fake, interval) for interval in (True, False))


def _frechet_rows(real: Tensor, fake: Tensor) -> Iterator[Row]:
    def ours() -> float:
        return frechet_terms(moments(fresh(real)), moments(fresh(fake))).distance

    name = f"Frechet distance, d = {WIDTH}, {len(real)} + {len(fake)}"
    yield Row("frechet", name, "scipy sqrtm", 12, ours, lambda: peers.scipy_frechet(real, fake))
    one, two = moments(real), moments(fake)
    given = f"Frechet distance, d = {WIDTH}, from moments"
    yield Row("frechet", given, "scipy sqrtm", 12, lambda: frechet_terms(one, two), lambda: peers.scipy_frechet_of_moments(one, two))
    yield Row("frechet", name, "torch-fidelity", 2.5, ours, lambda: peers.torch_fidelity_frechet(real, fake))
    name += ", with interval"
    theirs = "torch-fidelity, without"
    yield Row("interval", name, theirs, 1, lambda: frechet(evidence(real, fake)), lambda: peers.torch_fidelity_frechet(real, fake))


def _neighbor_rows(real: Tensor, fake: Tensor) -> Iterator[Row]:
    def ours() -> None:
        given = evidence(real, fake)
        precision_recall(given, k=K)
        density_coverage(given, k=K)

    name = f"P/R/D/C, {len(real)} + {len(fake)} x {WIDTH}"
    yield Row("prdc", name, "prdc", 5, ours, lambda: peers.prdc(real, fake, K))
    yield Row("prdc", name, "torch-fidelity, P/R alone", 3, ours, lambda: peers.torch_fidelity_pr(real, fake, K))


def _parzen_row(count: int) -> Row:
    generator = torch.Generator().manual_seed(0)
    points, samples = (torch.rand(count, 784, generator=generator) * (torch.rand(count, 784, generator=generator) > 0.8) for _ in range(2))
    sigma = torch.tensor([SIGMA], dtype=torch.float64)
    exact = _exact_parzen(points[:100], samples)
    error = float((log_likelihoods(points[:100], samples, sigma)[0] - exact).abs().max())
    naive = float((peers.chunked_parzen(points[:100], samples, SIGMA) - exact).abs().max())
    return Row(
        "parzen",
        f"Parzen log-likelihood, {count} x {count} x 784",
        "chunked torch.mm",
        1.3,
        lambda: log_likelihoods(points, samples, sigma),
        lambda: peers.chunked_parzen(points, samples, SIGMA),
        f"largest error of 100 likelihoods {error:.1e} nat (theirs {naive:.1e})",
    )


def _exact_parzen(points: Tensor, samples: Tensor) -> Tensor:
    squared = torch.cdist(points.double(), samples.double(), compute_mode="donot_use_mm_for_euclid_dist").square()
    constant = torch.tensor(SIGMA).double().log() + 0.5 * torch.tensor(2 * torch.pi).double().log()
    return torch.logsumexp(-squared / (2 * SIGMA**2), dim=1) - torch.tensor(len(samples)).double().log() - points.shape[1] * constant


def _ms_ssim_rows(count: int) -> Iterator[Row]:
    """Compare on the pairs of a protocol (groups of 64 images, all pairs in each) and on as many pairs of different images."""
    weights = WEIGHTS[:SCALES]
    images = torch.rand(2 * count, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 255
    first, second = torch.triu_indices(64, 64, offset=1)
    groups = range(max(1, count // len(first) + 1))
    grouped = torch.cat([first + 64 * g for g in groups]), torch.cat([second + 64 * g for g in groups])
    apart = torch.arange(count), torch.arange(count) + count
    for what, (i, j) in (("in groups of 64", grouped), ("of different images", apart)):
        name = f"MS-SSIM, {len(i)} pairs {what}, 3x32x32, {SCALES} scales, window {WINDOW}"
        for peer, function in (("pytorch-msssim", peers.pytorch_msssim), ("torchmetrics", peers.torchmetrics_msssim)):
            variant = "torchmetrics" if peer == "torchmetrics" else "original"

            def theirs(i: Tensor = i, j: Tensor = j, function: Callable[..., Tensor] = function) -> Tensor:
                parts = zip(torch.split(i, 2016), torch.split(j, 2016), strict=True)
                return torch.cat([function(images[a], images[b], weights, WINDOW) for a, b in parts])

            def ours(i: Tensor = i, j: Tensor = j, variant: str = variant) -> Tensor:
                return ms_ssim_of_pairs(images[: int(j.max()) + 1], i, j, weights, WINDOW, variant)  # type: ignore[arg-type]

            yield Row("ms_ssim", name, peer, 6, ours, theirs, f"largest difference {float((ours() - theirs()).abs().max()):.0e}")


def _record_row(real: Tensor, fake: Tensor, interval: bool) -> Row:
    """Compare every score of a record that packages compute from features and logits.

    `interval` says whether FD has its interval, which is the most expensive part.
    """
    logits = torch.randn(len(fake), CLASSES, generator=torch.Generator().manual_seed(2)) * 2
    subset = min(1000, len(real) // 2)

    def ours() -> None:
        given = evidence(real, fake, logits)
        frechet(given, interval=interval)
        kid(given, subset_size=subset)
        inception_score(given)
        precision_recall(given, k=K)
        density_coverage(given, k=K)

    def theirs() -> None:
        peers.scipy_frechet(real, fake)
        peers.torch_fidelity_kid(real, fake, 100, subset, 0)
        peers.torch_fidelity_is(logits, 10, 0)
        peers.prdc(real, fake, K)

    name, packages = f"FD, KID, IS, P/R/D/C, {len(real)} + {len(fake)}", "scipy, torch-fidelity, prdc"
    return Row("record", name, packages, 5, ours, theirs, "with intervals" if interval else "FD without its interval, as theirs are")
