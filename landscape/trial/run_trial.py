"""Runs one trial, from a configuration and a protocol to a TrialRecord.

Ray is not used here, so that a trial can be debugged, profiled and run without it.
"""

import copy
import random
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytorch_lightning as pl
import torch

from landscape.components.datasets._base import Dataset
from landscape.config.compatibility import notes, require_independent_judge
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.environment import describe, resolve_device
from landscape.core.errors import SamplesError, UserError
from landscape.core.files import read_json, write_json
from landscape.results.record import GENERATOR_FILE, RECORD_FILE, RESUME_FILE, Scores, Status, TrialRecord
from landscape.training.gan import GAN, DivergedError
from landscape.training.learning_curves import significant
from landscape.trial import checkpoint_file, resuming
from landscape.trial.best_checkpoint import of_checkpoint, spaced
from landscape.trial.diagnosis import diagnosis_of
from landscape.trial.model_scores import ModelScores
from landscape.trial.prepared_trial import PreparedTrial, prepare
from landscape.trial.resuming import TrialState
from landscape.trial.rungs import Rungs, StoppedEarlyError, reached, reason_of, rung_rounds
from landscape.trial.saved_generator import untrained_classes
from landscape.trial.stored_scores import complete_scores, write_scores
from landscape.trial.stretches import Stretches, quiet_trainer
from landscape.trial.trial_settings import Settings

if TYPE_CHECKING:
    from landscape.trial.training_log import TrainingLog

PROGRESS_PICTURES = 8
"""The number of pictures of the training's progress."""


class StopRequestedError(Exception):
    """The caller asked to stop, and the state has been saved."""


def prepare_and_run(config: TrialConfig, protocol: Protocol | None, *, data_dir: Path | None = None, **settings: Any) -> TrialRecord:
    """Load the data set of `config` and call `run_trial`."""
    return run_trial(prepare(config, data_dir), protocol, **settings)


def run_trial(prepared: PreparedTrial, protocol: Protocol | None, **settings: Any) -> TrialRecord:
    """Train a prepared trial, score it under `protocol`, and write both to `folder`. Keywords are the fields of `Settings`.

    A trial that `folder` already holds is not trained again. An interrupted trial continues from its last checkpoint, bit for bit on a CPU.
    Divergence is a result and not an error.

    Raises:
        UserError: The input is wrong, or the folder holds another trial.
    """
    how = Settings(**settings)
    if how.threads:
        torch.set_num_threads(how.threads)
    config, dataset = prepared
    if protocol is not None:
        require_independent_judge(config, protocol.extractor)
    existing = finished_record(how.folder, config.digest())
    if existing is None:
        return _Run(config, dataset, protocol, how).execute()
    if protocol is not None and existing.status is Status.COMPLETED:
        complete_scores(how.folder, dataset, protocol, resolve_device(how.device))
    return existing


def finished_record(folder: Path, digest: str) -> TrialRecord | None:
    """Return the record in `folder` if the trial is finished, and otherwise None.

    Raises:
        UserError: The record is damaged or that of another trial.
    """
    path = folder / RECORD_FILE
    if not path.exists():
        return None
    record = TrialRecord.from_json(read_json(path))
    if record.digest != digest:
        raise UserError(f"{folder} holds trial {record.digest}, not {digest}: choose another folder")
    return None if record.status in (Status.STOPPED, Status.FAILED) else record


class _Watch(pl.Callback):
    """Does what is due between stretches: checkpoints, reports, stops on request, and looks at the memory."""

    def __init__(self, run: "_Run", rounds: Stretches) -> None:
        self.run, self.rounds = run, rounds
        self.saved_at = time.perf_counter()
        self.process = psutil.Process()

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        run, rounds = self.run, self.rounds
        rounds.settle()
        run.state.training_seconds = rounds.seconds
        run.peak_memory = max(run.peak_memory, self.process.memory_info().rss)
        run.watch_progress()
        if run.log is not None:
            run.log.follow(run.gan.curves.points)
        if run.how.report is not None:
            run.how.report(run.status_line())
        stop = run.how.should_stop is not None and run.how.should_stop() and not rounds.finished
        if stop or rounds.finished or time.perf_counter() - self.saved_at >= run.how.checkpoint_seconds:
            run.save()
            self.saved_at = time.perf_counter()
        if stop:
            raise StopRequestedError


