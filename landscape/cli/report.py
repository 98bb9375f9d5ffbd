"""`landscape report`: results/ to reports/."""

from pathlib import Path

import click

from landscape.cli.options import examples, json_option, plugin_option, print_json, reports_option, results_option


@click.command(
    short_help="Rebuild reports from the results folder.",
    epilog=examples("landscape report", "landscape report digits mnist", "landscape report --results /shared/results"),
)
@click.argument("studies", nargs=-1)
@results_option
@reports_option
@json_option
@plugin_option
def report(studies: tuple[str, ...], results_dir: Path, reports_dir: Path, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """Build the HTML report, tables and figures of STUDIES (all without it) from the results folder alone."""
    from landscape.errors import UserError
    from landscape.report.build import build
    from landscape.results import list_studies, study_folder

    names = [study_folder(results_dir, name).name for name in studies] or list_studies(results_dir)
    if not names:
        raise UserError(f"{results_dir} holds no study: run `landscape sweep` first, or name another folder with --results")
    paths = {name: build(results_dir, reports_dir, name)[0].resolve() for name in names}
    if as_json:
        print_json({name: str(path) for name, path in paths.items()})
        return
    for path in paths.values():
        click.echo(f"report: {path}")
