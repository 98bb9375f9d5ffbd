"""Ray Tune runs what the pool chooses, in processes that it uses again. A trial of Tune is one of our trials, or the start of a process."""

import json
import os
from collections.abc import Callable
from typing import Any

from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher as TuneSearcher

from landscape.results.record import rung_from_json
from landscape.sweep.pool.pool import Pool, Start
from landscape.sweep.pool.ray_internals import idle_processes_kept
from landscape.sweep.pool.worker import Common, TrialActor

CHUNK = 2000
"""The number of trials in one experiment of Tune, which keeps every trial of an experiment in memory."""


class _Suggest(TuneSearcher):
    """Answers Tune when it asks for the next trial."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: Tune keeps a copy of its arguments, which nothing ever reads."""
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
        # The task goes as text, because Tune copies and flattens every structure that it sees.
        told = {"config": task.config.to_json(), "digest": task.digest, "study": task.study, "alone": chosen.alone}
        told |= {name: value for name, value in (("screening", task.screening), ("may_stop", task.may_stop)) if value}
        return {"task": json.dumps(told)}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Do nothing, because the callback below is told more."""

    def save(self, checkpoint_path: str) -> None:
        """Do nothing, because the records hold everything."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing, because nothing was saved."""


class _Listen(tune.Callback):
    """Passes on to the pool what Tune reports."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing, for the reason given above."""
        return {}

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any) -> None:
        if "rung" in result:
            # The trial goes on with its next step, which Tune asks for after this has returned.
            self._guarded(self.pool.reached, trial.trial_id, rung_from_json(json.loads(result["rung"])))
        else:
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


class TasksFirst(FIFOScheduler):
    """Gives an idle process to a task, and never to the start of another process."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.pool = pool

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing, for the reason given above."""
        return {}

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """Return a trial that has no process yet, first one that holds a task."""
        pending = [trial for trial in tune_controller.get_live_trials() if trial.status == trial.PENDING]
        return next((trial for trial in pending if trial.trial_id in self.pool.running), next(iter(pending), None))


def _reason(trial: Any) -> str:
    lines = [line.strip() for line in str(trial.get_error() or "").splitlines() if line.strip()]
    told = next(
        (line for line in lines if "exit detail" in line.lower() or "memory" in line.lower()), lines[-1] if lines else "no reason known"
    )
    return told[:300]


def run_pool(pool: Pool, common: Common, storage: str) -> None:
    """Run every task of the pool until it is over. `pool.fatal` then says whether it ended badly.

    Raises:
        StopNowError: A requested stop took too long.
    """
    # Tune asks for nothing more while this many trials wait for their processes. The pool says itself when there is nothing to start, and
    # with a smaller number idle processes would go without a task on a cluster that grows.
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(CHUNK)
    share = {"cpu": pool.resources.threads, "gpu": pool.resources.gpus_per_trial or 0.0}
    trainable = tune.with_resources(tune.with_parameters(TrialActor, common=common), share)
    while not pool.over:
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=_Suggest(pool),
                scheduler=TasksFirst(pool),
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
        with idle_processes_kept(pool):
            tuner.fit()
