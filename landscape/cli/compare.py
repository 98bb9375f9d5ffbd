"""Defines `landscape compare`, which sets two studies side by side."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.aligned import aligned
from landscape.cli.options import examples, json_option, print_json, results_option
from landscape.cli.output import stored_study

if TYPE_CHECKING:
    from landscape.analysis.two_studies import PairedRatio, TwoStudies

WIDEST = 120
"""The number of characters of the widest table. If one would be wider, each study has a line of its own under each difference."""


@click.command(
    short_help="Compare two studies on the cells that both have.",
    epilog=examples("landscape compare digits digits-long", "landscape compare digits mnist --by loss"),
)
@click.argument("first")
@click.argument("second")
@click.option("--by", metavar="AXIS", help="Compare each level of this axis by itself.")
@results_option
@json_option
def compare(first: str, second: str, by: str | None, results_dir: Path, as_json: bool) -> None:
    """Say in what FIRST and SECOND differ, and compare their scores cell by cell where one protocol scored both.

    Scores of different protocols are never compared: studies without a common one are told apart, and no more.
    """
    from landscape.analysis.two_studies import compare_studies
    from landscape.results.studies import study_folder

    studies = [stored_study(study_folder(results_dir, name)) for name in (first, second)]
    found = compare_studies(studies[0], studies[1], by)
    if as_json:
        print_json(_as_json(found))
        return
    click.echo("\n".join([*_differences(found), "", *_ratios(found, by)]))


def _differences(found: "TwoStudies") -> list[str]:
    if not found.differences:
        return [f"{found.names[0]} and {found.names[1]} say the same of themselves."]
    rows = [(d.what, d.first or "–", d.second or "–") for d in found.differences]
    table = ["What differs", *aligned(("", *found.names), rows)]
    if max(map(len, table)) <= WIDEST:
        return table
    width = max(map(len, found.names))
    each = [(what, *(f"    {name.ljust(width)}  {text}" for name, text in zip(found.names, texts, strict=True))) for what, *texts in rows]
    return ["What differs", *(line for what, *lines in each for line in (f"  {what}", *lines))]


def _ratios(found: "TwoStudies", by: str | None) -> list[str]:
    if found.absent:
        return [f"Not compared: {found.absent}."]
    kind = "ratio" if found.is_log else "difference"
    head = f"{found.score} under {found.protocol}: median {kind} of {found.names[0]} to {found.names[1]} over shared cells"
    rows = [(r.level, str(r.cells), _text(r), f"{r.better_in} of {r.cells}") for r in found.ratios]
    table = aligned((by or "", "cells", f"{kind} [95%]", f"{found.names[0]} better in"), rows)
    agreement = f"Kendall's tau of the cells' ranks: {found.rank_agreement:.2f} over {found.shared_cells} cells."
    notes = [r.contrast.absent for r in found.ratios if r.contrast.absent]
    return [head, *table, agreement if found.rank_agreement is not None else "Too few shared cells for an agreement of ranks.", *notes[:1]]


def _text(ratio: "PairedRatio") -> str:
    from landscape.report.formats import number

    value = ratio.contrast
    return f"{number(value.value)}{f' [{number(value.low)}, {number(value.high)}]' if value.has_interval else ''}"


def _as_json(found: "TwoStudies") -> dict[str, Any]:
    def plain(x: float | None) -> float | str | None:
        return x if x is None or math.isfinite(x) else str(x)

    return {
        "studies": list(found.names),
        "differences": [{"what": d.what, "first": d.first, "second": d.second} for d in found.differences],
        "protocol": found.protocol,
        "score": found.score,
        "kind": "ratio" if found.is_log else "difference",
        "shared_cells": found.shared_cells,
        "comparisons": [
            {"level": r.level, "cells": r.cells, "better_in": r.better_in, "value": plain(r.contrast.value)}
            | {"low": plain(r.contrast.low), "high": plain(r.contrast.high), "joint_level": r.contrast.level}
            for r in found.ratios
        ],
        "rank_agreement": found.rank_agreement,
        "absent": found.absent,
    }