class _Run:
    """One execution of a trial, from set-up to record."""

    def __init__(self, config: TrialConfig, dataset: Dataset, protocol: Protocol | None, how: Settings) -> None:
        self.config, self.dataset, self.protocol, self.how = config, dataset, protocol, how
        self.device = resolve_device(how.device)
        self.state = TrialState(started_at=_now())
        self.evaluation_seconds, self.peak_memory = 0.0, 0
        self.reported: list[Scores] = []
        begin = time.perf_counter()
        if self.device.type == "cuda":
            torch.cuda.init()  # type: ignore[no-untyped-call]  # Resetting initializes the current device alone.
            torch.cuda.reset_peak_memory_stats(self.device)
        self._build()
        points = protocol.selection_points if protocol is not None and protocol.objective else 0
        self.frames_at, self.selections_at = (spaced(self.gan.rounds.total, n) for n in (PROGRESS_PICTURES, points))
        self.rungs_at = rung_rounds(self.gan.rounds.total, how.rungs.shares if how.rungs is not None else ())
        self._resume()
        self.log = self._training_log()
        self.setup_seconds = time.perf_counter() - begin

    def _build(self) -> None:
        seed = self.config.seed
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        self.gan = GAN(self.config, self.dataset)
        self.gan.prepare(self.device, self.how.execution)

    def _training_log(self) -> "TrainingLog | None":
        if self.how.logger == "none":
            return None
        from landscape.trial.training_log import TrainingLog

        return TrainingLog(self.how.folder, self.gan.curves.points)

    # Training

    def execute(self) -> TrialRecord:
        """Train and score the model, draw its pictures, and write the record."""
        status, reason = self._train()
        if status is Status.STOPPED:
            return self._record(status, reason)
        if status is Status.COMPLETED:
            begin = time.perf_counter()
            self._keep_generator()
            if self.protocol is not None:
                status, reason = self._score(self.protocol)
            self.evaluation_seconds = time.perf_counter() - begin
        drawn = self.how.pictures and status is not Status.STOPPED_EARLY
        record = self._record(status, reason, self._shown() if drawn else None)
        if self.log is not None:
            self.log.finish(record, self.how.folder)
        if (first := finished_record(self.how.folder, record.digest)) is not None:
            return first  # Another worker has finished this trial while this one was disconnected. Its record is kept.
        write_json(self.how.folder / RECORD_FILE, record.to_json())
        (self.how.folder / RESUME_FILE).unlink(missing_ok=True)
        return record

    def _train(self) -> tuple[Status, str]:
        budget = self.config.budget
        seconds = budget.amount if budget.unit == "seconds" else None
        rounds = Stretches(self.gan, [*self.frames_at, *self.selections_at, *self.rungs_at], seconds, self.state.training_seconds)
        if self.gan.rounds.total is not None and self.gan.counts.rounds >= self.gan.rounds.total:
            return Status.COMPLETED, ""
        trainer = quiet_trainer(
            max_epochs=1,
            accelerator="gpu" if self.device.type == "cuda" else "cpu",
            devices=[self.device.index or 0] if self.device.type == "cuda" else 1,
            callbacks=[_Watch(self, rounds)],
        )
        try:
            trainer.fit(self.gan, train_dataloaders=rounds)
        except DivergedError as error:
            return Status.DIVERGED, str(error)
        except StoppedEarlyError as stopped:
            return Status.STOPPED_EARLY, str(stopped)
        except StopRequestedError:
            return Status.STOPPED, "stopped on request; the same command continues it"
        finally:
            self.state.training_seconds = rounds.seconds
            self.gan.release_blocks()  # Lightning has moved the module to the CPU.
            self.gan.to(self.device)
        return Status.COMPLETED, ""

    def watch_progress(self) -> None:
        """Draw a picture, compute the objective on the selection samples, and reach a rung, each at its own milestones."""
        done = self.gan.counts.rounds
        # A stretch may end twice at one round, because Lightning asks for work once more than there is.
        if len(self.state.frames) < sum(m <= done for m in self.frames_at) and self.how.pictures:
            from landscape.trial.pictures import frame

            self.state.frames.append(frame(self.gan))
        # The last point is measured with the other scores after the training.
        if done in self.selections_at and done != self.gan.rounds.total and self.protocol is not None:
            self.state.selected.offer(self._scored_now(self.protocol), done, self.gan.sampler)
        if done in self.rungs_at and self.how.rungs is not None:
            self._reach(self.how.rungs, self.rungs_at[done])

    def _scored_now(self, protocol: Protocol) -> Scores:
        begin = time.perf_counter()
        try:
            return self._scores.now(protocol)
        except SamplesError as error:
            raise DivergedError(f"after {self.gan.counts.rounds} rounds {error}") from None
        finally:
            self.state.selecting_seconds += time.perf_counter() - begin

    def _reach(self, rungs: Rungs, rung: int) -> None:
        """Score the trial at a rung, once, and stop it if the judge says so."""
        if any(known.rung == rung for known in self.state.rungs):
            return
        here = reached(self._scored_now(rungs.protocol), rung, rungs.shares[rung], self.gan.counts.d_steps)
        if here is None:
            return
        decided = rungs.judge(here)
        self.state.rungs.append(decided)
        if decided.stop:
            raise StoppedEarlyError(reason_of(decided))

    @property
    def _scores(self) -> ModelScores:
        return ModelScores(self.gan, self.device, self.how.raise_out_of_memory)

    def status_line(self) -> dict[str, Any]:
        """Return what a progress display shows."""
        total = self.gan.rounds.total
        share = self.gan.counts.rounds / total if total else min(self.state.training_seconds / self.config.budget.amount, 1.0)
        latest = {name: points[-1][1] for name, points in self.gan.curves.points.items() if name in ("d_loss", "g_loss") and points}
        return {"progress": share, "counts": vars(self.gan.counts), "seconds": self.state.training_seconds} | latest

    # State

    def save(self) -> None:
        """Write everything that the rest of the trial depends on to one file."""
        resuming.save(self.how.folder / RESUME_FILE, self.gan, self.state, self.device)

    def _resume(self) -> None:
        """Continue from the checkpoint of an interrupted execution. A checkpoint that does not fit is set aside with a warning."""
        path = self.how.folder / RESUME_FILE
        if not path.exists():
            return
        try:
            self.state = resuming.restore(path, self.gan, self.device)
        except UserError as error:
            # Starting over loses nothing valid, and the file stays for anyone who wants to look at it.
            path.replace(path.with_name(path.name + ".corrupt"))
            pl.utilities.rank_zero_warn(f"{error}; set aside as {path.name}.corrupt, the trial starts from its beginning")
            self._build()

    # What is left behind

    def _keep_generator(self) -> None:
        data: dict[str, object] = {"config": self.config.to_json(), "shape": list(self.dataset.shape), "digest": self.config.digest()}
        data |= {"classes": self.gan.classes, "untrained": untrained_classes(self.dataset)} if self.gan.classes else {}
        data |= {"inputs": list(self.dataset.inputs_shape)} if self.gan.condition.kind == "image" and self.dataset.inputs_shape else {}
        data |= {"language": asdict(language)} if (language := self.dataset.language) and self.gan.condition.kind == language.kind else {}
        checkpoint_file.write(self.how.folder / GENERATOR_FILE, dict(self.gan.sampler.state_dict()), data, "generator")

    def _score(self, protocol: Protocol) -> tuple[Status, str]:
        """Score the last weights on the selection samples, and for the report the last and, if several were compared, the best weights."""
        try:
            self._score_weights(protocol)
        except SamplesError as error:  # Finite weights may still give samples that are not finite.
            return Status.DIVERGED, str(error)
        return Status.COMPLETED, ""

    def _score_weights(self, protocol: Protocol) -> None:
        if self.selections_at or (protocol.objective and self.gan.rounds.total is None):
            scores = self._scores.now(protocol)
            self.state.selected.offer(scores, self.gan.counts.rounds, self.gan.sampler)
            write_scores(self.how.folder, scores)
        last = of_checkpoint(protocol, "last")
        self._report(last, self.gan.sampler)
        if protocol.selection_points > 1 and self.state.selected.state is not None:
            best = copy.deepcopy(self.gan.sampler)
            best.load_state_dict(self.state.selected.state)
            which = protocol.checkpoint if protocol.checkpoint != "last" else "best_on_selection"
            self._report(of_checkpoint(protocol, which), best)

    def _report(self, protocol: Protocol, network: torch.nn.Module) -> None:
        scores = self._scores.for_report(protocol, network)
        write_scores(self.how.folder, scores)
        self.reported.append(scores)

    def _shown(self) -> Mapping[str, Any]:
        from landscape.trial.shown import write_shown

        return write_shown(self.gan, self.dataset, self.state.frames, self.how.folder)

    def _record(self, status: Status, reason: str, shown: Mapping[str, Any] | None = None) -> TrialRecord:
        config, gan = self.config, self.gan
        memory = {"host": self.peak_memory}
        if self.device.type == "cuda":
            memory["device"] = torch.cuda.max_memory_allocated(self.device)
        curves = gan.curves.recorded()
        if self.state.selected.points:
            curves["selection_objective"] = tuple(self.state.selected.points)
        if len(self.state.selected.distances) > 1:
            curves["distance_to_best"] = tuple((at, significant(value)) for at, value in self.state.selected.distances)
        return TrialRecord(
            digest=config.digest(),
            setting_digest=config.setting_digest(),
            run_digest=config.run_digest(),
            config=config.to_json(),
            status=status,
            reason=reason,
            diagnosis=diagnosis_of(status, curves, self.dataset.split("train").samples, self.reported),
            counts=vars(gan.counts).copy(),
            parameters=gan.parameter_counts(),
            curves=curves,
            rungs=tuple(self.state.rungs),
            seconds={
                "training": self.state.training_seconds - self.state.selecting_seconds,
                "evaluation": self.evaluation_seconds + self.state.selecting_seconds,
                "setup": self.setup_seconds,
            },
            peak_memory_bytes=memory,
            environment=describe(self.device, execution=gan.execution, interruptions=self.state.interruptions, notes=notes(config)),
            study=self.how.study,
            **(shown or {}),
            started_at=self.state.started_at,
            finished_at=_now(),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
