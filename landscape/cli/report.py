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
    """Build the HTML report, tables and figures of STUDIES (all without it) from the results folder alone."""
    from landscape.report.build import build
    from landscape.results.studies import study_folder

    names: list[str | None] = [study_folder(results_dir, name).name for name in studies] or [None]
    # The last page of each is the index over all studies.
    built = [build(results_dir, reports_dir, name, tell=lambda warning: click.echo(f"note: {warning}", err=True)) for name in names]
    pages = [page.resolve() for pages in built for page in pages[:-1]] + [built[-1][-1].resolve()]
    if as_json:
        print_json({"pages": [str(page) for page in pages[:-1]], "index": str(pages[-1])})
        return
    for page in pages[:-1]:
        click.echo(f"report: {page}")
    click.echo(f"all studies: {pages[-1]}")
