"""Says what the rows and columns of trials' pictures `samples` show, which depends on the task."""

from collections.abc import Mapping
from dataclasses import dataclass

from landscape.core.errors import UserError
from landscape.results.record import TrialRecord

TWO_WAYS = (
    "In each row: a picture a of the first set, its translation G(a), and what the other generator F makes of that; then a picture b of "
    "the second set, F(b) and G(F(b))."
)
OF_ROWS = {
    "image": "In each row: what the model is given, samples that it makes of it, and the {last}.",
    "text": "In each row: samples of one text, and the real sample to which it belongs.",
    "speech": "In each row: mels of what one voice says, and the mel of the recording.",
}
OF_CLASSES = "Each row has one class, from the first class on, and each column one latent vector."


@dataclass(frozen=True)
class Legend:
    """What stands beside a picture `samples`. It is empty for a task whose samples were made of nothing but a latent vector."""

    sentence: str = ""
    columns: tuple[tuple[str, int], ...] = ()
    """The headings of the columns from the left, and the number of images below each."""
    rows: tuple[str, ...] = ()
    """The texts of the rows from the top, if the model is given texts or speech."""


NO_LEGEND = Legend()


def legend_of(record: TrialRecord) -> Legend:
    """Return the legend of a trial's picture `samples`. A task that is no longer known, such as one of a plugin, has an empty one."""
    task = record.config.get("task")
    name = task.get("name") if isinstance(task, Mapping) else None
    if name in (None, "unconditional") or "samples" not in record.pictures:
        return NO_LEGEND  # Without a look at the tasks, which loads torch.
    from landscape.components.tasks._base import TASKS

    try:
        facts = TASKS[str(name)].facts
    except UserError:
        return NO_LEGEND
    if facts.condition == "class":
        return Legend(OF_CLASSES)
    if not facts.columns:
        return NO_LEGEND
    last = "target" if facts.has_target else "real sample"
    sentence = TWO_WAYS if facts.game == "two_way" else OF_ROWS[facts.condition].format(last=last)
    return Legend(sentence, facts.columns, record.texts)
