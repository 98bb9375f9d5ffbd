"""Holds claims against a study: what its records say of each claim, and what it would take to decide it."""

import itertools
from collections.abc import Iterable

from landscape.analysis.answer import AxisAnswer, PairAnswer, StudyAnswer
from landscape.analysis.answering import answer_of
from landscape.analysis.claim_levels import covers, is_named, names_of_levels, set_by_levels, shared_component
from landscape.analysis.claims_of_scores import correlation
from landscape.analysis.claims_of_shares import curve_share, degraded_share, reaching_share, seed_share
from landscape.analysis.finding import Finding, Says, Verdict, bracketed, by_score, is_own_score, not_addressed, words_of
from landscape.analysis.frames import TrialTable
from landscape.core.wording import join
from landscape.published.findings import Claim
from landscape.results.studies import Study


def held_against(claims: Iterable[Claim], study: Study, table: TrialTable, answer: StudyAnswer) -> list[Finding]:
    """Return what a study says of every claim.

    `reproduced`, `contradicted` and `undecided` are said if data and score are those of the claim, and `holds here`, `does not hold
    here` and `undecided here` otherwise. A claim is judged by its own score if the trials have it, and otherwise by the score of `answer`.
    A claim about several pairs holds if all of them hold, and fails if one of them is decided against it. The comparisons of levels are
    those of the answer: they are conditional on the levels of the other axes, and joint over the pairs of an axis.
    """
    answers = {answer.score: answer}
    found = []
    for claim in claims:
        score = _score_for(claim, table, answer.score)
        if score not in answers and (claim.axis or claim.seed_part is not None):
            answers[score] = answer_of(study, table, score)
        found.append(_one(claim, study, table, answers.get(score, answer), score))
    return found


def _score_for(claim: Claim, table: TrialTable, objective: str) -> str:
    """Return the score by which a claim is judged."""
    known = [objective, *(name for name, facts in table.scores.items() if facts.direction != "none")]
    return next((name for name in known if is_own_score(claim, name)), objective)


def _one(claim: Claim, study: Study, table: TrialTable, answer: StudyAnswer, score: str) -> Finding:
    if claim.needs:
        return not_addressed(claim, f"needs {claim.needs}")
    if claim.correlates:
        return correlation(claim, study, table)
    if claim.sides:
        return reaching_share(claim, study, table, score)
    if claim.curve:
        return curve_share(claim, study)
    if claim.seed_part is not None:
        return seed_share(claim, study, answer)
    if claim.last_to_best is not None:
        return degraded_share(claim, study, score)
    return _pairs_of_levels(claim, study, answer)


def _pairs_of_levels(claim: Claim, study: Study, answer: StudyAnswer) -> Finding:
    """Judge a claim by the pairs of levels that the confirmation runs compare."""
    words = words_of(claim, study, answer.score)
    compared = answer.axis(claim.axis) or next(
        (a for a in answer.axes if covers(claim, names_of_levels(study, a.axis, claim.axis, claim.where))), None
    )
    if compared is None:
        return not_addressed(claim, f"the study compares no levels of {claim.axis}")
    if compared.best is None:
        return not_addressed(claim, f"{claim.axis} has no confirmation runs")
    pairs = _pairs(claim, compared, study)
    if missed := _elsewhere(claim, compared, study, pairs):
        return not_addressed(claim, missed)
    if not pairs:
        return not_addressed(claim, f"the study does not compare {join(claim.levels, 'or')} with {join(claim.against, 'or')}")
    judged = [(_judged(claim, pair, ours, answer.is_log), pair) for pair, ours in pairs]
    for verdict in ("no", "open", "yes"):
        if found := next((pair for said, pair in judged if said == verdict), None):
            return _finding(claim, words[verdict], found, compared, answer.score)
    raise AssertionError("every pair has a verdict")


def _elsewhere(claim: Claim, axis: AxisAnswer, study: Study, pairs: list[tuple[PairAnswer, str]]) -> str:
    """Return why the study's comparisons are not those that the claim is about. The text is empty if they are."""
    levels = {level for pair, _ in pairs for level in (pair.better, pair.other)}
    for other, wanted in claim.where.items():
        own = set_by_levels(study, axis.axis, other, levels)
        if other == claim.axis or (own and own <= set(wanted)):
            continue
        known = names_of_levels(study, other)
        partners = {p[other] for p in axis.partners if other in p}
        shared = "" if partners else shared_component(study, other)
        if not partners and not shared:
            return f"the study has no axis {other}, and the claim is about {join(wanted, 'or')}"
        if not all(is_named(level, wanted, known) for level in partners or {shared}):
            return f"compared beside {other} {shared or join(sorted(partners))}; the claim is about {join(wanted, 'or')}"
    return ""


def _pairs(claim: Claim, axis: AxisAnswer, study: Study) -> list[tuple[PairAnswer, str]]:
    """Return the pairs that the claim is about, each with the level that the claim speaks of."""
    known = names_of_levels(study, axis.axis, claim.axis, claim.where)
    found = []
    for pair in axis.pairs:
        for ours, theirs in itertools.permutations((pair.better, pair.other)):
            if is_named(ours, claim.levels, known) and is_named(theirs, claim.against, known):
                found.append((pair, ours))
    return found


def _judged(claim: Claim, pair: PairAnswer, ours: str, is_log: bool) -> Verdict:
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


def _finding(claim: Claim, says: Says, pair: PairAnswer, axis: AxisAnswer, score: str) -> Finding:
    runs = {level.level: level.confirmation.trials for level in axis.levels}
    value = pair.difference
    beside = "; ".join(", ".join(f"{a} {level}" for a, level in p.items()) for p in axis.partners)
    reason = f"{pair.better} beside {pair.other}: {value.absent or bracketed(value)}{by_score(claim, score)}"
    reason += f", with {beside}" if beside else ""
    return Finding(claim, says, reason, value, (runs.get(pair.better, 0), runs.get(pair.other, 0)), pair.to_decide)
