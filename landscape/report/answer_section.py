"""Makes the first section of a study's page: what the study says of each axis, the settings to copy, and the commands that run it again."""

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from landscape.analysis.answer import AxisAnswer, Effort, LevelAnswer, StudyAnswer, ToDecide
from landscape.analysis.cell_pairs import SearchedAxis, cell_medians, searched_axis
from landscape.analysis.seed_part import UNKNOWN
from landscape.analysis.seeds import FEWEST_SEEDS
from landscape.core.wording import plural, words
from landscape.report.formats import as_flow, as_yaml, count, duration
from landscape.report.tables import Column, Table
from landscape.report.view import View

SEARCH_ONLY = "open: search only"
MOST_OPEN = 24
"""The number of lines of the winner's settings that are shown at once. Longer lists are folded."""


@dataclass(frozen=True)
class AnswerSection:
    """The content of the section, as the template writes it."""

    sentence: str
    table: Table | None = None
    lines: tuple[str, ...] = ()
    settings: str = ""
    settings_of: str = ""
    """The trial to which the settings belong, in words."""
    few_settings: bool = False
    commands: str = ""
    importance: Table | None = None
    """The shares of variance that axes, their combinations, settings and seeds explain."""
    found: StudyAnswer | None = None
    """The answer from which all of this is made."""


def answer_section(view: View, best: str, found: StudyAnswer) -> AnswerSection:
    """Return what the study says, as the page shows it. `best` is the digest of the best trial of the search."""
    digest = found.chosen.trials[0] if found.chosen is not None and found.chosen.trials else best
    settings = as_yaml(dict(view.trial(digest).record.config)) if digest else ""
    confirmed = found.chosen is not None
    return AnswerSection(
        _sentence(view, found),
        answer_table(found, searched(view, found)) if found.axes else None,
        tuple(found.warnings),
        settings,
        f"{'the confirmed winner' if confirmed else 'the best trial of the search'}, trial {digest}",
        settings.count("\n") <= MOST_OPEN,
        commands(view, digest, found),
        importance_table(found),
        found,
    )


def _sentence(view: View, found: StudyAnswer) -> str:
    if found.chosen is not None:
        return found.sentence
    ran = plural(found.search.trials, "search trial")
    return f"{found.sentence} No setting was trained again on fresh seeds, so {ran} can suggest and not decide."


def commands(view: View, digest: str, found: StudyAnswer) -> str:
    """Return commands that train the winner again, run the study again from the file beside the page, and decide what is open."""
    record = f"results/{view.study.name}/trials/{digest}/record.json"
    lines = [f"landscape train --config {shlex.quote(record)} --out again"] if digest else []
    if has_definition(view):
        lines.append("landscape sweep study.yaml")
        if found.chosen is None:
            lines.append(
                f"# With `confirmation: {{seeds: {FEWEST_SEEDS}}}` in study.yaml, the same command confirms each level's best setting."
            )
        lines += _further_seeds(view, found)
    return "\n".join(lines)


def _further_seeds(view: View, found: StudyAnswer) -> list[str]:
    """Return a line for each axis that more seeds would decide, the cheapest first. What the study says else of its confirmation stays."""
    said = view.study.facts.get("confirmation")
    usual = {"seeds": FEWEST_SEEDS, "cells": 1}
    kept = {k: said[k] for k, v in usual.items() if said.get(k, v) != v} if isinstance(said, Mapping) else {}
    rivals = [(axis.axis, axis.rival.to_decide) for axis in found.axes if axis.rival is not None]
    wanted = sorted(((axis, needed) for axis, needed in rivals if needed is not None), key=lambda one: one[1].seconds)
    lines = [
        f"# {as_flow('confirmation', {**kept, 'axes': [axis], 'most_seeds': needed.seeds})}"
        f"  # at least {plural(needed.trainings, 'training')}, about {duration(needed.seconds)}"
        for axis, needed in wanted
    ]
    head = "# With one of these lines for the confirmation in study.yaml, the same command trains what would decide an axis:"
    return [head, *lines] if lines else []


def has_definition(view: View) -> bool:
    """Return whether the study says how it is run again. In that case `study.yaml` is written beside the page."""
    return bool(view.study.facts.get("definition"))


def searched(view: View, found: StudyAnswer) -> dict[str, SearchedAxis]:
    """Return what the search suggests about the axes that were not confirmed."""
    medians = cell_medians(view.table, view.table.axes, found.score)
    suggestions = {a.axis: searched_axis(medians, view.table.axes, a.axis, view.facts) for a in found.axes if a.best is None}
    return {axis: one for axis, one in suggestions.items() if one is not None}


