"""Computes the answer of a study. Verdicts rest on confirmation runs alone, which are fresh seeds of settings that the search chose.

The best of many trials is partly lucky (the winner's curse). The scores of the search therefore choose which setting represents a
level, but never judge it.
"""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.analysis.answer import AxisAnswer, Chosen, Effort, LevelAnswer, PairAnswer, StudyAnswer, ToDecide
from landscape.analysis.answer_words import axis_sentence, axis_state, study_sentence
from landscape.analysis.confirmation_runs import CONFIRMATION, SEARCH, Confirmed, confirmed, effort, role_of, searched
from landscape.analysis.contrasts import blocks_of_both, by_pairs, is_log, joint_level, levels_confirmed, paired_costs, standing
from landscape.analysis.frames import AXIS, SCORE, ScoreFacts, TrialTable
from landscape.analysis.interval import Interval, Values
from landscape.analysis.looks import Judged, judge, looks
from landscape.analysis.matched import Block, Design, Key, matched_design
from landscape.analysis.paired import differences, resolvable_difference, seeds_to_decide
from landscape.analysis.seeds import FEWEST_SEEDS, seed_mean
from landscape.analysis.variance import VarianceShares, variance_shares
from landscape.results.studies import Study

DEFAULT_SEEDS = 5
"""The number of seeds at the first look, for a study whose description does not say it."""


@dataclass(frozen=True)
class _Ground:
    """The facts that all axes of one answer share."""

    study: Study
    facts: ScoreFacts
    runs: Mapping[Key, Confirmed]
    is_log: bool
    looks: tuple[int, ...]
    level: float
    seconds_per_training: float


def answer_of(study: Study, table: TrialTable, score: str, *, level: float = 0.95) -> StudyAnswer:
    """Return what a study says, judged by one score.

    Args:
        study: The study, from `results.studies.read_study`.
        table: Its trials under the protocol that reports.
        score: The public name of the score to compare by.
        level: The coverage of the intervals, jointly over the pairs of an axis and over all looks.
    """
    facts = table.scores[score]
    how = _mapping(study.facts.get("confirmation"))
    digest = table.protocol.get("digest") if table.protocol else None
    runs = confirmed(study.trials, digest, score, facts.sign)
    by_ratio = is_log(runs, facts.is_log)
    seeds, most = how.get("seeds"), how.get("most_seeds")
    at = looks(seeds if isinstance(seeds, int) and seeds > 0 else DEFAULT_SEEDS, most if isinstance(most, int) else None)
    spent = effort(study.trials, CONFIRMATION)
    searching = effort(study.trials, SEARCH)
    each = spent if spent.trials else searching
    ground = _Ground(study, facts, runs, by_ratio, at, level, each.seconds / each.trials if each.trials else 0.0)
    design = design_of(study, table.axes, score)
    variance = _variance(table, score, runs, by_ratio)
    compared = [axis for axis in table.axes if table.frame[AXIS + axis].nunique() > 1]
    axes = sorted((_axis(ground, axis, design, variance) for axis in compared), key=lambda a: -(a.variance.value or 0.0))
    chosen = _chosen(ground, design)
    sentence = study_sentence(score, axes, chosen)
    return StudyAnswer(score, sentence, by_ratio, tuple(axes), chosen, variance, at, searching, spent)


def design_of(study: Study, axes: Sequence[str], score: str) -> Design:
    """Return the settings of the search that represent the levels of a study, for all axes.

    Which axes were confirmed shows in the runs. An axis that an earlier confirmation of the study compared keeps its verdict when a later
    one names other axes.
    """
    how = _mapping(study.facts.get("confirmation"))
    protocol = str(_mapping(study.facts.get("protocol")).get("name", ""))
    name = str(study.facts.get("objective") or score)
    cells = how.get("cells")
    trials = searched(study.trials, protocol or _only_protocol(study), name, axes)
    return matched_design(trials, axes, cells=cells if isinstance(cells, int) and cells > 0 else 1)


