"""The drawn page of levels across tasks, from studies made by hand."""

import pytest
from helpers.browser import Visit, violations

from landscape.analysis.across_tasks import Ends, StudyOfTask, levels_of
from landscape.analysis.answer import AxisAnswer, LevelAnswer, PairAnswer
from landscape.analysis.interval import Interval
from landscape.report.across_page import write_across


def study(name, better, other):
    levels = tuple(LevelAnswer(level, Interval(x, 0.9 * x, 1.1 * x)) for level, x in ((better, 2.0), (other, 5.0)))
    ends = Ends(50.0, "mean fill", 1.0, True)
    pairs = (PairAnswer(better, other, Interval(0.4, 0.3, 0.5), True, 5),)
    of = levels_of(AxisAnswer("loss", "decided", "", levels=levels), ends)
    return StudyOfTask(name, name, "digits", "FD[pixels]", "decided", better, ends, of, pairs, frozenset(), is_log=True)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_points_have_the_colors_of_their_studies(browser, tmp_path, width, scheme):
    page = write_across([study("a-filled", "hinge", "minimax"), study("b-enlarged", "minimax", "hinge")], "loss", tmp_path)
    with Visit(browser, page, width=width, scheme=scheme) as seen:
        chart = seen.page.locator("[data-chart]")
        chart.locator("svg").wait_for()
        legend = chart.locator(".swatch").evaluate_all("of => of.map(one => getComputedStyle(one).backgroundColor)")
        points = chart.locator("circle").evaluate_all("of => of.map(one => getComputedStyle(one).fill)")
        assert len(set(legend)) == 2
        assert points == [legend[0], legend[0], legend[1], legend[1]]
        inside = "of => of.every(one => one.getBoundingClientRect().bottom <= one.ownerSVGElement.getBoundingClientRect().bottom)"
        assert chart.locator("svg text").evaluate_all(inside)
        assert "The order of hinge and minimax turns round" in seen.page.inner_text("main")
        assert seen.problems == []
        assert seen.overflow <= 0
        assert violations(seen) == []
