"""Rows of the ledger as trials, and running them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.config import protocols
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError, unknown
from landscape.published.settings import Setting, papers, setting_of, settings, with_config
from landscape.reproductions._run import FinishedTrial, PlannedTrial, run
from landscape.results.published_runs import RowRun, paper_folder, remember


@dataclass(frozen=True)
class RowSetting:
    """One setting of a row, ready to be built: most rows have one."""

    key: str
    """`paper/table/row`."""
    variant: str
    """Which of the row's settings; empty where it has one."""
    config: TrialConfig
    """Without the content hash of its data, which is known once they are read."""
    protocol: Protocol
    """What the row's scores are read under, in the main."""
    others: tuple[Protocol, ...]
    """Further protocols of some of its scores."""


def row_settings(setting: Setting, *, seed: int = 0, share: float = 1.0) -> Iterator[RowSetting]:
    """The settings of one expressible row.

    Args:
        setting: as the ledger describes it.
        seed: of the training.
        share: of the published length of training; what is scheduled follows, as its times are shares too.

    Raises:
        UserError: the row cannot be expressed, or its description is not valid.
    """
    if setting.cannot is not None:
        raise UserError(f"{setting.key} cannot be run: {setting.cannot.why}")
    protocol = protocol_of(setting)
    others = sorted({c.protocol for c in (setting.scores or {}).values() if c.protocol})
    for variant, changes in _variants(setting):
        data = with_config(setting.config or {}, changes)
        budget = dict(data["budget"])
        budget["amount"] = max(round(budget["amount"] * share), 1)
        config = TrialConfig.parse(data | {"budget": budget, "seed": seed}, source=setting.key)
        yield RowSetting(setting.key, variant, config, protocol, tuple(map(protocols.get, others)))


def protocol_of(setting: Setting) -> Protocol:
    """The protocol under which a row's scores are read."""
    said = setting.protocol
    if isinstance(said, str):
        return protocols.get(said)
    changes = dict(said or {})
    return varied(protocols.get(changes.pop("name")), **changes)


def _variants(setting: Setting) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, changes of the configuration) of each setting that a row consists of."""
    if setting.grid:
        for values in itertools.product(*setting.grid.values()):
            chosen = dict(zip(setting.grid, values, strict=True))
            yield ", ".join(f"{_last(k)}={v}" for k, v in chosen.items()), _nested(chosen)
        return
    yield from (setting.variants or {"": {}}).items()


def _last(dotted: str) -> str:
    *path, last = dotted.split(".")
    return f"{path[-1].removesuffix('_optimizer')}_{last}" if path and path[-1].endswith("_optimizer") else last


def _nested(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Changes in the form of a configuration: `architecture.mlp.width: 8` -> {architecture: {mlp: {width: 8}}}."""
    changes: dict[str, Any] = {}
    for dotted, value in chosen.items():
        *path, last = dotted.split(".")
        node = changes
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return changes


def tables_of(paper: str) -> list[str]:
    """The tables of a paper; UserError, with the nearest name, where the ledger has no such paper."""
    if paper not in papers():
        raise unknown("paper of the ledger", paper, papers())
    return list(papers()[paper].tables)


def chosen_rows(paper: str, table: str, rows: Sequence[str] = ()) -> list[Setting]:
    """The rows of a table whose name, or a part of it, is among `rows`; all that can be run where none is named.

    Raises:
        UserError: no such paper, table or row; a named row cannot be run, with the reason; nothing in the table can.
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
    possible = [s for s in chosen if s.cannot is None]
    # A part may name rows of both kinds; a row that is named alone and cannot be run deserves its reason.
    if not possible:
        first = chosen[0]
        assert first.cannot is not None
        raise UserError(f"{first.key} cannot be run: {first.cannot.why} `landscape reproduce --list {paper}` shows what can")
    return possible


def run_rows(
    chosen: Sequence[Setting], results: Path, *, seeds: int, share: float = 1.0, data_dir: Path | None = None, jobs: int | None = None
) -> list[RowRun]:
    """Train and score every setting of `chosen` rows; what is done in `results` is read, not run again.

    Returns what was noted in rows.json.

    Args:
        chosen: expressible rows.
        results: their trials go to published/<paper>/trials.
        seeds: 0, 1, ... of each setting.
        share: of the published length of training: below 1 the runs are `reduced`.
        data_dir: where the data sets' files lie.
        jobs: trainings at a time; None: one a core.
    """
    from landscape.trial.run_trial import prepare

    done: list[RowRun] = []
    for setting in chosen:
        settings_of_row = [list(row_settings(setting, seed=seed, share=share)) for seed in range(seeds)]
        # Seed by seed, so that a run that is stopped leaves whole seeds.
        trials = [
            PlannedTrial(_label(s), prepare(s.config, data_dir)[0], s.protocol, also=s.others)
            for of_seed in settings_of_row
            for s in of_seed
        ]
        outcomes = run(trials, paper_folder(results, setting.key.split("/")[0]), data_dir=data_dir, jobs=jobs)
        done += _noted(setting, settings_of_row[0], outcomes, share)
        remember(results, done[-len(settings_of_row[0]) :])
    return done


def note(key: str, outcomes: Sequence[FinishedTrial], results: Path, *, share: float = 1.0, differs: str = "") -> None:
    """Say in rows.json that `outcomes`, one a seed, are runs of the row `key` of one setting, which a recipe of its own has run.

    Args:
        key: `paper/table/row`.
        outcomes: of trials whose configuration is the row's, but for the length of training.
        results: folder of the results.
        share: of the published length of training; above 1 the run is noted as longer than published.
        differs: what else differs from the row's setting, for a run that stands beside the row.
    """
    longer = f"{share:g} times the published steps" if share > 1 else ""
    digests = tuple(o.trial.config.digest() for o in outcomes)
    because = "; ".join(filter(None, (longer, differs)))
    remember(results, [RowRun(key, digests, compared_scores(setting_of(key)), share=min(share, 1.0), note=because)])


def _label(setting: RowSetting) -> str:
    return f"{setting.key}, {setting.variant}" if setting.variant else setting.key


def _noted(setting: Setting, of_seed: Sequence[RowSetting], outcomes: Sequence[FinishedTrial], share: float) -> list[RowRun]:
    scores = compared_scores(setting)
    return [
        RowRun(setting.key, tuple(o.trial.config.digest() for o in outcomes[i :: len(of_seed)]), scores, variant=s.variant, share=share)
        for i, s in enumerate(of_seed)
    ]


def compared_scores(setting: Setting) -> dict[str, tuple[str, str]]:
    """Metric of the ledger -> (name of the protocol with its checkpoint, public name of our score)."""
    return {metric: (setting.compared_protocol(c), c.score) for metric, c in (setting.scores or {}).items()}
