"""Gaussian process with an upper confidence bound, as the Landscape study searched: scikit-learn's process, proposals in rounds."""

import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from landscape.space.search_range import Assignment
from landscape.sweep.search.searcher import Searcher, SearchParameters, generator

Array = NDArray[np.float64]
Prediction = Callable[[Array], tuple[Array, Array]]
"""Points [n, columns] -> mean [n] and standard deviation [n]."""

DELTA = 0.1
"""Probability with which the bound may fail (Srinivas et al. 2010, theorem 2)."""
CANDIDATES, LOCAL, SHRINKING = 2000, 200, (0.2, 0.05, 0.0125)


class GpUcbSearcher(Searcher):
    """GP-UCB, Srinivas et al. 2010, arXiv:0912.3995; within a round GP-BUCB, Desautels et al. 2014.

    Proposals under way are given the value that the model predicts there, so that only the uncertainty shrinks around them.
    The kernel is Matern 5/2 with a length scale for each parameter; values are standardized.
    """

    def __init__(self, seed: int, startup: int) -> None:
        super().__init__(seed, startup)
        self._points: list[Assignment] = []
        self._values: list[float] = []

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """`pending` holds all that is needed."""

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
    """beta_t = 2 log(d t^2 pi^2 / (6 delta)), divided by 5 as in the experiments of that paper; d stands for the size of the space."""
    return 2 * math.log(dimensions * step**2 * math.pi**2 / (6 * DELTA)) / 5


def encode(assignments: list[Assignment], parameters: SearchParameters) -> Array:
    """[n, columns]: a range as its share in [0, 1], choices as one column each (0 or 1 / sqrt 2, so that two differ by 1)."""
    columns = []
    for name, parameter in parameters.items():
        if parameter.choices:
            columns += [[(a[name] == value) / math.sqrt(2) for a in assignments] for value in parameter.values]
        else:
            columns.append([parameter.share(a[name]) for a in assignments])
    return np.array(columns, dtype=np.float64).reshape(len(columns), len(assignments)).T


def decode(shares: Array, parameters: SearchParameters) -> dict[str, bool | int | float | str]:
    """The assignment at `shares` [d] in [0, 1], one for each parameter."""
    return {name: p.at(float(share)) for (name, p), share in zip(parameters.items(), shares, strict=True)}


def _model(points: Array, values: Array, pending: Array, rng: np.random.Generator) -> Prediction:
    """The posterior after `values` at `points`, with the pending points at their predicted means."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    scales = Matern(np.full(points.shape[1], 0.5), (0.05, 20.0), nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * scales + WhiteKernel(0.1, (1e-4, 1.0))
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=1, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():
        # A length scale at its bound only says that a parameter does not matter.
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
    """Where the bound is lowest among random points and ever closer neighbors of the best of them."""
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
