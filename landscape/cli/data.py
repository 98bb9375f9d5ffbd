"""Defines `landscape data`, which shows and prepares data sets and looks after the features that are kept."""

from pathlib import Path
from typing import Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, plugin_option, print_json, whole_number
from landscape.core.component_text import parse_component


@click.group(
    short_help="Prepare data sets ahead of their first use.",
    epilog=examples(
        "landscape data status",
        "landscape data prepare celeba --data-dir /data --resolution 64",
        "landscape data prepare folder:/path/to/pictures --resolution 32 --json",
        "landscape data cache --empty",
    ),
)
def data() -> None:
    """Show which data sets are prepared, prepare one ahead of its first use, and look after the features that are kept."""


@data.command()
@json_option
@plugin_option
def status(as_json: bool, plugins: tuple[Path, ...]) -> None:
    """List the data sets: where each comes from, and what of it is prepared on this machine."""
    from landscape.inventory.prepared_data import dataset_status

    found = dataset_status()
    if as_json:
        print_json(found)
        return
    for entry in found:
        current, old = ([p for p in entry["prepared"] if p["current"] is wanted] for wanted in (True, False))
        prepared = ", ".join(f"{_text(p['shape'])} ({p['bytes'] / 1e6:.1f} MB)" for p in current) or "nothing prepared"
        click.echo(f"{entry['name']:<18} {prepared}\n{'':<18} {entry['source']}".rstrip())
        for kept in old:
            click.echo(f"{'':<18} of an earlier version, used no more: {kept['folder']} ({kept['bytes'] / 1e6:.1f} MB), may be deleted")


@data.command()
@click.argument("name")
@click.option("--resolution", type=click.IntRange(min=1), help="Side in pixels.  [default: the data set's own]")
@click.option("--channels", type=click.Choice(["1", "3"]), callback=whole_number, help="Gray or color.  [default: the data set's own]")
@click.option("--verify", is_flag=True, help="Read every file and every prepared sample again.")
@data_dir_option
@json_option
@plugin_option
def prepare(name: str, plugins: tuple[Path, ...], as_json: bool, verify: bool, **where: Any) -> None:
    """Read (or download) data set NAME and keep it prepared; say what it holds."""
    from landscape.components.datasets._load import load_dataset
    from landscape.components.datasets._readers.files import shown

    choice = parse_component(name)
    dataset = load_dataset(choice["name"], choice.get("hyperparameters"), progress=not as_json, verify=verify, **where)
    facts = {
        "name": shown(dataset.name),
        "shape": list(dataset.shape),
        "splits": {split: len(samples) for split, samples in dataset.splits.items()},
        "classes": dataset.classes,
        "content_hash": dataset.content_hash,
        "handling": dict(dataset.handling),
        "verified": verify,
    }
    if as_json:
        print_json(facts)
        return
    for key, value in facts.items():
        if value not in (None, {}, False):
            click.echo(f"{key}: {_text(value)}")


@data.command()
@click.option("--empty", is_flag=True, help="Remove them; they are computed again where they are wanted.")
@json_option
def cache(empty: bool, as_json: bool) -> None:
    """List the features that are kept on this machine so that real images are not read anew at each evaluation."""
    from landscape.evaluation import feature_cache

    found = feature_cache.empty() if empty else feature_cache.entries()
    total, folder = sum(entry.bytes for entry in found), feature_cache.folder()
    if as_json:
        kept = [{"file": str(e.path), "bytes": e.bytes, "extractor": e.extractor, "samples": e.samples, "width": e.width} for e in found]
        print_json({"folder": str(folder), "removed": empty, "bytes": total, "entries": kept})
        return
    for entry in found:
        click.echo(f"{entry.samples} x {entry.width} features of {entry.extractor or '(damaged)'}, {entry.bytes / 1e6:.1f} MB")
    click.echo(f"{folder}: {len(found)} sets of features, {total / 1e6:.1f} MB{', removed' if empty else ''}")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    return " x ".join(map(str, value)) if isinstance(value, list) else str(value)
