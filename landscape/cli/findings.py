"""Defines `landscape findings`, which compares conclusions of papers with the user's own studies."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.options import examples, json_option, print_json, results_option
from landscape.cli.output import stored_study
from landscape.core.wording import plural

if TYPE_CHECKING:
    from landscape.analysis.finding import Finding


@click.command(
    short_help="Hold published findings and a study's own claims against its records.",
    epilog=examples("landscape findings digits", "landscape findings mnist cifar10 --all", "landscape findings --json"),
)
@click.argument("studies", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Show the findings that the studies do not address too, with the reason.")
@results_option
@json_option
def findings(studies: tuple[str, ...], everything: bool, results_dir: Path, as_json: bool) -> None:
    """Decide what the records of STUDIES can.

    On a claim's own data and score it is reproduced, contradicted or undecided; on others it holds here, does not, or is undecided here.

    Without STUDIES all of the results folder are taken. A study's own `claims` come after the published ones.
    """
    from landscape.analysis.answering import answer_of
    from landscape.analysis.claims import held_against
    from landscape.published.findings import Claim
    from landscape.published.findings import findings as published
    from landscape.report.view import view_of
    from landscape.results.studies import list_studies, study_folder

    found: dict[str, list[dict[str, Any]]] = {}
    for name in studies or list_studies(results_dir):
        view = view_of(stored_study(study_folder(results_dir, name)))
        if view.score is None:
            found[name] = []
            continue
        given = view.study.facts.get("claims")
        own = [Claim.parse(claim, source=f"claims of {name}") for claim in given] if isinstance(given, list) else []
        answer = answer_of(view.study, view.table, view.score)
        found[name] = [_row(each) for each in held_against([*published(), *own], view.study, view.table, answer)]
    if as_json:
        print_json(found)
        return
    for name, rows in found.items():
        click.echo("\n".join(_lines(name, rows, everything)))


def _row(found: "Finding") -> dict[str, Any]:
    needed, effect = found.to_decide, found.effect
    return {
        "id": found.claim.id,
        "claim": found.claim.claim,
        "source": found.claim.source,
        "says": found.says,
        "reason": found.reason,
        "effect": _finite(effect.value),
        "interval": [_finite(effect.low), _finite(effect.high)] if effect.has_interval else None,
        "trials": list(found.trials),
        "unit": found.unit,
        "to_decide": None if needed is None else {"seeds": needed.seeds, "trainings": needed.trainings, "seconds": needed.seconds},
    }


def _finite(value: float | None) -> float | None:
    """Return a number that JSON has. An end of an interval that is infinite is null."""
    return value if value is not None and math.isfinite(value) else None


def _lines(name: str, rows: list[dict[str, Any]], everything: bool) -> list[str]:
    if not rows:
        return [f"{name}: nothing was scored, so nothing is addressed"]
    silent = [row for row in rows if row["says"] == "not addressed"]
    said = [f"{name}: {len(rows) - len(silent)} of {len(rows)} claims addressed"]
    for row in rows:
        if row in silent and not everything:
            continue
        said.append(f"  {row['id']:<5} {row['says']:<20} {row['claim']} {row['reason']}{_counted(row)}{_needed(row)}")
    return said


def _counted(row: dict[str, Any]) -> str:
    """Return the numbers on both sides, as in `; 5 and 5 confirmation runs`. A reason with one number gives it itself."""
    if len(row["trials"]) != 2 or not any(row["trials"]):
        return ""
    ours, theirs = row["trials"]
    return f"; {ours} and {plural(theirs, row['unit']) if row['unit'] == 'confirmation run' else f'{theirs} trials of the search'}"


def _needed(row: dict[str, Any]) -> str:
    needed = row["to_decide"]
    if needed is None:
        return ""
    each = {"confirmation run": "seeds each", "model": "models"}.get(row["unit"], "trials each" if len(row["trials"]) == 2 else "trials")
    return f"; {needed['seeds']:,} {each} ({plural(needed['trainings'], 'more training')}) would decide it"
