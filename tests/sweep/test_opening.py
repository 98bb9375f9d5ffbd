"""The line with which a sweep begins: counts in the right number, and what the seeds of the confirmed axes can tell apart."""

from landscape.sweep.estimate import Estimate
from landscape.sweep.opening import opening
from landscape.sweep.search.study_plan import StudyPlan

UNKNOWN = Estimate(None)


def said(space, expected=UNKNOWN, jobs=2, **options) -> str:
    return opening(space, StudyPlan(space, pin=lambda config: config, **options), expected, jobs)


def test_counts_stand_in_the_right_number(make_space):
    one = make_space(
        axes={"loss": ["hinge"], "regularizers": ["none"], "architecture": ["mlp"]}, trials=1, search={}, confirmation={"seeds": 0}
    )
    assert said(one) == "study toy: 1 trial to run; 1 trial in each of 1 cell; 2 at a time"
    assert said(make_space(trials=12), jobs=None, confirm=False) == (
        "study toy: 12 trials to run; 3 trials in each of 4 cells; as many at a time as the cluster holds"
    )
    timed = said(make_space(trials=12), Estimate(2.0, 3.0, 8.0, "from 4 short probes"), confirm=False)
    assert timed.endswith("; 2 at a time; 20 to 34 s (from 4 short probes)")


def test_resolution_is_that_of_the_axes_that_are_confirmed(make_space):
    """The pairs of an axis share its error, so axes that are not confirmed do not matter."""
    axes = {"loss": ["hinge", "non_saturating", "wasserstein"], "regularizers": ["none", "gradient_penalty"], "architecture": ["mlp"]}
    every = said(make_space(axes=axes, trials=12, confirmation={"seeds": 5}))
    assert "5 paired seeds tell two of 3 levels apart" in every
    chosen = said(make_space(axes=axes, trials=12, confirmation={"seeds": 5, "axes": ["regularizers"]}))
    assert "then at most 10 confirmation runs of the settings that stand for levels, 5 fresh seeds each; 5 paired" in chosen
    assert "tell two of 2 levels apart" in chosen


def test_what_says_nothing_leaves_no_gap(make_space):
    assert "; ;" not in said(
        make_space(
            axes={"loss": ["hinge"], "regularizers": ["none"], "architecture": ["mlp"]}, search={}, trials=4, confirmation={"seeds": 5}
        )
    )
