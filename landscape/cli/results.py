"""Defines `landscape results`, which merges, verifies, prunes and exports what runs have left."""

import json
from pathlib import Path

import click

from landscape.cli.options import examples, json_option, print_json
from landscape.cli.output import stored_study


@click.group(
    short_help="Merge, verify, prune and export results.",
    epilog=examples(
        "landscape results merge machine-a/results/digits machine-b/results/digits --into results/digits",
        "landscape results verify results/digits",
        "landscape results prune results/digits --dry-run",
        "landscape results export results/digits --out trials.csv",
    ),
)
def results() -> None:
    """Look after the results folder: merge copies of a study, verify it, remove leftovers, export its tables."""


study_argument = click.argument("study", type=click.Path(path_type=Path))


@results.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", "target", required=True, type=click.Path(path_type=Path), help="Folder of the merged study; may be new.")
@json_option
def merge(sources: tuple[Path, ...], target: Path, as_json: bool) -> None:
    """Bring the trials of several copies of one study together. SOURCES stay as they are."""
    from landscape.results.merging import merge as bring_together
    from landscape.sweep.study_lock import StudyLock

    with StudyLock(target):
        done = bring_together(sources, target)
    if as_json:
        print_json({"copied": done.copied, "kept": done.kept, "scores_added": done.scores_added, "warnings": list(done.warnings)})
        return
    click.echo(f"{done.copied} trials copied, {done.kept} were there already, {done.scores_added} scores added: {target}")
    for warning in done.warnings:
        click.echo(f"landscape: {warning}", err=True)


@results.command()
@study_argument
@json_option
def verify(study: Path, as_json: bool) -> int:
    """Check every record, score and picture of STUDY; change nothing. Exit code 1 when something is wrong."""
    from landscape.results.verifying import verify as check

    problems = check(study)
    if as_json:
        print_json({"study": str(study), "problems": problems})
    else:
        click.echo("\n".join([*problems, f"{study}: {len(problems)} problems" if problems else f"{study}: nothing wrong"]))
    return 1 if problems else 0


@results.command()
@study_argument
@click.option("--corrupt", is_flag=True, help="Also files that were set aside as damaged.")
@click.option("--unfinished", is_flag=True, help="Also trials without a record; they would have been continued.")
@click.option("--generators", is_flag=True, help="Also sampling generators; those trials can then not be scored again.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@json_option
def prune(study: Path, dry_run: bool, as_json: bool, **what: bool) -> None:
    """Remove what nothing needs: leftovers of interrupted writes, checkpoints of trials that have ended.

    Records, scores and pictures stay.
    """
    from landscape.results.pruning import What
    from landscape.results.pruning import prune as remove
    from landscape.sweep.study_lock import StudyLock

    # Looked at first: nothing is written where there is no study; then under the lock, so that no sweep is writing.
    done = remove(study, What(**what), dry_run=True)
    if not dry_run:
        with StudyLock(study):
            done = remove(study, What(**what))
    if as_json:
        print_json({"dry_run": dry_run, "paths": [str(p) for p in done.paths], "bytes": done.size_bytes})
        return
    for path in done.paths:
        click.echo(str(path))
    verb = "would be removed" if dry_run else "removed"
    click.echo(f"{len(done.paths)} {verb}, {done.size_bytes / 1e6:.1f} MB")


@results.command()
@study_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A .csv or .json file: one row a trial.")
@click.option("--protocol", metavar="NAME", help="Whose scores: name or digest; may be left out where there is only one.")
def export(study: Path, out: Path, protocol: str | None) -> None:
    """Write one row a trial: axes, status, hyperparameters, cost, and the scores of one protocol with their intervals."""
    from landscape.analysis.frames import protocols, trials_frame
    from landscape.core.errors import UserError, unknown
    from landscape.core.files import write_bytes

    if out.suffix not in (".csv", ".json"):
        raise UserError(f"--out {out}: the ending says what to write: .csv or .json")
    found = stored_study(study)
    known = {digest: str(p.get("name")) for digest, p in protocols(found.trials).items()}
    chosen = [digest for digest, name in known.items() if protocol in (digest, name)]
    if protocol is not None and not chosen:
        raise unknown("protocol of this study", protocol, {*known.values()})
    if len(chosen) > 1:
        raise UserError(f"several protocols are called {protocol!r}: give the digest, one of {', '.join(chosen)}")
    frame = trials_frame(found.trials, *chosen).frame
    if out.suffix == ".csv":
        text = frame.to_csv(index=False)
    else:  # The CSV of pandas would round to a number of decimals.
        text = json.dumps(frame.astype(object).where(frame.notna(), None).to_dict("records"), indent=1, default=str)
    write_bytes(out, text.encode())
    click.echo(f"{len(frame)} trials: {out.resolve()}")
