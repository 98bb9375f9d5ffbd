"""`landscape results`: merge, verify, prune and export what runs left."""

from pathlib import Path

import click

from landscape.cli.options import examples, json_option, print_json


@click.group(
    short_help="Merge, verify, prune and export results.",
    epilog=examples(
        "landscape results merge machine-a/results/digits machine-b/results/digits --into results/digits",
        "landscape results verify results/digits",
    ),
)
def results() -> None:
    """Look after the results folder: merge copies of a study, verify it, remove leftovers, export its tables."""


study_argument = click.argument("study", type=click.Path(path_type=Path))


@results.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", "target", required=True, type=click.Path(path_type=Path), help="Folder of the merged study; may be new.")
@json_option
def merge(sources: tuple[Path, ...], target: Path, as_json: bool) -> None:
    """Bring the trials of several copies of one study together. SOURCES stay as they are."""
    from landscape.results import merge as bring_together

    done = bring_together(sources, target)
    if as_json:
        print_json({"copied": done.copied, "kept": done.kept, "scores_added": done.scores_added, "warnings": list(done.warnings)})
        return
    click.echo(f"{done.copied} trials copied, {done.kept} were there already, {done.scores_added} scores added: {target}")
    for warning in done.warnings:
        click.echo(f"landscape: {warning}", err=True)


@results.command()
@study_argument
@json_option
def verify(study: Path, as_json: bool) -> int:
    """Check every record, score and picture of STUDY; change nothing. Exit code 1 when something is wrong."""
    from landscape.results import verify as check

    problems = check(study)
    if as_json:
        print_json({"study": str(study), "problems": problems})
    else:
        click.echo("\n".join([*problems, f"{study}: {len(problems)} problems" if problems else f"{study}: nothing wrong"]))
    return 1 if problems else 0
