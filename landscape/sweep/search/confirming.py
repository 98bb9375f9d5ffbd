"""The confirmation that follows a search: the settings that stand for levels are trained on fresh seeds.

It is a function of the space and of the trials that ended, so there is no state to save.
"""

import math
from collections.abc import Callable, Iterable, Mapping

from landscape.analysis.confirmation_runs import CONFIRMATION, Confirmed, Run
from landscape.analysis.contrasts import is_log, open_settings
from landscape.analysis.looks import looks
from landscape.analysis.matched import Design, Key, Searched, key_of, matched_design, most_settings
from landscape.components.metrics._base import is_on_log_scale
from landscape.config.trial_config import TrialConfig
from landscape.space.space import Space
from landscape.sweep.search.plan import Outcome, Task
from landscape.sweep.search.searcher import generator

FRESH_SEEDS = 3
"""A number that separates the random numbers of the seeds from those of other uses of the study's seed."""
SEARCHED_SEEDS = 2**24
"""The number of seeds, from the study's own on, that belong to the search."""


def fresh_seeds(seed: int, count: int) -> list[int]:
    """Return the first `count` seeds of a study's confirmation.

    They are the same for every setting, so that runs are paired, and none of them is a seed of the search. A longer list begins with the
    shorter one.
    """
    draws, found = generator(seed, FRESH_SEEDS), list[int]()
    while len(found) < count:
        candidate = int(draws.integers(2**31))
        if (candidate - seed) % 2**31 >= SEARCHED_SEEDS and candidate not in found:
            found.append(candidate)
    return found


class Confirming:
    """The confirmation of a study in stages. The first stage trains all settings, and each later one those of pairs that are still open.

    Args:
        space: The study.
        pin: A function that fills in the content hash of a configuration's data, which is part of its digest.
    """

    def __init__(self, space: Space, pin: Callable[[TrialConfig], TrialConfig]) -> None:
        self.space, self._pin, self.how = space, pin, space.confirmation
        self.looks = looks(self.how.seeds, self.how.most_seeds)
        self._seeds = fresh_seeds(space.seed, self.looks[-1])
        self._cells = {cell.id: cell for cell in space.cells()}

    @property
    def expected(self) -> tuple[int, int]:
        """The largest numbers of trainings to expect: those of the first look, and those of all looks together."""
        levels = {axis: len(labels) for axis, labels in self.space.labels.items()}
        settings = most_settings(levels, confirmed=self.how.axes, cells=self.how.cells)
        return settings * self.looks[0], settings * self.looks[-1]

    def design(self, search: Iterable[Outcome]) -> tuple[Design, Mapping[Key, int]]:
        """Return the settings to confirm after a search, and for each the number of the proposal that it comes from."""
        asks: dict[Key, int] = {}
        trials = []
        for o in search:
            labels = self._cells[o.cell_id].labels
            cost, few = (o.cost, None) if self.space.screening is None else (o.selected, o.cost)
            known = (math.inf if x is None else x for x in (cost, few))
            trials.append(Searched(o.ask, o.cell_id, labels, o.assignment, *known))
            key = key_of(o.cell_id, o.assignment)
            asks[key] = min(o.ask, asks.get(key, o.ask))
        return matched_design(trials, tuple(self.space.axes), confirmed=self.how.axes, cells=self.how.cells), asks

    def tasks(self, design: Design, asks: Mapping[Key, int], settings: Iterable[Key], stage: int) -> list[Task]:
        """Return the trainings of one stage, ordered by seed, so that an interrupted stage has trained all settings about equally often."""
        first = self.looks[stage - 1] if stage else 0
        chosen = list(settings)
        found = []
        for repeat in range(first, self.looks[stage]):
            for key in chosen:
                cell, assignment = self._cells[key[0]], dict(key[1])
                config = self._pin(cell.config(assignment, seed=self._seeds[repeat]))
                confirms = design.settings[key]
                found.append(Task(asks[key], repeat, cell, assignment, config, config.digest(), CONFIRMATION, confirms))
        return found

    def still_open(self, design: Design, confirmed: Iterable[Outcome]) -> list[Key]:
        """Return the settings of pairs that these runs do not decide."""
        runs: dict[Key, dict[tuple[int, int], Run]] = {}
        for o in confirmed:
            cost = math.inf if o.status == "diverged" else o.reported
            if cost is not None and o.repeat < len(self._seeds):
                order = (o.repeat, self._seeds[o.repeat])
                runs.setdefault(key_of(o.cell_id, o.assignment), {})[order] = Run(o.digest, "", order, cost, o.seconds)
        of = {key: Confirmed(key, self._cells[key[0]].labels, dict(key[1]), found) for key, found in runs.items() if key in design.settings}
        protocol = self.space.protocol
        by_ratio = is_on_log_scale(protocol.objective, (m.name for m in protocol.metrics))
        return open_settings(design, of, self.looks, log=is_log(of, by_ratio))
