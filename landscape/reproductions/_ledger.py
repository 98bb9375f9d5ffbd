"""Turns rows of the ledger into trials, and runs them."""

import copy
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from landscape.components.datasets._base import DATASETS
from landscape.config import protocols
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError, unknown
from landscape.published.settings import Setting, papers, setting_of, settings, with_config
from landscape.reproductions._run import FinishedTrial, PlannedTrial, run
from landscape.results.published_runs import RowRun, paper_folder, remember

_OTHERWISE: Mapping[str, str] = {"seed": "--seeds", "budget": "--share"}
"""The fields that another option sets, with that option."""


@dataclass(frozen=True)
class RowSetting:
    """One setting of a row, ready to be built. Most rows have one setting."""

    key: str
    """The row, as `paper/table/row`."""
    variant: str
    """Which of the row's settings this is; empty if there is only one."""
    config: TrialConfig
    """The configuration, without the content hash of its data, which is known once the data are read."""
    protocol: Protocol
    """The protocol under which the row's scores are read, unless a score names another."""
    others: tuple[Protocol, ...]
    """The protocols that some of the row's scores name."""


def row_settings(
    setting: Setting, *, seed: int = 0, share: float = 1.0, changes: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[RowSetting]:
    """Yield the settings of one row that can be run.

    Args:
        setting: The row, as the ledger describes it.
        seed: The seed of the training.
        share: The length of training as a share of the published one. Schedules follow it, because their times are shares too.
        changes: What is changed in every setting, by dotted field.

    Raises:
        UserError: The row cannot be expressed, its description is not valid, or the changes are not.
    """
    if setting.cannot is not None:
        raise UserError(f"{setting.key} cannot be run: {setting.cannot.why}")
    protocol = protocol_of(setting)
    others = sorted({c.protocol for c in (setting.scores or {}).values() if c.protocol})
    for name in changes:
        if option := _OTHERWISE.get(name.partition(".")[0]):
            raise UserError(f"--set {name}: of a row it is given by {option}")
        if name.startswith("optimizers.") and {f"{net}_{name.replace('optimizers', 'optimizer')}" for net in "dg"} & set(changes):
            raise UserError(f"--set {name} sets a field of both optimizers, one of which is set too; set each of the two")
    for variant, of_variant in _variants(setting):
        data = _changed(of_variant, changes)
        budget = dict(data["budget"])
        if budget["amount"] * share < 1:
            raise UserError(f"--share {share:g} of the {budget['amount']:,} {budget['unit']} of {setting.key} is less than one")
        budget["amount"] = round(budget["amount"] * share)
        config = TrialConfig.parse(data | {"budget": budget, "seed": seed}, source=setting.key)
        yield RowSetting(setting.key, variant, config, protocol, tuple(map(protocols.get, others)))


def protocol_of(setting: Setting) -> Protocol:
    """Return the protocol under which a row's scores are read."""
    said = setting.protocol
    if isinstance(said, str):
        return protocols.get(said)
    changes = dict(said or {})
    return varied(protocols.get(changes.pop("name")), **changes)


def _variants(setting: Setting) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (name, configuration) for each setting of which a row consists."""
    whole = setting.config or {}
    if setting.grid:
        for values in itertools.product(*setting.grid.values()):
            chosen = dict(zip(setting.grid, values, strict=True))
            yield ", ".join(f"{_last(k)}={v}" for k, v in chosen.items()), _changed(whole, chosen)
        return
    for name, changes in (setting.variants or {"": {}}).items():
        yield name, with_config(whole, changes)


def _last(dotted: str) -> str:
    *path, last = dotted.split(".")
    return f"{path[-1].removesuffix('_optimizer')}_{last}" if path and path[-1].endswith("_optimizer") else last


def _changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with the dotted fields of `changes` set and everything beside them kept.

    Raises:
        UserError: A part of a dotted field is not a group of settings, or names another component than that of the configuration.
    """
    data = copy.deepcopy(dict(config))
    for dotted, value in changes.items():
        first, dot, rest = dotted.partition(".")
        for field in ("d_optimizer", "g_optimizer") if first == "optimizers" else (first,):
            names = f"{field}{dot}{rest}".split(".")
            node = data
            for part, inner in itertools.pairwise(names):
                if node.get(part) == inner:  # A component that is written as its name alone.
                    node[part] = {inner: {}}
                node = node.setdefault(part, {})
                if not isinstance(node, dict):
                    raise UserError(f"{dotted}: {part} is {node!r} here, which has no field {inner!r}")
            node[names[-1]] = value
    return data


def tables_of(paper: str) -> list[str]:
    """Return the tables of a paper.

    Raises:
        UserError: The ledger has no such paper. The line suggests the most similar name.
    """
    if paper not in papers():
        raise unknown("paper of the ledger", paper, papers())
    return list(papers()[paper].tables)


def chosen_rows(paper: str, table: str, rows: Sequence[str] = ()) -> list[Setting]:
    """Return the rows of a table whose name, or a part of it, is among `rows`, all of them without names. Some may be impossible to run.

    Raises:
        UserError: There is no such paper, table or row, or none of the chosen rows can be run. The line gives the reason.
    """
    if table not in tables_of(paper):
        raise unknown(f"table of {paper}", table, tables_of(paper))
    prefix = f"{paper}/{table}/"
    found = {key.removeprefix(prefix): s for key, s in settings().items() if key.startswith(prefix)}
    names = {part for row in found for part in (row, *row.split("/"))}
    for name in rows:
        if name not in names:
            raise unknown(f"row of {paper}/{table}", name, names)
    chosen = [s for row, s in found.items() if not rows or any(name in (row, *row.split("/")) for name in rows)]
    if not any(s.expressible for s in chosen):
        first = chosen[0]
        assert first.cannot is not None
        raise UserError(f"{first.key} cannot be run: {first.cannot.why} `landscape reproduce --list {paper}` shows what can")
    return chosen


def run_rows(
    chosen: Sequence[Setting],
    results: Path,
    *,
    seeds: int,
    share: float = 1.0,
    changes: Mapping[str, Any] = MappingProxyType({}),
    data_dir: Path | None = None,
    jobs: int | None = None,
) -> list[RowRun]:
    """Train and score every setting of the `chosen` rows. What is already in `results` is read and not run again.

    Args:
        chosen: Rows that can be run.
        results: The results folder. Trials are stored in its published/<paper>/trials.
        seeds: The number of seeds, 0, 1, ..., for each setting.
        share: The length of training as a share of the published one. Below 1, the runs are marked as `reduced`.
        changes: What is changed in every setting, by dotted field. Such runs are shown beside the row with what was changed.
        data_dir: The folder of the data sets' files.
        jobs: The number of trainings at a time. None stands for one per core.

    Returns:
        The runs as they were written to rows.json.

    Raises:
        UserError: A row cannot be run, data are missing, or the results cannot be written.
    """
    from landscape.trial.prepared_trial import prepare

    done: list[RowRun] = []
    changed = ", ".join(f"{name} = {value if isinstance(value, str) else json.dumps(value)}" for name, value in sorted(changes.items()))
    for setting in chosen:
        settings_of_row = [list(row_settings(setting, seed=seed, share=share, changes=changes)) for seed in range(seeds)]
        # The trials run seed by seed, so that a run that is stopped leaves complete seeds.
        trials = [
            PlannedTrial(_label(s), prepare(s.config, data_dir)[0], s.protocol, also=s.others)
            for of_seed in settings_of_row
            for s in of_seed
        ]
        outcomes = run(trials, paper_folder(results, setting.key.split("/")[0]), data_dir=data_dir, jobs=jobs)
        done += _noted(setting, settings_of_row[0], outcomes, share, changed)
        remember(results, done[-len(settings_of_row[0]) :])
    return done


def note(key: str, outcomes: Sequence[FinishedTrial], results: Path, *, share: float = 1.0, differs: str = "") -> None:
    """Record in rows.json that `outcomes`, one per seed, are runs of the row `key`, which has one setting.

    Recipes that run the trials of a row themselves call this.

    Args:
        key: The row, as `paper/table/row`.
        outcomes: Trials whose configuration is the row's, except for the length of training.
        results: The results folder.
        share: The length of training as a share of the published one.
        differs: What else differs from the row's setting. Such a run is shown beside the row.
    """
    digests = tuple(o.trial.config.digest() for o in outcomes)
    differs = ", ".join(filter(None, [differs, _other_data(outcomes)]))
    remember(results, [RowRun(key, digests, compared_scores(setting_of(key)), share=share, note=differs)])


def _other_data(outcomes: Sequence[FinishedTrial]) -> str:
    """Return a remark if the trainings saw other data than those of that name. It is empty if they did not, or if nobody knows."""
    config = outcomes[0].trial.config
    contents = DATASETS[config.dataset.name].facts.contents
    known = bool(contents and config.data_hash) and config.data_hash not in contents
    return f"on other data than those of {config.dataset.name} (content {config.data_hash})" if known else ""


def _label(setting: RowSetting) -> str:
    return f"{setting.key}, {setting.variant}" if setting.variant else setting.key


def _noted(setting: Setting, of_seed: Sequence[RowSetting], outcomes: Sequence[FinishedTrial], share: float, changed: str) -> list[RowRun]:
    scores, note = compared_scores(setting), ", ".join(filter(None, [f"with {changed}" if changed else "", _other_data(outcomes)]))
    digests = [o.trial.config.digest() for o in outcomes]
    return [
        RowRun(setting.key, tuple(digests[i :: len(of_seed)]), scores, variant=s.variant, share=share, note=note)
        for i, s in enumerate(of_seed)
    ]


def compared_scores(setting: Setting) -> dict[str, tuple[str, str]]:
    """Map each metric of the ledger to the protocol's name with its checkpoint and the public name of this project's score."""
    return {metric: (setting.compared_protocol(c), c.score) for metric, c in (setting.scores or {}).items()}
