"""Makes the searcher that a study names."""

from landscape.space.settings import SearcherChoice
from landscape.sweep.search.searcher import GridSearcher, MatchedSearcher, RandomSearcher, Searcher, SobolSearcher


def make_searcher(choice: SearcherChoice, seed: int) -> Searcher:
    """Return a searcher for one cell, or for all cells if its scope is `across`."""
    if choice.name == "random":
        return MatchedSearcher(seed) if choice.matched else RandomSearcher(seed)
    if choice.name == "qmc":
        return SobolSearcher(seed)
    if choice.name == "grid":
        return GridSearcher(seed, shuffled=choice.shuffled)
    if choice.name == "gp-ucb":
        from landscape.sweep.search.gp_ucb import GpUcbSearcher

        return GpUcbSearcher(seed, choice.startup)
    from landscape.sweep.search.optuna_searchers import FrontSearcher, GpSearcher, TpeSearcher

    constrained = choice.divergence == "constraint"
    if choice.name == "optuna-gp":
        return GpSearcher(seed, choice.startup, constrained=constrained)
    if choice.name == "optuna-gp-front":
        return FrontSearcher(seed, choice.startup, constrained=constrained)
    return TpeSearcher(seed, choice.startup, conditional=choice.scope == "across", constrained=constrained)
