"""Runs the trials of a sweep so that each writes a training log."""

from dataclasses import dataclass
from typing import Any

from landscape.results.record import TrialRecord


@dataclass(frozen=True)
class LoggedRuns:
    """A substitute for `prepare_and_run` in a sweep, with which every trial writes a log into its own folder."""

    logger: str
    """The kind of log, which is `tensorboard`."""

    def __call__(self, *arguments: Any, **settings: Any) -> TrialRecord:
        from landscape.trial.run_trial import prepare_and_run

        return prepare_and_run(*arguments, logger=self.logger, **settings)
