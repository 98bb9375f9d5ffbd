"""How much each axis and each searched hyperparameter decides the score, by Optuna's PED-ANOVA and fANOVA over the trials of a search.

PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255; with conditions, arXiv:2601.20800) asks what separates the best trials from all. fANOVA
(Hutter et al. 2014) asks what explains the variance that a random forest sees. Both see the ranks of the costs, so that diverged trials
have the last place and no single score dominates.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from landscape.analysis.confirmation_runs import SEARCH, labels_of, setting_of
from landscape.analysis.frames import SCORE, TrialTable
from landscape.results.studies import Study

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

REPEATS, SUBSET = 10, 0.8
"""The number of random subsets of the trials whose shares show the spread, and the part of the trials that each holds."""
FEWEST_TRIALS = 20
"""With fewer trials the best of them are too few to tell what they have in common."""
BEST_TRIALS, BEST_SHARE = 5, 0.1
"""PED-ANOVA's best trials are this share of all, and at least so many of them."""
TREES = 16
FOREST_TRIALS = 1000
"""fANOVA's forest is grown on at most so many trials, drawn at random. Its time grows faster than their number: 5,000 take minutes."""


@dataclass(frozen=True)
class Share:
    """A share of the importance on all trials, with its spread over random subsets of them."""

    value: float
    low: float
    """The smallest share of a subset. It shows how much the share depends on the trials at hand, and is no confidence bound."""
    high: float
    """The largest share of a subset."""


@dataclass(frozen=True)
class Importance:
    """One axis or one searched hyperparameter."""

    name: str
    is_axis: bool
    trials: int
    """The number of trials that have it."""
    total: int
    """The number of all trials."""
    ped_anova: Share | None
    fanova: Share | None
    """None for a hyperparameter that only some trials have, because a random forest needs all columns, and where it explains nothing."""


def importances(study: Study, table: TrialTable, score: str, *, repeats: int = REPEATS, seed: int = 0) -> tuple[Importance, ...]:
    """Return the importances of all axes and searched hyperparameters that differ between trials, the largest first.

    The shares of one method sum to 1. They are computed on all finished trials of the search, and again on `repeats` random subsets of four
    in five trials, each with its own seed of the forest.

    Args:
        study: The study.
        table: Its trials under the protocol that reports.
        score: The public name of the score.
        repeats: The number of subsets.
        seed: The seed of the subsets and of the forests.

    Returns:
        An empty tuple below 20 trials, if all costs are the same, or if nothing differs.
    """
    costs = _costs(table, score)
    given = {t.record.digest: (labels_of(t), setting_of(t)[1]) for t in study.trials if t.record.digest in costs}
    known = [digest for digest in costs if digest in given]
    values = [{**given[digest][0], **given[digest][1]} for digest in known]
    ranks = rankdata([costs[digest] for digest in known]) if known else np.array([])
    if len(known) < FEWEST_TRIALS or np.ptp(ranks) == 0:
        return ()
    distributions = _distributions(values, study)
    if not distributions:
        return ()
    import optuna

    trials = [_trial(row, rank, distributions) for row, rank in zip(values, ranks, strict=True)]
    counts = {name: sum(name in row for row in values) for name in distributions}
    axes = {axis for labels, _ in given.values() for axis in labels}
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        shares = _shares(trials, counts, repeats, seed)
    finally:
        optuna.logging.set_verbosity(before)
    found = [Importance(name, name in axes, n, len(trials), *(of.get(name) for of in shares)) for name, n in counts.items()]
    return tuple(sorted(found, key=lambda one: -(one.ped_anova.value if one.ped_anova else 0.0)))


def best_share(trials: int) -> float:
    """Return the share of the trials that PED-ANOVA takes as the best ones, at most one half."""
    return min(max(BEST_SHARE, BEST_TRIALS / trials), 0.5)


