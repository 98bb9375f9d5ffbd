"""Runs a study, from its search space to its records."""

from typing import Any

from landscape.core.errors import UserError
from landscape.core.registry import load_installed_plugins, load_plugin
from landscape.core.wording import plural
from landscape.results import studies
from landscape.results.remote import STOP_FILE, Remote, opened
from landscape.space.space import Space
from landscape.sweep import study_folder as files
from landscape.sweep.conclusion import conclusion
from landscape.sweep.display import Display, SweepProgress
from landscape.sweep.estimate import Estimate, estimate, floor_of
from landscape.sweep.opening import opening
from landscape.sweep.pool.interrupt import Interrupt
from landscape.sweep.search.plan import Outcome
from landscape.sweep.search.study_plan import StudyPlan
from landscape.sweep.search_load import load_of, scoring_time
from landscape.sweep.study_data import Data
from landscape.sweep.study_lock import StudyLock
from landscape.sweep.sweep_options import SweepOptions, SweepResult


def run(space: Space, *, trials: int | None = None, steps: int | None = None, seed: int | None = None, **options: Any) -> SweepResult:
    """Run a study or continue it. Every trial without a record is run.

    Args:
        space: The study, for example from `landscape.space.study_files.load_space`.
        trials: The number of models to train in all, in place of the study's own number. A larger number than before extends the study.
        steps: The length of a training, in the unit of the study's budget.
        seed: The seed of the search.
        options: The fields of `SweepOptions`.

    Raises:
        UserError: The input is not valid, the folder belongs to another study, or data or disk fail. Finished trials are kept.
    """
    how = SweepOptions(**options)
    load_installed_plugins()
    for plugin in how.plugins:
        load_plugin(plugin)
    space = as_asked(space, trials=trials, steps=steps, seed=seed)
    # This shows the mistakes of a space before anything is written.
    space.asks_per_cell(len(space.cells()))
    results_here = how.results_here.absolute()
    with StudyLock(results_here / space.name) as lock, opened(results_here, space.name) as there:
        return _Sweep(space, how, lock, there).run()


def as_asked(space: Space, *, trials: int | None = None, steps: int | None = None, seed: int | None = None) -> Space:
    """Return the study with the changes that a command asks for. The arguments are those of `run`."""
    changed = {name: value for name, value in (("trials", trials), ("seed", seed)) if value is not None}
    space = space.with_changes(**changed) if changed else space
    return space.with_steps(steps) if steps is not None else space


class _Sweep:
    """One run of a study, from reading its folder to the last record."""

    def __init__(self, space: Space, how: SweepOptions, lock: StudyLock, there: Remote | None) -> None:
        self.space, self.how, self.lock, self.folder, self.there = space, how, lock, lock.study, there
        self.data = Data(how.data_here)

    def run(self) -> SweepResult:
        found = files.open_study(self.folder, self.space)
        self.data.check(self.space, found.get("data", {}))
        ended = self._ended()
        plan = StudyPlan(
            self.space,
            pin=self.data.pin,
            outcomes=ended,
            made=files.proposals(self.folder),
            deterministic=self.how.deterministic,
            confirm=self.how.confirmation,
        )
        if not found and (foreign := next((o.digest for o in ended if not plan.would_make(o)), None)):
            message = f"{self.folder} holds trials but no {studies.STUDY_FILE}, and trial {foreign} is not of this search space"
            raise UserError(f"{message}: choose another results folder, or give the space another name")
        if other := next((o.digest for o in sorted(ended, key=lambda o: o.ask) if not plan.has_place_for(o)), None):
            message = f"trial {other} of {self.folder} is of a cell that has another turn in this version, which allows other combinations"
            raise UserError(f"{message}: continue with the version that began the study, or give the space another name")
        if plan.complete:
            all_of_them = "its only trial is" if plan.trials == 1 else f"all {plan.trials:,} trials are"
            self.how.say(f"study {self.space.name}: {all_of_them} done already; give more trials to extend it")
            files.write_study(self.folder, self.space, self._facts(found))
            return self._answer(plan, interrupted=False)
        return self._train(plan, ended, self._prepare(found, plan))

    def _answer(self, plan: StudyPlan, *, interrupted: bool) -> SweepResult:
        """Return the result after telling the user and the caller of it."""
        result = SweepResult(self.folder, plan.finished, interrupted)
        if interrupted:
            done = f"{plan.finished} of {plural(plan.trials, 'trial')} done and kept"
            self.how.say(f"interrupted: {done} in {self.folder}; the same command continues the study")
        else:
            self._conclude()
        if self.how.at_end is not None:
            self.how.at_end(result)
        return result

    def _ended(self) -> list[Outcome]:
        """Read the records of the trials that have ended. Damaged ones are set aside, so that their trials run again."""
        if not (self.folder / studies.STUDY_FILE).exists() and not (self.folder / studies.TRIALS_FOLDER).exists():
            return []
        study = studies.read_study(self.folder)
        for warning in study.warnings:
            self.how.say(f"note: {warning}")
        return files.outcomes(study, self.space.protocol, screening=self.space.screening is not None)

    def _conclude(self) -> None:
        """Tell the user what the study answers."""
        for line in conclusion(self.folder):
            self.how.say(line)

    def _facts(self, found: dict[str, Any]) -> dict[str, Any]:
        from landscape.core.environment import describe

        kept = {name: found[name] for name in ("floor", "protocol", "environment", "created_at") if name in found}
        facts = {"floor": {}, "environment": describe(), "created_at": files.now(), "deterministic": self.how.deterministic}
        return facts | {"data": self.data.hashes(self.space)} | kept

    def _prepare(self, found: dict[str, Any], plan: StudyPlan) -> Estimate:
        """Do what is needed once before the trials: measure the floor, write study.json and estimate the time."""
        facts = self._facts(found)
        scoring = None
        if not facts["floor"]:
            self.how.say(f"study {self.space.name}: scoring real samples against other real ones, then timing a few short probes")
            measured, seconds = floor_of(self.space, self.data, self.how.resources)
            scoring = scoring_time(self.space, self.data, self.how.resources, seconds)
            facts |= measured
        files.write_study(self.folder, self.space, facts)
        if self.there is not None:
            self.there.push(studies.STUDY_FILE)
        return estimate(plan.cells, self.data, self.how, scoring, load_of(self.space))

    def _train(self, plan: StudyPlan, ended: list[Outcome], expected: Estimate) -> SweepResult:
        """Run the trials that are left."""
        from landscape.sweep.driver import Driver

        jobs = self.how.resources.jobs
        progress = SweepProgress(plan.trials, self.space.protocol.objective, done=plan.finished)
        left = plan.search.trials - plan.search.finished
        if (seconds := expected.seconds(left, plan.trials - plan.finished - left)) is not None:
            progress.expected_seconds = seconds[0] / max(plan.trials - plan.finished, 1) / (jobs or 1)
        for outcome in ended:
            progress.score(outcome)
        self.how.say(opening(self.space, plan, expected, jobs, self.folder))
        with Interrupt(self.folder / STOP_FILE) as interrupt, Display(progress, self.how.stream) as display:
            driver = Driver(self.space, self.how, self.lock, plan, display, self.there)

            def answer() -> SweepResult:
                display.close()
                return self._answer(plan, interrupted=interrupt.requested)

            return driver.run(interrupt, ended, answer)
