"""Two searchers that use samplers of Optuna: TPE, and a Gaussian process with expected improvement."""

import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from landscape.space.search_range import Assignment, Parameter
from landscape.sweep.search.searcher import Searcher, SearchParameters, generator

optuna.logging.set_verbosity(optuna.logging.WARNING)


def distribution(parameter: Parameter) -> BaseDistribution:
    """Return the parameter as a distribution of Optuna."""
    if parameter.choices:
        return CategoricalDistribution(parameter.values)
    assert parameter.min is not None
    assert parameter.max is not None
    log = parameter.scaling == "log"
    if parameter.integer:
        return IntDistribution(int(parameter.min), int(parameter.max), log=log)
    return FloatDistribution(parameter.min, parameter.max, log=log)


class _NoFallback(RandomSampler):
    """Raises an error where Optuna's Gaussian process would draw a parameter at random without saying so."""

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: BaseDistribution) -> NoReturn:
        raise RuntimeError(f"the Gaussian process has no model of {param_name!r}: its cell's space is not fixed")


class _OptunaSearcher(Searcher):
    """An Optuna study in memory. Its sampler is made anew from the seed and the number of each proposal, so only the trials carry over."""

    def __init__(self, seed: int, startup: int, make_sampler: Callable[[int], BaseSampler]) -> None:
        super().__init__(seed, startup)
        self._make_sampler = make_sampler
        self._study = optuna.create_study(sampler=RandomSampler(seed=0))
        self._optuna_number: dict[int, int] = {}

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        self._study.sampler = self._make_sampler(int(generator(self.seed, number).integers(2**31)))
        trial = self._study.ask({name: distribution(p) for name, p in parameters.items()})
        self._optuna_number[number] = trial.number
        return dict(trial.params)

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        self._study.enqueue_trial(dict(assignment))
        trial = self._study.ask({name: distribution(p) for name, p in parameters.items()})
        self._optuna_number[number] = trial.number

    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        self._study.tell(self._optuna_number.pop(number), value)


class TpeSearcher(_OptunaSearcher):
    """The tree-structured Parzen estimator of Bergstra et al. 2011. In a conditional space each parameter is modeled by itself."""

    def __init__(self, seed: int, startup: int, *, conditional: bool) -> None:
        super().__init__(seed, startup, lambda s: TPESampler(seed=s, n_startup_trials=1, multivariate=not conditional, constant_liar=True))


class GpSearcher(_OptunaSearcher):
    """A Gaussian process (Matern 5/2, a length scale for each parameter) and log expected improvement. Proposals under way are pending."""

    def __init__(self, seed: int, startup: int) -> None:
        super().__init__(seed, startup, lambda s: GPSampler(seed=s, n_startup_trials=1, independent_sampler=_NoFallback(seed=0)))

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        with warnings.catch_warnings():
            # The fit warns about numerical details. A proposal is checked where it is used.
            warnings.simplefilter("ignore")
            return super()._propose(number, index, parameters)
