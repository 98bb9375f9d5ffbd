"""Holds claims about two scores against a study: whether they rank its models the same."""

import math

from scipy.stats import norm

from landscape.analysis.answer import ToDecide
from landscape.analysis.confirmation_runs import SEARCH, effort
from landscape.analysis.correlation import rank_correlation
from landscape.analysis.finding import (
    ELSEWHERE,
    ON_THE_WAY,
    OWN,
    Finding,
    Verdict,
    bracketed,
    is_own_data,
    is_selection,
    not_addressed,
    of_share,
)
from landscape.analysis.frames import TrialTable
from landscape.analysis.interval import Interval
from landscape.analysis.paired_scores import costs_by_both
from landscape.analysis.searching import is_given_search
from landscape.published.findings import Claim
from landscape.results.score_names import ScoreName
from landscape.results.studies import Study

MOST_MODELS = 100_000
"""The most models that are named as what deciding would take."""


def correlation(claim: Claim, study: Study, table: TrialTable) -> Finding:
    """Judge a claim by Spearman's correlation over the models of the search, with the interval of Bonett and Wright (2000).

    The two scores are read through the same extractor. If the models do not have the scores of the claim but the same distances through
    other extractors, such as FD and KID through a classifier in place of FID and KID, the verdict is that of another score. Several
    extractors are several pairs, which all have to hold. Trials that were left out on the way would narrow the range of both scores, and
    with it lower the correlation, so that such a search does not address the claim.
    """
    search = table.role(SEARCH)
    own, pairs = _pairs(claim, [name for name in table.scores if f"score:{name}" in search.frame])
    if not pairs:
        return not_addressed(claim, f"the models have no scores {' and '.join(claim.correlates)} through one extractor")
    if is_selection(search):
        return not_addressed(claim, ON_THE_WAY)
    words = OWN if own and is_own_data(claim, study) else ELSEWHERE
    found = []
    for one, two in pairs:
        effect = rank_correlation(*costs_by_both(search, one, two)).within_search(is_given_search(study))
        given = ", given this search" if effect.given_search else ""
        shown = effect.absent or f"{bracketed(effect)} over {effect.n} models of the search{given}"
        reason = f"Spearman's correlation of {one} and {two}: {shown}"
        verdict = of_share(effect, claim.least)
        to_decide = _models_to_decide(effect, claim.least, study) if verdict == "open" else None
        found.append((verdict, Finding(claim, words[verdict], reason, effect, (effect.n,), to_decide, "model")))
    order: list[Verdict] = ["no", "open", "yes"]
    return min(found, key=lambda item: order.index(item[0]))[1]


def _pairs(claim: Claim, names: list[str]) -> tuple[bool, list[tuple[str, str]]]:
    """Return whether the models have the claim's own scores, and the pairs of scores through one extractor that it is held against."""
    wanted = [ScoreName.parse(name) for name in claim.correlates]
    known = {name: ScoreName.parse(name) for name in names}
    for own in (True, False):
        sides = [
            [name for name, of in known.items() if (of.is_measure_of(want) if own else of.measure[0] == want.measure[0])] for want in wanted
        ]
        pairs = [(one, two) for one in sides[0] for two in sides[1] if one != two]
        # A claim that names two extractors itself is about these two.
        named = own and all(want.measure[1] for want in wanted)
        pairs = [pair for pair in pairs if named or len({known[name].measure[1] for name in pair} - {""}) < 2]
        if pairs:
            return own, pairs
    return False, []


def _models_to_decide(effect: Interval, least: float, study: Study) -> ToDecide | None:
    """Return how many models would decide the claim if the correlation is the observed one. None if 100,000 would not be enough."""
    if effect.value is None or not effect.has_interval or not -1 < least < 1:
        return None
    apart = abs(math.atanh(effect.value) - math.atanh(least))
    z = float(norm.ppf((1 + effect.level) / 2))
    # The ends of the interval are z * sqrt((1 + rho^2 / 2) / (n - 3)) away from the correlation, on the scale of atanh.
    needed = math.inf if apart == 0 else 3 + (1 + effect.value**2 / 2) * (z / apart) ** 2
    if needed > MOST_MODELS:
        return None
    models = max(math.ceil(needed), effect.n + 1)
    spent = effort(study.trials, SEARCH)
    return ToDecide(models, models - effect.n, (models - effect.n) * (spent.seconds / spent.trials if spent.trials else 0.0))
