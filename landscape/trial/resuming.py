"""Saves the state of a trial between stretches, and restores it when an interrupted trial is run again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from landscape.core.errors import UserError
from landscape.results.record import Rung, rung_from_json, rung_to_json
from landscape.training.gan import GAN
from landscape.trial import checkpoint_file
from landscape.trial.best_checkpoint import Selected


@dataclass
class TrialState:
    """What a trial has done so far, apart from the state of its model."""

    started_at: str
    """The time in ISO 8601, UTC."""
    training_seconds: float = 0.0
    """The seconds of training over all interruptions, including those of selecting weights."""
    selecting_seconds: float = 0.0
    """The seconds of selecting weights."""
    interruptions: int = 0
    """The number of times that the trial was interrupted."""
    frames: list[Tensor] = field(default_factory=list)
    """Samples of the fixed latent draws, from each milestone so far."""
    selected: Selected = field(default_factory=Selected)
    rungs: list[Rung] = field(default_factory=list)
    """What was reached and decided at each rung so far."""


def save(path: Path, gan: GAN, state: TrialState, device: torch.device) -> None:
    """Write everything that the rest of the trial depends on to `path`, whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    random_tensors, random_data = checkpoint_file.random_states(device)
    tensors = {f"module.{k}": v for k, v in gan.state_dict().items()} | random_tensors
    for name, stepper in (("d", gan.rounds.d_stepper), ("g", gan.rounds.g_stepper)):
        if stepper is not None:
            tensors |= checkpoint_file.flatten_optimizer(f"optimizer.{name}", stepper.optimizer)
    tensors |= {f"best.{k}": v for k, v in (state.selected.state or {}).items()}
    tensors |= {f"frame.{i}": frame for i, frame in enumerate(state.frames)}
    if gan.rounds.state.last_z is not None:
        tensors["last_z"] = gan.rounds.state.last_z
    data = {
        "digest": gan.config.digest(),
        "gan": gan.extra_state(),
        "random": random_data,
        "training_seconds": state.training_seconds,
        "selecting_seconds": state.selecting_seconds,
        "selection": {
            "points": state.selected.points,
            "distances": state.selected.distances,
            "value": state.selected.value if state.selected.state else None,
        },
        "rungs": [rung_to_json(rung) for rung in state.rungs],
        "started_at": state.started_at,
        "interruptions": state.interruptions,
    }
    checkpoint_file.write(path, tensors, data, "resume")


def restore(path: Path, gan: GAN, device: torch.device) -> TrialState:
    """Restore `gan` and the random generators from what `save` wrote, and return the state with one more interruption.

    Raises:
        UserError: The file is damaged, belongs to another trial or does not fit `gan`, which must then be built anew.
    """
    tensors, data = checkpoint_file.read(path, "resume")
    try:
        if data["digest"] != gan.config.digest():
            raise UserError(f"{path} belongs to trial {data['digest']}")
        return _restored(tensors, data, gan, device)
    except (KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        raise UserError(f"{path} does not fit this trial ({type(error).__name__})") from error


def _restored(tensors: Mapping[str, Tensor], data: Mapping[str, Any], gan: GAN, device: torch.device) -> TrialState:
    gan.load_state_dict({k.removeprefix("module."): v for k, v in tensors.items() if k.startswith("module.")})
    gan.load_extra_state(data["gan"])
    for name, stepper in (("d", gan.rounds.d_stepper), ("g", gan.rounds.g_stepper)):
        if stepper is not None:
            checkpoint_file.unflatten_optimizer(f"optimizer.{name}", stepper.optimizer, tensors)
            stepper.steps = gan.counts.d_steps if name == "d" and gan.game.has_discriminator else gan.counts.g_steps
    gan.rounds.state.last_z = tensors["last_z"].to(device) if "last_z" in tensors else None
    best = {k.removeprefix("best."): v for k, v in tensors.items() if k.startswith("best.")}
    points, value = [(x, y) for x, y in data["selection"]["points"]], data["selection"]["value"]
    distances = [(x, y) for x, y in data["selection"].get("distances", ())]
    checkpoint_file.set_random_states(tensors, data["random"], device)
    return TrialState(
        started_at=data["started_at"],
        training_seconds=data["training_seconds"],
        selecting_seconds=data.get("selecting_seconds", 0.0),
        interruptions=data["interruptions"] + 1,
        frames=[tensors[f"frame.{i}"] for i in range(sum(k.startswith("frame.") for k in tensors))],
        selected=Selected(points, best, value, distances) if best else Selected(),
        rungs=[rung_from_json(rung) for rung in data.get("rungs", ())],
    )
