"""Finds the scores that the models of a study have through several extractors (views), in the files of scores beside the trials."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscape.analysis.frames import protocols
from landscape.analysis.rankings import Views
from landscape.results.record import Estimate, Status
from landscape.results.score_names import CHANGED, SCREENING, SELECTION, ScoreName
from landscape.results.trial_files import Trial

FEWEST = 3
"""The fewest models that are ranked through several views."""

FREE = {"name", "digest", "note", "metrics", "extractor", "weights_hash", "objective", "second_objective"}
"""Fields of a protocol that may differ between two views. Metrics that both have must be the same."""

PARTS = {"FD_mean", "FD_covariance"}
"""Terms of another score, which rank no models of their own."""

USUAL = ("KID", "MIND", "FD")
"""The order in which metrics are shown, those of the objective first and all others last."""

Key = tuple[str, str]
"""The public name of a score, and the weights behind it."""


@dataclass(frozen=True)
class StudyViews:
    """The models of a study that one metric scored through several views, under one protocol apart from the extractor."""

    metric: str
    """The name of the metric without its extractor, such as `KID`."""
    protocol: str
    """The name of the protocol."""
    views: Views
    """For each view, by the public name of its score, the scores of the same models by digest of their trial."""
    weights: Mapping[str, str]
    """The digest of the extractor's weights for each view. It is empty for an extractor without weights."""
    left_out: Mapping[str, int]
    """Further views, which scored fewer models, with the number of these models."""
    scored: int
    """The number of models that any view scored."""

    @property
    def models(self) -> tuple[str, ...]:
        """The digests of the models that every view scored, in the order of the trials."""
        return tuple(next(iter(self.views.values())))


def study_views(trials: Sequence[Trial], objective: str = "") -> list[StudyViews]:
    """Return what several views say of the completed trials, with one entry for each metric that has at least two views.

    Scores under protocols that differ in more than the extractor are not brought together, nor are those of the selection samples. Of the
    views of a metric, those are taken that compare most: the number of models that all of them scored, times the number of views but one.

    Args:
        trials: The trials of a study.
        objective: The public name of the study's objective. Its metric comes first, and so does the view through its extractor.
    """
    own, extractor = ScoreName.parse(objective).measure
    completed = [trial for trial in trials if trial.record.status is Status.COMPLETED]
    found: dict[str, StudyViews] = {}
    for name, family in _families(completed):
        for metric, seen in _by_metric(completed, family).items():
            chosen = _chosen(metric, name, dict(sorted(seen.items(), key=lambda pair: ScoreName.parse(pair[0][0]).measure[1] != extractor)))
            if chosen is not None and (metric not in found or _compared(chosen) > _compared(found[metric])):
                found[metric] = chosen
    first = (own, *USUAL)
    return sorted(found.values(), key=lambda one: (first.index(one.metric) if one.metric in first else len(first), one.metric))


def _families(trials: Sequence[Trial]) -> list[tuple[str, list[str]]]:
    """Return the digests of protocols that differ in their views alone, with their common name, the most used protocols first."""
    found: list[tuple[tuple[str, str], dict[str, str], list[str]]] = []
    for digest, protocol in protocols(trials).items():
        name = str(protocol.get("name", "")).removesuffix(CHANGED)
        if name.endswith((SELECTION, SCREENING)):
            continue
        key, metrics = (name, _text({k: v for k, v in protocol.items() if k not in FREE})), _metrics(protocol)
        for other, known, digests in found:
            if other == key and all(known.get(metric, text) == text for metric, text in metrics.items()):
                known.update(metrics)
                digests.append(digest)
                break
        else:
            found.append((key, metrics, [digest]))
    return [(name, digests) for (name, _), _, digests in found]


def _metrics(protocol: Mapping[str, Any]) -> dict[str, str]:
    """Return the hyperparameters of each metric of a protocol as text."""
    listed = protocol.get("metrics")
    found: dict[str, str] = {}
    for metric in listed if isinstance(listed, (list, tuple)) else ():
        if isinstance(metric, Mapping):
            name = str(metric.get("name"))
            found[name] = found.get(name, "") + _text(metric.get("hyperparameters") or {})
    return found


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, default=str)


def _by_metric(trials: Sequence[Trial], family: Sequence[str]) -> dict[str, dict[Key, dict[str, Estimate]]]:
    """Return the scores of each metric and view, by digest of the trial. If two protocols give a score, that of the first one is taken."""
    found: dict[str, dict[Key, dict[str, Estimate]]] = {}
    for digest in family:
        for trial in trials:
            scores = trial.scores.get(digest)
            if scores is None:
                continue
            weights = str(scores.protocol.get("weights_hash") or "")
            for name, estimate in scores.estimates.items():
                metric, extractor = ScoreName.parse(name).measure
                if extractor and metric not in PARTS and estimate.direction != "none":
                    found.setdefault(metric, {}).setdefault((name, weights), {}).setdefault(trial.record.digest, estimate)
    return found


def _chosen(metric: str, protocol: str, seen: Mapping[Key, Mapping[str, Estimate]]) -> StudyViews | None:
    """Return the views that compare most, or None if no two views scored enough of the same models."""
    ordered = sorted(seen, key=lambda key: -len(seen[key]))
    sizes = {count: len(_common(seen, ordered[:count])) for count in range(2, len(ordered) + 1)}
    count = max(sizes, key=lambda n: (n - 1) * sizes[n], default=0)
    if not count or sizes[count] < FEWEST:
        return None
    taken = [key for key in seen if key in ordered[:count]]
    common = _common(seen, taken)
    models = [digest for digest in seen[taken[0]] if digest in common]
    names = _names(list(seen))
    return StudyViews(
        metric,
        protocol,
        {names[key]: {digest: seen[key][digest] for digest in models} for key in taken},
        {names[key]: key[1] for key in taken},
        {names[key]: len(seen[key]) for key in ordered[count:]},
        len(set().union(*seen.values())),
    )


def _common(seen: Mapping[Key, Mapping[str, Estimate]], keys: Sequence[Key]) -> set[str]:
    return set.intersection(*(set(seen[key]) for key in keys))


def _names(keys: Sequence[Key]) -> dict[Key, str]:
    """Return the name of each view. Where other weights are behind the same name, it says which."""
    names = [name for name, _ in keys]
    short = 8 if len({(name, weights[:8]) for name, weights in keys}) == len(keys) else None
    return {
        (name, weights): name if names.count(name) == 1 else f"{name}, weights {weights[:short] or 'unknown'}" for name, weights in keys
    }


def _compared(views: StudyViews) -> int:
    return len(views.models) * (len(views.views) - 1)
