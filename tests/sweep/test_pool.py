"""What becomes of tasks: retries, what is given up, waits, interruptions. The pool without Ray: the test plays Tune."""

import signal
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from landscape.core.errors import UserError
from landscape.space.settings import Limits
from landscape.sweep.pool import interrupt as interrupts
from landscape.sweep.pool import pool as pools
from landscape.sweep.pool.cluster import connect, with_gpus_of_cluster
from landscape.sweep.pool.interrupt import Interrupt
from landscape.sweep.pool.pool import Ahead, Attempt, Hooks, Pool, Start, StopNowError
from landscape.sweep.pool.ray_internals import IdleProcesses
from landscape.sweep.pool.resources import Resources, plan_resources
from landscape.sweep.pool.tune_bridge import TasksFirst
from landscape.sweep.search.plan import Outcome, Plan

DONE, OUT_OF_MEMORY = {"ended": {"status": "completed"}}, {"ended": {"out_of_memory": "MemoryError: 9 GB"}}


class Tune:
    """The other side of the pool, by hand."""

    def __init__(self, make_space, tmp_path, jobs=2, **changes) -> None:
        self.plan = Plan(make_space(searcher={"name": "random"}, **changes), pin=lambda config: config)
        self.ahead = Ahead(self.plan)
        self.interrupt = Interrupt(tmp_path / "stop")
        self.begun, self.done, self.failed = [], [], {}
        hooks = Hooks(self.begun.append, lambda task, rung: None, self._done, self._failed, lambda running: None)
        self.pool = Pool(self.ahead, Limits(attempts=3), Resources(jobs, 1, 0.0, 0, local=True), self.interrupt, hooks)
        self.idle = IdleProcesses(self.pool)
        self.count = 0

    def _done(self, task) -> None:
        self.done.append(task)
        self.ahead.settle(Outcome(task.ask, 0, task.cell.id, task.assignment, task.digest, "completed", 1.0, 1.0))

    def _failed(self, task, reason) -> None:
        self.failed[task.ask] = reason
        self.ahead.settle(Outcome(task.ask, 0, task.cell.id, task.assignment, task.digest, "failed"))

    def next(self):
        self.count += 1
        chosen = self.pool.next(str(self.count))
        if isinstance(chosen, Attempt):
            assert self.idle.has_cached_object("cpu")
            assert self.idle.pop_cached_object("cpu")
        return str(self.count), chosen

    def ended(self, name, how=DONE) -> None:
        """The process is idle from then on."""
        self.pool.ended(name, how)
        self.idle.cache_object("cpu", object())

    def task(self):
        """The next attempt, all processes being up; on a busy machine a proposal may not be there at the first call."""
        end = time.monotonic() + 20
        name, chosen = self.next()
        while not isinstance(chosen, Attempt) and time.monotonic() < end:
            if isinstance(chosen, Start):
                self.ended(name)
            name, chosen = self.next()
        assert isinstance(chosen, Attempt)
        return name, chosen


@pytest.fixture
def tune(make_space, tmp_path):
    made = []

    def make(**options):
        made.append(Tune(make_space, tmp_path, **options))
        return made[-1]

    yield make
    for each in made:
        each.ahead.close()


def test_tasks_are_handed_out_up_to_the_limit_until_all_are_done(tune):
    it = tune(jobs=2, trials=4)
    first, second = it.task(), it.task()
    assert it.next()[1] is None
    it.ended(first[0], DONE)
    third = it.task()
    for name, _ in (second, third):
        it.ended(name, DONE)
    fourth = it.task()
    assert it.next()[1] is None
    assert not it.pool.over
    it.ended(fourth[0], DONE)
    assert it.next()[1] is None
    assert it.pool.over
    assert sorted(t.ask for t in it.done) == [0, 1, 2, 3]
    assert it.plan.finished == 4


def test_a_dead_process_is_a_retry_and_the_third_one_the_end(tune):
    it = tune(jobs=1, trials=4)
    ask = it.task()[1].task.ask
    for _ in range(2):
        it.pool.died(str(it.count), "worker died")
        assert not it.failed
        assert it.task()[1].task.ask == ask
    it.pool.died(str(it.count), "signal 9")
    assert it.failed == {ask: "its process ended 3 times; the last time: signal 9"}
    assert it.task()[1].task.ask != ask


