"""How a trial runs, apart from its configuration and its protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from landscape.trial.rungs import Rungs


@dataclass(frozen=True)
class Settings:
    """How a trial runs. Nothing here changes its result, except for rounding by the device and the number of threads, and for `rungs`."""

    folder: Path
    device: str = "auto"
    threads: int | None = None
    study: Mapping[str, Any] = field(default_factory=dict)
    report: Callable[[dict[str, Any]], None] | None = None
    """A function that is called after each stretch with `progress`, `counts`, `seconds` and the latest losses."""
    logger: str = "none"
    """With `tensorboard`, curves, scores and pictures are also written as event files into the trial's folder."""
    should_stop: Callable[[], bool] | None = None
    checkpoint_seconds: float = 60.0
    """The time between checkpoints. With 0, one is written after every stretch."""
    pictures: bool = True
    execution: Literal["auto", "eager", "compiled"] = "auto"
    """How updates run (see `landscape.training.compilation`). Compiled and eager updates differ by rounding."""
    rungs: Rungs | None = None
    """Where the trial is scored on the way, and who decides there whether it goes on. None for a trial that is not stopped early."""
    raise_out_of_memory: bool = False
    """As in `EvaluationOptions`: whether a metric that runs out of memory ends the evaluation with an error, or alone counts as failed."""
