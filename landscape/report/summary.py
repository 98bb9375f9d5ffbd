"""Writes the first screen of a report in words: what was run, the best model, what is decided and what is not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from landscape.analysis.answer import StudyAnswer
from landscape.analysis.comparison import compare_levels
from landscape.analysis.frames import AXIS, SCORE, SCREENED_OUT, STOPPED_EARLY
from landscape.analysis.searching import check_budgets
from landscape.core.wording import plural, words
from landscape.report.formats import count, duration, interval, number, share
from landscape.report.view import View

PLURALS = {"loss": "losses"}


@dataclass(frozen=True)
class Tile:
    """One key figure of the first screen."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """The sentences and key figures of the first screen. `best` is the digest of the best trial of the search."""

    ran: str
    budgets: str
    best_text: str = ""
    best: str = ""
    decided: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    """The axes of which fewer than two levels have confirmation runs."""
    hints: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = field(default=())
    no_score: str = ""
    """The reason why no trial has a score. The text is empty if one has."""


def summarize(view: View, answer: StudyAnswer | None) -> Summary:
    """Return what a reader needs who reads nothing else. `answer` is what the study says, or None if no trial has a score."""
    budget = check_budgets(view.table, view.cells)
    ran, best = _ran(view), best_trial(view)
    if best is None or answer is None:
        return Summary(ran, budget.text, no_score=why_no_score(view), tiles=_tiles(view, None))
    decided = tuple(axis.sentence for axis in answer.decided)
    undecided = tuple(axis.sentence for axis in answer.axes if axis.best is not None and axis.state != "decided")
    untested = tuple(words(name) for name in view.table.axes if (axis := answer.axis(name)) is not None and axis.best is None)
    hints = tuple(filter(None, (_hint(view, axis) for axis in view.table.axes)))
    return Summary(ran, budget.text, _best_text(view, best), str(best["digest"]), decided, undecided, untested, hints, _tiles(view, best))


def best_trial(view: View) -> Mapping[str, object] | None:
    """Return the row of the search trial that is best on the selection samples, or None if nothing was scored."""
    if view.score is None:
        return None
    ordered = view.best_first(view.table.role("search").frame)
    return None if ordered.empty else {str(key): value for key, value in ordered.iloc[0].to_dict().items()}


def why_no_score(view: View) -> str:
    """Return in words how the trials of a study without any score ended, with the most common reason."""
    frame = view.table.frame
    ended = frame[frame["status"] != "skipped"]
    waiting = view.study.unfinished
    more = f" {plural(waiting, 'trial')} still running or waiting." if waiting else ""
    if ended.empty:
        return f"No trial has ended yet.{more}" if waiting else "The study has no trials yet."
    statuses = ended["status"].value_counts()
    if len(statuses) == 1:
        status, n = str(statuses.index[0]), len(ended)
        who = f"All {count(n)} trials" if n > 1 else "The only trial"
        text = {"completed": f"{who} completed, and none was scored"}.get(status, f"{who} {_WERE.get(status, '')}{words(status)}")
    else:
        text = "No trial has a score: " + ", ".join(f"{count(n)} {words(str(status))}" for status, n in statuses.items())
    reasons = ended.loc[ended["reason"].astype(bool), "reason"].value_counts()
    why = f" The commonest reason ({count(reasons.iloc[0])} of {count(len(ended))}): {reasons.index[0]}." if len(reasons) else ""
    return f"{text}.{why}{more}"


_WERE = {"stopped": "were ", SCREENED_OUT: "were ", STOPPED_EARLY: "were "}


def _ran(view: View) -> str:
    frame = view.table.role("search").frame
    ran = frame[frame["status"] != "skipped"]
    dataset = dataset_of(view)
    if ran.empty:
        waiting = f" {plural(view.study.unfinished, 'trial')} still running or waiting." if view.study.unfinished else ""
        return f"No model was trained{f' on {dataset}' if dataset else ''} yet.{waiting}"
    cells = ran["cell"].nunique()
    axes = " × ".join(plural(ran[AXIS + a].nunique(), words(a), PLURALS.get(a, "")) for a in view.table.axes)
    text = f"{plural(len(ran), 'model')} trained{f' on {dataset}' if dataset else ''}"
    text += f", in {plural(cells, 'cell')}{f' of {axes}' if axes else ''}"
    text += f", proposed by {view.searcher_words}" if view.searcher != "unknown" else ""
    statuses = ran["status"].value_counts()
    shown = ("completed", "diverged", STOPPED_EARLY, SCREENED_OUT, "failed", "stopped")
    parts = [f"{count(statuses[s])} {words(s)}" for s in shown if s in statuses]
    text += f": {', '.join(parts)}." if parts else "."
    confirmed = len(view.table.role("confirmation").frame)
    text += f" {plural(confirmed, 'confirmation run')} on fresh seeds." if confirmed else ""
    text += f" {plural(view.study.unfinished, 'trial')} still running or waiting." if view.study.unfinished else ""
    return text


def dataset_of(view: View) -> str:
    """Return the name of the study's data set, or an empty text if the study does not give it."""
    space = view.study.facts.get("space")
    named = space.get("dataset") if isinstance(space, Mapping) else None
    if isinstance(named, Mapping):
        named = named.get("name")
    if not named and "hyper:dataset" in view.table.frame and len(view.table.frame):
        named = view.table.frame["hyper:dataset"].iloc[0]
    return str(named or "")