def _only_protocol(study: Study) -> str:
    names = {str(s.protocol.get("name", "")) for t in study.trials for s in t.scores.values()}
    return min(names, key=len) if names else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _variance(table: TrialTable, score: str, runs: Mapping[Key, Confirmed], by_ratio: bool) -> VarianceShares:
    search = table.role(SEARCH).finished()
    costs = search.frame[SCORE + score].to_numpy(dtype=np.float64) * table.scores[score].sign
    costs = np.where((search.frame["status"] == "diverged").to_numpy(), np.inf, costs)
    known = ~np.isnan(costs)
    labels = search.frame.loc[known, [AXIS + axis for axis in table.axes]].rename(columns=lambda name: str(name).removeprefix(AXIS))
    settings = search.frame.loc[known, "setting"].astype(str).tolist()
    return variance_shares(costs[known], labels, {str(key): of.costs for key, of in runs.items()}, settings=settings, log=by_ratio)


def _axis(ground: _Ground, axis: str, design: Design, variance: VarianceShares) -> AxisAnswer:
    blocks = tuple(b for b in design.of(axis) if sum(key in ground.runs for key in b.settings.values()) > 1)
    names = levels_confirmed(blocks, ground.runs)
    levels = {level: _level(ground, axis, level, blocks) for level in names}
    joint = joint_level(ground.level, len(names))
    compared = [_pair(ground, a, b, blocks, joint) for a, b in itertools.combinations(names, 2)]
    usual = {level: _usual(ground, level, blocks) for level in names}
    ranked = by_pairs(names, [(p.better, p.other) for p in compared if p.seeds], usual)
    place = {level: i for i, level in enumerate(ranked)}
    pairs = sorted((p for p in compared if p.seeds), key=lambda p: sorted((place[p.better], place[p.other])))
    others = sorted({str(t) for t in _levels_tried(ground.study, axis)} - set(names))
    shown = tuple(levels[name] for name in ranked) + tuple(_level(ground, axis, level, ()) for level in others)
    enough = bool(pairs) and len(ranked) > 1
    best, second = (ranked[0], ranked[1]) if enough else (None, None)
    state = axis_state(best, ranked, pairs)
    found = AxisAnswer(axis, state, "", best, second, tuple(pairs), shown, tuple(b.partners for b in blocks))
    share = variance.axes.get(axis, found.variance)
    sentence = axis_sentence(found, ground.facts, ground.is_log)
    return replace(found, sentence=sentence, variance=share)


def _levels_tried(study: Study, axis: str) -> set[str]:
    return {str(_mapping(t.record.study.get("cell")).get(axis)) for t in study.trials if role_of(t) == SEARCH} - {"None"}


def _usual(ground: _Ground, level: str, blocks: Sequence[Block]) -> tuple[float, float]:
    """Return the standing of a level by all of its seeds, which orders levels that win equally many pairs."""
    return standing([ground.runs[b.settings[level]].costs for b in blocks if b.settings.get(level) in ground.runs], log=ground.is_log)


def _level(ground: _Ground, axis: str, level: str, blocks: Sequence[Block]) -> LevelAnswer:
    searching = effort(ground.study.trials, SEARCH, {axis: level})
    of = [ground.runs[b.settings[level]] for b in blocks if b.settings.get(level) in ground.runs]
    if not of:
        return LevelAnswer(level, Interval(None, absent="not confirmed"), search=searching)
    common = sorted(set.intersection(*(set(one.runs) for one in of)))
    costs = np.array([[one.runs[order].cost for order in common] for one in of])
    each = np.exp(np.log(costs).mean(axis=0)) if ground.is_log else costs.mean(axis=0)
    mean = seed_mean(each, log=ground.is_log)
    mean = mean.mirrored() if ground.facts.sign < 0 else mean
    scores = tuple(float(x) * ground.facts.sign if math.isfinite(x) else None for x in each)
    spent = [one.effort for one in of]
    return LevelAnswer(
        level,
        mean,
        scores,
        diverged=sum(one.diverged for one in of),
        settings=tuple(dict.fromkeys(run.setting for one in of for run in one.runs.values())),
        search=searching,
        confirmation=Effort(sum(e.trials for e in spent), sum(e.seconds for e in spent)),
    )


