"""Ray Tune runs the tasks of a plan, with processes that are used again; retries are ours, for only we know what may succeed."""

import contextlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ray import tune
from ray.tune.execution import tune_controller
from ray.tune.search import Searcher as TuneSearcher
from ray.tune.utils.object_cache import _ObjectCache

from landscape.errors import UserError
from landscape.space import Limits
from landscape.sweep.cluster import limit
from landscape.sweep.interrupt import Interrupt
from landscape.sweep.plan import Outcome, Plan, Task
from landscape.sweep.resources import Resources
from landscape.sweep.worker import Common, TrialActor

CHUNK = 2000
"""Trials in one Tune experiment: Tune keeps every trial of an experiment in memory."""
GATHER_SECONDS = 60.0
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
class Start:
    """No task: all that is wanted is that a process comes up. It returns at once."""


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
        self.starting: set[str] = set()
        """Tune's trial ids of starts that have not returned."""
        self.idle = 0
        """Processes between two trials."""
        self.failed_starts = 0
        self.over = False
        self._gather_until = 0.0
        self.gather()
        self.fatal: BaseException | None = None
        """What ended the sweep: Tune would wrap it in an error of its own."""

    def gather(self) -> None:
        """Processes are missing: begin no task before all are up, or for so long."""
        self._gather_until = time.monotonic() + GATHER_SECONDS

    @property
    def up(self) -> int:
        """Processes that are there for trials."""
        return self.idle + len(self.running)

    @property
    def gathering(self) -> bool:
        """Whether tasks wait for processes that are missing.

        Tune gives a task whose process is still starting to the first one that is idle, and ends the one that was starting: with tasks
        shorter than a start, those that are up would go on doing all the work. Only on one machine: a cluster may always grow.
        """
        return self.resources.local and self.up < limit(self.resources) and time.monotonic() < self._gather_until

    def give_up(self, error: BaseException) -> None:
        """End the sweep in order, as an interruption does, because of `error`."""
        self.fatal = self.fatal or error
        self.over = True
        self.interrupt.request()

    def next(self, trial_id: str) -> Attempt | Start | None:
        """What to start now; None for nothing. `over` says that nothing will come any more."""
        if self.interrupt.requested:
            self.over = True
            return None
        chosen = self._choose()
        if isinstance(chosen, Attempt):
            self.hooks.begin(chosen.task)
            self.running[trial_id] = chosen
        elif chosen is not None:
            self.starting.add(trial_id)
        return chosen

    def _choose(self) -> Attempt | Start | None:
        places = limit(self.resources)
        if len(self.running) + len(self.starting) >= places or self.alone:
            return None
        if self.again and self.again[0].alone:
            return None if self.running or self.starting else self.again.popleft()
        if self.gathering and not self.ahead.exhausted:
            return Start() if self.up + len(self.starting) < places else None
        if self.again:
            return self.again.popleft()
        # Where there is none, the next proposal needs the end of trials that run.
        task = self.ahead.take(patience=0.05 if self.running else 1.0)
        if task is not None:
            return Attempt(task)
        if self.ahead.exhausted:
            self.over = not self.running
        return None

    def ended(self, trial_id: str, result: dict[str, Any]) -> None:
        """A worker came back. A user's mistake ends the sweep: what one trial needs and is missing, others would miss likewise."""
        how = result["ended"]
        if trial_id not in self.running:
            self.starting.discard(trial_id)
            self.failed_starts = 0
            return
        attempt = self.running.pop(trial_id)
        if attempt.alone:
            self.gather()
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
        self.gather()
        if trial_id in self.starting:
            self.starting.discard(trial_id)
            self.failed_starts += 1
            if self.failed_starts >= self.limits.attempts:
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
        """Whether the trial that runs wants all memory for itself."""
        return any(attempt.alone for attempt in self.running.values())

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
        if isinstance(chosen, Start):
            return {"task": json.dumps({"start": True})}
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


class IdleProcesses(_ObjectCache):
    """Processes between two trials: all are kept, but for a trial that runs alone.

    Of several that become idle before the next task is there, Tune would keep one and end the others, and a new one takes seconds to import
    torch: trials that take equally long, and so end together, would cost a process each time.
    """

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool

    def has_cached_object(self, key: Any) -> bool:
        """While processes start, none takes over what they start for: see `Pool.gathering`."""
        return not self.pool.gathering and bool(super().has_cached_object(key))

    def cache_object(self, key: Any, obj: Any) -> bool:
        """Keep a process."""
        self._cached_objects[key].append(obj)
        self._num_cached_objects += 1
        self.pool.idle += 1
        return True

    def pop_cached_object(self, key: Any) -> Any:
        """A process, for the next trial."""
        process = super().pop_cached_object(key)
        self.pool.idle -= process is not None
        return process

    def flush_cached_objects(self, force_all: bool = False) -> Generator[Any, None, None]:
        """Those to end: at the end of the search, or where their memory is a trial's that runs alone."""
        if force_all or self.pool.alone:
            process: Any
            for process in super().flush_cached_objects(force_all=True):
                self.pool.idle -= 1
                yield process


@contextlib.contextmanager
def _idle_processes_kept(pool: Pool) -> Iterator[None]:
    """Tune has no setting for it. As before at the end."""
    controller: Any = tune_controller
    before = controller._ObjectCache
    controller._ObjectCache = lambda **_: IdleProcesses(pool)
    try:
        yield
    finally:
        controller._ObjectCache = before


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
        pool.idle = 0
        pool.gather()
        with _idle_processes_kept(pool):
            tuner.fit()
