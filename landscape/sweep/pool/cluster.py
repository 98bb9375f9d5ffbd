"""Ray is started quietly on this machine, or the sweep joins an existing cluster. The processes that it starts end with the sweep."""

import contextlib
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import ray

import landscape
from landscape.core.debug_lines import debug_step
from landscape.core.errors import UserError
from landscape.sweep.pool.ray_internals import loopback_only, silent_workers
from landscape.sweep.pool.resources import Resources
from landscape.sweep.study_lock import end_leftovers, end_processes, note_process

SERVERS = ("raylet", "gcs_server")
SERVER_DIED = "a server process of Ray has died; nothing is lost: the same command continues the study"
HEAD_SILENCE_SECONDS = 20.0
"""The head of a cluster counts as dead after so many seconds without an answer."""
OBJECT_STORE_BYTES = 100_000_000
"""The size of Ray's object store. Trials pass only settings and outcomes, so it is small; Ray accepts no less than 75 MB."""
QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray would start idle workers ahead, and each would take memory and a core while the trials begin.
    "RAY_prestart_worker_first_driver": "0",
    "RAY_enable_worker_prestart": "0",
    # Ray would run trials at a niceness of 15, so that beside other work on the machine they would nearly stand still.
    "RAY_worker_niceness": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # Only the records are ever read, so Tune need not write snapshots of its own.
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}


def limit(resources: Resources) -> int:
    """Return how many trials may run at the same time now. The number changes while a cluster grows."""
    if resources.jobs is not None:
        return resources.jobs
    there = ray.cluster_resources()  # type: ignore[no-untyped-call]
    by_cpu = int(there.get("CPU", 1) // resources.threads)
    by_gpu = int(there.get("GPU", 0) / resources.gpus_per_trial) if resources.gpus_per_trial else by_cpu
    # One trial more than fits is asked for, so that a cluster that can grow sees that it should.
    return max(1, min(by_cpu, by_gpu)) + 1


class ServerWatch(threading.Thread):
    """A thread that watches Ray's servers. When one of them is dead, no trial ends any more, and calls into Ray may never return.

    When a server dies, the thread calls `on_death`, which ends the sweep in order. If that takes longer than `PATIENCE_SECONDS`, the main
    thread hangs inside Ray. The thread then ends every process of the sweep, this one last. Nothing is lost, because records are written
    whole.
    """

    PATIENCE_SECONDS = 15.0

    def __init__(self, lives: Callable[[], bool], temporary: Path, on_death: Callable[[], None]) -> None:
        super().__init__(name="ray-servers", daemon=True)
        self.lives, self.temporary, self.on_death = lives, temporary, on_death
        self.over = threading.Event()
        self.died = False

    def run(self) -> None:
        """Watch until `over` is set or a server has died."""
        while not self.over.wait(1.0):
            if not self.lives():
                self.died = True
                self.on_death()
                if not self.over.wait(self.PATIENCE_SECONDS):
                    print(f"landscape: {SERVER_DIED}", file=sys.stderr, flush=True)
                    end_leftovers(self.temporary)
                    os._exit(2)
                return


def on_this_machine(processes: Sequence[psutil.Process]) -> Callable[[], bool]:
    """Return a function that says whether all of `processes` are alive."""
    return lambda: all(map(_lives, processes))


def at_head(address: str) -> Callable[[], bool]:
    """Return a function that says whether the head at `address` has answered within the last `HEAD_SILENCE_SECONDS`."""
    host, _, port = address.rpartition(":")
    answered = time.monotonic()

    def lives() -> bool:
        nonlocal answered
        with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), timeout=5):
            answered = time.monotonic()
        return time.monotonic() - answered < HEAD_SILENCE_SECONDS

    return lives


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


@dataclass(frozen=True)
class Cluster:
    """A running Ray."""

    resources: Resources
    """What each trial gets, with nothing left to be decided."""
    watch: ServerWatch

    def no_longer_needed(self) -> None:
        """Note that all trials are over, so that a server that dies from here on ends nothing."""
        self.watch.over.set()


