"""`landscape evaluate`: scores of any two sets of samples."""

from pathlib import Path
from typing import Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, plugin_option


@click.command(
    short_help="Score any two sets of samples.",
    epilog=examples(
        "landscape evaluate --real a.npz --fake b.npz --json",
        "landscape evaluate --real digits --fake results/digits/trials/0123456789abcdef --protocol quick",
        "landscape evaluate --real folder/of/pictures --fake other.zip --features inception --weights weights.pth",
    ),
)
@click.option("--real", required=True, metavar="SET", help="Data set name, folder, .zip, .npz, .npy, .pt, or a trial's folder.")
@click.option("--fake", required=True, metavar="SET", help="As --real.")
@click.option("--protocol", "protocol_name", default="quick", show_default=True, help="`landscape list protocols`.")
@click.option("--metrics", multiple=True, metavar="NAME[:key=value,...]", help="Instead of the protocol's; repeatable, or with commas.")
@click.option("--features", metavar="EXTRACTOR", help="Instead of the protocol's: inception, classifier, pixels, ...")
@click.option("--weights", type=click.Path(path_type=Path), help="File with the extractor's weights.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@data_dir_option
@json_option
@plugin_option
def evaluate(as_json: bool, plugins: tuple[Path, ...], **options: Any) -> None:
    """Score the samples --fake against --real under one protocol.

    An .npz holds images (N, C, H, W) or (N, H, W, C), or features (N, d) under the key `features`. Whatever differs from the named
    protocol makes another protocol, and the scores say so.
    """
    raise NotImplementedError
