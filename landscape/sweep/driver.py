"""The part of a sweep that runs beside its trials. It updates records, index, log and display when the pool reports something."""

import _thread
from collections.abc import Callable, Sequence
from pathlib import Path

from landscape.analysis.confirmation_runs import CONFIRMATION
from landscape.core.debug_lines import debug_line
from landscape.core.environment import describe
from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.results import studies
from landscape.results.record import RECORD_FILE, Rung, Status, TrialRecord
from landscape.results.remote import Remote
from landscape.space.space import Space
from landscape.sweep import study_folder as files
from landscape.sweep.display import Display
from landscape.sweep.pool.cluster import SERVER_DIED, started
from landscape.sweep.pool.interrupt import Interrupt
from landscape.sweep.pool.pool import Ahead, Hooks, Pool, StopNowError
from landscape.sweep.pool.resources import Resources
from landscape.sweep.pool.tune_bridge import run_pool
from landscape.sweep.pool.worker import HANG_FILE, Common
from landscape.sweep.rungs_file import RUNGS_FILE, read_rungs
from landscape.sweep.search.early_stopping import Stopping
from landscape.sweep.search.optuna_log import SearchLog
from landscape.sweep.search.plan import Outcome, Task
from landscape.sweep.search.study_plan import StudyPlan
from landscape.sweep.study_lock import StudyLock
from landscape.sweep.sweep_options import SweepOptions, SweepResult


