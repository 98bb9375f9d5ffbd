"""Says for each pair of a study's scores how alike they rank the models of the search."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from landscape.analysis.confirmation_runs import SEARCH
from landscape.analysis.correlation import kendall_correlation, rank_correlation
from landscape.analysis.frames import SCORE, TrialTable
from landscape.analysis.interval import Interval
from landscape.analysis.paired_scores import costs_by_both
from landscape.analysis.study_views import PARTS
from landscape.results.score_names import ScoreName


@dataclass(frozen=True)
class ScoreAgreement:
    """How alike two scores rank the models that have both."""

    one: str
    two: str
    models: int
    """The number of settings of the search with both scores."""
    spearman: Interval
    """Spearman's correlation of the two as costs: 1 if they order all models alike, whichever of their directions is better."""
    kendall: Interval
    """Kendall's tau-b of the same."""


def ranking_scores(table: TrialTable, objective: str) -> list[str]:
    """Return the scores that rank models, the objective first: those with a better direction that are no term of another score."""
    known = [objective, *(name for name in table.scores if name != objective)]
    return [
        name
        for name in known
        if SCORE + name in table.frame and table.scores[name].direction != "none" and ScoreName.parse(name).measure[0] not in PARTS
    ]


def score_agreements(table: TrialTable, objective: str, *, given_search: bool = False) -> Sequence[ScoreAgreement]:
    """Return the agreement of each pair of scores over the finished settings of the search. The pairs with the objective come first.

    Diverged trials have no scores and are left out, and several seeds of a setting count once, by their median.

    Args:
        table: The trials under one protocol.
        objective: The public name of the score by which the study is compared.
        given_search: Whether the trials were proposed by a searcher that learns.
    """
    search, found = table.role(SEARCH), []
    for one, two in combinations(ranking_scores(table, objective), 2):
        costs = costs_by_both(search, one, two)
        spearman, kendall = (f(*costs).within_search(given_search) for f in (rank_correlation, kendall_correlation))
        found.append(ScoreAgreement(one, two, len(costs[0]), spearman, kendall))
    return found
