"""Ray Tune runs the tasks of a plan, with processes that are used again; retries are ours, for only we know what may succeed."""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ray import tune
from ray.tune.search import Searcher as TuneSearcher

from landscape.errors import UserError
from landscape.space import Limits
from landscape.sweep.cluster import limit
from landscape.sweep.interrupt import Interrupt
from landscape.sweep.plan import Outcome, Plan, Task
from landscape.sweep.resources import Resources
from landscape.sweep.worker import Common, TrialActor

CHUNK = 2000
"""Trials in one Tune experiment: Tune keeps every trial of an experiment in memory."""
GATHER_SECONDS = 30.0
"""Longest wait for all processes to be up."""
GRACE_SECONDS = 15.0
"""Time for running trials to save after a request to stop; then their processes are ended (their last checkpoint stays)."""


class StopNowError(KeyboardInterrupt):
    """The trials did not stop in time. As an interruption by hand, it passes through Tune without further waiting."""


@dataclass(frozen=True)
class Attempt:
    """A task, and how often its process has died."""

    task: Task
    deaths: int = 0
    alone: bool = False
    """To be run with nothing beside it: memory ran out before."""


@dataclass(frozen=True)
class Wait:
    """No task, but work for a process all the same: Tune ends a process that has nothing to do, and a new one takes seconds.

    It returns once so many worker processes live, or after some seconds.
    """

    seconds: float
    processes: int = 0


class Ahead:
    """The plan's next task, made in a thread of its own while trials run, so that a slow searcher costs no time."""

    def __init__(self, plan: Plan) -> None:
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
        """A task ended: the plan hears of it before the next proposal is made."""
        with self._changed:
            self._ended.append(outcome)
            self._idle = False
            self._changed.notify_all()

    def take(self, patience: float) -> Task | None:
        """The next task; None where there is none (yet) after `patience` seconds."""
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
        """Nothing more will come."""
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
    """What the driver does along the way."""

    begin: Callable[[Task], None]
    """Before a task starts."""
    done: Callable[[Task], None]
    """Its record is there."""
    failed: Callable[[Task, str], None]
    """It is given up, with the reason."""
    tick: Callable[[int], None]
    """Often; how many run."""


class Pool:
    """Hands tasks to Tune and decides what becomes of those that did not end well."""

    def __init__(self, ahead: Ahead, limits: Limits, resources: Resources, interrupt: Interrupt, hooks: Hooks) -> None:
        self.ahead, self.limits, self.resources, self.interrupt, self.hooks = ahead, limits, resources, interrupt, hooks
        self.running: dict[str, Attempt] = {}
        """By Tune's trial id."""
        self.again: deque[Attempt] = deque()
        self.waiting: set[str] = set()
        """Tune's trial ids of waits."""
        self.gathering = resources.local
        """Before the first task, and after a death: wait until every process is up, for Tune would give the tasks to those that
        are, and never end starting the rest."""
        self.failed_starts = 0
        self.stalled_since: float | None = None
        self.over = False
        self.fatal: BaseException | None = None
        """What ended the sweep: Tune would wrap it in an error of its own."""

    def give_up(self, error: BaseException) -> None:
        """End the sweep in order, as an interruption does, because of `error`."""
        self.fatal = self.fatal or error
        self.over = True
        self.interrupt.request()

    def next(self, trial_id: str) -> Attempt | Wait | None:
        """What to start now; None for nothing. `over` says that nothing will come any more."""
        if self.interrupt.requested:
            self.over = True
            return None
        chosen = self._choose()
        if isinstance(chosen, Attempt):
            self.hooks.begin(chosen.task)
            self.running[trial_id] = chosen
        elif chosen is not None:
            self.waiting.add(trial_id)
        return chosen

    def _choose(self) -> Attempt | Wait | None:
        places = limit(self.resources)
        if len(self.running) + len(self.waiting) >= places or any(a.alone for a in self.running.values()):
            return None
        if self.gathering and not self.ahead.exhausted:
            return Wait(GATHER_SECONDS, places)
        if self.again and self.again[0].alone:
            return None if self.running else self.again.popleft()
        if self.again:
            return self.again.popleft()
        task = self.ahead.take(patience=0.05 if self.running else 1.0)
        if task is not None:
            self.stalled_since = None
            return Attempt(task)
        if self.ahead.exhausted:
            self.over = not self.running
            return None
        return self._stalled()

    def _stalled(self) -> Wait:
        """The next proposal needs the end of trials that run: the longer it takes, the longer are the waits."""
        now = time.monotonic()
        self.stalled_since = self.stalled_since or now
        return Wait(min(0.1 + (now - self.stalled_since) / 10, 5.0))

    def ended(self, trial_id: str, result: dict[str, Any]) -> None:
        """A worker came back. A user's mistake ends the sweep: what one trial needs and is missing, others would miss likewise."""
        how = result["ended"]
        if trial_id in self.waiting:
            self.waiting.discard(trial_id)
            self.gathering = False
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
            # The same code on the same data would raise it again.
            self.hooks.failed(attempt.task, how["error"])
        else:
            self.hooks.done(attempt.task)

    def died(self, trial_id: str, reason: str) -> None:
        """A worker's process is gone, or could not be started."""
        if trial_id in self.waiting:
            self.waiting.discard(trial_id)
            self.failed_starts += 1
            if self.failed_starts >= self.limits.attempts:
                raise UserError(f"worker processes do not start ({reason}): run `landscape doctor`, and see that memory is left")
            return
        self.gathering = self.resources.local
        attempt = self.running.pop(trial_id, None)
        if attempt is None or self.interrupt.requested:
            return
        attempt = replace(attempt, deaths=attempt.deaths + 1, alone=attempt.alone or "memory" in reason.lower())
        if attempt.deaths < self.limits.attempts:
            self.again.append(attempt)
        else:
            self.hooks.failed(attempt.task, f"its process ended {attempt.deaths} times; the last time: {reason}")

    def tick(self) -> None:
        """Called between any two events."""
        self.hooks.tick(len(self.running))
        if self.interrupt.at_once or (self.interrupt.waited > GRACE_SECONDS and self.running):
            raise StopNowError


