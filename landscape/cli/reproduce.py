"""`landscape reproduce`: a published table, run again."""

from typing import Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, results_option


@click.command(short_help="Run a published table again.", epilog=examples("landscape reproduce", "landscape reproduce --json"))
@click.argument("paper", required=False)
@data_dir_option
@results_option
@json_option
def reproduce(paper: str | None, as_json: bool, **options: Any) -> None:
    """Run a published table again and hold the outcome against it; without PAPER, list the papers."""
    raise NotImplementedError
