"""`landscape evaluate`: scores of any two sets of samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, plugin_option, print_json, whole_number
from landscape.cli.output import score_lines
from landscape.core.component_text import parse_component
from landscape.core.errors import UserError
from landscape.core.progress import counting_bars

if TYPE_CHECKING:
    from landscape.components.datasets._base import Dataset
    from landscape.config.protocol import Protocol
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.given import Given
    from landscape.evaluation.loading import Where
    from landscape.results.record import Scores


@click.command(
    short_help="Score any two sets of samples.",
    epilog=examples(
        "landscape evaluate --real a.npz --fake b.npz --json",
        "landscape evaluate --real digits --fake results/digits/trials/0123456789abcdef --protocol quick",
        "landscape evaluate --real folder/of/pictures --fake other.zip --resolution 64 --features pixels",
        "landscape evaluate --real cifar10:validation=false --fake b.npz --protocol torch-fidelity-default --weights inception.pth",
        "landscape evaluate --real a.npz --fake b.npz --metrics frechet,kid --metrics precision_recall:k=3",
    ),
)
@click.option(
    "--real", required=True, metavar="SET", help="Data set (NAME[:key=value,...]), folder, .zip, .npz, .npy, .pt, or a trial's folder."
)
@click.option("--fake", required=True, metavar="SET", help="As --real.")
@click.option("--protocol", "protocol_name", help="`landscape list protocols`.  [default: by --real: quick, quick-points or given]")
@click.option("--metrics", multiple=True, metavar="NAME[:key=value,...]", help="In place of the protocol's; repeatable, or NAME,NAME.")
@click.option("--features", metavar="EXTRACTOR", help="In place of the protocol's: inception, classifier:digits, pixels, ...")
@click.option("--weights", type=click.Path(path_type=Path), help="File with the extractor's weights.")
@click.option("--resolution", type=click.IntRange(min=1), help="To which data sets, folders and zips are brought.")
@click.option("--channels", type=click.Choice(["1", "3"]), callback=whole_number, help="1 (gray) or 3 (color), as --resolution.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep features on disk.")
@data_dir_option
@json_option
@plugin_option
def evaluate(as_json: bool, plugins: tuple[Path, ...], **options: Any) -> None:
    """Score the samples --fake against --real under one protocol.

    Arrays are images (N, C, H, W), (N, H, W, C) or (N, H, W), points (N, D), or features (N, d) under the key `features`. What differs
    from the named protocol makes another protocol, and the scores say so.
    """
    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.loading import Where

    where = _as_trained(options["real"], options["fake"], Where(options["data_dir"], options["resolution"], options["channels"]))
    name = options["protocol_name"] or _default_protocol(options["real"], where)
    protocol = _protocol(name, options["metrics"], options["features"])
    device = resolve_device(options["device"])
    with counting_bars(not as_json) as progress:
        how = EvaluationOptions(weights=options["weights"], device=device, cache=not options["no_cache"], progress=progress)
        scores = _score(options["real"], options["fake"], protocol, where, how)
    if not scores.estimates:
        name, reason = next(iter(scores.failures.items()), ("the protocol", "it has no metrics"))
        raise UserError(f"nothing could be computed: {name}: {reason}")
    if as_json:
        print_json(scores.to_json())
        return
    click.echo("\n".join(score_lines(scores, notes=True)))


def _default_protocol(real: str, where: "Where") -> str:
    """`quick` for data with a classifier (and for what a trial makes of them), `quick-points` for points, else `given`."""
    from landscape.config.protocols import get
    from landscape.evaluation.loading import default_protocol, load_samples
    from landscape.results.record import GENERATOR_FILE

    if (Path(real) / GENERATOR_FILE).is_file():
        return "quick"
    return default_protocol(load_samples(real, get("given"), where))


def _protocol(name: str, metrics: tuple[str, ...], features: str | None) -> "Protocol":
    """The named protocol; changed where the options ask for it, under a name that says so."""
    from landscape.config.protocols import get, varied

    protocol = get(name)
    changes: dict[str, Any] = {}
    if metrics:
        listed = [part for text in metrics for part in ([text] if ":" in text else text.split(","))]
        changes["metrics"] = [parse_component(text) for text in listed]
    if features is not None:
        extractor, colon, which = features.partition(":")
        short = colon and "=" not in which
        changes["extractor"] = parse_component(f"{extractor}:trained_on={which}" if short else features)
        changes["weights_hash"] = ""
    return varied(protocol, **changes, name=f"{name}, changed", objective="") if changes else protocol


def _score(real: str, fake: str, protocol: "Protocol", where: "Where", how: "EvaluationOptions") -> "Scores":
    from dataclasses import replace

    from landscape.evaluation.loading import load_pair, load_samples
    from landscape.evaluation.scoring import evaluate as score
    from landscape.results.record import GENERATOR_FILE
    from landscape.trial.saved_generator import load_trained
    from landscape.trial.scoring_saved import evaluate_trained

    where = replace(where, open_trial=lambda folder: _sampler(folder, protocol, how))
    if (Path(fake) / GENERATOR_FILE).is_file():
        model = load_trained(Path(fake), how.device)
        return evaluate_trained(load_samples(real, protocol, where), model, protocol, options=how)
    pair = load_pair(real, fake, protocol, where, number=lambda given: _size(given, protocol))
    return score(*pair, protocol, options=how)


def _as_trained(real: str, fake: str, where: "Where") -> "Where":
    """`where` with the resolution and the channels to which data sets are brought: as asked for, else those of the trial among the two."""
    from dataclasses import replace

    from landscape.results.record import GENERATOR_FILE
    from landscape.trial.saved_generator import load_trained

    trial = next((Path(spec) for spec in (fake, real) if (Path(spec) / GENERATOR_FILE).is_file()), None)
    shape = load_trained(trial).shape if trial is not None else ()
    if len(shape) != 3:
        return where
    return replace(where, resolution=where.resolution or shape[-1], channels=where.channels or shape[0])


def _sampler(folder: Path, protocol: "Protocol", how: "EvaluationOptions") -> Any:
    from landscape.trial.saved_generator import load_trained

    return load_trained(folder, how.device).sampling(protocol.sampling_batch)


def _size(given: "Given | Dataset", protocol: "Protocol") -> int:
    """Samples on the real side: as many are drawn from a trial."""
    from landscape.components.datasets._base import Dataset
    from landscape.evaluation.splits import reporting

    return len(reporting(given, protocol).samples) if isinstance(given, Dataset) else len(given)