def _costs(table: TrialTable, score: str) -> dict[str, float]:
    """Digest -> cost of every finished trial of the search: lower is better, +inf where it diverged."""
    frame = table.role(SEARCH).finished().frame
    if SCORE + score not in frame:
        return {}
    raw = frame[SCORE + score].to_numpy(dtype=np.float64) * table.scores[score].sign
    raw = np.where((frame["status"] == "diverged").to_numpy(), np.inf, raw)
    return {str(digest): float(cost) for digest, cost in zip(frame["digest"], raw, strict=True) if not math.isnan(cost)}


def _distributions(values: Sequence[Mapping[str, Any]], study: Study) -> "dict[str, BaseDistribution]":
    """The distribution of everything that differs between trials: numbers have the range that is searched, or that of the trials."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    space = study.facts.get("space")
    searched = space.get("search") if isinstance(space, Mapping) else None
    found: dict[str, BaseDistribution] = {}
    for name in dict.fromkeys(name for row in values for name in row):
        seen = [row[name] for row in values if name in row]
        if len(set(seen)) < 2 or name == "setting":
            continue
        described = searched.get(name) if isinstance(searched, Mapping) else None
        described = described if isinstance(described, Mapping) else {}
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in seen)
        if not numbers or described.get("choices"):
            found[name] = CategoricalDistribution(tuple(sorted(set(seen), key=str)))
            continue
        low, high = ([*seen, described[end]] if isinstance(described.get(end), (int, float)) else seen for end in ("min", "max"))
        log = described.get("scaling") == "log"
        if all(isinstance(value, int) for value in seen):
            found[name] = IntDistribution(int(min(low)), int(max(high)), log=log)
        else:
            found[name] = FloatDistribution(float(min(low)), float(max(high)), log=log)
    return found


def _trial(row: Mapping[str, Any], rank: float, distributions: "Mapping[str, BaseDistribution]") -> "FrozenTrial":
    from optuna.trial import create_trial

    names = [name for name in distributions if name in row]
    params = {name: row[name] for name in names}
    return create_trial(params=params, distributions={name: distributions[name] for name in names}, value=float(rank))


def _shares(
    trials: "Sequence[FrozenTrial]", counts: Mapping[str, int], repeats: int, seed: int
) -> tuple[dict[str, Share], dict[str, Share]]:
    """The shares by PED-ANOVA of all names, and by fANOVA of those that every trial has."""
    everywhere = [name for name, n in counts.items() if n == len(trials)]
    whole = _evaluated(trials, list(counts), everywhere, seed)
    rng = np.random.default_rng(seed)
    again: list[tuple[Mapping[str, float], Mapping[str, float]]] = []
    for repeat in range(repeats):
        drawn = [trials[i] for i in sorted(rng.choice(len(trials), size=round(SUBSET * len(trials)), replace=False))]
        again.append(_evaluated(drawn, list(counts), everywhere, seed + repeat + 1))
    methods = []
    for method, shares in enumerate(whole):
        seen = {name: [float(share), *(float(of[method][name]) for of in again if name in of[method])] for name, share in shares.items()}
        methods.append({name: Share(of[0], min(of), max(of)) for name, of in seen.items()})
    return methods[0], methods[1]


def _evaluated(
    trials: "Sequence[FrozenTrial]", names: Sequence[str], everywhere: Sequence[str], seed: int
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances

    study = _study_of(trials)
    present = [name for name in names if any(name in trial.params for trial in trials)]
    with warnings.catch_warnings():
        # Optuna warns where few trials have a conditional parameter, and where all shares are the same. Both show in the spread.
        warnings.simplefilter("ignore")
        best = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=best_share(len(trials))), params=present)
        explained: Mapping[str, float] = {}
        if everywhere and len({trial.value for trial in trials}) > 1:
            forest = FanovaImportanceEvaluator(n_trees=TREES, seed=seed)
            if len(trials) > FOREST_TRIALS:
                drawn = np.random.default_rng(seed).choice(len(trials), size=FOREST_TRIALS, replace=False)
                study = _study_of([trials[i] for i in sorted(drawn)])
            explained = get_param_importances(study, evaluator=forest, params=list(everywhere))
    return best, explained


def _study_of(trials: "Sequence[FrozenTrial]") -> "optuna.Study":
    import optuna

    study = optuna.create_study(direction="minimize")
    study.add_trials(trials)
    return study
