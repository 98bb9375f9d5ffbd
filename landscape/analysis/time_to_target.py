"""How many trials, steps and seconds a search takes until it reaches a fixed target, and performance profiles over several studies."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, median_low

import numpy as np
import pandas as pd

from landscape.analysis.answer import StudyAnswer
from landscape.analysis.confirmation_runs import SEARCH, labels_of, role_of
from landscape.analysis.frames import AXIS, FINISHED, SCORE, STOPPED_EARLY, TrialTable, cell_label
from landscape.analysis.interval import Interval
from landscape.analysis.objective import modeled, objective
from landscape.analysis.proportions import share
from landscape.core.errors import UserError, unknown
from landscape.results.studies import Study

WANTED_SEEDS = 20
"""The number of fresh seeds of a baseline over which the median that sets a target should be taken. With fewer the rule says so."""

EFFORTS = ("d_steps", "seconds")
"""The columns of what a trial takes."""


@dataclass(frozen=True)
class Target:
    """A score to reach, and the rule that set it."""

    value: float
    rule: str


@dataclass(frozen=True)
class Reached:
    """What the search of one level takes until its first trial that reaches the target."""

    level: str
    tried: int
    """The number of finished search trials of the level. Several seeds of one proposal are one trial."""
    reached: int
    """The number of them that reach the target."""
    trials: Interval
    """The trials until the first one that reaches it, this one included. There is no value if none does, or not in the median search."""
    d_steps: float | None
    """The D steps of these trials. None if there is no value of `trials`, or if a record does not say."""
    seconds: float | None
    """Their seconds, of one trial at a time."""


def baseline_target(answer: StudyAnswer, axis: str, baselines: Sequence[str] = (), *, higher_is_better: bool = False) -> Target:
    """Return the target that baselines set: the best median over fresh seeds of their confirmed settings.

    The rule wants 20 seeds. With fewer, what the budget carries counts, and the rule says so. A seed that diverged counts as the worst.
    A baseline of which one of the middle seeds diverged sets no target.

    Args:
        answer: The answer of the study.
        axis: The axis whose levels are compared.
        baselines: The levels that are baselines. If there are none, all levels of the axis are.
        higher_is_better: The direction of the score.

    Raises:
        UserError: The study does not compare the axis, a baseline is not one of its levels, or none was confirmed.
    """
    found = answer.axis(axis)
    if found is None:
        raise unknown("axis with several levels", axis, [a.axis for a in answer.axes])
    levels = {level.level: level for level in found.levels}
    for name in baselines:
        if name not in levels:
            raise unknown(f"level of {axis}", name, levels)
    sign = -1.0 if higher_is_better else 1.0
    costs = {name: [math.inf if x is None else sign * x for x in levels[name].scores] for name in baselines or levels}
    medians = {name: median(of) for name, of in costs.items() if of}
    confirmed = {name: cost for name, cost in medians.items() if math.isfinite(cost)}
    if not confirmed:
        raise UserError(f"{axis}: no baseline has a median over fresh seeds, so that none sets a target: give one by --target")
    best = min(confirmed, key=lambda name: confirmed[name])
    seeds, lost = len(costs[best]), sum(map(math.isinf, costs[best]))
    rule = f"the median of {seeds} fresh seeds of {best}" + (f", {WANTED_SEEDS} wanted" if seeds < WANTED_SEEDS else "")
    return Target(sign * confirmed[best], rule + (f", {lost} diverged" if lost else ""))


def time_to_target(
    table: TrialTable, score: str, axis: str, target: float, *, given_search: bool, searches: Mapping[str, int] | None = None
) -> list[Reached]:
    """Return what the search of each level of an axis takes to reach a target, the fewest trials first.

    The trials of an independent search could have come in any order, so the result is the mean over all orders: with s of n trials at the
    target it is (n + 1) / (s + 1) trials, and a trial below the target costs its effort in 1 of s + 1 orders. The interval is that of
    1 / p, from Clopper and Pearson's interval of the share p of trials at the target. A search that learns, or that takes the points of a
    grid in turn, is counted as it was run and has no interval, because it is a single observation. Of several such searches in a level the
    median one counts, and a search that never reaches the target is the last of them.

    A trial that was stopped early does not reach the target, and its effort counts. Which trials are stopped depends on those before
    them, so a search with such trials is counted as it was run too.

    Several seeds of one proposal are not independent trials. They count as one trial, by the lower median of their scores as costs, and
    its effort is the sum of theirs.

    Args:
        table: The trials under the protocol that reports.
        score: The public name of the score.
        axis: The axis.
        target: The score to reach, in the score's own direction.
        given_search: Whether the order of the trials matters, because the searcher learned from earlier ones or followed a grid.
        searches: The number of the search that each trial belongs to, by its digest. Trials that are not named belong to search 0.

    Raises:
        UserError: The trials have no such axis.
    """
    if axis not in table.axes:
        raise unknown("axis", axis, table.axes)
    search = table.role(SEARCH)
    stopped = search.frame["status"] == STOPPED_EARLY
    given_search = given_search or bool(stopped.any())
    frame = search.where(search.frame["status"].isin(FINISHED) | stopped).frame.sort_values("ask", kind="stable")
    sign = table.scores[score].sign
    # A diverged or stopped trial has no score and does not reach the target.
    costs = (frame[SCORE + score] * sign).fillna(math.inf)
    frame = frame.assign(cost=costs, search=[(searches or {}).get(str(digest), 0) for digest in frame["digest"]])
    found = []
    for level, rows in frame.groupby(AXIS + axis, sort=True):
        proposals = _proposals(rows)
        proposals = proposals.assign(hit=proposals["cost"] <= target * sign)
        if given_search:
            found.append(_as_searched(str(level), [of for _, of in proposals.groupby("search", sort=True)]))
        else:
            found.append(_over_all_orders(str(level), proposals))
    return sorted(found, key=lambda one: (one.trials.value is None, one.trials.value or 0.0, one.level))


def _proposals(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each proposal, in the order of `rows`: its search, its lower median cost, and the sums of D steps and seconds.

    The median is the lower one, because with an even number of costs the mean of a score and a divergence has no meaning.
    """
    found = []
    for (search, _, _), seeds in rows.groupby(["search", "ask", "setting"], sort=False):
        efforts = {name: seeds[name].sum(skipna=False) for name in EFFORTS}
        found.append({"search": search, "cost": median_low(seeds["cost"]), **efforts})
    return pd.DataFrame(found)


