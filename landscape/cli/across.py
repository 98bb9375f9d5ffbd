"""Defines `landscape across`, which compares the levels of an axis across studies of different tasks."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.aligned import aligned
from landscape.cli.options import examples, json_option, print_json, reports_option, results_option
from landscape.cli.output import stored_study
from landscape.core.errors import UserError

if TYPE_CHECKING:
    from landscape.analysis.across_tasks import LevelInTask, StudyOfTask

FOLDER = "across"
"""The folder of the page among the reports."""


@click.command(
    short_help="Compare losses (or another axis) across studies of different tasks.",
    epilog=examples("landscape across digits-conditional inpainting super-resolution", "landscape across A B --by regularizers"),
)
@click.argument("studies", nargs=-1, required=True)
@click.option("--by", "axis", default="loss", show_default=True, metavar="AXIS", help="The axis whose levels are compared.")
@results_option
@reports_option
@json_option
def across(studies: tuple[str, ...], axis: str, results_dir: Path, reports_dir: Path, as_json: bool) -> None:
    """Say whether what wins one of STUDIES wins the others, and write a page of it.

    Each level is placed by the share of the way from the task's baseline (0, what needs no learning) to real samples (1), because raw
    scores of two tasks say nothing beside each other. Only levels that were confirmed on fresh seeds take part.
    """
    from landscape.analysis.across_tasks import order_in_words, pairs_over_studies, verdict
    from landscape.report.across_page import study_of_task, write_across
    from landscape.results.studies import study_folder

    names = tuple(dict.fromkeys(studies))
    # This names an unknown study or axis, also of a single study.
    found = [study_of_task(stored_study(study_folder(results_dir, name)), axis, len(names)) for name in names]
    if len(names) < 2:
        raise UserError("name two studies or more, of different tasks: `landscape report` shows what a single one says")
    page = write_across(found, axis, reports_dir / FOLDER / axis)
    if as_json:
        turned = [pair.levels for pair in pairs_over_studies(found) if pair.turns]
        facts = {"axis": axis, "verdict": verdict(found, axis), "order": order_in_words(found), "turned": turned}
        print_json({**facts, "studies": [_as_json(one) for one in found], "page": str(page)})
        return
    levels = list(dict.fromkeys(level.level for study in found for level in study.levels))
    rows = [(level, *(_cell(study, level) for study in found)) for level in levels]
    click.echo("\n".join([*aligned((axis, *names), rows), verdict(found, axis), *order_in_words(found), f"page: {page}"]))


def _as_json(study: "StudyOfTask") -> dict[str, Any]:
    def plain(x: float | None) -> float | str | None:
        return x if x is None or math.isfinite(x) else str(x)

    levels = [
        {"level": one.level, "place": one.place}
        | {name: plain(value) for name, value in (("share", one.share.value), ("low", one.share.low), ("high", one.share.high))}
        for one in study.levels
    ]
    facts = {name: getattr(study, name) for name in ("study", "task", "dataset", "score", "state", "best")}
    pairs = [
        {"better": one.better, "other": one.other, "decided": one.decided}
        | {name: plain(getattr(one.difference, name)) for name in ("value", "low", "high")}
        for one in study.pairs
    ]
    ends = asdict(study.ends) if study.ends else None
    return {**facts, "ends": ends, "levels": levels, "pairs": pairs, "pairs_are_ratios": study.is_log}


def _cell(study: "StudyOfTask", level: str) -> str:
    found = next((one for one in study.levels if one.level == level), None)
    return "" if found is None else _said(found, len(study.levels))


def _said(found: "LevelInTask", confirmed: int) -> str:
    place = f"{found.place} of {confirmed}"
    if found.share.value is None:
        return place
    ends = f" [{found.share.low:.2f}, {found.share.high:.2f}]" if found.share.has_interval else ""
    return f"{found.share.value:.2f}{ends}, {place}"
