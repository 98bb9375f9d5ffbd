"""The table and the drawing of the ranks of an axis's levels over matched cells, and the same in words across studies."""

from dataclasses import dataclass

import pandas as pd

from landscape.analysis.critical_difference import LevelRanks, axis_ranks, fewest_blocks
from landscape.core.wording import join, plural, words
from landscape.report.study_figures import Drawn, mean_ranks_figure
from landscape.report.tables import Column, Table
from landscape.report.view import View


@dataclass(frozen=True)
class RanksOfAxis:
    """The ranks of the levels of one axis, as a page shows them."""

    table: Table
    figure: Drawn | None
    """None if there are too few matched cells to tell levels apart."""


def ranks_of_axis(view: View, axis: str) -> RanksOfAxis | None:
    """Return the ranks of the levels of an axis, or None if fewer than two levels have scores."""
    assert view.score is not None
    found = axis_ranks(view.table, axis, view.score)
    if found is None:
        return None
    name, title = f"ranks_{axis}", f"Ranks of {words(axis)} levels over matched cells"
    columns = (
        Column("level", words(axis)),
        Column("mean_rank", "Mean rank ↓", "number", help="1 for a level that is the best in every matched cell"),
        Column("behind", "Behind the best by", "number", True, help="Difference of mean ranks"),
        Column("together", "Not told apart from"),
    )
    keys = [key for column in columns for key in column.keys]
    if not found.levels:
        return RanksOfAxis(
            Table(name, title, "", columns, pd.DataFrame(columns=keys), summary=too_few(found, "matched cell", "matched cells")), None
        )
    rows = [
        {"level": one.level, "mean_rank": one.mean_rank, "together": join(one.together), **one.behind.columns("behind")}
        for one in found.levels
    ]
    table = Table(name, title, _caption(view, found, axis), columns, pd.DataFrame(rows, columns=keys))
    return RanksOfAxis(table, mean_ranks_figure(name, title, found, words(axis)))


def ranks_in_words(found: LevelRanks, block: str, blocks: str) -> str:
    """Return mean ranks and what they tell apart as a sentence. The words name one block and several."""
    if not found.levels:
        return too_few(found, block, blocks)
    ranks = join([f"{one.level} {one.mean_rank:.3g}" for one in found.levels])
    groups = "; ".join(join(group) for group in found.groups)
    told = f"not told apart are {groups}" if groups else "all levels are told apart"
    return f"Mean ranks over {plural(found.blocks, block, blocks)} with all {found.compared} levels: {ranks}; {told}."


def too_few(found: LevelRanks, block: str, blocks: str) -> str:
    """Return in words that there are too few blocks."""
    return (
        f"{plural(found.blocks, block, blocks)} with all {found.compared} levels: ranks cannot tell {found.compared} levels apart over"
        f" fewer than {fewest_blocks(found.compared)}, even where one level is the best every time."
    )


def _caption(view: View, found: LevelRanks, axis: str) -> str:
    what = (
        f"Ranks of the levels over {plural(found.blocks, 'matched cell')} (the same levels of the other axes), each by the median"
        f" {view.score} of its search trials; equal medians share their mean rank."
    )
    if found.left_out:
        what += (
            f" {plural(found.left_out, 'matched cell')} without a score of every level {'does' if found.left_out == 1 else 'do'} not count."
        )
    if found.critical_difference is None:
        told = f"by the exact sign test (p = {found.p:.2g}). Brackets: 95% interval (Clopper-Pearson{view.given})"
    else:
        told = (
            f"mean ranks that differ by at least {found.critical_difference:.2f} (critical difference of Nemenyi, for all pairs of"
            f" levels together; Demsar 2006). Friedman's test that no level differs: p = {found.p:.2g}. Brackets: 95% intervals, those of"
            f" all pairs jointly{view.given}"
        )
    return f"{what} Told apart: {told}. Search trials suggest and do not decide."
