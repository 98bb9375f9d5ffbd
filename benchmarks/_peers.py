"""What other packages compute, as plain functions of tensors: the peers in the tables of speed and agreement."""

import contextlib
import io
from typing import Any

import numpy as np
import scipy.linalg
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from landscape.components.metrics._moments import Moments


def scipy_frechet(real: Tensor, fake: Tensor) -> float:
    """Compute FID by its formula in NumPy and SciPy, with `np.cov` and `scipy.linalg.sqrtm`."""
    return _sqrtm_frechet(*_numpy_moments(real), *_numpy_moments(fake))


def scipy_frechet_of_moments(one: Moments, two: Moments) -> float:
    """Compute FID by its formula from means and covariances."""
    return _sqrtm_frechet(*(each.numpy() for each in (one.mean, one.covariance, two.mean, two.covariance)))


def _sqrtm_frechet(m1: np.ndarray, s1: np.ndarray, m2: np.ndarray, s2: np.ndarray) -> float:
    root = np.real(np.asarray(scipy.linalg.sqrtm(s1 @ s2)))
    return float((m1 - m2) @ (m1 - m2) + np.trace(s1 + s2 - 2 * root))


def _numpy_moments(features: Tensor) -> tuple[np.ndarray, np.ndarray]:
    values = features.double().numpy()
    return values.mean(axis=0), np.cov(values, rowvar=False)


def pytorch_fid(real: Tensor, fake: Tensor) -> float:
    """Compute pytorch-fid's Frechet distance."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    return float(calculate_frechet_distance(*_numpy_moments(real), *_numpy_moments(fake)))


def clean_fid(real: Tensor, fake: Tensor) -> float:
    """Compute clean-fid's Frechet distance."""
    from cleanfid.fid import frechet_distance

    return float(frechet_distance(*_numpy_moments(real), *_numpy_moments(fake)))


def torch_fidelity_frechet(real: Tensor, fake: Tensor) -> float:
    """Compute torch-fidelity's FID."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    one, two = (fid_features_to_statistics(each) for each in (real, fake))
    return float(fid_statistics_to_metric(one, two, verbose=False)["frechet_inception_distance"])


def torch_fidelity_kid(real: Tensor, fake: Tensor, subsets: int, size: int, seed: int) -> float:
    """Compute torch-fidelity's KID, with the generated set as its input 1."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    found = kid_features_to_metric(fake, real, kid_subsets=subsets, kid_subset_size=size, rng_seed=seed, verbose=False)
    return float(found["kernel_inception_distance_mean"])


def clean_fid_kid(real: Tensor, fake: Tensor) -> float:
    """Compute clean-fid's KID with one subset of all samples."""
    from cleanfid.fid import kernel_distance

    size = min(len(real), len(fake))
    return float(kernel_distance(real.double().numpy(), fake.double().numpy(), num_subsets=1, max_subset_size=size))


def torch_fidelity_is(logits: Tensor, splits: int, seed: int) -> float:
    """Compute torch-fidelity's Inception score."""
    from torch_fidelity.metric_isc import isc_features_to_metric

    return float(isc_features_to_metric(logits, splits=splits, rng_seed=seed)["inception_score_mean"])


def torch_fidelity_pr(real: Tensor, fake: Tensor, k: int) -> dict[str, float]:
    """Compute torch-fidelity's precision and recall, with the generated set as its input 1."""
    from torch_fidelity.metric_prc import prc_features_to_metric

    found: dict[str, float] = prc_features_to_metric(fake, real, prc_neighborhood=k, prc_batch_size=10_000, verbose=False)
    return found


def prdc(real: Tensor, fake: Tensor, k: int) -> dict[str, float]:
    """Compute precision, recall, density and coverage with the prdc package."""
    from prdc import compute_prdc

    with contextlib.redirect_stdout(io.StringIO()):  # The package prints the sizes of its inputs.
        found: dict[str, float] = compute_prdc(real.numpy(), fake.numpy(), k)
    return found


def chunked_parzen(points: Tensor, samples: Tensor, sigma: float, rows: int = 512) -> Tensor:
    """Compute Parzen log-likelihoods [n] with `torch.mm` in float32, 512 points at a time, as a careful user would."""
    norms, parts = samples.square().sum(dim=1), []
    for part in torch.split(points, rows):
        squared = part.square().sum(dim=1, keepdim=True) + norms - 2 * torch.mm(part, samples.T)
        parts.append(torch.logsumexp(squared.clamp_(min=0).mul_(-1 / (2 * sigma**2)), dim=1))
    constant = np.log(len(samples)) + points.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))
    found: Tensor = torch.cat(parts) - float(constant)
    return found


def pytorch_msssim(first: Tensor, second: Tensor, weights: tuple[float, ...], window: int) -> Tensor:
    """Compute pytorch-msssim's scales one after the other.

    The package's public function refuses images of 160 pixels or less, whatever the window.
    """
    from pytorch_msssim.ssim import _fspecial_gauss_1d, _ssim  # type: ignore[import-untyped]

    kernel: Any = _fspecial_gauss_1d(window, 1.5).repeat([first.shape[1], 1, 1, 1])
    terms = []
    for scale in range(len(weights)):
        similarity, contrast = _ssim(first, second, win=kernel, data_range=255, size_average=False)
        terms.append(torch.relu(similarity if scale == len(weights) - 1 else contrast))
        first, second = (avg_pool2d(each, 2) for each in (first, second))
    powers = torch.tensor(weights).view(-1, 1, 1)
    found: Tensor = (torch.stack(terms) ** powers).prod(dim=0).mean(dim=1)
    return found


def torchmetrics_msssim(first: Tensor, second: Tensor, weights: tuple[float, ...], window: int) -> Tensor:
    """Compute the MS-SSIM of torchmetrics."""
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as msssim

    found: Any = msssim(first, second, data_range=255.0, reduction="none", betas=weights, kernel_size=window)
    return found
