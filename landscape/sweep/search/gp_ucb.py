"""Search by a Gaussian process with a confidence bound, as in the Landscape study. The process is scikit-learn's."""

import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from landscape.space.search_range import Assignment
from landscape.sweep.search.searcher import Searcher, SearchParameters, generator

Array = NDArray[np.float64]
Prediction = Callable[[Array], tuple[Array, Array]]
"""A function from points [n, columns] to the mean [n] and the standard deviation [n] there."""

DELTA = 0.1
"""The probability with which the bound may fail, delta of theorem 2 of Srinivas et al. 2010."""
CANDIDATES, LOCAL, SHRINKING = 2000, 200, (0.2, 0.05, 0.0125)


class GpUcbSearcher(Searcher):
    """GP-UCB of Srinivas et al. 2010, arXiv:0912.3995, and within a round GP-BUCB of Desautels et al. 2014.

    Proposals under way enter the model with the cost that it predicts there, so that only the uncertainty shrinks around them.
    The kernel is Matern 5/2 with a length scale for each parameter. Costs are standardized.
    """

    def __init__(self, seed: int, startup: int) -> None:
        super().__init__(seed, startup)
        self._points: list[Assignment] = []
        self._values: list[float] = []

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Do nothing, because `pending` holds all that is needed."""

    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        self._points.append(assignment)
        self._values.append(value)

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        if not parameters:
            return {}
        rng = generator(self.seed, number)
        points = encode(self._points, parameters)
        values = np.array(self._values)
        values = (values - values.mean()) / (values.std() or 1.0)
        pending = encode(list(self.pending.values()), parameters)
        predict = _model(points, values, pending, rng)
        scale = math.sqrt(confidence(len(parameters), len(values) + len(pending) + 1))

        def bound(candidates: Array) -> Array:
            mean, deviation = predict(encode([decode(c, parameters) for c in candidates], parameters))
            return np.asarray(mean - scale * deviation)

        best = self._points[int(values.argmin())]
        return decode(_lowest(bound, best, parameters, rng), parameters)


def confidence(dimensions: int, step: int) -> float:
    """Return beta_t = 2 log(d t^2 pi^2 / (6 delta)) / 5, where d, the number of dimensions, stands for the size of the space.

    The paper divides by 5 in its experiments.
    """
    return 2 * math.log(dimensions * step**2 * math.pi**2 / (6 * DELTA)) / 5


def encode(assignments: list[Assignment], parameters: SearchParameters) -> Array:
    """Return the assignments as points [n, columns].

    A range is one column, its share in [0, 1]. Each choice is a column of 0 or 1 / sqrt 2, so that two choices have the distance 1.
    """
    columns = []
    for name, parameter in parameters.items():
        if parameter.choices:
            columns += [[(a[name] == value) / math.sqrt(2) for a in assignments] for value in parameter.values]
        else:
            columns.append([parameter.share(a[name]) for a in assignments])
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(assignments)).T


def decode(shares: Array, parameters: SearchParameters) -> dict[str, bool | int | float | str]:
    """Return the assignment at `shares` [d], which has one number in [0, 1] for each parameter."""
    return {name: p.at(float(share)) for (name, p), share in zip(parameters.items(), shares, strict=True)}


def _model(points: Array, values: Array, pending: Array, rng: np.random.Generator) -> Prediction:
    """Return the posterior after the costs `values` at `points`, with the pending points at their predicted means."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    scales = Matern(np.full(points.shape[1], 0.5), (0.05, 20.0), nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * scales + WhiteKernel(0.1, (1e-4, 1.0))
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=1, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        # The warning that a length scale is at its bound only says that a parameter does not matter.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(points, values)
    if len(pending):
        means = process.predict(pending)
        process = GaussianProcessRegressor(process.kernel_, optimizer=None)
        process.fit(np.concatenate([points, pending]), np.concatenate([values, means]))

    def predict(where: Array) -> tuple[Array, Array]:
        mean, deviation = process.predict(where, return_std=True)
        return mean, deviation

    return predict


def _lowest(bound: Callable[[Array], Array], best: Assignment, parameters: SearchParameters, rng: np.random.Generator) -> Array:
    """Return the shares at which the bound is lowest, among random points and ever closer neighbors of the best of them."""
    count = len(parameters)
    incumbent = np.array([parameters[name].share(best[name]) for name in parameters])
    candidates = np.concatenate([rng.random((CANDIDATES, count)), incumbent[None]])
    bounds = bound(candidates)
    for width in SHRINKING:
        centers = candidates[np.argsort(bounds, kind="stable")[:5]]
        steps = rng.normal(0.0, width, (LOCAL, count))
        nearby = np.clip(centers[rng.integers(len(centers), size=LOCAL)] + steps, 0.0, 1.0)
        candidates, bounds = np.concatenate([candidates, nearby]), np.concatenate([bounds, bound(nearby)])
    return np.asarray(candidates[int(bounds.argmin())])
