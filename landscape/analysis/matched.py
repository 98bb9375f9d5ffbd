"""Chooses the settings that are confirmed: for each axis its levels, compared with the same levels on all other axes.

The choice is a function of the trials of the search alone. The sweep uses it to know what to retrain, and the analysis to know what the
retrained models represent, so that both always agree.
"""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from landscape.core.errors import UserError, unknown

Value = bool | int | float | str
Key = tuple[str, tuple[tuple[str, Value], ...]]
"""The key of a setting within its study: the id of its cell, and what was proposed there (names and values, sorted by name)."""


def key_of(cell_id: str, assignment: Mapping[str, Value]) -> Key:
    """Return the key of a setting."""
    return cell_id, tuple(sorted(assignment.items()))


LAST = sys.float_info.max
"""A finite cost that is worse than every other."""


@dataclass(frozen=True)
class Searched:
    """One trial of the search, as the choice of settings sees it."""

    ask: int
    """The number of the proposal."""
    cell_id: str
    labels: Mapping[str, str]
    """The level on each axis."""
    assignment: Mapping[str, Value]
    cost: float
    """The objective on the selection samples as a cost. Lower is better, and it is +inf for a trial without one."""
    screened: float = math.inf
    """The same of few samples, in a study with two stages of scoring. It counts in cells in which no trial has got to the second one."""


@dataclass(frozen=True)
class Block:
    """The levels of one axis with the same levels on all other axes."""

    axis: str
    partners: Mapping[str, str]
    """The levels of the other axes, on which a comparison within this block is conditional."""
    settings: Mapping[str, Key]
    """The setting that represents each level here, which is the one that the search scored best in the cell."""


@dataclass(frozen=True)
class Design:
    """The settings that are confirmed, and the comparisons that they are for."""

    blocks: tuple[Block, ...] = ()

    @property
    def settings(self) -> dict[Key, tuple[str, ...]]:
        """Every setting once, in a fixed order, with the levels that it represents (`loss=hinge`)."""
        found: dict[Key, dict[str, None]] = {}
        for block in self.blocks:
            for level, key in block.settings.items():
                found.setdefault(key, {})[f"{block.axis}={level}"] = None
        return {key: tuple(levels) for key, levels in found.items()}

    def of(self, axis: str) -> tuple[Block, ...]:
        """Return the blocks of one axis."""
        return tuple(block for block in self.blocks if block.axis == axis)


def matched_design(trials: Iterable[Searched], axes: Sequence[str], *, confirmed: Sequence[str] = (), cells: int = 1) -> Design:
    """Return the settings to retrain.

    For each axis, the combinations of levels of the other axes are ranked: first by the number of levels of the axis that have a trial
    with a score, then by the best score that any of these levels reached. The first `cells` combinations become its blocks. If all
    combinations exist, the best cell of the study is in the first block of every axis, and its setting is trained once for all of them.

    Args:
        trials: The trials of the search.
        axes: The axes of the study in its order.
        confirmed: The axes to compare. If there are none, all axes with two or more levels are compared.
        cells: The number of combinations of partners.

    Raises:
        UserError: `confirmed` names an axis that the study does not have.
    """
    for axis in confirmed:
        if axis not in axes:
            raise unknown("axis in confirmation.axes", axis, axes)
    if cells < 1:
        raise UserError(f"confirmation.cells is {cells}: at least one cell is confirmed")
    best = _best_of_cells(trials)
    blocks = []
    for axis in confirmed or axes:
        groups: dict[tuple[tuple[str, str], ...], dict[str, tuple[float, Key]]] = {}
        for labels, cost, key in best:
            partners = tuple((other, labels[other]) for other in axes if other != axis)
            groups.setdefault(partners, {})[labels[axis]] = (cost, key)
        usable = [(partners, levels) for partners, levels in groups.items() if len(levels) > 1]
        ranked = sorted(usable, key=lambda item: (-len(item[1]), min(cost for cost, _ in item[1].values()), item[0]))
        for partners, levels in ranked[:cells]:
            blocks.append(Block(axis, dict(partners), {level: key for level, (_, key) in sorted(levels.items())}))
    return Design(tuple(blocks))


def _best_of_cells(trials: Iterable[Searched]) -> list[tuple[Mapping[str, str], float, Key]]:
    """Return labels, cost and key of the best scored setting of each cell. Seeds of one setting count by their (lower) median.

    A cell of which the second stage of scoring has no trial has the cost `LAST`: the first stage has shown that it is not the best one.
    """
    labels: dict[str, Mapping[str, str]] = {}
    costs: dict[str, dict[Key, list[float]]] = {}
    few: dict[str, dict[Key, list[float]]] = {}
    for trial in sorted(trials, key=lambda t: t.ask):
        labels.setdefault(trial.cell_id, trial.labels)
        key = key_of(trial.cell_id, trial.assignment)
        costs.setdefault(trial.cell_id, {}).setdefault(key, []).append(trial.cost)
        few.setdefault(trial.cell_id, {}).setdefault(key, []).append(trial.screened)
    found = []
    for cell_id in costs:
        (cost, key), (screened, other) = (_lowest(of[cell_id]) for of in (costs, few))
        if math.isfinite(cost):
            found.append((labels[cell_id], cost, key))
        elif math.isfinite(screened):
            found.append((labels[cell_id], LAST, other))
    return found


def _lowest(settings: Mapping[Key, list[float]]) -> tuple[float, Key]:
    """Return the lowest cost of a cell's settings and its key. The earlier proposal wins a tie."""
    return min(((median_low(of), key) for key, of in settings.items()), key=lambda item: item[0])


def most_settings(levels: Mapping[str, int], *, confirmed: Sequence[str] = (), cells: int = 1) -> int:
    """Return the largest number of settings to confirm if the axes have these numbers of levels. An estimate before the search uses it.

    An axis has at most as many blocks as its partners have combinations. The best cell is in one block of every axis, and a cell is
    confirmed by one setting.
    """
    counted = [levels[axis] for axis in (confirmed or levels) if levels[axis] > 1]
    if not counted:
        return 0
    combinations = math.prod(levels.values())
    in_blocks = sum(min(cells, combinations // count) * count for count in counted)
    return min(in_blocks - (len(counted) - 1), combinations)
