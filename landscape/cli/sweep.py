"""Defines `landscape sweep`, which runs a study from its search space to its report."""

import sys
from pathlib import Path
from typing import Any

import click

from landscape.cli.options import FiniteRange, examples, logger_option, plugin_option, reports_option, results_option, sweep_data_dir_option
from landscape.cli.stopping import last_word
from landscape.core.debug_lines import debug_step
from landscape.core.errors import UserError
from landscape.core.files import require_writable


@click.command(
    short_help="Run a study and build its report.",
    epilog=examples(
        "landscape sweep digits",
        "landscape sweep mnist --data-dir /data/mnist --trials 30",
        "landscape sweep search_spaces/digits.yaml --plugin my_loss.py --results /scratch/results",
        "landscape sweep folder:/path/to/pictures --jobs 4 --gpus-per-trial 0.25",
        "landscape sweep celeba --dry-run --gpus 8 --dollars-per-hour 2.5",
        "landscape sweep cifar10 --scale 0.1",
    ),
)
@click.argument("study", default="digits")
@click.option(
    "--dataset", help="Another data set than the study's own: digits, mnist, folder:/path, zip:/path.zip, cifar10:validation=false, ..."
)
@click.option(
    "--trials", type=click.IntRange(min=1), help="Models to train in all, rounded up to as many in every cell.  [default: the study's]"
)
@click.option("--steps", type=click.IntRange(min=1), help="Length of training, in the unit of the study's budget.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the search; trial n trains with seed + n.")
@click.option("--jobs", type=click.IntRange(min=1), help="Trials at a time.  [default: one a core, or as GPUs allow]")
@click.option(
    "--gpus-per-trial",
    type=FiniteRange(min=0),
    help="0.25: four trials share one GPU; 0: none is used.  [default: 1 where there are GPUs]",
)
@click.option(
    "--ray-address",
    envvar="RAY_ADDRESS",
    show_envvar=True,
    help="An existing Ray cluster: auto, or its address.  [default: Ray is started on this machine]",
)
@click.option("--deterministic", is_flag=True, help="Propose in rounds: the same seed gives the same trials, whatever finishes first.")
@click.option(
    "--confirmation/--no-confirmation",
    default=True,
    help="Train the best setting of each level on fresh seeds after the search, as the study says.  [default: --confirmation]",
)
@click.option("--scale", type=FiniteRange(0, 1, min_open=True), help="Shrink the study evenly: 0.1 is a tenth of trials, steps, samples.")
@click.option(
    "--dry-run", is_flag=True, help="Only say what the study would take: cells, models, steps, hours; nothing is trained or written."
)
@click.option("--gpus", type=click.IntRange(min=1), help="With --dry-run: the hours on so many GPUs, at least.")
@click.option("--dollars-per-hour", type=FiniteRange(min=0), help="With --dry-run: the price of one GPU (--gpus), or of this machine.")
@click.option("--report/--no-report", "with_report", default=True, help="Build the report at the end.  [default: --report]")
@logger_option
@sweep_data_dir_option
@results_option
@reports_option
@plugin_option
def sweep(study: str, dataset: str | None, scale: float | None, logger: str, with_report: bool, reports_dir: Path, **options: Any) -> int:
    """Train and score every cell of STUDY, then build its report.

    STUDY is a data set with a default study (`landscape list studies`), folder:/path, zip:/path.zip, or a YAML file. Interrupted with
    Ctrl-C, the same command continues it. Trials that were already run are not run again.
    """
    from landscape.space import study_files
    from landscape.space.scaled import scaled
    from landscape.sweep.run import run
    from landscape.sweep.sweep_options import SweepResult
    from landscape.trial.logged_runs import LoggedRuns

    chosen = study_files.load_space(study, dataset=dataset)
    chosen = chosen if scale is None else scaled(chosen, scale)
    pricing = {name: options.pop(name) for name in ("gpus", "dollars_per_hour")}
    if options.pop("dry_run"):
        return _dry_run(chosen, options, pricing)
    if any(value is not None for value in pricing.values()):
        raise UserError("--gpus and --dollars-per-hour say what a study would take: give them with --dry-run")
    if logger != "none":
        options["run_trial"] = LoggedRuns(logger)
    if with_report:
        require_writable(reports_dir)
    kept = f"every trial that has ended is kept in {options['results_dir']}, and the same command continues the study"

    def answer(result: SweepResult) -> None:
        """Build the report and print where it is. This is done while Ray still runs, because its shutdown may fail."""
        if with_report and result.trials:
            from landscape.report.build import build

            with debug_step("the report"):
                path = build(options["results_dir"], reports_dir, chosen.name)[0]
            click.echo(f"report: {path.resolve()}")
        sys.stdout.flush()
        say_instead(f"landscape: the process broke off while Ray was taken down, after everything was written; nothing is lost: {kept}")

    with last_word(f"landscape: the sweep's process broke off (its exit status says more); nothing is lost: {kept}") as say_instead:
        try:
            outcome = run(chosen, at_end=answer, **options)
        except (UserError, click.ClickException):
            raise
        except Exception as error:
            error.add_note(f"landscape: this error ended the sweep; nothing is lost: {kept}")
            raise
    return 130 if outcome.interrupted else 0


def _dry_run(study: Any, options: dict[str, Any], pricing: dict[str, Any]) -> int:
    from landscape.sweep.dry_run import dry_run, lines
    from landscape.sweep.run import as_asked
    from landscape.sweep.sweep_options import SweepOptions

    asked = as_asked(study, **{name: options.pop(name) for name in ("trials", "steps", "seed")})
    for line in lines(dry_run(asked, SweepOptions(**options), **pricing)):
        click.echo(line)
    return 0
