"""The private parts of Ray that this program changes. They are all in this file, and each is tested when it is imported.

If an installed Ray no longer has a part, the program goes without it: with Tune's own reuse of processes, which is slower and equally
correct, or with Ray's own lines on the screen. `FOUND` says what was found, and a test holds the locked version of Ray to all of it.
"""

import contextlib
import inspect
import os
from collections.abc import Generator, Iterator
from typing import Any, Protocol

import ray
from ray.tune.execution import tune_controller as _tune_controller


class ProcessCounts(Protocol):
    """What the pool and the idle processes must know of one another."""

    idle: int
    """The number of processes that wait for a trial."""
    unplaced: int
    """The number of tasks that were handed out and have no process yet."""
    over: bool

    @property
    def alone(self) -> bool:
        """Whether the trial that runs needs all the memory."""
        ...


tune_controller: Any = _tune_controller


def _tune_keeps_processes_in_a_cache() -> bool:
    """Return whether Tune's controller makes the cache that is replaced here, and whether the cache works as `IdleProcesses` assumes."""
    try:
        cache = tune_controller._ObjectCache(may_keep_one=True)
        cache.increase_max("share")
        kept = cache.cache_object("share", "process")
        there = cache._cached_objects["share"] == ["process"] and cache._num_cached_objects == cache.num_cached_objects == 1
        flushed = list(cache.flush_cached_objects(force_all=True))
        made_by_that_name = "_ObjectCache" in inspect.unwrap(tune_controller.TuneController.__init__).__code__.co_names
        return bool(kept and there and flushed == ["process"] and cache.pop_cached_object("share") is None and made_by_that_name)
    except Exception:
        return False


def parts_found() -> dict[str, bool]:
    """Return what is changed in Ray, and whether the installed version has it."""
    private = getattr(ray, "_private", None)
    return {
        "tune's cache of idle processes": _tune_keeps_processes_in_a_cache(),
        "ray's switch for clusters": hasattr(getattr(private, "ray_constants", None), "ENABLE_RAY_CLUSTER"),
        "ray's printer of workers' lines": callable(getattr(getattr(private, "worker", None), "print_to_stdstream", None)),
    }


FOUND = parts_found()
"""What is changed in Ray, and whether this version of Ray has it."""
_Cache: Any = tune_controller._ObjectCache if FOUND["tune's cache of idle processes"] else object


def keeps_idle_processes() -> bool:
    """Return whether processes between two trials are kept by `IdleProcesses`. Otherwise Tune decides which ones it keeps."""
    return FOUND["tune's cache of idle processes"]


class IdleProcesses(_Cache):  # type: ignore[misc]
    """The processes between two trials. All of them are kept, except if a trial runs alone.

    When several become idle before the next task is there, Tune would keep one and end the others. A new process takes seconds to
    import torch, so trials that take equally long, and therefore end together, would cost a process each time.
    """

    def __init__(self, pool: ProcessCounts) -> None:
        super().__init__()
        self.pool = pool

    def has_cached_object(self, key: Any) -> bool:
        """Return whether a process waits and a task needs one. At the end of the search no task needs one, and no start is waited for."""
        return bool(self.pool.unplaced or self.pool.over) and bool(super().has_cached_object(key))

    def cache_object(self, key: Any, obj: Any) -> bool:
        """Keep a process."""
        self._cached_objects[key].append(obj)
        self._num_cached_objects += 1
        self.pool.idle += 1
        return True

    def pop_cached_object(self, key: Any) -> Any:
        """Return a process for the next task, or None."""
        process = super().pop_cached_object(key)
        if process is not None:
            self.pool.idle -= 1
            self.pool.unplaced = max(0, self.pool.unplaced - 1)
        return process

    def flush_cached_objects(self, force_all: bool = False) -> Generator[Any, None, None]:
        """Yield the processes to end: all of them at the end of the search, and if a trial that runs alone needs their memory."""
        if force_all or (self.pool.alone and not self.pool.unplaced):
            process: Any
            for process in super().flush_cached_objects(force_all=True):
                self.pool.idle -= 1
                yield process


@contextlib.contextmanager
def idle_processes_kept(pool: ProcessCounts) -> Iterator[None]:
    """Inside, Tune keeps its idle processes in `IdleProcesses`, which no setting of Tune asks for."""
    if not keeps_idle_processes():
        yield
        return
    before = tune_controller._ObjectCache
    tune_controller._ObjectCache = lambda **_: IdleProcesses(pool)
    try:
        yield
    finally:
        tune_controller._ObjectCache = before


@contextlib.contextmanager
def loopback_only() -> Iterator[None]:
    """Inside, a Ray that is started binds its ports to the loopback address, where nobody on the network reaches them.

    Ray does so where it may not form a cluster; that is its rule on Windows and macOS. The variable is for the processes that Ray starts.
    """
    variable = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
    given = os.environ.get(variable)
    os.environ[variable] = "0"
    constants: Any = ray._private.ray_constants if FOUND["ray's switch for clusters"] else None
    reachable = getattr(constants, "ENABLE_RAY_CLUSTER", None)
    if constants is not None:
        constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        if constants is not None:
            constants.ENABLE_RAY_CLUSTER = reachable
        os.environ.pop(variable, None) if given is None else os.environ.update({variable: given})


@contextlib.contextmanager
def silent_workers() -> Iterator[None]:
    """Inside, Ray does not announce the death of a worker by itself. The sweep announces it, and says what becomes of the trial."""
    if not FOUND["ray's printer of workers' lines"]:
        yield
        return
    worker: Any = ray._private.worker
    before = worker.print_to_stdstream
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield
    finally:
        worker.print_to_stdstream = before
