"""Compares this project's scores with the packages and definitions that they must equal, on the same features or images."""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch
from scipy.special import logsumexp
from torch import Tensor

from benchmarks import _peers as peers
from benchmarks import inception
from benchmarks._speed import evidence, features
from landscape.components.extractors import inception as inception_module
from landscape.components.extractors.inception import Inception
from landscape.components.metrics._moments import moments
from landscape.components.metrics._neighbors import neighborhoods
from landscape.components.metrics.density_coverage import density_coverage
from landscape.components.metrics.frechet import frechet_terms
from landscape.components.metrics.inception_score import inception_score
from landscape.components.metrics.kid import kid
from landscape.components.metrics.ms_ssim import WEIGHTS, ms_ssim_of_pairs
from landscape.components.metrics.parzen import log_likelihoods
from landscape.components.metrics.prd import best_f, prd_curve
from landscape.components.metrics.precision_recall import precision_recall
from landscape.components.metrics.vendi import vendi_score

COUNT, WIDTH = 3000, 512
EXACT = 1e-15
"""The tolerance for counts that must be equal, whose means may be divided in another order."""
K = 5


class Row(NamedTuple):
    """One comparison. `tolerance` is relative if `relative` is set, and absolute otherwise."""

    score: str
    peer: str
    ours: float
    theirs: float
    tolerance: float
    relative: bool = True

    @property
    def difference(self) -> float:
        return abs(self.ours - self.theirs) / (abs(self.theirs) if self.relative and self.theirs else 1)


def table() -> str:
    """Return all rows as a Markdown table."""
    lines = ["| score | against | ours | theirs | difference | tolerance | |", "|---|---|---|---|---|---|---|"]
    for r in [*_from_features(), *_of_images(), *_through_inception()]:
        kind = "rel." if r.relative else "abs."
        verdict = "" if r.difference <= r.tolerance else "MISSED"
        tolerance = "exact" if r.tolerance == EXACT else f"{r.tolerance:.2g} {kind}"
        lines.append(f"| {r.score} | {r.peer} | {r.ours:.9g} | {r.theirs:.9g} | {r.difference:.1e} | {tolerance} | {verdict} |")
    return "\n".join(lines)


def _from_features() -> Iterator[Row]:
    real, fake = features(COUNT, 0, width=WIDTH), features(COUNT + 100, 1, width=WIDTH)
    real64, fake64 = real.double(), fake.double()
    distance = frechet_terms(moments(real), moments(fake)).distance
    yield Row("FD", "torch-fidelity", distance, peers.torch_fidelity_frechet(real64, fake64), 1e-6)
    yield Row("FD", "pytorch-fid", distance, peers.pytorch_fid(real, fake), 1e-6)
    yield Row("FD", "clean-fid", distance, peers.clean_fid(real, fake), 1e-6)
    given = evidence(real, fake)
    expected = peers.torch_fidelity_kid(real64, fake64, 100, 1000, 0)
    exact = kid(given, subset_size=1000, precision="float64")["KID[x]"].value
    yield Row("KID, 100 subsets, float64", "torch-fidelity, same subsets", exact, expected, 1e-6)
    yield Row("KID, 100 subsets, float32", "torch-fidelity in float64", kid(given, subset_size=1000)["KID[x]"].value, expected, 1e-7, False)
    same = evidence(real, fake[:COUNT])
    expected = peers.clean_fid_kid(real, fake[:COUNT])
    yield Row("KID, all pairs, float64", "clean-fid", kid(same, estimator="full", precision="float64")["KID[x]"].value, expected, 1e-6)
    logits = torch.randn(COUNT, 100, generator=torch.Generator().manual_seed(2)) * 2
    found = inception_score(replace(given, fake=replace(given.fake, logits=logits)))["IS[x]"].value
    yield Row("IS, 10 splits", "torch-fidelity", found, peers.torch_fidelity_is(logits.double(), 10, 0), 1e-6)
    yield from _neighbor_rows(real, fake)
    histograms = np.random.default_rng(0).dirichlet(np.ones(20), size=2)
    for beta, name in ((8.0, "PRD F_8"), (1 / 8, "PRD F_1/8")):
        yield Row(
            name,
            "its definition",
            float(best_f(*prd_curve(histograms[0], histograms[1]), beta)),
            _direct_prd(histograms[0], histograms[1], beta),
            1e-9,
        )
    similar = torch.nn.functional.normalize(real64[:800], dim=1)
    values = torch.linalg.eigvalsh(similar @ similar.T / 800).clamp(min=1e-300)
    entropy = float(-(values * values.log()).sum())
    yield Row("Vendi, 800 samples", "full eigendecomposition", vendi_score(real[:800])[0], math.exp(entropy), 1e-6)


