"""Holds claims against a study: what its confirmation runs say of each claim, and what it would take to decide it."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from landscape.analysis.answer import AxisAnswer, PairAnswer, StudyAnswer, ToDecide
from landscape.analysis.confirmation_runs import SEARCH
from landscape.analysis.correlation import rank_correlation
from landscape.analysis.frames import SCORE, TrialTable
from landscape.analysis.interval import Interval
from landscape.core.wording import join, significant
from landscape.published.findings import Claim
from landscape.results.studies import Study

Says = Literal["reproduced", "contradicted", "undecided", "holds here", "does not hold here", "undecided here", "not addressed"]
OWN: Mapping[str, Says] = {"yes": "reproduced", "no": "contradicted", "open": "undecided"}
ELSEWHERE: Mapping[str, Says] = {"yes": "holds here", "no": "does not hold here", "open": "undecided here"}


@dataclass(frozen=True)
class Finding:
    """What a study says of a claim."""

    claim: Claim
    says: Says
    reason: str
    """One line that gives the effect, or says why the study does not address the claim."""
    effect: Interval = field(default_factory=lambda: Interval(None))
    """The ratio or difference of the pair that decided, or of the one closest to a decision; for a claim about scores the correlation."""
    trials: tuple[int, int] = (0, 0)
    """The numbers of confirmation runs on both sides of that pair. They are 0 for a correlation, whose models `effect.n` counts."""
    to_decide: ToDecide | None = None


def held_against(claims: Iterable[Claim], study: Study, table: TrialTable, answer: StudyAnswer) -> list[Finding]:
    """Return what a study says of every claim.

    `reproduced`, `contradicted` and `undecided` are said if data and score are those of the claim, and `holds here`, `does not hold
    here` and `undecided here` otherwise. A claim about several pairs holds if all of them hold, and fails if one of them is decided
    against it. The comparisons are those of the answer: they are conditional on the levels of the other axes, and joint over the pairs
    of an axis.
    """
    return [_one(claim, study, table, answer) for claim in claims]


def _one(claim: Claim, study: Study, table: TrialTable, answer: StudyAnswer) -> Finding:
    if claim.needs:
        return Finding(claim, "not addressed", f"needs {claim.needs}")
    words = OWN if _on_its_own_ground(claim, study, answer.score) else ELSEWHERE
    if claim.correlates:
        return _correlation(claim, table, words)
    axis = answer.axis(claim.axis) or next((a for a in answer.axes if _covers(claim, _components(study, a.axis, claim.axis))), None)
    if axis is None:
        return Finding(claim, "not addressed", f"the study compares no levels of {claim.axis}")
    if axis.best is None:
        return Finding(claim, "not addressed", f"{claim.axis} has no confirmation runs")
    if missed := _elsewhere(claim, axis, study):
        return Finding(claim, "not addressed", missed)
    pairs = _pairs(claim, axis, study)
    if not pairs:
        return Finding(claim, "not addressed", f"the study does not compare {join(claim.levels, 'or')} with {join(claim.against, 'or')}")
    judged = [(_judged(claim, pair, ours, answer.is_log), pair) for pair, ours in pairs]
    for verdict in ("no", "open", "yes"):
        if found := next((pair for said, pair in judged if said == verdict), None):
            return _finding(claim, words[verdict], found, axis)
    raise AssertionError("every pair has a verdict")


def _on_its_own_ground(claim: Claim, study: Study, score: str) -> bool:
    """Return whether data set and score are those of the claim. A claim of the user that names neither is about this study."""
    space = study.facts.get("space")
    dataset = str(space.get("dataset", "")) if isinstance(space, Mapping) else ""
    names = {dataset, dataset.partition(":")[0].partition("(")[0].strip(), dataset.replace("-", "_")}
    own_data = not claim.data or bool(names & set(claim.data))
    # A Frechet distance through another network than FID's is another score.
    return own_data and (not claim.score or score.partition("[")[0].startswith(claim.score))


def _components(study: Study, axis: str, field: str = "") -> dict[str, set[str]]:
    """Return, for each label of an axis, the names that a claim about the levels of `field` may use for it.

    On the axis of that field they are the label, and the component if the entry has a single one. On an axis of the study's own
    (`method`) a label represents the component that its entry puts into `field`, if the entry changes nothing else. The label `none`
    represents the absence of a component in any field.
    """
    space = study.facts.get("space")
    entries: Any = space.get("entries", {}).get(axis, []) if isinstance(space, Mapping) else []
    names: dict[str, set[str]] = {}
    for entry in entries if isinstance(entries, list) else []:
        label, used, overrides = str(entry.get("label")), entry.get("use") or [], entry.get("overrides") or {}
        if field and field != axis:
            alone = [_component(overrides[field])] if set(overrides) == {field} else []
            names[label] = {*alone, *(["none"] if label == "none" else [])}
        else:
            alone = [str(used[0]["name"])] if len(used) == 1 and used[0].get("every", 1) == 1 else []
            names[label] = {label, *alone}
    return names


def _component(value: Any) -> str:
    """Return the name of one component given in any short form. It is `none` for an empty list and empty for several components."""
    if isinstance(value, (list, tuple)):
        return "none" if not value else _component(value[0]) if len(value) == 1 else ""
    if isinstance(value, Mapping):
        return str(value.get("name") or next(iter(value), ""))
    return str(value).partition(":")[0]


def _covers(claim: Claim, known: Mapping[str, set[str]]) -> bool:
    """Return whether an axis has a level for each side of the claim."""
    return all(any(names & set(side) for names in known.values()) for side in (claim.levels, claim.against))


def _named(level: str, names: Sequence[str], known: Mapping[str, set[str]]) -> bool:
    return bool(known.get(level, {level}) & set(names))


def _elsewhere(claim: Claim, axis: AxisAnswer, study: Study) -> str:
    """Return why the study's comparisons are not those that the claim is about. The text is empty if they are."""
    for other, wanted in claim.where.items():
        if other == claim.axis:
            continue
        known = _components(study, other)
        partners = {p[other] for p in axis.partners if other in p}
        shared = "" if partners else _shared(study, other)
        if not partners and not shared:
            return f"the study has no axis {other}, and the claim is about {join(wanted, 'or')}"
        if not all(_named(level, wanted, known) for level in partners or {shared}):
            return f"compared beside {other} {shared or join(sorted(partners))}; the claim is about {join(wanted, 'or')}"
    return ""