def _as_searched(level: str, searches: Sequence[pd.DataFrame]) -> Reached:
    """Return what the median search of a level takes, each in the order in which it was run."""
    tried, reached = sum(map(len, searches)), sum(int(of["hit"].sum()) for of in searches)
    n, firsts = len(searches), []
    for of in searches:
        first = int(np.argmax(of["hit"].to_numpy())) + 1
        sums = [float(of[name].iloc[:first].sum(skipna=False)) for name in EFFORTS]
        firsts.append((float(first), *sums) if of["hit"].any() else (math.inf, math.inf, math.inf))
    trials, *efforts = median_low(firsts)
    if math.isfinite(trials):
        absent = "one search in its own order is one observation" if n == 1 else f"the median of {n} searches in their own order"
        return Reached(level, tried, reached, Interval(trials, n=n, absent=absent, given_search=True), *map(_known, efforts))
    successful = sum(math.isfinite(one[0]) for one in firsts)
    absent = f"{successful} of {n} searches reach it, the median one does not" if successful else f"none of {tried} trials reaches it"
    return Reached(level, tried, reached, Interval(None, n=n, absent=absent, given_search=True), None, None)


def _over_all_orders(level: str, proposals: pd.DataFrame) -> Reached:
    """Return the means over all orders of the trials."""
    hit = proposals["hit"].to_numpy(dtype=bool)
    n, s = len(hit), int(hit.sum())
    found = share(s, n)
    assert found.low is not None
    assert found.high is not None
    if s == 0:
        absent = f"none of {n} trials reaches it: it takes {1 / found.high:.3g} or more on average"
        return Reached(level, n, 0, Interval(None, n=n, absent=absent), None, None)
    high = 1 / found.low if found.low > 0 else math.inf
    trials = Interval((n + 1) / (s + 1), 1 / found.high, high, kind="Clopper-Pearson, inverted", n=n)
    efforts = [proposals[name].to_numpy(dtype=np.float64) for name in EFFORTS]
    means = (effort[~hit].sum() / (s + 1) + effort[hit].mean() for effort in efforts)
    return Reached(level, n, s, trials, *(_known(float(mean)) for mean in means))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True)
