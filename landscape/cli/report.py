"""`landscape report`: results/ to reports/."""

from pathlib import Path

import click

from landscape.cli.options import examples, json_option, plugin_option, print_json, reports_option, results_option


@click.command(
    short_help="Rebuild reports from the results folder.",
    epilog=examples("landscape report", "landscape report digits mnist", "landscape report --results /mnt/results"),
)
@click.argument("studies", nargs=-1)
@results_option
@reports_option
@json_option
@plugin_option
def report(studies: tuple[str, ...], results_dir: Path, reports_dir: Path, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """Build the HTML report, tables and figures of STUDIES (all without it) from the results folder alone.

    Without STUDIES the page of published numbers is built too, where rows of published tables were run.
    """
    from landscape.report.build import build
    from landscape.report.published_page import has_published, write_ledger
    from landscape.results.studies import list_studies, study_folder

    ledger = write_ledger(results_dir, reports_dir / "published").resolve() if not studies and has_published(results_dir) else None
    if ledger is not None and not list_studies(results_dir):
        _say([ledger], None, as_json)
        return
    names: list[str | None] = [study_folder(results_dir, name).name for name in studies] or [None]
    # The last page of each is the index over all studies.
    built = [build(results_dir, reports_dir, name, tell=lambda warning: click.echo(f"note: {warning}", err=True)) for name in names]
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
