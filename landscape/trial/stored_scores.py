"""Scores in a trial's folder: whether it has them, putting them there, and new ones of the generator that it left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from landscape.components.datasets._base import Dataset
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.core.files import read_json, write_json
from landscape.results.record import Scores
from landscape.results.trial_files import score_path
from landscape.trial import saved_generator


def has_scores(folder: Path, protocol: Protocol) -> bool:
    """Whether `folder` holds scores under `protocol`, with whichever extractor weights it does not fix."""
    return find_scores(folder, protocol) is not None


def find_scores(folder: Path, protocol: Protocol) -> Scores | None:
    """The scores in `folder` under `protocol`, with whichever extractor weights it does not fix; None where there are none."""
    for path in sorted((folder / "scores").glob("[!.]*.json")):
        data = read_json(path)
        if _same(protocol, data.get("protocol") or {}):
            return Scores.from_json(data)
    return None


def _same(protocol: Protocol, given: Mapping[str, Any]) -> bool:
    """Whether scores that carry the protocol `given` are scores under `protocol`; notes and free weights aside."""
    try:
        stored = Protocol.parse({name: value for name, value in given.items() if name != "digest"})
    except UserError:
        return False  # It names what this version does not have.
    free = {"note": ""} | ({"weights_hash": ""} if not protocol.weights_hash else {})
    return stored.model_copy(update=free) == protocol.model_copy(update=free)


def write_scores(folder: Path, scores: Scores) -> None:
    """Put `scores` beside the trial's record, under the protocol that they carry."""
    write_json(score_path(folder, scores.protocol), scores.to_json())


def rescored(folder: Path, dataset: Dataset, protocol: Protocol, device: torch.device) -> Scores:
    """Scores under another protocol of the generator that a completed trial left in `folder`; `dataset` is what it was trained on.

    Its discriminator is gone: metrics that need one are among the failures.
    """
    from landscape.evaluation import evaluate_model
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.splits import reporting

    model = saved_generator.load_trained(folder, device)
    sampler = model.sampling(protocol.sampling_batch, reporting(dataset, protocol).samples.labels)
    return evaluate_model(
        sampler, dataset, protocol, generator=model.generator, latent=model.draw_z, options=EvaluationOptions(device=device)
    )
