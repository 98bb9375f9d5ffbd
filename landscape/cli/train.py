"""Defines `landscape train`, which trains one model without Ray."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.cli.options import data_dir_option, examples, json_option, logger_option, plugin_option, print_json, read_mapping, set_dotted
from landscape.cli.output import health_lines, score_lines, training_progress
from landscape.cli.stopping import stop_on_signal
from landscape.core.component_text import parse_component
from landscape.core.files import read_json, require_writable

if TYPE_CHECKING:
    from landscape.config.protocol import Protocol
    from landscape.results.record import TrialRecord
    from landscape.trial.prepared_trial import PreparedTrial

COMPONENTS = {
    "dataset": "digits, mnist, folder:/path, zip:/path.zip, ... (`landscape list datasets`)",
    "task": "what both networks receive (`landscape list tasks`)  [default: unconditional]",
    "architecture": "generator and discriminator (`landscape list architectures`)",
    "loss": "`landscape list losses`",
    "d_normalization": "normalization of the discriminator",
    "g_normalization": "normalization of the generator  [default: the architecture's own]",
}
DEFAULTS: dict[str, Any] = {"dataset": "digits", "architecture": "dcgan", "loss": "non_saturating"}


def component_options(function: Any) -> Any:
    """Add an option for each axis of a configuration."""
    for name, text in reversed(COMPONENTS.items()):
        option = "--" + name.replace("_", "-")
        function = click.option(option, name, metavar="NAME[:key=value,...]", help=text)(function)
    return function


@click.command(
    short_help="Train and score one model.",
    epilog=examples(
        "landscape train --dataset digits --loss hinge --d-normalization spectral --steps 1000",
        "landscape train --loss wasserstein --regularizer gradient_penalty:weight=10 --set d_steps_per_round=5",
        "landscape train --config results/digits/trials/0123456789abcdef/record.json --seed 1 --out again/",
    ),
)
@component_options
@click.option(
    "--regularizer", "regularizers", multiple=True, metavar="NAME[:key=value,...]", help="Repeatable; every=4 applies it each 4th step."
)
@click.option("--steps", type=click.IntRange(min=1), help="D steps to train for.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of weights, data order and latents.")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Any field of the config: d_optimizer.learning_rate=1e-4.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="JSON or YAML config (or a record.json) to start from.")
@click.option("--protocol", help="How the model is scored (`landscape list protocols`), or none.  [default: by the data]")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="Folder of the trial.  [default: trials/<digest>]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads.  [default: as torch chooses]")
@logger_option
@data_dir_option
@plugin_option
@json_option
def train(plugins: tuple[Path, ...], **options: Any) -> int:
    """Train one GAN, score it, and print the scores with their intervals.

    What is not given keeps the component's own default; the whole config stands in the trial's record.json. Interrupted with Ctrl-C,
    the same command continues it.
    """
    from landscape.config import protocols
    from landscape.config.network_layout import task_of
    from landscape.config.trial_config import TrialConfig
    from landscape.evaluation import require_scorable
    from landscape.evaluation.default_protocol import default_training_protocol
    from landscape.results.record import Status
    from landscape.trial.prepared_trial import prepare
    from landscape.trial.run_trial import finished_record

    config_file: Path | None = options.pop("config_file")
    data = _config(
        config_file,
        axes={name: options.pop(name) for name in COMPONENTS},
        regularizers=options.pop("regularizers"),
        steps=options.pop("steps"),
        seed=options.pop("seed"),
        assignments=options.pop("assignments"),
    )
    name = options.pop("protocol")
    protocol = protocols.get(name) if name not in (None, "none") else None
    prepared = prepare(TrialConfig.parse(data, source=str(config_file or "")), options.pop("data_dir"))
    if name is None:
        protocol = protocols.get(default_training_protocol(prepared.dataset, task_of(prepared.config.task)))
    digest = prepared.config.digest()
    folder = options.pop("folder") or Path("trials") / digest
    if finished_record(folder, digest) is None:
        require_writable(folder)
        if protocol is not None:
            for note in require_scorable(prepared.dataset, protocol, border=task_of(prepared.config.task).border):
                click.echo(f"note: {note}", err=True)
    record = _run(prepared, protocol, folder, **options)
    return 130 if record.status is Status.STOPPED else 0


def _run(prepared: "PreparedTrial", protocol: "Protocol | None", folder: Path, *, as_json: bool, **settings: Any) -> "TrialRecord":
    """Train with progress on stderr, and then print the outcome on stdout."""
    from landscape.results.record import Scores, Status
    from landscape.trial.run_trial import run_trial

    with stop_on_signal() as should_stop, training_progress(quiet=as_json) as report:
        record = run_trial(prepared, protocol, folder=folder, report=report, should_stop=should_stop, **settings)
    found = sorted((folder / "scores").glob("[!.]*.json")) if record.status is Status.COMPLETED else []
    scores = [Scores.from_json(read_json(path)) for path in found]
    if as_json:
        print_json({"folder": str(folder), "record": record.to_json(), "scores": [s.to_json() for s in scores]})
        return record
    counts = record.counts
    click.echo(f"{record.status}{': ' + record.reason if record.reason else ''}")
    click.echo(f"{counts['d_steps']} D steps, {counts['g_steps']} G steps, {record.seconds['training']:.1f} s of training")
    for line in health_lines(record):
        click.echo(line)
    for one in scores:
        click.echo("\n".join(score_lines(one)))
    click.echo(f"trial: {folder.resolve()}")
    return record


def _config(
    file: Path | None,
    *,
    axes: dict[str, str | None],
    regularizers: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    assignments: tuple[str, ...],
) -> dict[str, Any]:
    """Return the configuration as plain data: the file or the defaults, changed by the options and then by `--set`."""
    given = read_mapping(file) if file is not None else {}
    # A record holds its config among other things.
    data = DEFAULTS | (given["config"] if isinstance(given.get("config"), dict) else given)
    for name, text in axes.items():
        if text is not None:
            data[name] = parse_component(text, is_data=name == "dataset")
    if regularizers:
        data["regularizers"] = [parse_component(text) for text in regularizers]
    if steps is not None:
        data["budget"] = {"amount": steps, "unit": "d_steps"}
    if seed is not None:
        data["seed"] = seed
    for assignment in assignments:
        set_dotted(data, assignment)
    return data
