"""Scores of models that translate between two sets of pictures: content kept and its permutations, cycles, and the way back."""

import itertools
from dataclasses import replace

import pytest
import torch

from landscape.components.metrics._base import BothWays, Evidence, SampleSet
from landscape.components.metrics.content_kept import best_permutation, content_kept
from landscape.components.metrics.cycle_l1 import cycle_l1
from landscape.components.metrics.frechet import frechet
from landscape.components.metrics.frechet_back import frechet_back
from landscape.components.metrics.identity_l1 import identity_l1
from landscape.core.errors import UserError


def seen(classes):
    """A set whose pictures the classifier sees as these classes of 4."""
    return SampleSet(logits=torch.nn.functional.one_hot(torch.tensor(classes), 4).float())


def test_the_best_permutation_is_that_of_a_search_over_all():
    for seed in range(5):
        before, after = torch.randint(0, 5, (2, 40), generator=torch.Generator().manual_seed(seed))
        found = best_permutation(before, after, 5)
        most = max(int((after == torch.tensor(order)[before]).sum()) for order in itertools.permutations(range(5)))
        assert int((after == found[before]).sum()) == most


def test_content_kept_by_hand():
    labels = torch.tensor([0, 0, 1, 1, 2, 3])
    # On the way there 0 and 1 are exchanged, on the way back one picture is lost.
    ways = BothWays(SampleSet(), seen([0, 0, 1, 1, 2, 2]), (labels, labels))
    evidence = Evidence(SampleSet(), seen([1, 1, 0, 0, 2, 3]), extractor="x", ways=ways)
    found = content_kept(evidence)
    assert {name: e.value for name, e in found.items()} == pytest.approx(
        {"content_kept[x]": 2 / 6, "content_kept_permuted[x]": 1, "content_kept_back[x]": 5 / 6, "content_kept_back_permuted[x]": 5 / 6}
    )
    assert found["content_kept_permuted[x]"].note == "classes exchanged: 0 to 1, 1 to 0"
    assert found["content_kept_back_permuted[x]"].note == "no classes exchanged"
    # Without labels the classifier says what was given.
    by_sight = replace(ways, a=seen([0, 0, 1, 1, 2, 3]), classes=(None, labels))
    assert content_kept(replace(evidence, ways=by_sight))["content_kept[x]"].value == pytest.approx(2 / 6)
    # The pictures are translated in their order, which begins anew after the last.
    more = replace(evidence, fake=seen([1, 1, 0, 0, 2, 3] * 2))
    assert content_kept(more)["content_kept_permuted[x]"].value == 1
    with pytest.raises(UserError, match="classes beyond the 4 of the classifier"):
        content_kept(replace(evidence, ways=replace(ways, classes=(labels + 2, labels))))


def test_errors_of_both_directions_and_the_distance_of_the_way_back():
    one, two = torch.tensor([0.1, 0.3]), torch.tensor([0.5, 0.7])
    a, back = (SampleSet(features=torch.randn(40, 3) + shift) for shift in (0, 1))
    ways = BothWays(a, back, (None, None), cycles=(one, two), identities=(two, one))
    evidence = Evidence(SampleSet(), SampleSet(), extractor="x", ways=ways)
    assert {name: e.value for name, e in cycle_l1(evidence).items()} == pytest.approx({"cycle_L1": 0.2, "cycle_L1_back": 0.6})
    assert {name: e.value for name, e in identity_l1(evidence).items()} == pytest.approx({"identity_L1": 0.6, "identity_L1_back": 0.2})
    (distance,) = frechet_back(evidence).items()
    assert distance == ("FD_back[x]", frechet(Evidence(a, back, extractor="x"))["FD[x]"])
    assert next(iter(frechet_back(replace(evidence, is_fid=True)))) == "FID_back"


@pytest.mark.parametrize("metric", [content_kept, cycle_l1, identity_l1, frechet_back])
def test_other_models_have_none_of_them(metric):
    with pytest.raises(UserError, match=f"{metric.__name__} needs a model that translates between two sets of pictures"):
        metric(Evidence(SampleSet(), SampleSet()))