def _best_text(view: View, best: Mapping[str, object]) -> str:
    value = float(str(best[SCORE + str(view.score)]))
    text = f"{best['cell']} with {view.score} {number(value)}"
    low = view.floor.interval[0] if view.floor and view.floor.interval else math.inf
    if view.floor_value and view.facts.is_log and low > 0:  # There is no ratio to a value that may be zero.
        text += f", {number(value / view.floor_value)} times the floor of real against real ({number(view.floor_value)})"
    scored = int(view.table.role("search").frame[SCORE + str(view.score)].notna().sum())
    if view.selects_apart:
        return f"{text}. It was chosen among {count(scored)} by its score on the selection samples; its seed may have been a lucky one."
    return f"{text}. It is the best of {count(scored)} and was picked for that, so the figure is optimistic."


def _hint(view: View, axis: str) -> str:
    """Return what the search alone suggests about an axis, which is never a verdict."""
    frame = compare_levels(view.table, axis, str(view.score), given_search=view.given_search)
    frame = frame[frame["quantile"].notna()]
    if len(frame) < 2:
        return ""
    first, last = frame.iloc[0], frame.iloc[-1]
    ahead, behind = (f"{number(r['quantile'])} {interval(r['quantile_low'], r['quantile_high'])}" for r in (first, last))
    beats = f"{share(first['wins'])} {interval(first['wins_low'], first['wins_high'], share)}"
    return (
        f"{words(axis)}: {first['level']} is ahead, {ahead} (quantile: {first['quantile_name']}) against {behind} for {last['level']}; "
        f"its trials beat those of other levels {beats} of the time."
    )


def _tiles(view: View, best: Mapping[str, object] | None) -> tuple[Tile, ...]:
    frame = view.table.frame
    status = frame["status"].value_counts()
    finished = int(status.get("completed", 0) + status.get("diverged", 0))
    tiles = [Tile("Trials finished", count(finished), f"{count(status.get('diverged', 0))} diverged")]
    if best is not None:
        value = float(str(best[SCORE + str(view.score)]))
        better = {"lower": "lower is better", "higher": "higher is better"}.get(view.facts.direction, "")
        tiles.append(Tile(f"Best {view.score}", number(value), better))
    if view.floor is not None:
        low, high = view.floor.interval or (math.nan, math.nan)
        size = f"n = {count(view.floor.n_fake)}" if view.floor.n_fake else ""
        tiles.append(Tile("Floor: real against real", number(view.floor.value), " ".join(filter(None, (interval(low, high), size)))))
    if view.baseline is not None:
        tiles.append(Tile(f"Baseline: {view.baseline_name}", number(view.baseline.value), "on the same conditions, without learning"))
    seconds = float(frame["seconds"].sum())
    if seconds > 0:
        tiles.append(Tile("Computing time", duration(seconds), "training, scoring and set-up of all trials"))
    return tuple(tiles)