def test_out_of_memory_is_one_retry_alone(tune):
    it = tune(jobs=3, trials=8)
    (hungry, attempt), (other, _) = it.task(), it.task()
    it.ended(hungry, OUT_OF_MEMORY)
    # Nothing begins beside what runs, then the hungry one begins, and nothing beside it.
    assert it.next()[1] is None
    it.ended(other, DONE)
    name, again = it.task()
    assert again.task is attempt.task
    assert again.alone
    assert it.next()[1] is None
    it.ended(name, OUT_OF_MEMORY)
    assert it.failed == {attempt.task.ask: "out of memory, also when run alone: MemoryError: 9 GB"}
    it.task()
    it.task()


def test_a_process_killed_for_memory_is_run_alone(tune):
    it = tune(jobs=2, trials=4)
    it.pool.died(it.task()[0], "the worker was killed due to the node running low on memory")
    assert it.task()[1].alone


def test_an_error_of_the_code_is_not_tried_again(tune):
    it = tune(jobs=1, trials=4)
    name, attempt = it.task()
    it.ended(name, {"ended": {"error": "ZeroDivisionError: x (trial.py:3)"}})
    assert it.failed == {attempt.task.ask: "ZeroDivisionError: x (trial.py:3)"}
    assert it.task()[1].task.ask != attempt.task.ask


def test_a_users_mistake_ends_the_sweep(tune):
    it = tune(jobs=1, trials=4)
    name, _ = it.task()
    with pytest.raises(UserError, match="disk is full"):
        it.ended(name, {"ended": {"user_error": "disk is full"}})
    it.pool.give_up(UserError("disk is full"))
    assert it.pool.over
    assert it.interrupt.requested
    assert it.next()[1] is None
    assert not it.failed


def test_a_task_begins_where_a_process_is_idle_and_missing_ones_start(tune):
    it = tune(jobs=2, trials=6)
    first, second = it.next(), it.next()
    assert [type(each) for _, each in (first, second)] == [Start, Start]
    assert it.next()[1] is None
    # One is up: it gets a task, and nothing of what the other one starts for.
    it.ended(first[0])
    assert not it.idle.has_cached_object("cpu")
    one = it.task()
    assert it.next()[1] is None
    it.ended(one[0])
    assert not it.idle.has_cached_object("cpu")
    one = it.task()
    it.ended(second[0])
    it.task()
    # After a death a new one starts, for the task of the dead one.
    it.pool.died(one[0], "killed")
    name, chosen = it.next()
    assert isinstance(chosen, Start)
    assert it.next()[1] is None
    it.ended(name)
    assert it.task()[1].task is one[1].task


def test_at_the_end_nothing_waits_for_a_process_that_is_starting(tune):
    it = tune(jobs=2, trials=4)
    it.ended(it.next()[0])
    for _ in range(4):
        it.ended(_first_task(it))
    assert it.next()[1] is None
    assert it.pool.over
    assert it.pool.starting
    assert it.idle.has_cached_object("cpu")


def _first_task(it):
    """A task while a process is starting."""
    end = time.monotonic() + 20
    while not isinstance((given := it.next())[1], Attempt):
        assert time.monotonic() < end
    return given[0]


def test_tasks_go_before_starts(tune):
    it = tune(jobs=2, trials=4)
    first = it.next()[0]
    start = it.next()[0]
    it.ended(first)
    task = it.task()[0]
    trials = [SimpleNamespace(trial_id=name, status="PENDING", PENDING="PENDING") for name in (start, task)]
    controller = SimpleNamespace(get_live_trials=lambda: trials)
    assert TasksFirst(it.pool).choose_trial_to_run(controller).trial_id == task
    trials[1].status = "RUNNING"
    assert TasksFirst(it.pool).choose_trial_to_run(controller).trial_id == start
    trials[0].status = "RUNNING"
    assert TasksFirst(it.pool).choose_trial_to_run(controller) is None


