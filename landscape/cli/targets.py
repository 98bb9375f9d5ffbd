"""Defines `landscape targets`, which shows what a search takes until it reaches a fixed target, for each level of an axis."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from landscape.cli.aligned import aligned
from landscape.cli.options import examples, json_option, print_json, results_option
from landscape.cli.output import stored_study
from landscape.core.durations import duration
from landscape.core.errors import UserError
from landscape.core.wording import significant

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

    The target of a study is the best median over fresh seeds among the baselines, unless it is given. Over several studies a performance
    profile follows: the share of studies in which a level needs at most so many times the D steps of the best level.
    """
    from landscape.analysis.time_to_target import performance_profile

    names = tuple(dict.fromkeys(studies))
    if target is not None and baselines:
        raise UserError("--target and --baseline both set the target: give one of them")
    if target is not None and len(names) > 1:
        raise UserError("--target is for one study, because scores of different studies are not alike: leave it out")
    found = {name: _study(results_dir, name, axis, target, baselines) for name in names}
    efforts = {name: {row["level"]: row["d_steps"] for row in of["levels"]} for name, of in found.items()}
    profile = performance_profile(efforts, RATIOS) if len(found) > 1 else None
    if as_json:
        print_json({"studies": found, "profile": None if profile is None else {"ratios": RATIOS, "levels": profile}})
        return
    lines = [line for name, of in found.items() for line in _lines(name, axis, of)]
    if profile is not None:
        lines.append(f"share of {len(found)} studies in which a level needs at most so many times the D steps of the best")
        rows = [(level, *(f"{share:.0%}" for share in shares)) for level, shares in profile.items()]
        lines += aligned((axis, *(f"{ratio:g}x" for ratio in RATIOS)), rows)
    click.echo("\n".join(lines))


def _study(results_dir: Path, name: str, axis: str, target: float | None, baselines: tuple[str, ...]) -> dict[str, Any]:
    from landscape.analysis.answering import answer_of
    from landscape.analysis.time_to_target import Target, baseline_target, time_to_target, tuned
    from landscape.report.view import view_of
    from landscape.results.studies import study_folder

    view = view_of(stored_study(study_folder(results_dir, name)))
    if view.score is None:
        raise UserError(f"study {name}: nothing was scored, so that nothing reaches a target")
    answer = answer_of(view.study, view.table, view.score)
    rule = baseline_target(answer, axis, baselines, higher_is_better=view.facts.sign < 0) if target is None else Target(target, "as given")
    searches = {trial.record.digest: trial.record.study.get("search", 0) for trial in view.study.trials}
    reached = time_to_target(view.table, view.score, axis, rule.value, given_search=view.given_search, searches=searches)
    described = view.study.facts.get("space")
    space = described if isinstance(described, dict) else {}
    ruleset = str(space.get("ruleset", ""))
    return {
        "ruleset": ruleset,
        "tuned": [asdict(one) for one in tuned(view.study, view.table, view.score, axis, ruleset)] if ruleset else [],
        "score": view.score,
        "target": rule.value,
        "rule": rule.rule,
        "as_searched": view.given_search,
        "searcher": view.searcher,
        "seeds": space.get("seeds", 1),
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
    how = _how(of)
    head = f"{name}: {of['score']} of {significant(of['target'])} ({of['rule']}), until the first trial that reaches it, {how}"
    rows = []
    for row in of["levels"]:
        if row["trials"] is None:
            rows.append((row["level"], f"{row['reached']} of {row['tried']}", row["note"], "", ""))
            continue
        ends = f" [{significant(row['interval'][0])}, {significant(row['interval'][1])}]" if row["interval"] else ""
        steps = "" if row["d_steps"] is None else f"{row['d_steps']:,.0f}"
        seconds = "" if row["seconds"] is None else duration(row["seconds"])
        rows.append((row["level"], f"{row['reached']} of {row['tried']}", f"{significant(row['trials'])}{ends}", steps, seconds))
    return [head, *aligned((axis, "reach it", "trials", "D steps", "time, one at a time"), rows), *_tuned(axis, of)]


def _how(of: dict[str, Any]) -> str:
    """Return in which order the trials are counted, and what counts as one."""
    if not of["as_searched"]:
        how = "on average over all orders of the trials; brackets: 95%"
    elif of["searcher"] == "grid":
        how = "in the order of the grid, which is that of its points in the file"
    else:
        how = "as the search ran"
    if of["as_searched"] and of["ruleset"] == "external":
        how += ", in the median search of a level"
    if of["seeds"] != 1:
        how += f"; a trial is one setting with {of['seeds']} seeds: the lower median of their scores, the sum of their efforts"
    return how


def _tuned(axis: str, of: dict[str, Any]) -> list[str]:
    """Return what the levels are counted by under the ruleset of the study."""
    if not of["tuned"]:
        return []
    each = "of the best of each search" if of["ruleset"] == "external" else "of the seeds of the one setting"
    has_cells = any(one["cell"] not in ("", one["level"]) for one in of["tuned"])
    if has_cells:
        each += " in the best cell of a level, which the selection samples choose"
    rows = [
        (one["level"], _number(one["median"]), ", ".join(map(_number, one["scores"])), *([one["cell"]] if has_cells else []))
        for one in of["tuned"]
    ]
    titles = (axis, "median", "each", *(["cell"] if has_cells else []))
    return [f"ruleset {of['ruleset']}: {of['score']}, the median {each}", *aligned(titles, rows)]


def _number(value: float | None) -> str:
    return "none" if value is None else significant(value)
