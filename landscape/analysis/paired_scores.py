"""Two scores of the same settings of a search."""

import numpy as np

from landscape.analysis.frames import FINISHED, SCORE, TrialTable
from landscape.analysis.interval import Values


def costs_by_both(table: TrialTable, one: str, two: str) -> tuple[Values, Values]:
    """Return the costs [n] by two scores of every finished setting that has both. Lower is better.

    Several seeds of one setting are not independent, so that they count once, by their median of each score. Diverged trials have no
    scores and are left out.

    Args:
        table: The trials, usually those of the search.
        one: The public name of a score of the table.
        two: The public name of another one.
    """
    frame = table.frame[table.frame["status"].isin(FINISHED)]
    columns = [SCORE + one, SCORE + two]
    both = frame.dropna(subset=columns).groupby("setting", sort=False)[columns].median().to_numpy(dtype=np.float64)
    return both[:, 0] * table.scores[one].sign, both[:, 1] * table.scores[two].sign
