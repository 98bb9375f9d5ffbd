"""The interface of all searchers, and the three searchers that need no model."""

import itertools
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats.qmc import Sobol

from landscape.results.record import Rung
from landscape.space.search_range import Assignment, Parameter, Scalar

SearchParameters = Mapping[str, Parameter]


def generator(seed: int, *numbers: int) -> np.random.Generator:
    """Return a generator that depends on the study's seed and on `numbers` alone, whatever was drawn before."""
    return np.random.default_rng([seed, *numbers])


def random_assignment(parameters: SearchParameters, rng: np.random.Generator) -> dict[str, Scalar]:
    """Draw each parameter evenly from its range, on the range's own scale, or from its choices."""
    return {name: parameter.at(float(rng.random())) for name, parameter in parameters.items()}


class Searcher(ABC):
    """Proposes assignments one after the other, from the costs of earlier ones.

    A proposal is a function of the seed, its number, and the proposals and costs before it. The searcher is seeded anew for each one, so
    that an interrupted search goes on as if nothing had happened. A cost is lower for a better trial.
    """

    def __init__(self, seed: int, startup: int = 0) -> None:
        self.seed, self.startup = seed, startup
        self.count = 0
        self.pending: dict[int, Assignment] = {}
        """The proposals that have no cost yet, by number."""
        self.worst: float | None = None
        self._unvalued: list[int] = []
        """The numbers of proposals that failed before any trial had a cost. The model is told of them once there is a worst cost."""

    def ask(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """Make proposal `number` of the study, which is proposal `index` of its cell, counted from 0, for these parameters."""
        modeled = self.count >= self.startup and self.worst is not None
        if modeled:
            assignment = self._propose(number, index, parameters)
        else:
            assignment = self._begin(number, index, parameters)
            self._pend(number, assignment, parameters)
        self.count += 1
        self.pending[number] = assignment
        return assignment

    def replay(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Take in a proposal that was made before an interruption."""
        self._pend(number, assignment, parameters)
        self.count += 1
        self.pending[number] = assignment

    def tell(self, number: int, value: float | None, second: float | None = None) -> None:
        """Take in the cost of a proposal. None stands for a trial without one, which counts as the worst cost so far.

        Args:
            number: The proposal.
            value: Its cost by the objective.
            second: Its cost by the second objective, which only a search for fronts uses.
        """
        if value is None and self.worst is None:
            self._unvalued.append(number)
            return
        if value is not None:
            self.worst = value if self.worst is None else max(self.worst, value)
        assert self.worst is not None
        for other, score in ((number, self.worst if value is None else value), *((n, self.worst) for n in self._unvalued)):
            self._observe(other, self.pending.pop(other), score)
        self._unvalued.clear()

    def stopped(self, number: int, rungs: Sequence[Rung]) -> None:
        """Take in that the trial of a proposal was stopped early, after these rungs. Without a model of such trials it has no cost."""
        self.tell(number, None)

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """Propose before there is anything to model."""
        return random_assignment(parameters, generator(self.seed, number))

    @abstractmethod
    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """Propose from the model, and enter the proposal there as pending."""

    @abstractmethod
    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Enter a proposal that the model did not make as pending."""

    @abstractmethod
    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        """Enter the cost of a proposal."""


class RandomSearcher(Searcher):
    """Draws every proposal at random, independently of the others."""

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        return self._begin(number, index, parameters)

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Do nothing, because nothing is modeled."""

    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        """Do nothing, because nothing is modeled."""


class MatchedSearcher(RandomSearcher):
    """Draws at random, but alike for all searchers of the same seed: each value depends on the number of the proposal in its cell alone.

    The draws are common random numbers, one for each field that a parameter sets first. Parameters of different names in different cells
    that set the same field (a norm, by the choices of each method) therefore get the same share of their ranges or choices.
    """

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        fields = {name: zlib.crc32(parameter.targets(name)[0].encode()) for name, parameter in parameters.items()}
        return {name: p.at(float(generator(self.seed, index, fields[name]).random())) for name, p in parameters.items()}


class SobolSearcher(RandomSearcher):
    """Proposes the points of a scrambled Sobol sequence, which fill a space more evenly than random points do.

    The points of a cell are those of one sequence, which the seed of the searcher scrambles (Owen 1998). Any first points of it are
    spread evenly, so a search may end or be extended at any number of trials.
    """

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        if not parameters:
            return {}
        sequence = Sobol(len(parameters), scramble=True, rng=generator(self.seed))
        if index:
            sequence.fast_forward(index)
        point = sequence.random(1)[0]
        return {name: parameter.at(float(share)) for (name, parameter), share in zip(parameters.items(), point, strict=True)}


class GridSearcher(RandomSearcher):
    """Proposes every point of a cell's grid in turn. After the last one it begins anew, with other seeds.

    Args:
        seed: The seed of the order.
        shuffled: Whether the points come in an order that is drawn at random, instead of that of the values.
    """

    def __init__(self, seed: int, *, shuffled: bool = False) -> None:
        super().__init__(seed)
        self.shuffled = shuffled

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        values = [p.grid() for p in parameters.values()]
        place = index % (size := int(np.prod([len(v) for v in values], dtype=np.int64)))
        if self.shuffled:
            place = int(generator(self.seed).permutation(size)[place])
        point = next(itertools.islice(itertools.product(*values), place, None))
        return dict(zip(parameters, point, strict=True))
