"""Trials of a sweep that keep a training log each."""

from dataclasses import dataclass
from typing import Any

from landscape.results.record import TrialRecord


@dataclass(frozen=True)
class LoggedRuns:
    """In the place of `prepare_and_run` in a sweep: every trial writes its log into its own folder."""

    logger: str
    """`tensorboard`."""

    def __call__(self, *arguments: Any, **settings: Any) -> TrialRecord:
        from landscape.trial.run_trial import prepare_and_run

        return prepare_and_run(*arguments, logger=self.logger, **settings)