@contextlib.contextmanager
def started(resources: Resources, temporary: Path, ray_address: str | None, on_death: Callable[[], None]) -> Iterator[Cluster]:
    """Start Ray or connect to it. At the end every process that was started for it is gone.

    Args:
        resources: What this machine has for trials.
        temporary: A folder for Ray's files, in which the processes that it starts are noted.
        ray_address: The address of an existing cluster, or None.
        on_death: A function that is called in another thread when a server process of Ray has died.

    Raises:
        UserError: There is no cluster at `ray_address`.
    """
    with _quiet_and_local(resources.local):
        watch = None
        try:
            with debug_step("the start of Ray"):
                connect(resources, temporary, ray_address)
            below = psutil.Process().children(recursive=True)
            for process in below:
                note_process(temporary, process.pid)
            if resources.local:
                lives = on_this_machine([p for p in below if p.name() in SERVERS])
            else:
                lives = at_head(ray.get_runtime_context().gcs_address)
            watch = ServerWatch(lives, temporary, on_death)
            watch.start()
            yield Cluster(with_gpus_of_cluster(resources), watch)
        finally:
            take_down(watch, local=resources.local)


def take_down(watch: ServerWatch | None, *, local: bool) -> None:
    """End Ray and, if it runs on this machine, every process of it. A failure of Ray is reported and ends nothing else.

    With LANDSCAPE_DEBUG set, each step is written with its time.
    """
    family = _family()
    if watch is not None and not watch.died:
        # From here on the servers end because we end them. After a death the watch goes on until the shutdown has come to its end.
        watch.over.set()
    try:
        with debug_step("ray.shutdown"):
            ray.shutdown()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"landscape: Ray did not end in order ({reason}); nothing is lost: all that was done is written", file=sys.stderr, flush=True)
    finally:
        if watch is not None:
            watch.over.set()
        if local:
            with debug_step(f"ending what is left of {len(family)} processes"):
                end_processes(family)


def with_gpus_of_cluster(resources: Resources) -> Resources:
    """Give each trial one GPU if the user left the choice and the cluster has GPUs."""
    if resources.gpus_per_trial is not None:
        return resources
    there = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return replace(resources, gpus_per_trial=float(there.get("GPU", 0) > 0))


@contextlib.contextmanager
def _quiet_and_local(local: bool) -> Iterator[None]:
    """Inside, Ray's settings hold for it and for the processes that it starts; at the end they are as before."""
    before = {name: os.environ.get(name) for name in (*QUIET, "PYTHONPATH", "TUNE_MAX_PENDING_TRIALS_PG")}
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    # The workers then find this package, also if it is not installed.
    root = str(Path(landscape.__file__).resolve().parent.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    for logger in ("ray", "ray.tune", "ray.data", "ray._private"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        with silent_workers(), loopback_only() if local else contextlib.nullcontext():
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def connect(resources: Resources, temporary: Path, ray_address: str | None) -> None:
    """Connect to the cluster at an address, or start a Ray of this program's own.

    Args:
        resources: The processes and GPUs of a Ray that is started here.
        temporary: The folder for its files.
        ray_address: The address of a cluster. None means that Ray is started here.

    Raises:
        UserError: There is no cluster at the address, or Ray did not start.
    """
    if ray_address:
        _require_listening(ray_address)
        try:
            ray.init(address=ray_address, log_to_driver=False, logging_level=logging.CRITICAL)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise _no_cluster(ray_address, str(error).splitlines()[0]) from None
        return
    assert resources.jobs is not None
    try:
        ray.init(
            address="local",
            num_cpus=resources.jobs * resources.threads,
            num_gpus=resources.gpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            configure_logging=False,
            _temp_dir=str(temporary / "ray"),
        )
    except Exception as error:
        # On a very busy machine Ray stops waiting for its own servers and raises a plain Exception.
        reason = " ".join(str(error).split())
        raise UserError(f"Ray did not start ({reason}): run the same command again when the machine is less busy") from error


def _require_listening(address: str) -> None:
    """Raise a UserError at once if nothing listens at `address`. Ray itself would try for a quarter of an hour."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if not host or not port.isdigit():
        return  # It is "auto" or another name, which Ray looks up itself.
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, ValueError) as error:  # Names that cannot be looked up raise ValueError.
        raise _no_cluster(address, getattr(error, "strerror", None) or str(error)) from None


def _no_cluster(address: str, reason: str) -> UserError:
    return UserError(f"no Ray cluster at {address!r} ({reason}): start one with `ray start --head`, or leave the address out")


def _family() -> set[tuple[int, float]]:
    """Return every process that descends from this one, with its time of creation."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found.add((process.pid, process.create_time()))
    return found