def _shared(study: Study, field: str) -> str:
    """Return the component that all trials have in a field that is no axis. It is empty if trials differ or have several."""
    space = study.facts.get("space")
    base = space.get("base") if isinstance(space, Mapping) else None
    values = [trial.record.config[field] for trial in study.trials if field in trial.record.config]
    if not values and isinstance(base, Mapping) and field in base:
        values = [base[field]]
    names = {_component(value) for value in values}
    return names.pop() if len(names) == 1 else ""


def _pairs(claim: Claim, axis: AxisAnswer, study: Study) -> list[tuple[PairAnswer, str]]:
    """Return the pairs that the claim is about, each with the level that the claim speaks of."""
    known = _components(study, axis.axis, claim.axis)
    found = []
    for pair in axis.pairs:
        for ours, theirs in itertools.permutations((pair.better, pair.other)):
            if _named(ours, claim.levels, known) and _named(theirs, claim.against, known):
                found.append((pair, ours))
    return found


def _judged(claim: Claim, pair: PairAnswer, ours: str, is_log: bool) -> Literal["yes", "no", "open"]:
    ahead = pair.decided and pair.better == ours
    behind = pair.decided and pair.better != ours
    if claim.expect == "better":
        return "yes" if ahead else "no" if behind else "open"
    low, high = pair.difference.low, pair.difference.high
    if claim.expect == "not_better":
        # `Not better` is shown by being worse, or by an interval that leaves no room for a lead beyond the margin.
        if ahead:
            return "no"
        lead = None if low is None or high is None or not is_log else (1 / low if pair.better == ours else high)
        return "yes" if behind or (lead is not None and lead < claim.margin) else "open"
    if low is None or high is None or not is_log:
        return "no" if pair.by_divergence else "open"
    if 1 / claim.margin <= low and high <= claim.margin:
        return "yes"
    return "no" if high < 1 / claim.margin or low > claim.margin else "open"


def _finding(claim: Claim, says: Says, pair: PairAnswer, axis: AxisAnswer) -> Finding:
    runs = {level.level: level.confirmation.trials for level in axis.levels}
    value = pair.difference
    shown = value.absent or (significant(value.value) if value.value is not None else "")
    shown += f" ({significant(value.low)} to {significant(value.high)})" if value.low is not None and value.high is not None else ""
    beside = "; ".join(", ".join(f"{a} {level}" for a, level in p.items()) for p in axis.partners)
    reason = f"{pair.better} beside {pair.other}: {shown}" + (f", with {beside}" if beside else "")
    return Finding(claim, says, reason, value, (runs.get(pair.better, 0), runs.get(pair.other, 0)), pair.to_decide)


def _correlation(claim: Claim, table: TrialTable, words: Mapping[str, Says]) -> Finding:
    """Judge a claim by Spearman's correlation over the models of the search, with the interval of Bonett and Wright (2000)."""
    search = table.role(SEARCH).frame
    columns = [
        next((str(c) for c in search if str(c).removeprefix(SCORE).partition("[")[0] == name and str(c).startswith(SCORE)), "")
        for name in claim.correlates
    ]
    if not all(columns):
        return Finding(claim, "not addressed", f"the models have no scores {' and '.join(claim.correlates)}")
    both = search[columns].dropna().to_numpy(dtype=np.float64)
    effect = rank_correlation(both[:, 0], both[:, 1])
    if effect.value is None:
        return Finding(claim, words["open"], effect.absent, effect)
    assert effect.low is not None
    assert effect.high is not None
    verdict = "yes" if effect.low >= claim.least else "no" if effect.high < claim.least else "open"
    reason = f"Spearman's correlation {effect.value:.3g} ({effect.low:.3g} to {effect.high:.3g}) over {len(both)} models of the search"
    return Finding(claim, words[verdict], reason, effect)