def test_idle_processes_are_kept_but_for_a_trial_alone(tune):
    it = tune(jobs=3, trials=6)
    for name in [it.next()[0] for _ in range(3)]:
        it.ended(name)
    assert it.pool.idle == 3
    assert not list(it.idle.flush_cached_objects())
    name, attempt = it.task()
    it.ended(name, OUT_OF_MEMORY)
    name, alone = it.task()
    assert alone.alone
    assert alone.task is attempt.task
    assert len(list(it.idle.flush_cached_objects())) == 2
    assert it.pool.idle == 0
    assert it.next()[1] is None
    it.ended(name, DONE)
    # Those that ended for it start again.
    assert [type(it.next()[1]) for _ in range(2)] == [Start, Start]
    assert it.pool.idle == 1
    assert len(list(it.idle.flush_cached_objects(force_all=True))) == 1


def test_processes_that_never_start_end_the_sweep(tune):
    it = tune(jobs=1, trials=6)
    for _ in range(2):
        it.pool.died(it.next()[0], "no memory")
    with pytest.raises(UserError, match="worker processes do not start .no memory.: run `landscape doctor`"):
        it.pool.died(it.next()[0], "no memory")
    assert not it.failed


def test_while_a_round_ends_there_is_no_task(tune):
    it = tune(jobs=3, trials=8, batch=1)
    it.plan.space = it.plan.space.with_changes(searcher={"name": "optuna-tpe", "startup": 1})
    names = [it.task()[0] for _ in range(3)]
    it.pool.resources = Resources(8, 1, 0.0, 0, local=False)
    names.append(it.task()[0])
    # The first lap of 4 cells is under way; each next proposal waits for its cell's first.
    while (given := it.next())[1] is not None:
        names.append(given[0])
    assert not it.pool.over
    for each in names:
        it.ended(each, DONE)
    it.task()


def test_a_request_to_stop_begins_nothing_and_gives_up_after_a_while(tune, monkeypatch):
    it = tune(jobs=2, trials=8)
    name, _ = it.task()
    it.interrupt.request()
    assert it.next()[1] is None
    assert it.pool.over
    it.pool.died(name, "killed")
    assert not it.failed
    assert not it.pool.again
    it.pool.tick()
    it.pool.running["x"] = object()
    monkeypatch.setattr(it.interrupt, "requested_at", time.monotonic() - 100)
    with pytest.raises(StopNowError):
        it.pool.tick()


def test_errors_of_a_searcher_reach_the_driver(tune, monkeypatch):
    it = tune(jobs=1, trials=4)
    monkeypatch.setattr(it.plan, "propose", lambda: 1 / 0)
    name, _ = it.task()
    it.ended(name, DONE)
    with pytest.raises(ZeroDivisionError):
        it.next()


def test_the_next_proposal_is_made_while_trials_run(make_space):
    made, go = threading.Event(), threading.Event()
    plan = Plan(make_space(searcher={"name": "random"}, trials=8), pin=lambda config: config)
    original = plan.propose

    def slow():
        task = original()
        made.set()
        return task

    plan.propose = slow
    ahead = Ahead(plan)
    assert made.wait(10)
    made.clear()
    ahead.take(10)
    # Nobody asked for the second one yet.
    assert made.wait(10)
    ahead.close()
    go.set()


def test_signals_ask_once_and_insist_twice(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with Interrupt(tmp_path / "stop") as interrupt:
        assert not interrupt.requested
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.requested
        assert interrupt.signal == signal.SIGTERM
        assert (tmp_path / "stop").exists()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupt.at_once
    assert signal.getsignal(signal.SIGTERM) is before
    assert not (tmp_path / "stop").exists()


def test_interruptions_work_without_the_main_thread(tmp_path):
    failures = []

    def work():
        try:
            with Interrupt(tmp_path / "stop") as interrupt:
                interrupt.request()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failures
    assert interrupts.SIGNALS


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((None, None, None, 8, 0), (8, 1, 0.0)),
        ((3, None, None, 8, 0), (3, 2, 0.0)),
        ((16, None, None, 8, 0), (16, 1, 0.0)),
        ((None, None, None, 8, 2), (2, 4, 1.0)),
        ((None, 0.25, None, 8, 2), (8, 1, 0.25)),
        ((None, 1 / 3, None, 8, 1), (3, 2, 1 / 3)),
        ((None, 0.0, None, 8, 2), (8, 1, 0.0)),
        ((1, 0.25, None, 8, 2), (1, 8, 0.25)),
        ((None, 0.4, None, 8, 2), (4, 2, 0.4)),
        ((None, None, "auto", 8, 0), (None, 1, None)),
    ],
)
def test_how_trials_share_a_machine(options, expected, monkeypatch):
    jobs, share, address, cores, gpus = options
    monkeypatch.setattr("landscape.sweep.pool.resources.cores", lambda: cores)
    monkeypatch.setattr("landscape.sweep.pool.resources.visible_gpus", lambda: gpus)
    found = plan_resources(jobs, share, address)
    assert (found.jobs, found.threads, found.gpus_per_trial) == expected