class Tuned:
    """What one level counts by under a ruleset of tuning."""

    level: str
    scores: tuple[float | None, ...]
    """The score of the best trial of each search (`external`), or of each seed of one setting (`self-tuning`). None without a score."""
    median: float | None
    """Their lower median in the direction of the score. None if it falls on one without a score."""
    cell: str = ""
    """The cell whose setting it is (`self-tuning`). It is empty under `external`, where each search may have its best trial in another."""


def tuned(study: Study, table: TrialTable, score: str, axis: str, ruleset: str) -> list[Tuned]:
    """Return what the levels of an axis count by under a ruleset, the best one first.

    The best trial of a search is chosen by the selection samples, and counts by its score on the reporting ones. With `self-tuning` each
    cell has one setting. A level counts by the cell whose median over seeds is the best on the selection samples, and by the median of
    that cell's scores on the reporting ones.

    Args:
        study: The study.
        table: Its trials under the protocol that reports.
        score: The public name of the score.
        axis: The axis.
        ruleset: `external` or `self-tuning`.
    """
    facts, column = table.scores[score], SCORE + score
    shown = dict(zip(table.frame["digest"], table.frame[column].to_numpy(dtype=np.float64) * facts.sign, strict=True))
    protocol, name = str((table.protocol or {}).get("name", "")), str(study.facts.get("objective") or score)
    # Level -> cell -> search or seed -> its cost on the selection samples and on the reporting ones.
    groups: dict[str, dict[str, dict[object, tuple[float, float]]]] = {}
    for trial in study.trials:
        place = trial.record.study
        if role_of(trial) != SEARCH or axis not in (labels := labels_of(trial)):
            continue
        estimate = objective(trial.scores, protocol, name)
        cost = math.inf if estimate is None else modeled(estimate, name)
        is_external = ruleset == "external"
        cell = "" if is_external else cell_label(labels, table.axes)
        part = place.get("search", 0) if is_external else (place.get("ask"), place.get("repeat"))
        of = groups.setdefault(labels[axis], {}).setdefault(cell, {})
        of[part] = min(of.get(part, (math.inf, math.inf)), (cost, _or_worst(shown.get(trial.record.digest))))
    found = []
    for level, cells in groups.items():
        _, cell = min((median_low(cost for cost, _ in of.values()), name) for name, of in cells.items())
        costs = [cost for _, cost in cells[cell].values()]
        middle = median_low(costs)
        found.append((middle, Tuned(level, tuple(_shown(c, facts.sign) for c in costs), _shown(middle, facts.sign), cell)))
    return [one for _, one in sorted(found, key=lambda item: (item[0], item[1].level))]


def _or_worst(cost: float | None) -> float:
    return math.inf if cost is None or math.isnan(cost) else cost


def _shown(cost: float, sign: float) -> float | None:
    return cost * sign if math.isfinite(cost) else None


def performance_profile(efforts: Mapping[str, Mapping[str, float | None]], ratios: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """Return Dolan and More's (2002) performance profile: for each level, the share of studies where it is within each ratio of the best.

    Args:
        efforts: For each study, the effort of each level until the target, such as trials or steps. None stands for a level that does not
            reach it. Levels that some study lacks are left out.
        ratios: The ratios to the least effort in a study, 1 or more.

    Raises:
        UserError: The studies have no level in common.
    """
    common = [level for level in next(iter(efforts.values()), {}) if all(level in of for of in efforts.values())]
    if not common:
        raise UserError("the studies have no level in common: choose an axis that all of them compare")
    within = {level: [0.0] * len(ratios) for level in common}
    for of in efforts.values():
        best = min((effort for level in common if (effort := of[level]) is not None), default=math.inf)
        for level in common:
            effort = of[level]
            for place, ratio in enumerate(ratios):
                within[level][place] += effort is not None and effort <= ratio * best
    return {level: tuple(count / len(efforts) for count in counts) for level, counts in within.items()}
