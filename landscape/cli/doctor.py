"""Defines `landscape doctor`, which shows what this machine offers."""

from pathlib import Path

import click

from landscape.cli.options import examples, json_option, print_json, results_option


@click.command(short_help="Say what this machine brings.", epilog=examples("landscape doctor", "landscape doctor --json"))
@results_option
@json_option
def doctor(results_dir: Path, as_json: bool) -> None:
    """Show versions, devices, compiler, free memory and disk, weights found: what to put into a bug report."""
    from landscape.inventory.machine import examine

    found = examine(results_dir)
    if as_json:
        print_json(found)
        return
    for section, entries in found.items():
        click.echo(f"{section}:")
        for name, value in entries.items():
            click.echo(f"  {name}: {value}")
