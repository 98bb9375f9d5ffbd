"""Defines `landscape list`, which shows what there is to choose from."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from landscape.cli.options import examples, json_option, plugin_option, print_json
from landscape.core.errors import unknown


@click.command(
    "list",
    short_help="List components, protocols and studies.",
    epilog=examples(
        "landscape list",
        "landscape list losses",
        "landscape list architectures --json",
        "landscape list losses --plugin my_loss.py",
    ),
)
@click.argument("kind", required=False)
@json_option
@plugin_option
def list_components(kind: str | None, as_json: bool, plugins: tuple[Path, ...]) -> None:
    """Show what there is to choose from: one line each, or of one KIND everything.

    KIND is one of tasks, losses, regularizers, normalizations, architectures, datasets, extractors, metrics, protocols, studies.
    """
    from landscape.inventory.components import CATALOG, with_parameter_counts

    if kind is not None and kind not in CATALOG:
        raise unknown("kind of component", kind, CATALOG)
    found = {name: entries() for name, entries in CATALOG.items() if kind in (None, name)}
    if kind == "architectures":
        found[kind] = with_parameter_counts(found[kind])
    if as_json:
        print_json(found if kind is None else found[kind])
    elif kind is None:
        _print_overview(found)
    else:
        _print_entries(kind, found[kind])


def _print_overview(found: Mapping[str, list[dict[str, Any]]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for kind, entries in found.items():
        table = Table(title=f"{kind} ({len(entries)})", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
        # However narrow the terminal is, a name can be copied whole; what stands beside it takes as many lines as it needs.
        table.add_column("name", no_wrap=True, min_width=max((len(entry["name"]) for entry in entries), default=0))
        table.add_column("what it is", overflow="fold", ratio=1)
        for entry in entries:
            table.add_row(Text(entry["name"]), Text(entry["what"]))
        console.print(table)
    console.print("`landscape list losses` shows one kind with hyperparameters, defaults, ranges and sources.")


def _print_entries(kind: str, entries: list[dict[str, Any]]) -> None:
    """Print one kind in full, as paragraphs, which can be read at any width."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(f"{kind} ({len(entries)})", style="bold")
    for entry in entries:
        console.print()
        console.print(entry["name"] + ("  (plugin)" if entry.get("plugin") else ""), style="bold")
        for line in _lines(entry):
            console.print(textwrap.fill(line, console.width, initial_indent="    ", subsequent_indent="        "))


def _lines(entry: Mapping[str, Any]) -> list[str]:
    lines = [entry["what"]] if entry["what"] else []
    for h in entry.get("hyperparameters", ()):
        kind = h["range"] or h["type"]
        lines.append(f"{h['name']} = {h['default']}   ({kind})")
    lines += [f"{name.replace('_', ' ')}: {_text(value)}" for name, value in entry.get("details", {}).items()]
    return lines + ([f"source: {entry['source']}"] if entry.get("source") else [])


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
