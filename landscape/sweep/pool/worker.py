"""What runs in an actor of Ray: one trial after the other in one process, which imports torch once."""

import contextlib
import faulthandler
import gc
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ray import tune

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.results.record import Rung, Status, TrialRecord, rung_to_json
from landscape.results.remote import Remote, mirror, staged
from landscape.space.settings import EarlyStopping
from landscape.sweep.pool.dialogue import Dialogue
from landscape.sweep.pool.resources import device_of
from landscape.sweep.pool.trial_claim import Carrier, Claim
from landscape.sweep.rungs_file import read_rungs
from landscape.sweep.study_lock import note_process

if TYPE_CHECKING:
    from landscape.trial.rungs import Rungs

RunTrial = Callable[..., TrialRecord]
HANG_FILE = "hang.txt"
LOOK_SECONDS = 0.2
"""The seconds between two looks at the stop file."""
REMOTE_LOOK_SECONDS = 3.0
"""The same if a look is a request over the network."""


@dataclass(frozen=True)
class Common:
    """What all trials of a sweep share."""

    study: Path
    protocol: Mapping[str, Any]
    data_dir: Path | str | None
    threads: int
    gpus_per_trial: float
    hang_seconds: float
    stop_file: Path
    temporary: Path
    """The driver's temporary folder, in which processes are noted. It exists on the driver's machine only."""
    early_stopping: Mapping[str, Any] | None = None
    """The rule that stops trials early, as the study gives it."""
    plugins: tuple[tuple[str, bytes], ...] = ()
    """The path and the content of each plugin, because the path may lead nowhere on another machine."""
    run_trial: RunTrial | None = None
    """What runs a trial; None means `landscape.trial.run_trial.prepare_and_run`."""
    results_url: str | None = None
    """The address of the results if they lie in no file system. `study` is then a mirror on the driver's machine."""