class _Suggest(TuneSearcher):
    """Tune asks; the pool answers."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool

    def __getstate__(self) -> dict[str, Any]:
        """Tune keeps a copy of its arguments, which nothing ever reads."""
        return {}

    def set_search_properties(self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any) -> bool:
        return True

    def suggest(self, trial_id: str) -> Any:
        chosen = None
        try:
            chosen = self.pool.next(trial_id)
        except Exception as error:
            self.pool.give_up(error)
        if chosen is None:
            return TuneSearcher.FINISHED if self.pool.over else None
        if isinstance(chosen, Wait):
            return {"task": json.dumps({"wait_seconds": chosen.seconds, "processes": chosen.processes})}
        task = chosen.task
        # As text: Tune copies and flattens whatever structure it sees.
        return {"task": json.dumps({"config": task.config.to_json(), "digest": task.digest, "study": task.study, "alone": chosen.alone})}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """The callback below hears more."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing is saved: records are the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing is restored."""


class _Listen(tune.Callback):
    """Tune tells; the pool hears."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __getstate__(self) -> dict[str, Any]:
        """As above."""
        return {}

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any) -> None:
        self._guarded(self.pool.ended, trial.trial_id, result)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self._guarded(self.pool.died, trial.trial_id, _reason(trial))

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        self._guarded(self.pool.tick)

    def _guarded(self, hear: Callable[..., None], *told: Any) -> None:
        try:
            hear(*told)
        except Exception as error:
            self.pool.give_up(error)


def _reason(trial: Any) -> str:
    lines = [line.strip() for line in str(trial.get_error() or "").splitlines() if line.strip()]
    told = next(
        (line for line in lines if "exit detail" in line.lower() or "memory" in line.lower()), lines[-1] if lines else "no reason known"
    )
    return told[:300]


def run_pool(pool: Pool, common: Common, storage: str) -> None:
    """Run every task of the pool, until it is over; `pool.fatal` then says whether it ended badly.

    Raises:
        StopNowError: a requested stop took too long.
    """
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(limit(pool.resources))
    share = {"cpu": pool.resources.threads, "gpu": pool.resources.gpus_per_trial or 0.0}
    trainable = tune.with_resources(tune.with_parameters(TrialActor, common=common), share)
    while not pool.over:
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=_Suggest(pool),
                num_samples=CHUNK,
                reuse_actors=True,
                trial_name_creator=lambda trial: f"t{trial.trial_id}",
                trial_dirname_creator=lambda trial: f"t{trial.trial_id}",
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=storage,
                verbose=0,
                callbacks=[_Listen(pool)],
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )
        tuner.fit()