def _pair(ground: _Ground, a: str, b: str, blocks: Sequence[Block], joint: float) -> PairAnswer:
    both = blocks_of_both(blocks, ground.runs, a, b)
    ours, theirs = paired_costs(both)
    if not ours.size:
        return PairAnswer(a, b, Interval(None, absent="not confirmed"), decided=False, seeds=0)
    found = judge(ours, theirs, ground.looks, log=ground.is_log, level=joint)
    if _ahead(found, ours, theirs, log=ground.is_log) > 0:
        a, b, ours, theirs = b, a, theirs, ours
        found = judge(ours, theirs, ground.looks, log=ground.is_log, level=joint)
    resolvable, needed = _reach(ground, found, ours, theirs, len(both), joint) if found.difference.has_interval else (None, None)
    shown = found.difference.mirrored() if ground.facts.sign < 0 and not ground.is_log else found.difference
    return PairAnswer(a, b, shown, found.sign != 0, found.seeds, found.by_divergence, resolvable, None if found.sign else needed)


def _ahead(found: Judged, ours: Values, theirs: Values, *, log: bool) -> int:
    """Return -1 if ours is ahead of theirs, and 1 otherwise. An open pair goes by the difference that is shown, if there is one."""
    if found.sign:
        return found.sign
    if found.difference.value is not None:
        return 1 if found.difference.value > (1.0 if log else 0.0) else -1
    return 1 if standing(list(ours), log=log) > standing(list(theirs), log=log) else -1


def _reach(ground: _Ground, found: Judged, ours: Any, theirs: Any, blocks: int, joint: float) -> tuple[float, ToDecide | None]:
    """Return the smallest difference that this pair's seeds resolve, and what it would take to decide the observed one.

    `joint` is the coverage of the pair over all its looks. More seeds come at more looks, each of which is stricter, so the number of seeds
    is raised until it suffices with the looks that it brings.
    """
    d = differences(ours[:, : found.seeds], theirs[:, : found.seeds], log=ground.is_log)
    spread, n, level = float(d.std(ddof=1)), len(d), found.difference.level
    smallest = resolvable_difference(spread, n, level=level)
    seeds = seeds_to_decide(float(d.mean()), spread, level=level)
    while seeds is not None and (stricter := 1 - (1 - joint) / len(looks(ground.looks[0], seeds))) > level + 1e-12:
        level = stricter
        seeds = seeds_to_decide(float(d.mean()), spread, level=level)
    more = None if seeds is None else max(seeds - ours.shape[1], 1) * blocks * 2
    needed = None if seeds is None or more is None else ToDecide(seeds, more, more * ground.seconds_per_training)
    return (math.exp(smallest) if ground.is_log else smallest), needed


def _chosen(ground: _Ground, design: Design) -> Chosen | None:
    """Return the confirmed setting that is ahead of most others on the seeds that both have, among those that did not diverge."""
    of = [ground.runs[key] for key in design.settings if key in ground.runs]
    usable = [one for one in of if one.diverged == 0 and len(one.runs) >= FEWEST_SEEDS]
    if not usable:
        return None
    names = {str(i): one for i, one in enumerate(usable)}
    pairs = [_first_of(names, a, b, log=ground.is_log) for a, b in itertools.combinations(names, 2)]
    usual = {name: standing([one.costs], log=ground.is_log) for name, one in names.items()}
    best = names[by_pairs(list(names), [pair for pair in pairs if pair], usual)[0]]
    mean = seed_mean(best.costs, log=ground.is_log, level=1 - (1 - ground.level) / len(usable))
    mean = mean.mirrored() if ground.facts.sign < 0 else mean
    runs = [best.runs[order] for order in sorted(best.runs)]
    digests = tuple(run.digest for run in runs)
    symptoms = [trial.record.symptoms for trial in ground.study.trials if trial.record.digest in digests]
    counts = dict(Counter(name for of in symptoms for name in of).most_common())
    return Chosen(runs[0].setting, best.labels, best.assignment, mean, len(usable), digests, counts, sum(map(bool, symptoms)))


def _first_of(settings: Mapping[str, Confirmed], a: str, b: str, *, log: bool) -> tuple[str, str] | None:
    """Return the names of two settings, the better one by their common seeds first, or None without common seeds."""
    ours, theirs = paired_costs([(settings[a], settings[b])])
    if not ours.size:
        return None
    return (a, b) if standing(list(ours), log=log) <= standing(list(theirs), log=log) else (b, a)