class TrialActor(tune.Trainable):
    """Runs trials: each from its beginning, or from its last checkpoint, to its record.

    A step is a whole trial, or, if the trial may be stopped early, the part up to its next rung, where the driver decides.
    """

    def setup(self, config: dict[str, Any], common: Common) -> None:  # type: ignore[override]
        """Prepare the process, once."""
        self.common = common
        self.parent = os.getppid()
        self.dialogue: Dialogue[Rung, dict[str, Any]] | None = None
        self.study, self.there = common.study, None
        if common.results_url is not None:
            self.study = mirror(common.results_url) / common.study.name
            self.there = Remote(f"{common.results_url}/{common.study.name}", self.study)
        self.data_dir = None if common.data_dir is None else staged(str(common.data_dir))
        load_plugins(common.plugins)
        self.protocol = Protocol.parse(common.protocol)
        if common.run_trial is None:
            from landscape.trial.run_trial import prepare_and_run

            self.run_trial: RunTrial = prepare_and_run
        else:
            self.run_trial = common.run_trial
        if common.temporary.is_dir():
            note_process(common.temporary)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next trial in this process."""
        self.config = new_config
        return True

    def step(self) -> dict[str, Any]:
        """Run the trial to its end and return how it ended. Its record lies in the trial's folder.

        A trial that may be stopped early runs to its next rung, and what it reached there is returned. The next step continues it.
        """
        task = json.loads(self.config["task"])
        if "start" in task:
            return {"done": True, "ended": {}}
        if "may_stop" not in task:
            return {"done": True, "ended": self._ended(task)}
        self.dialogue = self.dialogue or Dialogue(lambda ask: self._ended(task, ask))
        if (rung := self.dialogue.go_on()) is not None:
            return {"done": False, "rung": json.dumps(rung_to_json(rung))}
        ended, self.dialogue = self.dialogue.result, None
        return {"done": True, "ended": ended.result()}

    def _ended(self, task: dict[str, Any], ask: Callable[[Rung], None] | None = None) -> dict[str, Any]:
        """Run the trial to its end and return how it ended. `ask` is called at its rungs, and returns when the driver has decided."""
        try:
            self._limit_device_memory(alone=task.get("alone", False))
            ended = self._run(task, ask)
        except UserError as error:
            ended = {"user_error": str(error)}
        except Exception as error:
            ended = {"out_of_memory" if is_out_of_memory(error) else "error": explain(error)}
            if not device_answers():
                os._exit(1)  # Every further trial of this process would fail, so a new process takes this trial up.
        free_memory(device="out_of_memory" in ended or self.common.gpus_per_trial < 1)
        return ended

    def _limit_device_memory(self, *, alone: bool) -> None:
        """Allow the trial its share of the GPU, or all of it if it runs alone. A trial that takes more fails, not its neighbors."""
        if self.common.gpus_per_trial:
            import torch

            if torch.cuda.is_available():
                torch.cuda.set_per_process_memory_fraction(1.0 if alone else self.common.gpus_per_trial)

    def _run(self, task: dict[str, Any], ask: Callable[[Rung], None] | None = None) -> dict[str, Any]:
        config = TrialConfig.parse(task["config"])
        folder = self.study / "trials" / task["digest"]
        if self.there is not None:
            self.there.pull(f"trials/{task['digest']}", everything=True)
        claim = Claim(folder, self.there)
        protocol = self._protocol(task.get("screening", 0))
        carry = Carrier(folder, self.there)
        rungs = {} if ask is None else {"rungs": self._rungs(folder, task.get("screening", 0), ask)}

        def report(_: Any) -> None:
            watchdog.alive()
            carry.checkpoint()

        with Watchdog(folder / HANG_FILE, self.common.hang_seconds) as watchdog:
            record = self.run_trial(
                config,
                protocol,
                folder=folder,
                study=task["study"],
                report=report,
                should_stop=self._stopper(claim),
                data_dir=self.data_dir,
                threads=self.common.threads,
                device=device_of(self.common.gpus_per_trial),
                raise_out_of_memory=not task.get("alone", False),
                **rungs,
            )
        if self.there is not None:
            self.there.push_trial(task["digest"])
        claim.drop()
        return {"status": record.status.value} if record.status is not Status.STOPPED else {"stopped": True}

    def _rungs(self, folder: Path, screening: int, ask: Callable[[Rung], None]) -> "Rungs":
        """Return where a trial is scored on the way, and the judge, who takes the decisions from the driver."""
        from landscape.trial.rungs import Rungs, rung_protocol

        how = EarlyStopping(**(self.common.early_stopping or {}))

        def judge(here: Rung) -> Rung:
            """Return the recorded decision. Only if there is none, because the trial comes here for the first time, is the driver asked."""
            if (known := self._decided(folder, here)) is None:
                ask(here)
                known = self._decided(folder, here)
            if known is None:
                raise RuntimeError(f"no decision about rung {here.rung}")
            return known

        return Rungs(how.shares, rung_protocol(self.protocol, how.metric, how.n_fake or screening or None), judge)

    def _decided(self, folder: Path, here: Rung) -> Rung | None:
        return next((rung for rung in read_rungs(folder, self.there) if rung.rung == here.rung), None)

    def _protocol(self, screening: int) -> Protocol:
        """Return the protocol of a trial. In the first of two stages, `screening` is its number of samples."""
        if not screening:
            return self.protocol
        from landscape.evaluation.models import screening_protocol

        return screening_protocol(self.protocol, screening)

    def _stopper(self, claim: Claim) -> Callable[[], bool]:
        looked = 0.0
        look_seconds = LOOK_SECONDS if self.there is None else REMOTE_LOOK_SECONDS

        def should_stop() -> bool:
            nonlocal looked
            now = time.monotonic()
            if now - looked < look_seconds:
                return False
            looked = now
            if os.getppid() != self.parent or not claim.holds():
                # Ray is gone, or it took this process for dead. Another process continues the trial, so this one must touch nothing more.
                os._exit(1)
            if self.there is not None:
                return self.there.exists(self.common.stop_file.name)
            return self.common.stop_file.exists()

        return should_stop


class Watchdog:
    """Ends this process if it gives no sign of life for `seconds`, even inside a hanging C call, and leaves a traceback in `path`."""

    def __init__(self, path: Path, seconds: float) -> None:
        self.path, self.seconds = path, seconds
        self.armed_at = 0.0
        self.file: TextIO | None = None

    def __enter__(self) -> "Watchdog":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "w", encoding="utf-8")
        self.alive()
        return self

    def alive(self) -> None:
        """Give a sign of life."""
        now = time.monotonic()
        if self.file is not None and now - self.armed_at > min(1.0, self.seconds / 4):
            self.armed_at = now
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.file)

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()
        if self.file is not None:
            self.file.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def is_out_of_memory(error: Exception) -> bool:
    """Return whether `error` says that memory ran out, on whichever device."""
    text = str(error).lower()
    # CUDA's libraries (cuBLAS, cuDNN, cuSOLVER) say it in the last way.
    signs = ("out of memory", "can't allocate memory", "not enough memory", "_status_alloc_failed")
    return isinstance(error, MemoryError) or any(sign in text for sign in signs)


def device_answers() -> bool:
    """Return whether CUDA still works in this process. After an illegal access, a failed assertion or a memory fault no call to it does."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return True
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        return is_out_of_memory(error)
    return True


def free_memory(*, device: bool) -> None:
    """Free what the last trial held, and with `device` also the device memory that torch keeps, because other processes may need it.

    A model and its trainer refer to one another, so only the garbage collector frees them. It would look at half a million objects of
    imported modules each time, which takes 0.2 s; the first call sets these apart for good.
    """
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()
    torch = sys.modules.get("torch")
    if device and torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def explain(error: Exception) -> str:
    """Return the error in one line, with the place where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}{place}"[:500]


def load_plugins(plugins: tuple[tuple[str, bytes], ...]) -> None:
    """Register installed plugins and the given ones. A file that is missing on this machine, or differs here, is written anew."""
    from landscape.core.registry import load_installed_plugins, load_plugin

    load_installed_plugins()
    for path, content in plugins:
        file = Path(path)
        if not file.is_file() or file.read_bytes() != content:
            file = Path(tempfile.mkdtemp(prefix="landscape-plugin-")) / file.name
            file.write_bytes(content)
        load_plugin(file)
