"""Defines `landscape features`, which saves the features of a set of samples."""

from pathlib import Path
from typing import Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, plugin_option, print_json, whole_number
from landscape.core.component_text import parse_component
from landscape.core.progress import counting_bars


@click.command(
    short_help="Save the features of a set of samples.",
    epilog=examples(
        "landscape features folder/of/pictures --out real.npz",
        "landscape features digits --features classifier --out digits.npz",
        "landscape evaluate --real real.npz --fake generated.npz",
    ),
)
@click.argument("samples")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="An .npz file; an existing one is replaced.")
@click.option("--features", "extractor", default="efficientnet_lite", show_default=True, metavar="EXTRACTOR", help="NAME[:key=value,...].")
@click.option("--weights", type=click.Path(path_type=Path), help="File with the extractor's weights.")
@click.option("--split", type=click.Choice(["train", "validation", "test", "all"]), default="all", show_default=True, help="Of a data set.")
@click.option("--resolution", type=click.IntRange(min=1), help="To which data sets, folders and zips are brought.")
@click.option("--channels", type=click.Choice(["1", "3"]), callback=whole_number, help="1 (gray) or 3 (color), as --resolution.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@data_dir_option
@json_option
@plugin_option
def features(samples: str, out: Path, extractor: str, split: Any, as_json: bool, plugins: tuple[Path, ...], **options: Any) -> None:
    """Save the features of SAMPLES (as --real of `landscape evaluate`) with the extractor's name and the hash of its weights.

    `landscape evaluate` reads such files on either side, and refuses to compare two of different extractors.
    """
    from landscape.config.protocols import get, varied
    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.feature_files import save_features
    from landscape.evaluation.loading import Where, load_samples

    if out.suffix.lower() != ".npz":
        raise click.BadParameter(f"{out}: give a name that ends in .npz", param_hint="--out")
    protocol = varied(get("given"), name="features", extractor=parse_component(extractor), metrics=["frechet"], real_split=split)
    where = Where(options["data_dir"], options["resolution"], options["channels"])
    with counting_bars(not as_json) as progress:
        how = EvaluationOptions(weights=options["weights"], device=resolve_device(options["device"]), progress=progress)
        facts = save_features(load_samples(samples, protocol, where), protocol, out, how)
    if as_json:
        print_json({"file": str(out), **facts})
    else:
        click.echo(f"{out}: {facts['samples']} x {facts['width']} features of {facts['extractor']}")
