"""The time of a trial from its first stretches: what happens once is not counted as if it happened all the time."""

from itertools import accumulate

import pytest

from landscape.sweep.estimate import seconds_of_all, settled


def reports(*stretches):
    """(share, seconds) after each stretch of (share, seconds)."""
    return list(accumulate(stretches, lambda a, b: (a[0] + b[0], a[1] + b[1])))


def watched(stretches):
    """What a probe sees before it stops."""
    seen = []
    for report in reports(*stretches):
        seen.append(report)
        if settled(seen):
            break
    return seen


STEADY = [(0.01, 0.4)] * 20


@pytest.mark.parametrize(
    "before",
    [
        [],
        [(0.0001, 30.0)],  # compiling D and G
        [(0.0001, 30.0), (0.0001, 12.0)],  # and the variant of a lazy term
        [(0.0001, 2.0), (0.0004, 0.02), (0.0016, 1.5)],  # libraries start, rounds are recorded
    ],
)
def test_what_happens_once_is_left_out(before):
    seen = watched(before + STEADY)
    assert seconds_of_all(seen) == pytest.approx(40.0)
    assert len(seen) <= len(before) + 5


def test_a_rate_that_never_settles_is_taken_as_it_is():
    seen = watched([(0.01, 0.2 if i % 2 else 0.6) for i in range(50)])
    assert len(seen) == 12
    assert seconds_of_all(seen) == pytest.approx(40.0)


def test_a_trial_that_ends_within_its_probe():
    """Training ends with a stretch of no rounds."""
    seen = watched([(0.1, 0.3), (0.4, 1.2), (0.5, 1.5), (0.0, 0.0), (0.0, 0.0)])
    assert seconds_of_all(seen) == pytest.approx(3.0)
    assert settled(reports((0.5, 1.0), (0.5, 1.0), (0.0, 0.0)))
    assert seconds_of_all(reports((0.5, 1.0), (0.5, 1.0), (0.0, 0.0))) == pytest.approx(2.0)


def test_a_trial_that_ends_before():
    assert seconds_of_all([]) is None
    assert seconds_of_all(reports((0.5, 1.0))) == pytest.approx(2.0)
    assert seconds_of_all(reports((0.5, 3.0), (0.5, 1.0))) == pytest.approx(2.0)
