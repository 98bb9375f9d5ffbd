"""The options of a sweep, and what it returns."""

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
    """What a sweep leaves behind."""

    folder: Path
    trials: int
    """The number of trials of the study that have ended, in this run or before."""
    interrupted: bool = False


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep runs. Of these options only `deterministic` affects its trials, because it decides when proposals are made."""

    results_dir: Path | str
    """The folder of the results, or an address such as s3://bucket/results."""
    data_dir: Path | str | None = None
    """The folder of the data, which on a cluster every machine must see, or an address whose content is copied once to each machine."""
    jobs: int | None = None
    """The number of trials at a time. None means one for each core, or as many as the GPUs allow."""
    gpus_per_trial: float | None = None
    """The share of a GPU that a trial gets. None means one GPU for each trial if there are GPUs, and 0 means the CPU."""
    ray_address: str | None = None
    """The address of an existing Ray cluster. None means that Ray is started on this machine."""
    deterministic: bool = False
    """Whether proposals are made in rounds, from completed rounds only. The same seed then gives the same trials in any order of their
    ends.
    """
    confirmation: bool = True
    """Whether the settings that represent levels are trained on fresh seeds after the search, as the study says."""
    plugins: tuple[Path, ...] = ()
    run_trial: Callable[..., TrialRecord] | None = None
    """A function to use instead of `landscape.trial.run_trial.prepare_and_run`."""
    at_end: Callable[[SweepResult], None] | None = None
    """A function that is called once, when all trials have ended or the sweep was interrupted, while Ray still runs.

    What it writes, such as the report, therefore does not depend on how Ray ends.
    """
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    """The stream on which progress is shown."""

    @cached_property
    def results_here(self) -> Path:
        """The results folder or its local mirror."""
        return (
            remote.mirror(self.results_dir)
            if isinstance(self.results_dir, str) and remote.is_url(self.results_dir)
            else Path(self.results_dir)
        )

    @cached_property
    def data_here(self) -> Path | None:
        """The data folder or its local copy."""
        return None if self.data_dir is None else remote.staged(str(self.data_dir))

    @cached_property
    def resources(self) -> Resources:
        """How trials share the machine."""
        return plan_resources(self.jobs, self.gpus_per_trial, self.ray_address)

    def say(self, text: str) -> None:
        """Write a line for the user."""
        print(text, file=self.stream, flush=True)
