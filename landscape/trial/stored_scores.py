"""Finds and writes scores in a trial's folder, and scores the generator there again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from landscape.components.datasets._base import Dataset
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.core.files import read_json, write_json
from landscape.results.record import Scores
from landscape.results.score_names import SCREENING
from landscape.results.trial_files import score_path
from landscape.trial import saved_generator
from landscape.trial.best_checkpoint import of_checkpoint


def has_scores(folder: Path, protocol: Protocol) -> bool:
    """Return whether `folder` has scores under `protocol`. If the protocol does not fix the extractor's weights, any will do."""
    return find_scores(folder, protocol) is not None


def find_scores(folder: Path, protocol: Protocol) -> Scores | None:
    """Return the scores in `folder` under `protocol`, or None. If the protocol does not fix the extractor's weights, any will do."""
    for path in sorted((folder / "scores").glob("[!.]*.json")):
        data = read_json(path)
        if _same(protocol, data.get("protocol") or {}):
            return Scores.from_json(data)
    return None


def _same(protocol: Protocol, given: Mapping[str, Any]) -> bool:
    """Return whether scores with the protocol `given` are scores under `protocol`, apart from notes and weights that are not fixed."""
    try:
        stored = Protocol.parse({name: value for name, value in given.items() if name != "digest"})
    except UserError:
        return False  # It names something that this version does not have.
    free = {"note": ""} | ({"weights_hash": ""} if not protocol.weights_hash else {})
    return stored.model_copy(update=free) == protocol.model_copy(update=free)


def write_scores(folder: Path, scores: Scores) -> None:
    """Write `scores` beside the trial's record, in the file of their protocol."""
    write_json(score_path(folder, scores.protocol), scores.to_json())


def complete_scores(folder: Path, dataset: Dataset, protocol: Protocol, device: torch.device) -> None:
    """Score a completed trial under `protocol` if that was not done. Of a trial that was screened, the selection samples are scored too.

    The trial left only the generator of its last weights, so only these can be scored again.
    """
    from landscape.evaluation.models import selection_protocol

    last = of_checkpoint(protocol, "last")
    wants_selection = protocol.objective and has_named_scores(folder, protocol.name + SCREENING)
    if wants_selection and not has_scores(folder, selection_protocol(protocol)):
        write_scores(folder, selected_again(folder, dataset, protocol, device))
    if not has_scores(folder, last):
        write_scores(folder, rescored(folder, dataset, last, device))


def has_named_scores(folder: Path, protocol: str) -> bool:
    """Return whether `folder` has scores under a protocol of this name."""
    stored = (read_json(path).get("protocol") or {} for path in sorted((folder / "scores").glob("[!.]*.json")))
    return any(found.get("name") == protocol for found in stored)


def selected_again(folder: Path, dataset: Dataset, protocol: Protocol, device: torch.device) -> Scores:
    """Score the generator in `folder` by the objective of `protocol` on the selection samples, as at the end of its training."""
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.models import select_model
    from landscape.evaluation.paired_yardsticks import pairs_for
    from landscape.evaluation.splits import selection

    model = saved_generator.load_trained(folder, device)
    real = selection(dataset, protocol).samples
    sampler = model.sampling(protocol.sampling_batch, real.labels, pairs_for(model.task, real, protocol.seed))
    return select_model(sampler, dataset, protocol, generator=model.generator, options=EvaluationOptions(device=device))


def rescored(folder: Path, dataset: Dataset, protocol: Protocol, device: torch.device) -> Scores:
    """Score the generator that a completed trial left in `folder` under another protocol. `dataset` is the one that it was trained on.

    There is no discriminator any more, so metrics that need one are among the failures.
    """
    from landscape.evaluation import evaluate_model
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.paired_yardsticks import pairs_for
    from landscape.evaluation.splits import reporting

    model = saved_generator.load_trained(folder, device)
    real = reporting(dataset, protocol).samples
    sampler = model.sampling(protocol.sampling_batch, real.labels, pairs_for(model.task, real, protocol.seed))
    return evaluate_model(sampler, dataset, protocol, parts=model.parts, options=EvaluationOptions(device=device))
