"""How a sweep runs."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TextIO

from landscape.record import TrialRecord
from landscape.sweep.resources import Resources, plan_resources


@dataclass(frozen=True)
class Options:
    """How a sweep runs; none of it decides what its trials are (but `deterministic`, which decides when proposals are made)."""

    results_dir: Path
    data_dir: Path | None = None
    jobs: int | None = None
    """Trials at a time; None: one a core, or as the GPUs allow."""
    gpus_per_trial: float | None = None
    """A fraction lets trials share a GPU; None: one GPU a trial where there are GPUs."""
    ray_address: str | None = None
    """An existing Ray cluster; None: Ray is started here."""
    deterministic: bool = False
    """Propose in rounds, from completed rounds only: the same seed gives the same trials, whatever ends first."""
    plugins: tuple[Path, ...] = ()
    run_trial: Callable[..., TrialRecord] | None = None
    """In the place of `landscape.trial.run_trial`."""
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    """Where progress is shown."""

    @cached_property
    def resources(self) -> Resources:
        """How trials share the machine."""
        return plan_resources(self.jobs, self.gpus_per_trial, self.ray_address)

    def say(self, text: str) -> None:
        """A line for the user."""
        print(text, file=self.stream, flush=True)
