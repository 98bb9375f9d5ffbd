"""Defines `landscape evaluate`, which scores any two sets of samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.changed_protocol import changed_protocol
from landscape.cli.options import data_dir_option, examples, json_option, plugin_option, print_json, whole_number
from landscape.cli.score_table import check_table, score_table
from landscape.core.errors import UserError
from landscape.core.progress import counting_bars

if TYPE_CHECKING:
    from landscape.components.datasets._base import Dataset
    from landscape.config.protocol import Protocol
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.given import Given
    from landscape.evaluation.loading import Where
    from landscape.evaluation.real_against_real import Yardstick
    from landscape.evaluation.torch_fidelity_check import Checked
    from landscape.results.record import Scores

OF_TWO_SETS = ("real", "weights", "resolution", "channels", "no_cache", "no_floor", "exchange_conditions", "check", "verbose")
"""The options that have no meaning if the models of a study are ranked."""


@click.command(
    short_help="Score any two sets of samples.",
    epilog=examples(
        "landscape evaluate --real a.npz --fake b.npz --json",
        "landscape evaluate --real digits --fake results/digits/trials/0123456789abcdef --protocol quick",
        "landscape evaluate --real folder/of/pictures --fake other.zip --resolution 64 --features pixels",
        "landscape evaluate --real cifar10:validation=false --fake b.npz --protocol torch-fidelity-default --weights inception.pth",
        "landscape evaluate --real a.npz --fake b.npz --metrics frechet,kid --metrics precision_recall:k=3",
        "landscape evaluate --real digits --fake results/digits-conditional/trials/0123456789abcdef --exchange-conditions",
        "landscape evaluate --fake results/digits --features classifier,efficientnet_lite,pixels --metrics kid",
        "landscape evaluate --real statistics.npz --fake folder/of/pictures --protocol given",
    ),
)
@click.option("--real", metavar="SET", help="Data set (NAME[:key=value,...]), folder, .zip, .npz, .npy, .pt, or a trial's folder.")
@click.option("--fake", required=True, metavar="SET", help="As --real; or a study's folder, whose models are ranked through --features.")
@click.option("--protocol", "protocol_name", help="`landscape list protocols`.  [default: by what --real holds]")
@click.option("--metrics", multiple=True, metavar="NAME[:key=value,...]", help="In place of the protocol's; repeatable, or NAME,NAME.")
@click.option(
    "--features", multiple=True, metavar="EXTRACTOR", help="In place of the protocol's: inception, classifier:digits, pixels, ..."
)
@click.option("--weights", type=click.Path(path_type=Path), help="File with the extractor's weights.")
@click.option("--resolution", type=click.IntRange(min=1), help="To which data sets, folders and zips are brought.")
@click.option("--channels", type=click.Choice(["1", "3"]), callback=whole_number, help="1 (gray) or 3 (color), as --resolution.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep features on disk.")
@click.option("--no-floor", is_flag=True, help="Leave out what real samples score in the place of the generated ones.")
@click.option(
    "--exchange-conditions",
    is_flag=True,
    help="Beside each score that reads a condition: what the trial --fake scores if it is given those of other rows. It should be chance.",
)
@click.option("--check", type=click.Choice(["torch-fidelity"]), help="Compute the same scores through that package too, and show both.")
@click.option("--verbose", is_flag=True, help="Add notes: what each interval covers, biases, how samples were handled.")
@data_dir_option
@json_option
@plugin_option
def evaluate(as_json: bool, plugins: tuple[Path, ...], **options: Any) -> None:
    """Score the samples --fake against --real under one protocol.

    Arrays are images (N, C, H, W), (N, H, W, C) or (N, H, W), points (N, D), or features (N, d) under the key `features`; an .npz with mu
    and sigma alone (as pytorch-fid and ADM publish them) gives a Frechet distance. What differs from the named protocol makes another
    protocol, and the scores say so. Beside each score stands what real samples score under the same protocol.
    """
    from landscape.config.protocols import get
    from landscape.core.environment import resolve_device
    from landscape.evaluation.extraction import EvaluationOptions
    from landscape.evaluation.loading import Where
    from landscape.results.studies import is_study

    views = _views(options["features"])
    if is_study(Path(options["fake"])):
        _rank(views, as_json, options)
        return
    if options["real"] is None:
        raise click.UsageError("Missing option '--real'.")
    if len(views) > 1:
        raise click.UsageError("several --features rank the models of a study: give its folder (results/<study>) by --fake")
    where = _as_trained(options["real"], options["fake"], Where(options["data_dir"], options["resolution"], options["channels"]))
    name = options["protocol_name"] or _default_protocol(options["real"], where)
    protocol = changed_protocol(get(name), options["metrics"], views[0] if views else None)
    device = resolve_device(options["device"])
    with counting_bars(not as_json) as progress:
        how = EvaluationOptions(weights=options["weights"], device=device, cache=not options["no_cache"], progress=progress)
        scores, real, fake = _score(options["real"], options["fake"], protocol, where, how)
        if not scores.estimates:
            name, reason = next(iter(scores.failures.items()), ("the protocol", "it has no metrics"))
            raise UserError(f"nothing could be computed: {name}: {reason}")
        exchanged = _exchanged(real, fake, protocol, how) if options["exchange_conditions"] else None
        against = None if options["no_floor"] else _yardstick(real, fake, protocol, how)
        checked = _check(scores, real, fake, protocol, how) if options["check"] else None
    if as_json:
        floor = {} if against is None else {"floor": {"samples": against.samples, **against.scores.to_json()}}
        under = {} if exchanged is None else {"exchanged_conditions": exchanged.to_json()}
        print_json(scores.to_json() | floor | under | ({} if checked is None else {"check": [c._asdict() for c in checked]}))
        return
    click.echo("\n".join(score_table(scores, against, exchanged, verbose=options["verbose"])))
    if checked is not None:
        click.echo("\n".join(check_table(checked)))


def _default_protocol(real: str, where: "Where") -> str:
    """Return the name of the default protocol for the real set. A trained trial may stand in its place."""
    from landscape.config.protocols import get
    from landscape.evaluation.default_protocol import default_protocol
    from landscape.evaluation.loading import load_samples
    from landscape.evaluation.reference_statistics import holds_statistics
    from landscape.results.record import GENERATOR_FILE

    if (Path(real) / GENERATOR_FILE).is_file():
        return "quick"
    if holds_statistics(Path(real)):
        return "given"
    return default_protocol(load_samples(real, get("given"), where))


def _views(features: tuple[str, ...]) -> list[str]:
    """Return the extractors of --features, which is repeated, or has commas if no extractor has hyperparameters."""
    return [part for text in features for part in ([text] if "=" in text else text.split(","))]


def _rank(views: list[str], as_json: bool, options: dict[str, Any]) -> None:
    """Rank the models of the study --fake through several views."""
    from landscape.cli.views import protocols_of, show_views

    if idle := [f"--{name.replace('_', '-')}" for name in OF_TWO_SETS if options[name]]:
        raise click.UsageError(
            f"no use for {', '.join(idle)} where --fake is a study, whose models are ranked on its own data: leave it out"
        )
    if len(views) < 2:
        raise click.UsageError("a study is seen through two views or more: --features efficientnet_lite,pixels")
    folder = Path(options["fake"])
    protocols = protocols_of(folder, options["protocol_name"], views, options["metrics"])
    show_views(folder, protocols, as_json=as_json, data_dir=options["data_dir"], device=options["device"])


def _score(real: str, fake: str, protocol: "Protocol", where: "Where", how: "EvaluationOptions") -> tuple["Scores", Any, Any]:
    """Return the scores, and the real and the generated side from which they were computed."""
    from dataclasses import replace

    from landscape.evaluation.loading import load_pair, load_samples
    from landscape.evaluation.reference_statistics import evaluate_statistics, holds_statistics, read_statistics
    from landscape.evaluation.scoring import evaluate as score
    from landscape.results.record import GENERATOR_FILE
    from landscape.trial.saved_generator import load_trained
    from landscape.trial.scoring_saved import evaluate_trained

    where = replace(where, open_trial=lambda folder: _sampler(folder, protocol, how))
    if any([holds_statistics(Path(real)), holds_statistics(Path(fake))]):
        one, two = (read_statistics(Path(s)) if holds_statistics(Path(s)) else load_samples(s, protocol, where) for s in (real, fake))
        return evaluate_statistics(one, two, protocol, options=how), one, two
    if (Path(fake) / GENERATOR_FILE).is_file():
        model, against = load_trained(Path(fake), how.device), load_samples(real, protocol, where)
        return evaluate_trained(against, model, protocol, options=how), against, model
    pair = load_pair(real, fake, protocol, where, number=lambda given: _size(given, protocol))
    return score(*pair, protocol, options=how), *pair


def _yardstick(real: Any, fake: Any, protocol: "Protocol", how: "EvaluationOptions") -> "Yardstick | None":
    """Return what real samples score, or None if there are too few of them, or none."""
    from landscape.evaluation.real_against_real import yardstick
    from landscape.evaluation.reference_statistics import Statistics
    from landscape.trial.saved_generator import Trained

    if isinstance(real, Statistics):
        return None
    try:
        return yardstick(real, protocol, options=how, task=fake.task if isinstance(fake, Trained) else None)
    except UserError:
        return None  # The scores are shown anyway, and the table leaves these columns empty.


def _exchanged(real: Any, fake: Any, protocol: "Protocol", how: "EvaluationOptions") -> "Scores":
    """Return what the trained model scores under the conditions of other rows."""
    from landscape.trial.saved_generator import Trained
    from landscape.trial.scoring_saved import evaluate_exchanged

    if not isinstance(fake, Trained):
        raise UserError("--exchange-conditions gives a model the conditions of other rows: give the folder of a trial by --fake")
    return evaluate_exchanged(real, fake, protocol, options=how)


def _check(scores: "Scores", real: Any, fake: Any, protocol: "Protocol", how: "EvaluationOptions") -> "list[Checked]":
    """Compute the same scores by torch-fidelity. Samples of a trained model are drawn again, from the same seed."""
    from landscape.evaluation.reference_statistics import Statistics
    from landscape.evaluation.torch_fidelity_check import check
    from landscape.trial.saved_generator import Trained
    from landscape.trial.scoring_saved import samples_of

    if isinstance(real, Statistics) or isinstance(fake, Statistics):
        raise click.UsageError("--check torch-fidelity reads samples or features: statistics alone are not enough")
    if isinstance(fake, Trained):
        fake = samples_of(real, fake, protocol)
    return check(scores, real, fake, protocol, options=how)


def _as_trained(real: str, fake: str, where: "Where") -> "Where":
    """Return `where` with the resolution and the channels that were asked for, or otherwise those of the trial among the two sets."""
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
    """Return the number of samples on the real side, which is also the number that is drawn from a trial."""
    from landscape.components.datasets._base import Dataset
    from landscape.evaluation.splits import reporting

    return len(reporting(given, protocol).samples) if isinstance(given, Dataset) else len(given)
