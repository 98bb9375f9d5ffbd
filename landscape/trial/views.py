"""Scores all models of a study through several extractors (views), and keeps the scores beside the trials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from landscape.analysis.rankings import Views
from landscape.components.datasets._base import Dataset
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.evaluation.models import gives
from landscape.results.record import GENERATOR_FILE, Estimate, Scores, Status
from landscape.results.studies import Study
from landscape.results.trial_files import Trial
from landscape.trial.stored_scores import find_scores, rescored, write_scores

Watch = Callable[[str, int, int], None]
"""A function that is told what is done, how many are done, and how many there are."""


@dataclass(frozen=True)
class SeenStudy:
    """The models of a study and their scores through several views."""

    models: dict[str, Trial]
    """The completed trials whose generator is still there, by digest."""
    views: Views
    """For each view the scores that rank, by digest."""
    left_out: dict[str, str]
    """The reasons why trials are not among the models, by digest."""


def see(study: Study, dataset: Dataset, protocols: Sequence[Protocol], device: torch.device, watch: Watch | None = None) -> SeenStudy:
    """Score every completed model of `study` under each protocol. Scores that a trial has already are read, and new ones are kept.

    Args:
        study: The study.
        dataset: The data set on which its trials were trained.
        protocols: One protocol for each view, with different extractors. The first score of the first metric ranks.
        device: The device on which samples are drawn and scored.
        watch: A function that is told of the progress.

    Raises:
        UserError: There are fewer than two models, two extractors are the same, or a model cannot be scored through a view.
    """
    models, left_out = dict[str, Trial](), dict[str, str]()
    for trial in study.trials:
        digest = trial.record.digest
        if trial.record.status is not Status.COMPLETED:
            left_out[digest] = f"it {trial.record.status.value}"
        elif not (trial.folder / GENERATOR_FILE).is_file():
            left_out[digest] = "its generator was removed"
        else:
            models[digest] = trial
    if len(models) < 2:
        raise UserError(f"study {study.name!r} has {len(models)} completed trials with a generator: two or more can be ranked")
    views: dict[str, dict[str, Estimate]] = {}
    total = len(models) * len(protocols)
    for number, (digest, trial) in enumerate(models.items()):
        for position, protocol in enumerate(protocols):
            name, estimate = ranking(_scored(trial.folder, dataset, protocol, device), protocol, digest)
            if digest in views.setdefault(name, {}):
                raise UserError(f"two of the extractors give the same score {name}: name each view once")
            views[name][digest] = estimate
            if watch is not None:
                watch("models through views", number * len(protocols) + position + 1, total)
    return SeenStudy(models, views, left_out)


def _scored(folder: Path, dataset: Dataset, protocol: Protocol, device: torch.device) -> Scores:
    kept = find_scores(folder, protocol)
    if kept is not None:
        return kept
    scores = rescored(folder, dataset, protocol, device)
    write_scores(folder, scores)
    return scores


def ranking(scores: Scores, protocol: Protocol, digest: str) -> tuple[str, Estimate]:
    """Return the name and the value of the first score of the protocol's first metric that is better high or low.

    Raises:
        UserError: That metric failed, or none of its scores is better high or low. No other metric ranks in its place, because then two
            models would be ranked by different scores.
    """
    first = protocol.metrics[0]
    for name, estimate in scores.estimates.items():
        if estimate.direction != "none" and gives(first.name, name):
            return name, estimate
    reason = scores.failures.get(first.label(), f"{first.name} gives no score that is better high or low")
    raise UserError(f"trial {digest}: protocol {protocol.name!r} ranks no models: {reason}")