def _neighbor_rows(real: Tensor, fake: Tensor) -> Iterator[Row]:
    theirs = peers.prdc(real.double(), fake.double(), K)
    for precision in ("float64", "float32"):
        given = evidence(real, fake)
        found = precision_recall(given, k=K, precision=precision, border="outside") | density_coverage(given, k=K, precision=precision)
        which = neighborhoods(given.real.features, given.fake.features, K, precision)  # type: ignore[arg-type]
        within = "" if precision == "float64" else f", {which.uncertain} of {which.decisions:.2g} decisions within rounding"
        for name, expected in theirs.items():
            uncertain = 0 if precision == "float64" else which.uncertain
            tolerance = max(EXACT, uncertain / (min(len(real), len(fake)) * (K if name == "density" else 1)))
            yield Row(f"{name}, {precision}{within}", "prdc", found[f"{name}[x]"].value, float(expected), tolerance, relative=False)
    expected_pr = peers.torch_fidelity_pr(real.double(), fake.double(), K)
    ours = precision_recall(evidence(real, fake), k=K, precision="float64")
    for name in ("precision", "recall"):
        yield Row(f"{name}, float64", "torch-fidelity", ours[f"{name}[x]"].value, expected_pr[name], 1e-7, relative=False)


def _direct_prd(fake: np.ndarray, real: np.ndarray, beta: float) -> float:
    """Evaluate equations 9 and 10 of Sajjadi et al. 2018 for one angle after the other."""
    best = 0.0
    for angle in np.linspace(1e-10, np.pi / 2 - 1e-10, 1001):
        slope = np.tan(angle)
        precision = sum(min(slope * r, f) for f, r in zip(fake, real, strict=True))
        recall = sum(min(r, f / slope) for f, r in zip(fake, real, strict=True))
        best = max(best, (1 + beta**2) * precision * recall / (beta**2 * precision + recall))
    return float(best)


def _of_images() -> Iterator[Row]:
    generator = torch.Generator().manual_seed(0)
    images = (torch.rand(1, 3, 176, 192, generator=generator) * 255 + 40 * torch.randn(8, 3, 176, 192, generator=generator)).clamp(0, 255)
    i, j = torch.arange(4), torch.arange(4) + 4
    ours, theirs = ms_ssim_of_pairs(images, i, j), peers.pytorch_msssim(images[i], images[j], WEIGHTS, 11)
    yield Row("MS-SSIM, 176 px, 5 scales", "pytorch-msssim", float(ours.mean()), float(theirs.mean()), 1e-5)
    ours, theirs = ms_ssim_of_pairs(images, i, j, variant="torchmetrics"), peers.torchmetrics_msssim(images[i], images[j], WEIGHTS, 11)
    yield Row("MS-SSIM, 176 px, variant torchmetrics", "torchmetrics", float(ours.mean()), float(theirs.mean()), 1e-5)
    points, samples = (torch.rand(200, 784, generator=generator) for _ in range(2))
    squared = torch.cdist(points.double(), samples.double(), compute_mode="donot_use_mm_for_euclid_dist").square().numpy()
    expected = logsumexp(-squared / (2 * 0.2**2), axis=1) - np.log(200) - 784 * np.log(0.2 * np.sqrt(2 * np.pi))
    found = log_likelihoods(points, samples, torch.tensor([0.2], dtype=torch.float64))[0]
    yield Row("Parzen log-likelihood, nat", "its definition in float64", float(found.mean()), float(expected.mean()), 1e-3, relative=False)


def _through_inception() -> Iterator[Row]:
    """Compare the extractors on random weights in the true file format. Both read the same file."""
    first, second = torch.randint(0, 256, (2, 48, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    second = (second.float() * 0.7).to(torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = inception.random_weights(Path(folder))
        digest = inception.sha256(path)
        with mock.patch.object(inception_module, "SHA256", digest):
            ours = Inception(path, torch.device("cpu"), "fp32", "extractor")
        theirs = inception.torch_fidelitys(path)
        mine, other = ([function(each) for each in (first, second)] for function in (lambda x: ours(x).features, theirs))
    error = max(float((a - b).norm() / b.norm()) for a, b in zip(mine, other, strict=True))
    yield Row("Inception features, relative difference", "torch-fidelity's network", error, 0.0, 1e-5, relative=False)
    distance = frechet_terms(moments(mine[0]), moments(mine[1])).distance
    expected = peers.torch_fidelity_frechet(other[0].double(), other[1].double())
    yield Row("FD from 48 + 48 images", "torch-fidelity", distance, expected, 1e-3)
    found = kid(evidence(*mine), subsets=10, subset_size=20)["KID[x]"].value
    expected = peers.torch_fidelity_kid(other[0].double(), other[1].double(), 10, 20, 0)
    yield Row("KID from 48 + 48 images", "torch-fidelity", found, expected, 1e-3)