class Driver:
    """Runs the trials that are left of a plan under Ray."""

    def __init__(
        self, space: Space, how: SweepOptions, lock: StudyLock, plan: StudyPlan, display: Display, there: Remote | None = None
    ) -> None:
        self.space, self.how, self.lock, self.plan, self.display, self.there = space, how, lock, plan, display, there
        self.folder, self.progress = lock.study, display.progress
        self.told_of_stop = False

    def run(self, interrupt: Interrupt, ended: Sequence[Outcome], answer: Callable[[], SweepResult]) -> SweepResult:
        """Run trials until the plan is done or an interruption, and return what `answer` returns.

        `answer` is called while Ray still runs, so that what it writes does not depend on how Ray ends.

        Raises:
            UserError: Data or disk failed. Finished trials are kept.
        """
        from threadpoolctl import threadpool_limits

        self.interrupt = interrupt
        self.log = SearchLog(self.folder, self.space, [o for o in ended if o.role != CONFIRMATION])
        self.stopping = self._stopping(ended)
        self.ahead = Ahead(self.plan)
        self.pool = Pool(self.ahead, self.space.limits, self.how.resources, interrupt, self._hooks())
        answering, result = False, None
        try:
            # One core is enough for a searcher's model, and the others belong to the trials.
            with threadpool_limits(1), started(self.how.resources, self.lock.temporary, self.how.ray_address, self._ray_died) as cluster:
                # Ray replaced the signal handlers when it started.
                interrupt.install()
                self.progress.begin()
                self._train(cluster.resources)
                if self.pool.fatal is None:
                    # From here on the death of a server loses nothing.
                    cluster.no_longer_needed()
                    answering = True
                    result = answer()
        except KeyboardInterrupt:
            # The death of a server interrupts the main thread too, at any place.
            if answering and result is None:
                raise
            interrupt.request()
        finally:
            self.ahead.close()
        if self.pool.fatal is not None:
            raise self.pool.fatal
        return result or answer()

    def _train(self, resources: Resources) -> None:
        self.pool.resources = resources
        try:
            run_pool(self.pool, self._common(self.interrupt.stop_file, resources), str(self.lock.temporary / "tune"))
        except (StopNowError, KeyboardInterrupt):
            self.interrupt.request()
        debug_line(f"the trials are over: {self.progress.done} of {self.progress.total} done")

    def _hooks(self) -> Hooks:
        return Hooks(self._begin, self._reached, self._done, self._failed, self._tick)

    def _stopping(self, ended: Sequence[Outcome]) -> Stopping | None:
        """Return the rule of early stopping with what is known of all trials, or None if the study has no such rule."""
        if self.space.early_stopping is None:
            return None
        found = Stopping(self.space.early_stopping, self.plan.search.group_of, self.plan.search.round_start)
        for outcome in ended:
            if outcome.role != CONFIRMATION:
                found.learn(outcome.digest, outcome.ask, outcome.rungs, outcome.status)
        for digest, (ask, rungs) in files.rungs_under_way(self.folder).items():
            found.learn(digest, ask, rungs)
        return found

    def _ray_died(self) -> None:
        """Interrupt the main thread, because the trials that it waits for are gone."""
        self.pool.give_up(UserError(SERVER_DIED))
        self.interrupt.at_once = True
        _thread.interrupt_main()

    def _common(self, stop_file: Path, resources: Resources) -> Common:
        return Common(
            study=self.folder,
            protocol=self.space.protocol.to_json(),
            early_stopping=None if self.space.early_stopping is None else self.space.early_stopping.to_json(),
            data_dir=self.how.data_dir,
            threads=resources.threads,
            gpus_per_trial=resources.gpus_per_trial or 0.0,
            hang_seconds=self.space.limits.hang_seconds,
            stop_file=stop_file,
            temporary=self.lock.temporary,
            plugins=tuple((str(path), Path(path).read_bytes()) for path in self.how.plugins),
            run_trial=self.how.run_trial,
            results_url=self.there.url.rpartition("/")[0] if self.there is not None else None,
        )

    def _begin(self, task: Task) -> None:
        files.write_proposal(self.folder, task)
        if self.there is not None:
            self.there.push(f"trials/{task.digest}/{files.PROPOSAL_FILE}")

    def _reached(self, task: Task, rung: Rung) -> None:
        """Decide whether a trial goes on, and write the decision where its process reads it."""
        assert self.stopping is not None
        before = read_rungs(files.trial_folder(self.folder, task.digest), self.there)
        files.write_rungs(self.folder, task.digest, [*before, self.stopping.decide(task.digest, task.ask, rung)])
        if self.there is not None:
            self.there.push(f"trials/{task.digest}/{RUNGS_FILE}")

    def _done(self, task: Task) -> None:
        if self.there is not None:
            self.there.pull(f"trials/{task.digest}")
        trial = studies.read_trial(files.trial_folder(self.folder, task.digest))
        outcome = files.outcome_of(trial.record, trial.scores, self.space.protocol, screening=self.space.screening is not None)
        if outcome is None or (outcome.ask, outcome.repeat) != (task.ask, task.repeat):
            # The same model was trained before in another place, and its record was found.
            status = trial.record.status.value
            value, cost = (outcome.value, outcome.cost) if outcome else (None, None)
            outcome = Outcome(task.ask, task.repeat, task.cell.id, task.assignment, task.digest, status, value, cost, role=task.role)
        studies.append_to_index(self.folder, task.digest)
        files.drop_proposal(self.folder, task.digest)
        if self.stopping is not None and task.may_stop:
            self.stopping.learn(task.digest, task.ask, outcome.rungs, outcome.status)
        self.ahead.settle(outcome)
        if task.again:
            return  # The trial was counted and logged when it was trained.
        self.progress.done += 1
        if outcome.role != CONFIRMATION:
            self.log.add(outcome)
        self.progress.score(outcome)

    def _failed(self, task: Task, reason: str) -> None:
        folder = files.trial_folder(self.folder, task.digest)
        if not (folder / RECORD_FILE).exists():
            reason = self._with_hang(folder / HANG_FILE, reason)
            now = files.now()
            record = TrialRecord(
                digest=task.digest,
                setting_digest=task.config.setting_digest(),
                run_digest=task.config.run_digest(),
                config=task.config.to_json(),
                status=Status.FAILED,
                reason=reason,
                environment=describe(),
                rungs=read_rungs(folder, self.there),
                study=task.study,
                started_at=now,
                finished_at=now,
            )
            write_json(folder / RECORD_FILE, record.to_json())
            if self.there is not None:
                self.there.push_trial(task.digest)
            self.display.say(f"trial {task.digest} ({task.cell.id}) failed: {reason}")
        self._done(task)

    def _with_hang(self, trace: Path, reason: str) -> str:
        """Return the reason of a failure, and name the file that says where the process hung. An empty trace is removed."""
        if not trace.is_file():
            return reason
        if trace.stat().st_size:
            return f"{reason}; no step for {self.space.limits.hang_seconds:g} s, {trace.name} says where"
        trace.unlink()
        return reason

    def _tick(self, running: int) -> None:
        self.progress.running, self.progress.total = running, self.plan.trials
        if self.interrupt.requested and not self.told_of_stop:
            self.told_of_stop = True
            if self.there is not None:
                self.there.write(self.interrupt.stop_file.name, "")
            self.display.say(f"stopping: nothing new begins, {running} running trials save their state (once more to stop at once)")
        self.display.refresh()
