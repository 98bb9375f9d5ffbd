"""A trial that is scored at rungs: it ends where the judge says so, is asked once for each rung, and is otherwise the model that it would be."""

from dataclasses import replace

import pytest
import torch

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.results.record import Estimate, Rung, Scores, Status, TrialRecord
from landscape.trial import checkpoint_file
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.rungs import Rungs, reached, reason_of, rung_protocol, rung_rounds

TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "hinge", "batch_size": 4, "budget": {"amount": 20}}
PROTOCOL = Protocol.parse({"name": "toy", "extractor": "pixels", "metrics": ["frechet", "kid"], "objective": "FD[pixels]", "n_fake": 60})
CONFIG = TrialConfig.parse(TINY)


class Judge:
    """Stops a trial at rung `last`, and notes what it is asked."""

    def __init__(self, last: int | None = None) -> None:
        self.last, self.asked = last, []

    def __call__(self, here: Rung) -> Rung:
        self.asked.append(here)
        return replace(here, rule="asha", rank=2, of=3, stop=here.rung == self.last)


def run(folder, judge=None, **settings) -> TrialRecord:
    rungs = None if judge is None else Rungs((0.25, 0.5), rung_protocol(PROTOCOL, "", 50), judge)
    return prepare_and_run(CONFIG, PROTOCOL, folder=folder, pictures=False, threads=1, rungs=rungs, **settings)


def test_a_trial_that_is_stopped_leaves_its_record_alone(tmp_path):
    judge = Judge(last=1)
    record = run(tmp_path, judge)
    assert (record.status, record.counts["d_steps"]) == (Status.STOPPED_EARLY, 10)
    assert [(rung.rung, rung.share, rung.d_steps, rung.stop) for rung in record.rungs] == [(0, 0.25, 5, False), (1, 0.5, 10, True)]
    assert all(rung.score == "FD[pixels]" and rung.cost == rung.value > 0 and rung.n_fake == 50 for rung in record.rungs)
    assert record.reason == f"stopped at 0.5 of its training with FD[pixels] {record.rungs[1].value:.4g}, rank 2 of 3 there (asha)"
    assert record.diagnosis == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.json"]
    assert TrialRecord.from_json(read_json(tmp_path / "record.json")) == record
    # It is over: the same call neither trains nor asks again.
    assert run(tmp_path, judge) == record
    assert len(judge.asked) == 2


def test_a_trial_that_goes_on_is_the_model_that_it_would_be(tmp_path):
    watched, plain = run(tmp_path / "watched", Judge()), run(tmp_path / "plain")
    assert (watched.status, watched.digest, len(watched.rungs)) == (Status.COMPLETED, plain.digest, 2)
    assert plain.rungs == ()
    one, other = (checkpoint_file.read(tmp_path / of / "generator.safetensors", "generator")[0] for of in ("watched", "plain"))
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_an_interrupted_trial_is_not_asked_again_where_it_was(tmp_path):
    first = Judge()
    stopped = run(tmp_path, first, should_stop=lambda: len(first.asked) == 1)
    assert stopped.status is Status.STOPPED
    second = Judge(last=1)
    record = run(tmp_path, second)
    assert [rung.rung for rung in first.asked + second.asked] == [0, 1]
    assert (record.status, [rung.stop for rung in record.rungs]) == (Status.STOPPED_EARLY, [False, True])


def test_rungs_of_a_short_training():
    assert rung_rounds(100, (0.1, 0.3, 0.9)) == {10: 0, 30: 1, 90: 2}
    # Neither before the first round nor at the end, and no two at one round.
    assert rung_rounds(3, (0.1, 0.3, 0.34, 0.9)) == {1: 1}
    assert rung_rounds(None, (0.5,)) == {}


def test_what_is_reached():
    def scores(direction):
        return Scores({"objective": "recall"}, {"recall[pixels]": Estimate(0.5, "none"), "recall": Estimate(0.25, direction, n_fake=9)})

    here = reached(scores("higher"), 1, 0.3, 30)
    assert here == Rung(1, 0.3, 30, "recall", 0.25, -0.25, 9)
    assert reached(Scores({"objective": "FID"}, {}), 1, 0.3, 30) is None
    with pytest.raises(UserError, match="neither better high nor low"):
        reached(scores("none"), 1, 0.3, 30)
    median = replace(here, rule="median", median=0.5, of=7, stop=True)
    assert reason_of(median) == "stopped at 0.3 of its training with recall 0.25, worse than the median 0.5 of 7 completed trials there"


def test_the_protocol_of_a_rung():
    found = rung_protocol(PROTOCOL, "KID[pixels]", None)
    assert (found.name, found.objective, found.n_fake) == ("toy/rung", "KID[pixels]", 60)
    assert rung_protocol(PROTOCOL, "", 50).n_fake == 50
