"""Holds claims about shares of trials against a study: how many reach a target, stay below a bound, or get worse after their best."""

import math
from collections.abc import Mapping, Sequence
from statistics import median_low

import numpy as np
from scipy.stats.contingency import odds_ratio

from landscape.analysis.answer import StudyAnswer, ToDecide
from landscape.analysis.claim_levels import described, fits
from landscape.analysis.confirmation_runs import SEARCH, effort, role_of
from landscape.analysis.finding import (
    ON_THE_WAY,
    Finding,
    Unit,
    Verdict,
    bracketed,
    by_score,
    is_selection,
    not_addressed,
    of_share,
    words_of,
)
from landscape.analysis.frames import FINISHED, TrialTable
from landscape.analysis.interval import Interval
from landscape.analysis.proportions import share
from landscape.analysis.searching import is_given_search
from landscape.core.wording import plural, significant
from landscape.published.findings import Claim
from landscape.results.last_and_best import last_and_best
from landscape.results.record import Scores
from landscape.results.score_names import same_score
from landscape.results.studies import Study
from landscape.results.trial_files import Trial

MOST_TRIALS = 1000
"""The most trials on each side that are named as what deciding would take."""
CONFIRMED: Unit = "confirmation run"
SEARCHED: Unit = "trial of the search"
"""The checkpoints of a training that are compared."""


def reaching_share(claim: Claim, study: Study, table: TrialTable, score: str) -> Finding:
    """Judge whether more trials of the search on one side reach the target, which is the same as fewer tries until one does.

    On the claim's own data and score the target is that of the claim. Elsewhere it is the lower median of all trials of both sides, a rule
    that names no side, so that the comparison is Mood's median test. The effect is the odds ratio with the exact conditional interval
    (Fisher), whose error at a ratio of 1 is at most 5% with either target. Trials have to be independent draws: those of a searcher that
    learns are not.
    """
    if is_given_search(study):
        return not_addressed(claim, "its trials were not drawn at random, so that their shares do not say how many tries a search takes")
    search = table.role(SEARCH)
    by_digest = {trial.record.digest: trial for trial in study.trials}
    costs = []
    for side in claim.sides:
        members = search.where(search.frame["digest"].map(lambda digest, side=side: fits(by_digest[str(digest)], side)))
        if is_selection(members):
            return not_addressed(claim, ON_THE_WAY)
        if not len(of := members.costs(score)):
            return not_addressed(claim, f"no trial of the search has {described(side)}")
        costs.append(of)
    own = words_of(claim, study, score)["yes"] == "reproduced" and claim.target is not None
    sign = table.scores[score].sign
    target = float(claim.target or 0.0) * sign if own else median_low([float(x) for side in costs for x in side])
    if not math.isfinite(target):
        return not_addressed(claim, "more than half of the trials diverged, so that no median sets a target")
    counts = [(int((of <= target).sum()), len(of)) for of in costs]
    effect = _odds(counts)
    verdict = _sign(effect)
    tries = " and ".join(f"{s} of {n} trials ({described(side)})" for (s, n), side in zip(counts, claim.sides, strict=True))
    rule = "" if own else ", the lower median of both sides"
    reason = f"{tries} reach {significant(target * sign, 4)}{rule}{by_score(claim, score)}; odds ratio {bracketed(effect)}"
    needed = _trials_to_decide(counts, study) if verdict == "open" else None
    says = words_of(claim, study, score)[verdict]
    return Finding(claim, says, reason, effect, tuple(n for _, n in counts), needed, SEARCHED)


def _odds(counts: Sequence[tuple[int, int]]) -> Interval:
    """Return the odds ratio of two counts (reached, tried), with the exact conditional interval."""
    (a, n), (b, m) = counts
    found = odds_ratio(np.array([[a, n - a], [b, m - b]]), kind="conditional")
    low, high = found.confidence_interval(0.95)
    value = float(found.statistic)
    if math.isnan(value):
        return Interval(None, n=n + m, absent="all or none of the trials reach it")
    return Interval(value, float(low), float(high), kind="exact conditional (Fisher)", n=n + m)


def _sign(odds: Interval) -> Verdict:
    if odds.low is None or odds.high is None:
        return "open"
    return "yes" if odds.low > 1 else "no" if odds.high < 1 else "open"


def _trials_to_decide(counts: Sequence[tuple[int, int]], study: Study) -> ToDecide | None:
    """Return how many trials on each side would decide, with the observed shares. None if 1,000 would not be enough."""
    shares, most = [s / n for s, n in counts], max(n for _, n in counts)

    def decided(each: int) -> bool:
        return _sign(_odds([(round(p * each), each) for p in shares])) != "open"

    each = next((n for n in range(most + 1, MOST_TRIALS + 1) if decided(n)), None)
    return None if each is None else _needed(each, sum(each - n for _, n in counts), study)


def _needed(each: int, more: int, study: Study) -> ToDecide:
    spent = effort(study.trials, SEARCH)
    return ToDecide(each, more, more * (spent.seconds / spent.trials if spent.trials else 0.0))


