"""Two searchers that use samplers of Optuna: TPE, and a Gaussian process with expected improvement."""

import statistics
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from landscape.results.record import Rung
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
    """An Optuna study in memory. Its sampler is made anew from the seed and the number of each proposal, so only the trials carry over.

    Args:
        seed: The seed of the search.
        startup: The number of random proposals.
        make_sampler: Makes the sampler from a seed.
        constrained: Whether the model learns from a constraint where trials have no score. Each of their costs is then the median so far.
        objectives: The number of costs of a trial.
    """

    def __init__(
        self, seed: int, startup: int, make_sampler: Callable[[int], BaseSampler], *, constrained: bool, objectives: int = 1
    ) -> None:
        super().__init__(seed, startup)
        self._make_sampler, self._constrained = make_sampler, constrained
        self._study = optuna.create_study(sampler=RandomSampler(seed=0), directions=["minimize"] * objectives)
        self._trials: dict[int, optuna.Trial] = {}
        self._scoreless: set[int] = set()
        self._known: list[list[float]] = []
        """The costs of the trials with a score. They are kept if there is a constraint."""

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        self._study.sampler = self._make_sampler(int(generator(self.seed, number).integers(2**31)))
        trial = self._study.ask({name: distribution(p) for name, p in parameters.items()})
        self._trials[number] = trial
        return dict(trial.params)

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        self._study.enqueue_trial(dict(assignment))
        self._trials[number] = self._study.ask({name: distribution(p) for name, p in parameters.items()})

    @property
    def told(self) -> list[FrozenTrial]:
        """The proposals whose costs the model knows, in the order in which they were made."""
        return self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))

    def tell(self, number: int, value: float | None, second: float | None = None) -> None:
        """Take in the cost of a proposal, as every searcher does."""
        if value is None:
            self._scoreless.add(number)
        super().tell(number, value, second)

    def stopped(self, number: int, rungs: Sequence[Rung]) -> None:
        """Take in that the trial of a proposal was stopped early: for Optuna it is pruned, with its costs at the rungs.

        TPE ranks pruned trials behind all others, by how far they came and then by their last cost. A Gaussian process leaves them out.
        """
        del self.pending[number]
        trial = self._trials.pop(number)
        for rung in rungs:
            trial.report(rung.cost, rung.rung)
        self._study.tell(trial, state=TrialState.PRUNED)

    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        trial, costs = self._trials.pop(number), self._costs(number, value)
        if self._constrained:
            lost = number in self._scoreless
            # At most 0 means that the constraint holds.
            trial.set_constraint("has no score", 1.0 if lost else -1.0)
            if lost:
                # Gaussian processes of the costs are fitted to all trials, also to those that break the constraint.
                costs = [statistics.median(known) for known in zip(*self._known, strict=True)]
            else:
                self._known.append(costs)
        self._study.tell(trial, costs)

    def _costs(self, number: int, value: float) -> list[float]:
        """Return the costs of a proposal, of which `value` is the first."""
        return [value]


class TpeSearcher(_OptunaSearcher):
    """The tree-structured Parzen estimator of Bergstra et al. 2011. In a conditional space each parameter is modeled by itself."""

    def __init__(self, seed: int, startup: int, *, conditional: bool, constrained: bool = False) -> None:
        def make(s: int) -> BaseSampler:
            return TPESampler(seed=s, n_startup_trials=1, multivariate=not conditional, constant_liar=True)

        super().__init__(seed, startup, make, constrained=constrained)


class GpSearcher(_OptunaSearcher):
    """A Gaussian process (Matern 5/2, a length scale for each parameter) and log expected improvement. Proposals under way are pending."""

    def __init__(self, seed: int, startup: int, *, constrained: bool = False, objectives: int = 1) -> None:
        def make(s: int) -> BaseSampler:
            return GPSampler(seed=s, n_startup_trials=1, independent_sampler=_NoFallback(seed=0))

        super().__init__(seed, startup, make, constrained=constrained, objectives=objectives)

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        with warnings.catch_warnings():
            # The fit warns about numerical details. A proposal is checked where it is used.
            warnings.simplefilter("ignore")
            return super()._propose(number, index, parameters)


class FrontSearcher(GpSearcher):
    """One Gaussian process for each of two costs, and the expected growth of the volume that their best trade-offs dominate (in log)."""

    def __init__(self, seed: int, startup: int, *, constrained: bool = False) -> None:
        super().__init__(seed, startup, constrained=constrained, objectives=2)
        self._seconds: dict[int, float] = {}
        self._worst_second: float | None = None

    def tell(self, number: int, value: float | None, second: float | None = None) -> None:
        """Take in both costs of a proposal. A trial without a score has the worst of each so far."""
        assert (value is None) == (second is None), "a trial has both costs or none"
        if second is not None:
            self._worst_second = second if self._worst_second is None else max(self._worst_second, second)
            self._seconds[number] = second
        super().tell(number, value, second)

    def _costs(self, number: int, value: float) -> list[float]:
        assert self._worst_second is not None
        return [value, self._seconds.pop(number, self._worst_second)]
