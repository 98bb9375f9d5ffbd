"""The part of a page with the response surfaces of a search: a table of length scales, drawings, and why something is not drawn."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from landscape.analysis.gaussian_process import LONGEST, SHORTEST
from landscape.analysis.importance import Share
from landscape.analysis.response_surface import (
    FEWEST_TRIALS,
    MOST_SURFACES,
    MOST_TRIALS,
    REPEATS,
    TRIALS_A_DIMENSION,
    Dimension,
    Surface,
    Surfaces,
    response_surfaces,
)
from landscape.core.wording import join, plural
from landscape.report import study_figures
from landscape.report.figures import response_surface
from landscape.report.formats import number
from landscape.report.study_figures import Drawn
from landscape.report.tables import Column, Table
from landscape.report.view import View

CHANGE_HELP = "Of the largest and the smallest predicted score, averaged over the other hyperparameters"
MOST_NAMED = 6
"""The number of groups with too few trials that are named."""


@dataclass(frozen=True)
class SurfacesSection:
    """What a page says of response surfaces."""

    table: Table | None
    """None if no group of trials is large enough for a surface."""
    figures: tuple[Drawn, ...]
    lines: tuple[str, ...]
    """Why something has no surface or is not drawn."""


def surfaces_section(view: View) -> SurfacesSection | None:
    """Return the surfaces of the study's search, or None if it searched no range or has no score."""
    found = response_surfaces(view.study, view.table, view.score) if view.score is not None else None
    if found is None:
        return None
    drawn = [_figure(view, i, one) for i, one in enumerate(found.found, 1) if one.says_something]
    table = _table(view, found) if found.found else None
    return SurfacesSection(table, tuple(f for f in drawn if f is not None), tuple(_lines(found)))


def _table(view: View, found: Surfaces) -> Table:
    ratio = found.found[0].is_log
    columns = (
        Column("surface", "Surface"),
        Column("name", "Hyperparameter"),
        Column("scale", "Length scale", "number", True, "In units of the searched range: profile likelihood"),
        Column("change", f"Change along it ({'ratio' if ratio else 'difference'})", "number", True, help=CHANGE_HELP),
        Column("best", "Best place", "number"),
        Column("predicted", "Predicted there", "number", True, note="cell", help="A new trial in the best cell: prediction interval"),
        Column("explained", "Explained (Q²)", "number", True, help="Of the squared errors of cell means, five-fold cross-validated"),
        Column("noise", "Noise", "share", True, help="Share of the variance within cells"),
    )
    rows = [_row(surface, one) for surface in found.found for one in surface.dimensions]
    caption = (
        f"{view.score}{' (its logarithm)' if found.found[0].is_log else ''} over the searched ranges: a Gaussian process (Matern 5/2) with"
        " an offset for each cell, taken to be the same in all cells of a surface but for the offset. A length scale is the distance, in"
        " units of the range, over which the score changes its course. A long one belongs to a straight line, also to a level one, along"
        " which the score hardly changes. Q² of 0 or less: the surface says nothing, and has no best place. Brackets: 95% intervals of"
        f" length scales (profile likelihood, within {SHORTEST:g} to {LONGEST:g}) and predictions; for Q² the range over {REPEATS}"
        " cross-validations, for changes and noise that over their fits, which are no confidence intervals. Diverged trials are left out."
        f" Of more than {MOST_TRIALS} trials {MOST_TRIALS} are drawn at random and fitted."
    )
    if view.given_search:
        caption += " Given this search, which tries good values more often."
    frame = pd.DataFrame(rows, columns=[key for column in columns for key in column.keys])
    return Table("response_surfaces", "Response surfaces", caption, columns, frame)


def _row(surface: Surface, one: Dimension) -> dict[str, object]:
    what = f"{surface.label}: {plural(surface.trials, 'trial')}, {plural(surface.cells, 'cell')}"
    return {
        "surface": what + (f", {surface.diverged} diverged" if surface.diverged else ""),
        "name": one.range.name,
        **one.scale.columns("scale"),
        **_spread("change", one.change),
        "cell": "",
        **({"best": one.best, "cell": surface.cell, **surface.prediction.columns("predicted")} if surface.says_something else {}),
        **_spread("explained", surface.explained),
        **_spread("noise", surface.noise),
    }


def _spread(name: str, share: Share) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), (share.value, share.low, share.high), strict=True))


def _lines(found: Surfaces) -> list[str]:
    silent = [f"{one.label} (Q² {one.explained.value:.2f})" for one in found.found if not one.says_something]
    lines = []
    if silent:
        lines.append(f"No better than the means of cells at predicting trials, and so not drawn: {join(silent)}.")
    fragile = [one.label for one in found.found if one.is_fragile]
    if fragile:
        lines.append(f"To be read with care, because by some division of their trials they do no better: {join(fragile)}.")
    if found.too_few:
        more = len(found.too_few) - MOST_NAMED
        named = [*found.too_few[:MOST_NAMED], *([plural(more, "more group")] if more > 0 else [])]
        lines.append(
            f"Too few trials for a surface: {join(named)}. Beyond one for each cell and choice, it takes {FEWEST_TRIALS} trials that did"
            f" not diverge, and {TRIALS_A_DIMENSION} for each hyperparameter."
        )
    if found.left_out:
        others = plural(found.left_out, "more group")
        lines.append(f"{others} of trials would do for a surface; only the {MOST_SURFACES} with the most trials are fitted.")
    return lines


def _figure(view: View, i: int, surface: Surface) -> Drawn | None:
    drawn, rest = surface.dimensions[:2], surface.dimensions[2:]
    names = join([one.range.name for one in drawn])
    frame = response_surface.data(surface)
    caption = f"Predicted mean in the cell {surface.cell}"
    caption += f", with {join([f'{one.range.name} {number(one.best)}' for one in rest])} as at the best place" if rest else ""
    caption += f". Dots: the {plural(surface.trials, 'trial')}"
    caption += ", less the offset of their cell; band: 95% of the mean." if len(drawn) == 1 else "."
    caption += f" Q² {number(surface.explained.value)}."
    alt = f"Response surface of {view.score} over {names}; the numbers are in figure_surface_{i}.csv."
    draw = partial(response_surface.draw, frame, surface, view.facts)
    return study_figures.drawn_figure(f"surface_{i}", f"{surface.label}: {view.score} over {names}", caption, alt, frame, draw)
