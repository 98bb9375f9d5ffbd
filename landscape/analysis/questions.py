"""Tells whether trials are of one task, because raw scores of two tasks do not compare."""

from collections.abc import Iterable, Mapping
from typing import Any

from landscape.core.errors import UserError
from landscape.results.trial_files import Trial

PLAIN = "without an image, text or speech as condition"
"""What stands for all tasks that are scored as sets of samples, with or without classes."""


def questions_of(trials: Iterable[Trial]) -> list[str]:
    """Return the tasks of trials that do not compare with one another, in the order of the trials: one if all compare.

    A task that is no longer known, such as one of a plugin, compares with none but itself.
    """
    named = [_named(trial.record.config) for trial in trials]
    if all(each == named[0] for each in named):  # Only tasks that differ are looked up, which loads torch.
        return [_text(*each) for each in named[:1]]
    return list(dict.fromkeys(_question(*each) for each in named))


def _named(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    task = config.get("task")
    if not isinstance(task, Mapping):
        return "unconditional", {}
    given = task.get("hyperparameters")
    return str(task.get("name")), dict(given) if isinstance(given, Mapping) else {}


def _question(name: str, hyperparameters: Mapping[str, Any]) -> str:
    from landscape.components.tasks._base import Task

    try:
        return Task(name, hyperparameters).question or PLAIN
    except UserError:
        return _text(name, hyperparameters)


def _text(name: str, hyperparameters: Mapping[str, Any]) -> str:
    given = ", ".join(f"{key}={value}" for key, value in sorted(hyperparameters.items()))
    return f"{name}[{given}]" if given else name