def test_resources_that_are_not_there(monkeypatch):
    monkeypatch.setattr("landscape.sweep.pool.resources.visible_gpus", lambda: 0)
    with pytest.raises(UserError, match="sees no GPU here"):
        plan_resources(None, 0.5, None)
    with pytest.raises(UserError, match="one GPU at most"):
        plan_resources(None, 2, None)
    with pytest.raises(UserError, match="at least one"):
        plan_resources(0, None, None)


def test_more_trials_than_gpus_hold(monkeypatch):
    monkeypatch.setattr("landscape.sweep.pool.resources.visible_gpus", lambda: 1)
    with pytest.raises(UserError, match=r"--jobs 4: with --gpus-per-trial 1 the GPUs here hold 1 trial at a time; give a smaller share"):
        plan_resources(4, None, None)
    assert plan_resources(4, 0.25, None).jobs == 4
    # torch takes no whole numbers for a share of the memory
    assert [type(plan_resources(1, 1, address).gpus_per_trial) for address in (None, "auto")] == [float, float]
    assert plan_resources(4, 0.0, None).jobs == 4


@pytest.mark.parametrize(("asked", "gpus", "share"), [(None, 2, 1.0), (None, 0, 0.0), (0.5, 2, 0.5), (0.0, 2, 0.0)])
def test_a_trial_of_a_cluster_with_gpus_gets_one(asked, gpus, share, monkeypatch):
    monkeypatch.setattr("landscape.sweep.pool.cluster.ray.cluster_resources", lambda: {"CPU": 8.0} | ({"GPU": float(gpus)} if gpus else {}))
    assert with_gpus_of_cluster(plan_resources(None, asked, "auto")).gpus_per_trial == share


def test_a_closed_port_is_no_cluster(monkeypatch, tmp_path):
    """Ray is not asked, because it would try for a quarter of an hour. Names are Ray's own to look up."""
    asked, here = [], Resources(1, 1, 0.0, 0, local=False)
    monkeypatch.setattr("landscape.sweep.pool.cluster.ray.init", lambda **given: asked.append(given["address"]))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for given in (address, f"ray://{address}", f"a..b:{address.rpartition(':')[2]}"):
            with pytest.raises(UserError, match="no Ray cluster at .*start one with `ray start --head`"):
                connect(here, tmp_path, given)
    connect(here, tmp_path, "auto")
    assert asked == ["auto"]


def test_without_idle_processes_of_ours_tasks_are_handed_out_up_to_the_limit(tune, monkeypatch):
    """Tune then starts and reuses processes as it sees fit, so nothing waits for a start; a trial alone still runs alone."""
    monkeypatch.setattr(pools, "keeps_idle_processes", lambda: False)
    it = tune(jobs=2, trials=4)

    def task():
        end = time.monotonic() + 20
        while time.monotonic() < end:
            it.count += 1
            if (chosen := it.pool.next(str(it.count))) is not None:
                return str(it.count), chosen
        return None

    first, second = task(), task()
    assert isinstance(first[1], Attempt)
    assert isinstance(second[1], Attempt)
    assert it.pool.next("full") is None
    it.pool.ended(first[0], OUT_OF_MEMORY)
    assert it.pool.next("not beside the other") is None
    it.pool.ended(second[0], DONE)
    alone = task()
    assert alone[1].alone
    assert it.pool.next("not beside it") is None
    it.pool.ended(alone[0], DONE)
    for _ in range(2):
        it.pool.ended(task()[0], DONE)
    assert it.pool.next("done") is None
    assert it.pool.over
    assert it.plan.finished == 4
