"""Defines `landscape reproduce`, which runs published tables again."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from landscape.cli.options import FiniteRange, assigned, data_dir_option, examples, json_option, plugin_option, print_json
from landscape.core.component_text import parse_component
from landscape.core.errors import UserError, unknown
from landscape.core.registry import MOST_SEEDS


@click.command(
    short_help="Run published tables again.",
    epilog=examples(
        "landscape reproduce --list",
        "landscape reproduce --list pacgan-2018",
        "landscape reproduce pacgan-2018/table-1 --rows gan,pacgan2 --seeds 10",
        "landscape reproduce pacgan-2018/table-1 --rows ring/gan --seeds 3 --share 0.1 --set g_normalization=none",
        "landscape reproduce goodfellow-2014:seeds=1 --data-dir mnist/",
    ),
)
@click.argument("paper", metavar="[PAPER[:key=value,...] | PAPER/TABLE]", required=False)
@click.option(
    "--list", "listed", is_flag=True, help="List the ledger (of PAPER or PAPER/TABLE): rows, cost, needs, verdicts, what cannot be run."
)
@click.option("--rows", metavar="ROW,...", default="", help="Rows of PAPER/TABLE by name or part of it; all that can be run without it.")
@click.option(
    "--seeds",
    type=click.IntRange(1, MOST_SEEDS),
    help="Trainings of each row; default: as many as published, and 3 at least, for an interval.",
)
@click.option(
    "--share", type=FiniteRange(0, 1, min_open=True), default=1.0, help="Share of the published steps; below 1 nothing is decided."
)
@click.option(
    "--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Change a field in the rows, to test what it explains; repeatable."
)
@click.option("--jobs", type=click.IntRange(min=1), help="Trainings at a time; default: one a core.")
@data_dir_option
@click.option("--results", "results_dir", metavar="PATH", default="results", show_default=True, help="Folder of the results.")
@json_option
@plugin_option
def reproduce(
    paper: str | None,
    listed: bool,
    rows: str,
    data_dir: Path | None,
    results_dir: str,
    as_json: bool,
    plugins: tuple[Path, ...],
    **trainings: Any,
) -> None:
    """Run published tables again and hold the outcome against them.

    PAPER runs a recipe with a page of its own (without PAPER: which there are); PAPER/TABLE runs rows of the ledger. What is done is not
    run again; a run that is stopped goes on where it was.
    """
    if "://" in results_dir:
        raise UserError(f"--results {results_dir}: a reproduction is written to a folder of this machine; copy it from there")
    of_rows = {
        "--rows": rows,
        "--seeds": trainings["seeds"],
        "--share": trainings["share"] != 1.0,
        "--set": trainings["assignments"],
        "--jobs": trainings["jobs"],
    }
    # A recipe's hyperparameters may hold a path: game-1d:folder=a/b.
    table = paper if paper and "/" in paper.partition(":")[0] and not listed else None
    if table is None and (given := next((name for name, value in of_rows.items() if value), None)):
        where = "--list shows all rows" if listed else "give PAPER/TABLE, as `landscape reproduce --list` shows them"
        raise UserError(f"{given} is for running rows of the ledger: {where}")
    given_folder = click.get_current_context().get_parameter_source("results_dir") is ParameterSource.COMMANDLINE
    if not Path(results_dir).is_dir() and (Path(results_dir).exists() or (listed and given_folder)):
        raise UserError(f"--results {results_dir}: no such folder; give the one that holds the results")
    if listed:
        _list(paper, Path(results_dir), as_json)
    elif paper is None:
        _recipes(as_json)
    elif table is not None:
        _rows(table, rows, Path(results_dir), as_json, data_dir=data_dir, **trainings)
    else:
        _recipe(paper, Path(results_dir), data_dir, as_json)


def _list(paper: str | None, results: Path, as_json: bool) -> None:
    from landscape.reproductions._listing import described, entries

    found = entries(results, paper)
    if as_json:
        print_json([entry.to_json() for entry in found])
        return
    for line in described(found):
        click.echo(line)


def _recipes(as_json: bool) -> None:
    from landscape.inventory.components import describe
    from landscape.reproductions._base import REPRODUCTIONS

    found = [describe(REPRODUCTIONS[name]) | {"name": name.replace("_", "-")} for name in REPRODUCTIONS]
    if as_json:
        print_json(found)
        return
    for entry in found:
        click.echo(f"{entry['name']}: {entry['what']} ({entry['source']})")
    click.echo(f"{len(found)} recipes; landscape reproduce PAPER runs one, landscape reproduce --list shows every published row")


def _recipe(paper: str, results: Path, data_dir: Path | None, as_json: bool) -> None:
    from landscape.published.settings import papers
    from landscape.reproductions._base import REPRODUCTIONS

    choice = parse_component(paper)
    if "every" in choice:
        raise UserError(f"{paper!r}: a recipe has no `every`; see `landscape reproduce`")
    name = choice["name"].replace("_", "-")
    recipes = [of.replace("_", "-") for of in REPRODUCTIONS]
    if name in papers() and name not in recipes:
        tables = ", ".join(f"{name}/{table}" for table in papers()[name].tables)
        raise UserError(f"{name} has no recipe of its own: give a table ({tables}); `landscape reproduce --list {name}` shows their rows")
    if name not in recipes:
        raise unknown("paper", name, [*recipes, *papers()])
    recipe = REPRODUCTIONS.dashed(name)
    given = recipe.complete(choice.get("hyperparameters", {}))
    path = recipe.function(results_dir=results, data_dir=data_dir, **given)
    if as_json:
        print_json({"paper": name, "report": str(path)})
    else:
        click.echo(f"report: {Path(path).resolve()}")


def _rows(paper: str, rows: str, results: Path, as_json: bool, *, seeds: int | None, assignments: tuple[str, ...], **how: Any) -> None:
    from landscape.analysis.agreement import FEWEST_SEEDS
    from landscape.core.progress import write_line
    from landscape.report.published_page import ledger_page, write_ledger
    from landscape.reproductions._ledger import chosen_rows, row_settings, run_rows
    from landscape.reproductions._listing import described, entries

    name, _, table = paper.partition("/")
    named = [row.strip() for row in rows.split(",") if row.strip()]
    if rows and not named:
        raise UserError(f"--rows {rows!r} names no row: `landscape reproduce --list {paper}` shows them")
    chosen = chosen_rows(name, table, named)
    changes: dict[str, Any] = {}
    for field, value in map(assigned, assignments):
        if field in changes:
            raise UserError(f"--set {field} is given twice; give it once")
        changes[field] = value
    possible = [setting for setting in chosen if setting.expressible]
    if len(possible) < len(chosen):
        left = ", ".join(setting.key.split("/", 2)[2] for setting in chosen if not setting.expressible)
        write_line(f"cannot be run and left out: {left}; `landscape reproduce --list {paper}` says why")
    # What would fail later fails now, before hours of training.
    for setting in possible:
        list(row_settings(setting, share=how["share"], changes=changes))
    ledger_page(results)
    for setting in possible:
        run_rows([setting], results, seeds=seeds or max(setting.runs, FEWEST_SEEDS), changes=changes, **how)
    page = write_ledger(results, results / "published")
    keys = {setting.key for setting in possible}
    found = [entry for entry in entries(results, name) if entry.setting.key in keys]
    if as_json:
        print_json({"rows": [entry.to_json() for entry in found], "report": str(page)})
        return
    for line in described(found):
        click.echo(line)
    click.echo(f"report: {page.resolve()}")