def curve_share(claim: Claim, study: Study) -> Finding:
    """Judge whether a learning curve stays at or below the bound in at least the claimed share of the trials of the search."""
    assert claim.at_most is not None
    chosen = [trial for trial in _searched(study) if fits(trial, claim.where)]
    if not chosen:
        return not_addressed(claim, f"no trial of the search has {described(claim.where)}")
    highest = [max(value for _, value in curve) for trial in chosen if (curve := trial.record.curves.get(claim.curve))]
    if not highest:
        return not_addressed(claim, f"the records have no curve {claim.curve}, which trials have that were trained since it was added")
    held = sum(value <= claim.at_most for value in highest)
    what = f"{claim.curve} stays at or below {claim.at_most:g} in {held} of {plural(len(highest), 'trial')}"
    # A curve is the same quantity under every score, so that the data alone are the ground.
    return _share_finding(claim, study, held, len(highest), f"{what}; the highest are {_quantiles(highest)}", "")


def _quantiles(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(values, (0.0, 0.5, 1.0), method="inverted_cdf")
    return f"{significant(low, 4)} to {significant(high, 4)}, with median {significant(middle, 4)}"


def degraded_share(claim: Claim, study: Study, score: str) -> Finding:
    """Judge whether the last weights of at least the claimed share of trainings are worse than the best ones by the ratio of the claim.

    The best weights are those that the selection samples chose. Both are scored on the samples of the report, so that the best ones are not
    flattered by having been chosen.
    """
    assert claim.last_to_best is not None
    ratios = [ratio for trial in _searched(study) if (ratio := _last_to_best(trial.scores, score)) is not None]
    if not ratios:
        return not_addressed(
            claim,
            "no trial has scores of its best weights beside those of its last, which `selection_points` above 1 in the protocol gives",
        )
    worse = sum(ratio >= claim.last_to_best for ratio in ratios)
    what = (
        f"the last weights of {worse} of {plural(len(ratios), 'training')} score worse than the best ones by {claim.last_to_best:g} times"
    )
    return _share_finding(
        claim, study, worse, len(ratios), f"{what} or more{by_score(claim, score)}; ratios are {_quantiles(ratios)}", score
    )


def seed_share(claim: Claim, study: Study, answer: StudyAnswer) -> Finding:
    """Judge whether the seed's part of the variance within a cell is at most that of the claim (see `landscape.analysis.seed_part`)."""
    assert claim.seed_part is not None
    effect = answer.variance.seed_part
    if effect.low is None or effect.high is None:
        return not_addressed(claim, effect.absent or "the study does not tell the seed's part of the variance from that of hyperparameters")
    verdict: Verdict = "yes" if effect.high <= claim.seed_part else "no" if effect.low > claim.seed_part else "open"
    seeds, unit = ("confirmed settings", CONFIRMED) if answer.variance.of_confirmed else ("the search", SEARCHED)
    reason = f"the seed's part of the variance within a cell is {bracketed(effect)}, by the seeds of {seeds}{by_score(claim, answer.score)}"
    says = words_of(claim, study, answer.score)[verdict]
    return Finding(claim, says, f"{reason}, held against {claim.seed_part:g}", effect, (effect.n,), unit=unit)


def _searched(study: Study) -> list[Trial]:
    return [t for t in study.trials if role_of(t) == SEARCH and t.record.status.value in FINISHED]


def _last_to_best(scores: Mapping[str, Scores], name: str) -> float | None:
    """Return by what ratio the last weights are worse than the best ones. None if one is not scored or has no ratio."""
    for last, best in last_and_best(scores.values()):
        one, two = (next((e for found, e in of.estimates.items() if same_score(found, name)), None) for of in (last, best))
        if one is not None and two is not None and min(one.value, two.value) > 0 and one.direction != "none":
            return two.value / one.value if one.direction == "higher" else one.value / two.value
    return None


def _share_finding(claim: Claim, study: Study, count: int, n: int, what: str, score: str) -> Finding:
    effect = share(count, n).within_search(is_given_search(study))
    verdict = of_share(effect, claim.least)
    words = words_of(claim, study, score) if score else words_of(claim.model_copy(update={"score": ""}), study, "")
    given = ", given this search" if effect.given_search else ""
    reason = f"{what}; share {bracketed(effect)}{given}, held against {claim.least:g}"
    needed = _count_to_decide(count / n, n, claim.least, study) if verdict == "open" else None
    return Finding(claim, words[verdict], reason, effect, (n,), needed, SEARCHED)


def _count_to_decide(observed: float, n: int, least: float, study: Study) -> ToDecide | None:
    """Return how many trials would decide, with the observed share. None if 1,000 would not be enough."""
    each = next((m for m in range(n + 1, MOST_TRIALS + 1) if of_share(share(round(observed * m), m), least) != "open"), None)
    return None if each is None else _needed(each, each - n, study)
