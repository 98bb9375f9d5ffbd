"""Makes the table of the trials on the front of quality and diversity."""

from landscape.analysis.fronts import front, second_score
from landscape.core.wording import plural
from landscape.report.study_tables import arrow
from landscape.report.tables import Column, Table
from landscape.report.view import View

MOST_ROWS = 30


def front_table(view: View) -> Table | None:
    """Return the trials that no other one dominates in the objective and the score of diversity, or None if there is no second score."""
    assert view.score is not None
    other = second_score(view.table, view.score)
    if other is None:
        return None
    frame = front(view.table, view.score, other)
    names = {"one": view.score, "two": other}
    columns = (
        Column("cell", "Cell"),
        Column("digest", "Trial"),
        *(Column(key, name + arrow(view.table.scores[name]), "number", True) for key, name in names.items()),
    )
    caption = (
        f"The {plural(len(frame), 'trial')} of the search that no other one dominates by being at least as good in both {view.score} and"
        f" {other} and better in one; the best by {view.score} first. Chance decides part of it. Brackets: each score's own 95%"
        " interval over samples of this model."
    )
    return Table("front", "Front of quality and diversity", caption, columns, frame, most_rows=MOST_ROWS, compact=True)
