"""What several views say of a study's models: which scores are brought together, and which are not."""

from dataclasses import replace
from pathlib import Path

import pytest

from landscape.analysis.study_views import study_views
from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.results.trial_files import Trial

KID = [{"name": "kid", "hyperparameters": {"degree": 3}}]
BOTH = [{"name": "frechet", "hyperparameters": {}}, *KID]


def scores(names, name="quick", metrics=KID, weights="aaaa", **fields):
    """Scores under a protocol whose digest is made of what differs."""
    digest = f"{name}-{sorted(names)}-{weights}-{metrics}-{fields}"
    given = {"name": name, "digest": digest, "weights_hash": weights, "metrics": metrics, "seed": 42, **fields}
    return Scores(given, {name: e if isinstance(e, Estimate) else Estimate(float(e), "lower") for name, e in names.items()})


def trial(digest, *found, status=Status.COMPLETED):
    record = TrialRecord(digest, digest, digest, {}, status)
    return Trial(record, {str(one.protocol["digest"]): one for one in found}, Path(digest))


def seen(count, *makers, first=0):
    return [trial(f"t{i}", *(make(i) for make in makers)) for i in range(first, first + count)]


def own(i):
    return scores({"KID[classifier]": i, "FD[classifier]": i, "MS-SSIM": 1}, metrics=BOTH)


def pixels(i):
    return scores({"KID[pixels]": -i}, "quick, changed", weights="")


def test_a_view_that_was_added_stands_beside_the_scores_of_the_studys_own_protocol():
    (found,) = study_views(seen(4, own, pixels))
    assert (found.metric, found.protocol, found.models, found.scored) == ("KID", "quick", ("t0", "t1", "t2", "t3"), 4)
    assert {view: [e.value for e in of.values()] for view, of in found.views.items()} == {
        "KID[classifier]": [0, 1, 2, 3],
        "KID[pixels]": [0, -1, -2, -3],
    }
    assert found.weights == {"KID[classifier]": "aaaa", "KID[pixels]": ""}
    assert found.left_out == {}


def test_one_record_may_hold_several_views():
    (found,) = study_views(seen(3, lambda i: scores({"KID[lite0]": i, "KID[pixels]": i})))
    assert list(found.views) == ["KID[lite0]", "KID[pixels]"]


def test_fid_is_a_frechet_distance_through_inception():
    (found,) = study_views(seen(3, lambda i: scores({"FID": i}), lambda i: scores({"FD[pixels]": i}, "quick, changed")))
    assert (found.metric, set(found.views)) == ("FD", {"FID", "FD[pixels]"})


@pytest.mark.parametrize(
    "other",
    [
        lambda i: scores({"KID[pixels]": i}, "modern"),
        lambda i: scores({"KID[pixels]": i}, "quick, changed", seed=7),
        lambda i: scores({"KID[pixels]": i}, "quick, changed", metrics=[{"name": "kid", "hyperparameters": {"degree": 1}}]),
        lambda i: scores({"KID[pixels]": i}, "quick/selection"),
        lambda i: scores({"KID[pixels]": Estimate(float(i), "none")}, "quick, changed"),
        lambda i: scores({"FD_mean[pixels]": i, "MS-SSIM": i}, "quick, changed"),
        lambda i: scores({"MIND[pixels]": i}, "quick, changed"),
    ],
    ids=["another protocol", "another seed", "another kernel", "selection samples", "no direction", "a term", "another metric"],
)
def test_scores_that_differ_in_more_than_the_view_are_not_brought_together(other):
    assert study_views(seen(5, own, other)) == []


def test_neither_selection_samples_nor_terms_of_a_score_rank_models():
    assert study_views(seen(5, lambda i: scores({"KID[classifier]": i, "KID[pixels]": i}, "quick/selection"))) == []
    assert study_views(seen(5, lambda i: scores({"FD_mean[classifier]": i, "FD_mean[pixels]": i}))) == []


def test_at_least_three_completed_models_are_ranked():
    assert study_views(seen(2, own, pixels)) == []
    diverged = trial("t2", own(2), pixels(2), status=Status.DIVERGED)
    assert study_views([*seen(2, own, pixels), diverged]) == []
    assert study_views([*seen(2, own, pixels), replace(diverged, record=replace(diverged.record, status=Status.COMPLETED))]) != []


def test_a_view_of_few_models_does_not_take_the_others_from_the_ranking():
    """Later trials have one view, and a third view scored three models alone."""
    third = seen(3, own, pixels, lambda i: scores({"KID[lite0]": i}, "quick, changed"))
    (found,) = study_views([*third, *seen(9, own, pixels, first=3), *seen(5, own, first=12)])
    assert list(found.views) == ["KID[classifier]", "KID[pixels]"]
    assert (len(found.models), found.scored, found.left_out) == (12, 17, {"KID[lite0]": 3})


def test_other_weights_of_one_name_are_another_view():
    def retrained(i):
        return scores({"KID[classifier]": i}, weights="bbbb")

    (found,) = study_views(seen(3, own, retrained))
    assert set(found.views) == {"KID[classifier], weights aaaa", "KID[classifier], weights bbbb"}
    assert study_views([*seen(3, own), *seen(3, retrained, first=3)]) == []
    (found,) = study_views(seen(3, *(lambda i, end=end: scores({"KID[classifier]": i}, weights=f"aaaaaaaa{end}") for end in "bc")))
    assert set(found.views) == {"KID[classifier], weights aaaaaaaab", "KID[classifier], weights aaaaaaaac"}


def test_the_metric_and_the_extractor_of_the_objective_come_first():
    def pair(i):
        return scores({"KID[pixels]": i, "FD[pixels]": i, "recall[pixels]": i, "recall[classifier]": i}, "quick, changed", metrics=BOTH)

    trials = seen(3, own, pair)
    assert [one.metric for one in study_views(trials)] == ["KID", "FD", "recall"]
    found = study_views(trials, "FD[classifier]")
    assert [one.metric for one in found] == ["FD", "KID", "recall"]
    assert [next(iter(one.views)) for one in found] == ["FD[classifier]", "KID[classifier]", "recall[classifier]"]
    assert [next(iter(one.views)) for one in study_views(trials, "FD[pixels]")] == ["FD[pixels]", "KID[pixels]", "recall[pixels]"]
