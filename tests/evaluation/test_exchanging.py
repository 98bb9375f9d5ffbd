"""The control of conditioning: samples are made under the conditions of other rows, and everything else stays as it was."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from landscape.components.metrics._base import Pairs
from landscape.components.tasks._base import Task
from landscape.config import protocols
from landscape.core.errors import UserError
from landscape.evaluation.exchanging import in_circle, named, of_other_rows, under_exchange
from landscape.evaluation.sampling import RowSampler, draw
from landscape.results.record import Estimate, Scores

PAIRS = Pairs(Task("inpainting"), torch.arange(12.0).view(12, 1, 1, 1) / 12)


class OfRows:
    """A perfect generator: the sample of row i is its condition."""

    pairs = PAIRS

    def __call__(self, n, seed):
        return self.of_rows(torch.arange(n), seed)

    def of_rows(self, rows, seed):
        return self.pairs.conditions[rows]


@pytest.mark.parametrize("n", [2, 3, 50])
def test_a_circle_goes_through_all_rows_and_leaves_none_where_it_is(n):
    given = in_circle(n, 7)
    at, seen = 0, []
    for _ in range(n):
        at = int(given[at])
        seen.append(at)
    assert sorted(seen) == list(range(n))
    assert at == 0
    assert torch.equal(given, in_circle(n, 7))
    assert n < 4 or not torch.equal(given, in_circle(n, 8))


def test_every_row_is_given_the_condition_of_another_one_and_keeps_its_own_for_the_score(monkeypatch):
    from landscape.evaluation import sampling

    monkeypatch.setattr(sampling, "BLOCK", 5)
    exchanged = of_other_rows(OfRows(), 3)
    assert isinstance(exchanged, RowSampler)
    assert exchanged.pairs is PAIRS
    made = draw(exchanged, 24, 0, "none").samples
    assert torch.equal(made, PAIRS.conditions[in_circle(12, 3)].repeat(2, 1, 1, 1))
    assert not (made == PAIRS.conditions.repeat(2, 1, 1, 1)).any()
    assert torch.equal(exchanged(12, 0), made[:12])


def test_samples_of_classes_stay_and_are_asked_for_by_the_classes_of_others():
    def sampler(n, seed):
        labels = torch.randint(0, 10, (n,), generator=torch.Generator().manual_seed(seed))
        return labels.view(n, 1, 1, 1) / 10, labels

    samples, labels = sampler(2000, 1)
    made, asked = of_other_rows(sampler, 3)(2000, 1)
    assert torch.equal(made, samples)
    assert torch.equal(asked.sort().values, labels.sort().values)
    assert (asked == labels).float().mean() == pytest.approx(0.1, abs=0.02)


def test_only_scores_that_read_conditions_are_made_and_have_names_of_their_own():
    protocol = protocols.get("quick-inpainting")
    kept = [m.name for m in under_exchange(protocol, Task("inpainting")).metrics]
    assert {"l1", "psnr", "class_kept"} <= set(kept)
    assert not {"frechet", "diversity"} & set(kept)
    assert {m.name for m in under_exchange(protocols.get("quick-classes"), Task("class_conditional")).metrics} == {
        "class_accuracy",
        "intra_frechet",
        "classifier_accuracy",
    }
    scores = Scores(protocol={}, estimates={"L1": Estimate(0.5, "lower")}, failures={"psnr": "why"})
    assert named(scores) == replace(
        scores, estimates={"exchanged conditions L1": scores.estimates["L1"]}, failures={"exchanged conditions psnr": "why"}
    )


@pytest.mark.parametrize(
    ("task", "metrics", "words"),
    [
        ("unconditional", ["frechet"], "task 'unconditional' has no conditions that could be exchanged"),
        ("inference", ["frechet"], "task 'inference' has no conditions that could be exchanged"),
        ("unpaired", ["content_kept"], "no picture of one set belongs to a picture of the other"),
        ("class_conditional", ["frechet"], "no metric of protocol .* reads the conditions .*--metrics class_accuracy"),
        ("super_resolution", ["frechet", "diversity"], "no metric of protocol .* reads the conditions .*--metrics psnr"),
    ],
)
def test_what_cannot_be_exchanged_is_refused(task, metrics, words):
    with pytest.raises(UserError, match=words):
        under_exchange(protocols.varied(protocols.get("quick"), metrics=metrics), Task(task))


def test_samples_of_a_file_have_no_conditions_to_exchange():
    from landscape.cli.evaluate import _exchanged

    with pytest.raises(UserError, match="give the folder of a trial by --fake"):
        _exchanged(None, SimpleNamespace(), protocols.get("quick"), None)
