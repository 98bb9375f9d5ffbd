"""Who proposes: one interface for all searchers, and the two that need no model."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from landscape.space.search_range import Assignment, Parameter, Scalar

SearchParameters = Mapping[str, Parameter]


def generator(seed: int, *numbers: int) -> np.random.Generator:
    """Random numbers that depend on the study's seed and on `numbers` alone, whatever was drawn before."""
    return np.random.default_rng([seed, *numbers])


def random_assignment(parameters: SearchParameters, rng: np.random.Generator) -> dict[str, Scalar]:
    """Each parameter drawn evenly from its (scaled) range or its choices."""
    return {name: parameter.at(float(rng.random())) for name, parameter in parameters.items()}


class Searcher(ABC):
    """Proposes assignments one after the other, from the scores of earlier ones.

    A proposal is a function of (seed, its number, the proposals and scores that came before it): the searcher is seeded anew for each,
    so that a search that was interrupted goes on as if it had not been. Values are in the scale that is modeled, lower is better.
    """

    def __init__(self, seed: int, startup: int = 0) -> None:
        self.seed, self.startup = seed, startup
        self.count = 0
        self.pending: dict[int, Assignment] = {}
        """Proposals without a score, by number."""
        self.worst: float | None = None
        self._unvalued: list[int] = []
        """Failed before any trial had a finite score: there is nothing yet to tell of them."""

    def ask(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """Proposal `number` of the study, the `index`-th of its cell (from 0), for these parameters."""
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
        """Take up a proposal that was made before an interruption."""
        self._pend(number, assignment, parameters)
        self.count += 1
        self.pending[number] = assignment

    def tell(self, number: int, value: float | None) -> None:
        """The score of a proposal; None for a trial without one, which counts as the worst finite score so far."""
        if value is None and self.worst is None:
            self._unvalued.append(number)
            return
        if value is not None:
            self.worst = value if self.worst is None else max(self.worst, value)
        assert self.worst is not None
        for other, score in ((number, self.worst if value is None else value), *((n, self.worst) for n in self._unvalued)):
            self._observe(other, self.pending.pop(other), score)
        self._unvalued.clear()

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """Before there is anything to model."""
        return random_assignment(parameters, generator(self.seed, number))

    @abstractmethod
    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        """From the model; must enter the proposal as pending there."""

    @abstractmethod
    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Enter a proposal that the model did not make."""

    @abstractmethod
    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        """Enter a score."""


class RandomSearcher(Searcher):
    """Independent draws."""

    def _propose(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        return self._begin(number, index, parameters)

    def _pend(self, number: int, assignment: Assignment, parameters: SearchParameters) -> None:
        """Nothing is modeled."""

    def _observe(self, number: int, assignment: Assignment, value: float) -> None:
        """Nothing is modeled."""


class GridSearcher(RandomSearcher):
    """Every point of the grid of a cell in turn; after the last it begins anew (each trial has a seed of its own)."""

    def _begin(self, number: int, index: int, parameters: SearchParameters) -> Assignment:
        values = [p.grid() for p in parameters.values()]
        size = int(np.prod([len(v) for v in values], dtype=np.int64))
        point = next(itertools.islice(itertools.product(*values), index % size, None))
        return dict(zip(parameters, point, strict=True))
