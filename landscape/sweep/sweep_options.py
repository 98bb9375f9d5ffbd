"""How a sweep runs, and what it returns."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TextIO

from landscape.results import remote
from landscape.results.record import TrialRecord
from landscape.sweep.pool.resources import Resources, plan_resources


@dataclass(frozen=True)
class SweepResult:
    """What a sweep left behind."""

    folder: Path
    trials: int
    """Trials of the study that have ended, in this run or before."""
    interrupted: bool = False


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep runs; none of it decides what its trials are (but `deterministic`, which decides when proposals are made)."""

    results_dir: Path | str
    """A folder, or an address such as s3://bucket/results."""
    data_dir: Path | str | None = None
    """A folder (on a cluster: one that every machine sees), or an address, copied once to each machine."""
    jobs: int | None = None
    """Trials at a time; None: one a core, or as the GPUs allow."""
    gpus_per_trial: float | None = None
    """A fraction lets trials share a GPU; None: one GPU a trial where there are GPUs; 0: trials run on the CPU."""
    ray_address: str | None = None
    """An existing Ray cluster; None: Ray is started here."""
    deterministic: bool = False
    """Propose in rounds, from completed rounds only: the same seed gives the same trials, whatever ends first."""
    confirmation: bool = True
    """Whether the settings that stand for levels are trained on fresh seeds after the search, as the study says."""
    plugins: tuple[Path, ...] = ()
    run_trial: Callable[..., TrialRecord] | None = None
    """In the place of `landscape.trial.run_trial.prepare_and_run`."""
    at_end: Callable[[SweepResult], None] | None = None
    """Called once, when all trials have ended or the sweep was interrupted, while Ray still runs. What it writes, such as the report, does
    not depend on how Ray ends."""
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    """Where progress is shown."""

    @cached_property
    def results_here(self) -> Path:
        """The results folder, or its local mirror."""
        return (
            remote.mirror(self.results_dir)
            if isinstance(self.results_dir, str) and remote.is_url(self.results_dir)
            else Path(self.results_dir)
        )

    @cached_property
    def data_here(self) -> Path | None:
        """The data folder, or its local copy."""
        return None if self.data_dir is None else remote.staged(str(self.data_dir))

    @cached_property
    def resources(self) -> Resources:
        """How trials share the machine."""
        return plan_resources(self.jobs, self.gpus_per_trial, self.ray_address)

    def say(self, text: str) -> None:
        """A line for the user."""
        print(text, file=self.stream, flush=True)