def answer_table(found: StudyAnswer, suggested: Mapping[str, SearchedAxis] = MappingProxyType({})) -> Table:
    """Return a table with a row for each axis. Axes without confirmation runs show what the search suggests."""
    kind = "ratio" if found.is_log else "difference"
    columns = (
        Column("axis", "Axis"),
        Column("best", "Best level"),
        Column("runner_up", "Runner-up"),
        Column("state", "State"),
        Column("contrast", f"Best against runner-up ({kind})", "number", True, help=f"Of {found.score}, over paired seeds"),
        Column("variance", "Share of variance", "share", True, help="Of the ranks of the search's trials"),
        Column("cost", "Time a trial", "seconds", note="cost_beside", help="Of the best level, and of the runner-up"),
        Column("deciding", "What deciding takes"),
    )
    frame = pd.DataFrame(
        [_row(axis, suggested.get(axis.axis)) for axis in found.axes], columns=[key for column in columns for key in column.keys]
    )
    caption = (
        f"{found.score}; {kind} of the best level to the runner-up over paired seeds beside the same levels of the other axes. Brackets:"
        " 95% intervals, those of an axis's pairs jointly. Decided: better than every other confirmed level; suggested: some level is shown"
        " to be worse; open: nothing is shown. Only fresh seeds decide: the best of many trials is partly lucky. Search only: medians of"
        " the search's trials over matched cells, which suggest and do not decide."
    )
    if found.chosen is not None and any(a.best not in (None, found.chosen.labels.get(a.axis)) for a in found.axes):
        caption += (
            " The setting to train is the best single one. On an axis that is not decided, its level need not be the best of the pairs."
        )
    return Table("answer", "The answer by axis", caption, columns, frame)


def _row(axis: AxisAnswer, suggestion: SearchedAxis | None) -> dict[str, Any]:
    levels = {level.level: level for level in axis.levels}
    names = (axis.best, axis.runner_up) if suggestion is None else (suggestion.best, suggestion.runner_up)
    best, second = (levels.get(name or "") for name in names)
    row: dict[str, Any] = {"axis": words(axis.axis), "best": names[0] or "", "runner_up": names[1] or "", "state": axis.state}
    if suggestion is not None:
        row |= {"state": SEARCH_ONLY} | suggestion.paired.contrast.columns("contrast")
    elif axis.contrast is not None and axis.contrast.better == axis.best:
        row |= axis.contrast.difference.columns("contrast")
    row |= axis.variance.columns("variance")
    row |= {"cost": _each(best), "cost_beside": f"{duration(_each(second))} runner-up" if second is not None else ""}
    return row | {"deciding": deciding(axis)}


def _each(level: LevelAnswer | None) -> float:
    """Return the mean seconds of one training of a level in the search."""
    spent = level.search if level is not None else Effort()
    return spent.seconds / spent.trials if spent.trials else math.nan


def deciding(axis: AxisAnswer) -> str:
    """Return what would settle an axis, in words. The text is empty if the axis is settled."""
    if axis.state == "decided":
        return ""
    if axis.best is None:
        return "confirmation runs: fresh seeds of the best setting of each level"
    rival = axis.rival
    if rival is None:
        return "common seeds of the best level and every other one"
    if rival.resolvable is None:
        return rival.difference.absent
    needed: ToDecide | None = rival.to_decide
    if needed is None:
        return f"more than 1,000 seeds: {rival.better} and {rival.other} are as good as equal"
    more = f"{plural(needed.trainings, 'more training')}, about {duration(needed.seconds)}"
    return f"{count(needed.seeds)} seeds each of {rival.better} and {rival.other}: {more}"


def _split_within_cells(found: StudyAnswer) -> str:
    """Return how what differs within a cell was split between hyperparameters and seed, or why it was not."""
    shares = found.variance
    if shares.seed.value is None:
        return f" {shares.seed.absent[0].upper()}{shares.seed.absent[1:]}." if shares.seed.absent == UNKNOWN else ""
    if shares.seed_part.value is None:
        return ""
    seeds = "the confirmed settings" if shares.of_confirmed else "settings of the search"
    return (
        " What differs within a cell is divided between hyperparameters and seed as the variance of"
        f" {'log ' if found.is_log else ''}scores over seeds of {seeds} says, without diverged runs."
    )


def importance_table(found: StudyAnswer) -> Table | None:
    """Return the table of what explains the spread of the search's scores, or None if no share could be computed."""
    shares = found.variance
    rows: list[dict[str, Any]] = [
        {"what": words(axis)} | share.columns("share") for axis, share in shares.axes.items() if share.value is not None
    ]
    found_rows = {"combinations of axes": shares.interaction, "hyperparameters": shares.hyperparameters, "seed": shares.seed}
    if shares.seed.value is None:
        found_rows = {"combinations of axes": shares.interaction, "hyperparameters and seed, within a cell": shares.within}
    rows += [{"what": what} | share.columns("share") for what, share in found_rows.items() if share.value is not None]
    if not rows:
        return None
    columns = (Column("what", "What differs"), Column("share", "Share of variance", "share", True))
    frame = pd.DataFrame(rows, columns=["what", "share", "share_low", "share_high"])
    caption = "Of the ranks of all search trials; brackets: 95% intervals. A share of an axis is what its levels explain beside all others."
    caption += _split_within_cells(found)
    return Table(
        "importance", "What matters", caption, columns, frame.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    )
