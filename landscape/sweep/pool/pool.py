"""Decides what runs next, and what becomes of a task that did not end well. Ray retries nothing: it cannot know what may succeed."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from landscape.core.errors import UserError
from landscape.results.record import Rung
from landscape.space.settings import Limits
from landscape.sweep.pool.cluster import limit
from landscape.sweep.pool.interrupt import Interrupt
from landscape.sweep.pool.ray_internals import keeps_idle_processes
from landscape.sweep.pool.resources import Resources
from landscape.sweep.search.plan import Outcome, Plan, Task
from landscape.sweep.search.study_plan import StudyPlan

GRACE_SECONDS = 15.0
"""How long running trials may take to save after a request to stop. Then their processes are ended, and their last checkpoints stay."""


class StopNowError(KeyboardInterrupt):
    """The trials did not stop in time. It is a KeyboardInterrupt, so that it passes through Tune without further waiting."""


@dataclass(frozen=True)
class Attempt:
    """A task that is to be run, perhaps not for the first time."""

    task: Task
    deaths: int = 0
    """How often a process that ran the task has died."""
    alone: bool = False
    """Whether nothing may run beside it, because memory ran out before."""


@dataclass(frozen=True)
class Start:
    """A request that only makes a process start. It holds no task and returns at once."""


class Ahead:
    """Makes the plan's next task ahead of time, in a thread of its own, so that a slow searcher costs the trials no time."""

    def __init__(self, plan: Plan | StudyPlan) -> None:
        self.plan = plan
        self._changed = threading.Condition()
        self._ready: Task | None = None
        self._ended: deque[Outcome] = deque()
        self._error: BaseException | None = None
        self._idle = self._closed = False
        self._thread = threading.Thread(target=self._work, name="proposals", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._ended) or (self._ready is None and not self._idle))
                if self._closed:
                    return
                ended, self._ended = list(self._ended), deque()
                wanted = self._ready is None
            try:
                for outcome in ended:
                    self.plan.settle(outcome)
                task = self.plan.propose() if wanted else None
            except BaseException as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                if wanted:
                    self._ready, self._idle = task, task is None
                self._changed.notify_all()

    def settle(self, outcome: Outcome) -> None:
        """Tell the plan that a task has ended. It hears of it before it makes the next proposal."""
        with self._changed:
            self._ended.append(outcome)
            self._idle = False
            self._changed.notify_all()

    def take(self, patience: float) -> Task | None:
        """Return the next task; None if there is none, or none yet after `patience` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or self._ready is not None or (self._idle and not self._ended), patience)
            if self._error is not None:
                raise self._error
            task, self._ready = self._ready, None
            if task is not None:
                self._changed.notify_all()
            return task

    @property
    def exhausted(self) -> bool:
        """Whether no further task will come."""
        with self._changed:
            return self._ready is None and self._idle and not self._ended and self.plan.exhausted

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout=10)


@dataclass(frozen=True)
class Hooks:
    """What the driver does when something happens to a task."""

    begin: Callable[[Task], None]
    """Called before a task starts."""
    reached: Callable[[Task, Rung], None]
    """Called when a task has reached a rung, where it waits for the decision."""
    done: Callable[[Task], None]
    """Called when the record of a task is written."""
    failed: Callable[[Task, str], None]
    """Called when a task is given up, with the reason."""
    tick: Callable[[int], None]
    """Called often, with the number of trials that run."""


class Pool:
    """Hands tasks to Tune and decides what becomes of those that did not end well."""

    def __init__(self, ahead: Ahead, limits: Limits, resources: Resources, interrupt: Interrupt, hooks: Hooks) -> None:
        self.ahead, self.limits, self.resources, self.interrupt, self.hooks = ahead, limits, resources, interrupt, hooks
        self.running: dict[str, Attempt] = {}
        """The attempts that run, by the id of their trial in Tune."""
        self.again: deque[Attempt] = deque()
        self.starting: set[str] = set()
        """The ids in Tune of the starts that have not returned."""
        self.idle = 0
        """The number of processes that wait for a task."""
        self.unplaced = 0
        """The number of running tasks that have no process yet. There is an idle process for each of them."""
        self.failed_starts = 0
        self.over = False
        self.fatal: BaseException | None = None
        """The error that ended the sweep. It is kept here, because Tune would wrap it in an error of its own."""

    def give_up(self, error: BaseException) -> None:
        """End the sweep because of `error`, in order, as an interruption does."""
        self.fatal = self.fatal or error
        self.over = True
        self.interrupt.request()

    def next(self, trial_id: str) -> Attempt | Start | None:
        """Return what to start now, or None. Once `over` is true nothing will come any more."""
        if self.interrupt.requested:
            self.over = True
            return None
        chosen = self._choose()
        if isinstance(chosen, Attempt):
            self.hooks.begin(chosen.task)
            self.running[trial_id] = chosen
            self.unplaced += 1
        elif chosen is not None:
            self.starting.add(trial_id)
        return chosen

    def _choose(self) -> Attempt | Start | None:
        """Return a task if a process is idle, otherwise a start for each process that is missing. Processes start while others train.

        Tune would give a task whose process is still starting to the first process that is idle, and end the one that was starting.
        With tasks shorter than a start, the running processes would go on doing all the work.
        """
        if self.alone:
            return None
        if not self.again and self.ahead.exhausted:
            self.over = not self.running
            return None
        alone = bool(self.again) and self.again[0].alone
        if alone and (self.running or self.starting):
            return None
        if not keeps_idle_processes():
            # Tune starts and reuses processes as it sees fit.
            return self._task() if len(self.running) < (1 if alone else limit(self.resources)) else None
        there = self.idle + len(self.running) - self.unplaced + len(self.starting)
        if there < (1 if alone else limit(self.resources)):
            return Start()
        return self._task() if self.idle > self.unplaced else None

    def _task(self) -> Attempt | None:
        """Return the next task, which is one to be tried again or a new one. It is None if there is none yet."""
        if self.again:
            return self.again.popleft()
        # If there is none, the next proposal needs the end of running trials.
        task = self.ahead.take(patience=0.05 if self.running else 1.0)
        if task is not None:
            return Attempt(task)
        if self.ahead.exhausted:
            self.over = not self.running
        return None

    def reached(self, trial_id: str, rung: Rung) -> None:
        """Take in that a trial has reached a rung, where it waits until this has returned."""
        if trial_id in self.running:
            self.hooks.reached(self.running[trial_id].task, rung)

    def ended(self, trial_id: str, result: dict[str, Any]) -> None:
        """Take in what a worker returned. A user's mistake ends the sweep, because the other trials would miss the same thing."""
        how = result["ended"]
        if trial_id not in self.running:
            self.starting.discard(trial_id)
            self.failed_starts = 0
            return
        attempt = self.running.pop(trial_id)
        if "user_error" in how:
            raise UserError(how["user_error"])
        if "stopped" in how:
            return
        if "out_of_memory" in how and not attempt.alone:
            self.again.append(replace(attempt, alone=True))
        elif "out_of_memory" in how:
            self.hooks.failed(attempt.task, f"out of memory, also when run alone: {how['out_of_memory']}")
        elif "error" in how:
            # It is not tried again, because the same code on the same data would raise the same error.
            self.hooks.failed(attempt.task, how["error"])
        else:
            self.hooks.done(attempt.task)

    def died(self, trial_id: str, reason: str) -> None:
        """Take in that the process of a worker has died or could not be started."""
        if trial_id in self.starting:
            self.starting.discard(trial_id)
            self.failed_starts += 1
            # On a cluster only one machine may have failed, so the others go on.
            if self.failed_starts >= self.limits.attempts and (self.resources.local or not self.idle + len(self.running)):
                raise UserError(f"worker processes do not start ({reason}): run `landscape doctor`, and see that memory is left")
            return
        attempt = self.running.pop(trial_id, None)
        if attempt is None or self.interrupt.requested:
            return
        attempt = replace(attempt, deaths=attempt.deaths + 1, alone=attempt.alone or "memory" in reason.lower())
        if attempt.deaths < self.limits.attempts:
            self.again.append(attempt)
        else:
            self.hooks.failed(attempt.task, f"its process ended {attempt.deaths} times; the last time: {reason}")

    @property
    def alone(self) -> bool:
        """Whether the trial that runs must have all the memory for itself."""
        return any(attempt.alone for attempt in self.running.values())

    def tick(self) -> None:
        """Do what is due between two events of Tune.

        Raises:
            StopNowError: The user asked twice to stop, or running trials did not stop in time.
        """
        self.hooks.tick(len(self.running))
        if self.interrupt.at_once or (self.interrupt.waited > GRACE_SECONDS and self.running):
            raise StopNowError
