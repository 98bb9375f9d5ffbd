"""Defines `landscape report`, which turns the results folder into reports."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from landscape.cli.options import examples, json_option, plugin_option, print_json, reports_option, results_option

if TYPE_CHECKING:
    from landscape.report.build import Wanted

EVERY_SECONDS = 20


@click.command(
    short_help="Rebuild reports from the results folder.",
    epilog=examples(
        "landscape report",
        "landscape report digits mnist",
        "landscape report digits --tables md,tex",
        "landscape report digits --watch",
        "landscape report --results /mnt/results",
    ),
)
@click.argument("studies", nargs=-1)
@click.option("--tables", metavar="md,tex", help="Write the tables as Markdown or LaTeX too, into the folder tables beside the page.")
@click.option("--watch", is_flag=True, help="Build again whenever a trial has ended, until Ctrl-C; an open page follows.")
@click.option("--every", type=click.IntRange(min=1), help=f"Seconds between two looks of --watch.  [default: {EVERY_SECONDS}]")
@results_option
@reports_option
@json_option
@plugin_option
def report(
    studies: tuple[str, ...],
    tables: str | None,
    watch: bool,
    every: int | None,
    results_dir: Path,
    reports_dir: Path,
    as_json: bool,
    plugins: tuple[Path, ...],
) -> None:
    """Build the HTML report, tables and figures of STUDIES (all without it) from the results folder alone.

    Without STUDIES the page of published numbers is built too, where rows of published tables were run.
    """
    from landscape.report.build import Wanted
    from landscape.report.text_tables import parse_kinds

    if watch and as_json:
        raise click.UsageError("--watch builds again and again, and --json prints the pages of one build: leave one of them out")
    if every is not None and not watch:
        raise click.UsageError("--every says how often --watch looks: add --watch, or leave it out")
    wanted = Wanted(tuple(parse_kinds(tables)) if tables is not None else (), (every or EVERY_SECONDS) if watch else 0)
    if watch:
        _watch(studies, results_dir, reports_dir, wanted)
    else:
        _build(studies, results_dir, reports_dir, wanted, as_json)


def _watch(studies: tuple[str, ...], results_dir: Path, reports_dir: Path, wanted: "Wanted") -> None:
    """Build the reports now and after every change, until Ctrl-C."""
    from landscape.report.watching import changes
    from landscape.results.studies import list_studies, study_folder

    def folders() -> list[Path]:
        return [study_folder(results_dir, name) for name in studies or list_studies(results_dir)]

    click.echo("watching: Ctrl-C ends it", err=True)
    for _ in changes(folders, wanted.refresh):
        _build(studies, results_dir, reports_dir, wanted, False)


def _build(studies: tuple[str, ...], results_dir: Path, reports_dir: Path, wanted: "Wanted", as_json: bool) -> None:
    from landscape.report.build import build
    from landscape.report.published_page import has_published, write_ledger
    from landscape.results.studies import list_studies, study_folder

    ledger = write_ledger(results_dir, reports_dir / "published").resolve() if not studies and has_published(results_dir) else None
    if ledger is not None and not list_studies(results_dir):
        _say([ledger], None, as_json)
        return
    names: list[str | None] = [study_folder(results_dir, name).name for name in studies] or [None]
    # The last page of each is the index over all studies.
    built = [
        build(results_dir, reports_dir, name, wanted=wanted, tell=lambda text: click.echo(f"note: {text}", err=True)) for name in names
    ]
    pages = [page.resolve() for pages in built for page in pages[:-1]] + [built[-1][-1].resolve()]
    _say([*pages[:-1], *([ledger] if ledger is not None else [])], pages[-1], as_json)


def _say(pages: list[Path], index: Path | None, as_json: bool) -> None:
    if as_json:
        print_json({"pages": [str(page) for page in pages], "index": str(index) if index is not None else None})
        return
    for page in pages:
        click.echo(f"report: {page}")
    if index is not None:
        click.echo(f"all studies: {index}")
