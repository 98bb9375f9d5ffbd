"""`landscape reproduce`: a published table, run again."""

from pathlib import Path

import click

from landscape.cli.options import data_dir_option, examples, json_option, plugin_option, print_json
from landscape.core.component_text import parse_component
from landscape.core.errors import UserError


@click.command(
    short_help="Run a published table again.",
    epilog=examples(
        "landscape reproduce", "landscape reproduce unrolled-2016", "landscape reproduce goodfellow-2014:seeds=1 --data-dir mnist/"
    ),
)
@click.argument("paper", metavar="[PAPER[:key=value,...]]", required=False)
@data_dir_option
@click.option("--results", "results_dir", metavar="PATH", default="results", show_default=True, help="Folder of the results.")
@json_option
@plugin_option
def reproduce(paper: str | None, data_dir: Path | None, results_dir: str, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """Run a published table again and hold the outcome against it. Without PAPER: which papers there are."""
    from landscape.inventory.components import describe
    from landscape.reproductions._base import REPRODUCTIONS

    if paper is None:
        found = [describe(REPRODUCTIONS[name]) | {"name": name.replace("_", "-")} for name in REPRODUCTIONS]
        if as_json:
            print_json(found)
            return
        for entry in found:
            click.echo(f"{entry['name']}: {entry['what']} ({entry['source']})")
        click.echo(f"{len(found)} recipes; landscape reproduce PAPER runs one")
        return
    if "://" in results_dir:
        raise UserError(f"--results {results_dir}: a reproduction is written to a folder of this machine; copy it from there")
    choice = parse_component(paper)
    recipe = REPRODUCTIONS[choice["name"].replace("-", "_")]
    given = recipe.complete(choice.get("hyperparameters", {}))
    path = recipe.function(results_dir=Path(results_dir), data_dir=data_dir, **given)
    if as_json:
        print_json({"paper": recipe.name.replace("_", "-"), "report": str(path)})
    else:
        click.echo(f"report: {Path(path).resolve()}")
