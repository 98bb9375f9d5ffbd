"""The time of a trial from its first stretches: what happens once is not counted as if it happened all the time."""

from itertools import accumulate

import pytest

from landscape.core.durations import between
from landscape.core.errors import UserError
from landscape.sweep.estimate import Estimate, estimate, probed
from landscape.sweep.probe import probe_together, seconds_of_all, settled
from landscape.sweep.study_data import Data
from landscape.sweep.sweep_options import SweepOptions


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


def test_a_study_takes_a_range():
    """From the fastest pace without a pause to the slowest with the last lap counted whole and the start of Ray beside that of a trial."""
    expected = Estimate(2.0, 3.0, 8.0)
    assert expected.range(72, 8) == (8 + 2 * 9, 2 * 8 + 3 * 9)
    assert expected.range(73, 8) == (8 + 2 * 73 / 8, 2 * 8 + 3 * 10)
    assert Estimate(None).range(72, 8) is None
    assert Estimate(None).seconds_per_trial is None
    assert expected.seconds_per_trial == 2.5


def test_trials_of_the_search_have_their_own_times():
    """As expected at the fast end and at most at the slow one; confirmation runs are whole."""
    expected = Estimate(2.0, 3.0, 8.0, "", (0.5, 1.0), (2.5, 4.0))
    assert expected.range(12, 2, search=10) == (8 + (5 + 2 * 2) / 2, 16 + (40 + 2 * 3) / 12 * 6)
    assert expected.seconds(10, 2) == (10 * 0.75 + 2 * 2.5, 10 * 3.25 + 2 * 2.5)
    assert Estimate(2.0, 3.0).seconds(10, 2) == (30, 30)
    assert Estimate(None).seconds(10, 2) is None


def test_ranges_in_words():
    assert between(26, 43) == "26 to 43 s"
    assert between(26, 430) == "26 s to 7.2 min"
    assert between(45.1, 45.2) == "about 45 s"


def test_probes_run_in_processes_of_their_own(make_space, tmp_path):
    """What they measure is what a trial's process takes, its imports included; a user's mistake is told before the first trial."""
    base = {"budget": {"amount": 300}, "batch_size": 16, "architecture": {"mlp": {"width": 8}}}
    space = make_space(base=base, axes={"loss": ["hinge"]}, search={}, searcher={"name": "random"})
    config = Data(None).pin(probed(space.cells())[0].middle())
    settings = {"data_dir": None, "threads": 1, "device": "cpu", "plugins": []}
    (found,) = probe_together([config], settings)
    assert found.start > 0.1
    assert found.training > 0
    assert found.around > 0
    with pytest.raises(UserError, match=r"none\.py"):
        probe_together([config], settings | {"plugins": [str(tmp_path / "none.py")]})


def test_a_time_that_was_not_measured_says_why(make_space, tmp_path):
    cells, data = make_space().cells(), Data(None)
    cluster = estimate(cells, data, SweepOptions(results_dir=tmp_path, ray_address="auto"), None)
    assert (cluster.fastest, cluster.basis) == (None, "the trials run on a cluster, where nothing was measured")
    own = estimate(cells, data, SweepOptions(results_dir=tmp_path, run_trial=lambda *_, **__: None), None)
    assert (own.fastest, own.basis) == (None, "the trials are run by a function of the caller's, which was not measured")


def test_a_probe_that_breaks_off_gives_no_estimate(make_space, tmp_path):
    """The study begins all the same, and a trial that breaks off has its record."""
    (tmp_path / "ends.py").write_text("import os\nos._exit(3)\n")
    config = Data(None).pin(probed(make_space().cells())[0].middle())
    settings = {"data_dir": None, "threads": 1, "device": "cpu", "plugins": [str(tmp_path / "ends.py")]}
    assert probe_together([config], settings) == []
