"""Defines `landscape targets`, which shows what a search takes until it reaches a fixed target, for each level of an axis."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from landscape.cli.aligned import aligned
from landscape.cli.options import examples, json_option, print_json, results_option
from landscape.core.durations import duration
from landscape.core.errors import UserError

RATIOS = (1.0, 1.5, 2.0, 4.0, 8.0)


@click.command(
    short_help="Say how many trials, steps and seconds each level takes to reach a target.",
    epilog=examples(
        "landscape targets digits", "landscape targets digits --by loss --target 5", "landscape targets digits mnist --by loss"
    ),
)
@click.argument("studies", nargs=-1, required=True)
@click.option("--by", "axis", default="loss", show_default=True, metavar="AXIS", help="The axis whose levels are compared.")
@click.option("--target", type=float, help="The score to reach, for one study. Without it the baselines set the target.")
@click.option("--baseline", "baselines", multiple=True, metavar="LEVEL", help="A level that sets the target; all levels by default.")
@results_option
@json_option
def targets(
    studies: tuple[str, ...], axis: str, target: float | None, baselines: tuple[str, ...], results_dir: Path, as_json: bool
) -> None:
    """Compare the levels of an axis by what the search of STUDIES takes until its first trial at a target.

    The target of a study is the best mean over fresh seeds among the baselines, unless it is given. Over several studies a performance
    profile follows: the share of studies in which a level needs at most so many times the D steps of the best level.
    """
    from landscape.analysis.time_to_target import performance_profile

    if target is not None and len(studies) > 1:
        raise UserError("--target is for one study, because scores of different studies are not alike: leave it out")
    found = {name: _study(results_dir, name, axis, target, baselines) for name in studies}
    efforts = {name: {row["level"]: row["d_steps"] for row in of["levels"]} for name, of in found.items()}
    profile = performance_profile(efforts, RATIOS) if len(studies) > 1 else None
    if as_json:
        print_json({"studies": found, "profile": None if profile is None else {"ratios": RATIOS, "levels": profile}})
        return
    lines = [line for name, of in found.items() for line in _lines(name, axis, of)]
    if profile is not None:
        lines.append(f"share of {len(studies)} studies in which a level needs at most so many times the D steps of the best")
        rows = [(level, *(f"{share:.0%}" for share in shares)) for level, shares in profile.items()]
        lines += aligned((axis, *(f"{ratio:g}x" for ratio in RATIOS)), rows)
    click.echo("\n".join(lines))


def _study(results_dir: Path, name: str, axis: str, target: float | None, baselines: tuple[str, ...]) -> dict[str, Any]:
    from landscape.analysis.answering import answer_of
    from landscape.analysis.time_to_target import Target, baseline_target, time_to_target, tuned
    from landscape.report.view import view_of
    from landscape.results.studies import read_study, study_folder

    view = view_of(read_study(study_folder(results_dir, name)))
    if view.score is None:
        raise UserError(f"study {name}: nothing was scored, so that nothing reaches a target")
    answer = answer_of(view.study, view.table, view.score)
    rule = baseline_target(answer, axis, baselines) if target is None else Target(target, "as given")
    reached = time_to_target(view.table, view.score, axis, rule.value, given_search=view.given_search)
    space = view.study.facts.get("space")
    ruleset = str(space.get("ruleset", "")) if isinstance(space, dict) else ""
    return {
        "ruleset": ruleset,
        "tuned": [asdict(one) for one in tuned(view.study, view.table, view.score, axis, ruleset)] if ruleset else [],
        "score": view.score,
        "target": rule.value,
        "rule": rule.rule,
        "as_searched": view.given_search,
        "levels": [
            {
                "level": one.level,
                "tried": one.tried,
                "reached": one.reached,
                "trials": one.trials.value,
                "interval": [one.trials.low, one.trials.high] if one.trials.has_interval else None,
                "note": one.trials.absent,
                "d_steps": one.d_steps,
                "seconds": one.seconds,
            }
            for one in reached
        ],
    }


def _lines(name: str, axis: str, of: dict[str, Any]) -> list[str]:
    how = "as the search ran" if of["as_searched"] else "on average over all orders of the trials; brackets: 95%"
    head = f"{name}: {of['score']} of {of['target']:.3g} ({of['rule']}), until the first trial that reaches it, {how}"
    rows = []
    for row in of["levels"]:
        if row["trials"] is None:
            rows.append((row["level"], f"0 of {row['tried']}", row["note"], "", ""))
            continue
        ends = f" [{row['interval'][0]:.3g}, {row['interval'][1]:.3g}]" if row["interval"] else ""
        steps = "" if row["d_steps"] is None else f"{row['d_steps']:,.0f}"
        seconds = "" if row["seconds"] is None else duration(row["seconds"])
        rows.append((row["level"], f"{row['reached']} of {row['tried']}", f"{row['trials']:.3g}{ends}", steps, seconds))
    return [head, *aligned((axis, "reach it", "trials", "D steps", "time, one at a time"), rows), *_tuned(axis, of)]


def _tuned(axis: str, of: dict[str, Any]) -> list[str]:
    """Return what the levels are counted by under the ruleset of the study."""
    if not of["tuned"]:
        return []
    each = "of the best of each search" if of["ruleset"] == "external" else "of the seeds of the one setting"
    rows = [(one["level"], _number(one["median"]), ", ".join(map(_number, one["scores"]))) for one in of["tuned"]]
    return [f"ruleset {of['ruleset']}: {of['score']}, the median {each}", *aligned((axis, "median", "each"), rows)]


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
