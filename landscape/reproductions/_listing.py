"""Lists the ledger row by row: what can be run, at what cost, with which verdict; and what cannot be run, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.components.datasets._base import DATASETS
from landscape.config.choices import from_shorthand
from landscape.core.errors import unknown
from landscape.core.wording import plural
from landscape.published.costs import CPU_RATE, GPU_RATE, costs
from landscape.published.settings import BECAUSE, Setting, papers, settings
from landscape.report.formats import number
from landscape.report.published_rows import Line, lines
from landscape.reproductions._ledger import protocol_of, tables_of

GPU_FROM_HOURS = 48.0
"""A row is said to need a GPU if one seed takes at least this many hours on two CPU cores."""


@dataclass(frozen=True)
class Entry:
    """One row of a table."""

    setting: Setting
    lines: tuple[Line, ...]
    """The row's numbers, once for each way in which it was run."""

    @property
    def row(self) -> str:
        """The row's name within the table."""
        return self.setting.key.split("/", 2)[2]

    @property
    def table(self) -> str:
        """The table, as `paper/table`."""
        return "/".join(self.setting.key.split("/")[:2])

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        cannot, cost = self.setting.cannot, costs().get(self.setting.key)
        return {
            "row": self.setting.key,
            "can_be_run": self.setting.expressible,
            "because": cannot.because if cannot else "",
            "why": cannot.why if cannot else "",
            "needs": needs(self.setting),
            "seeds": self.setting.runs,
            "settings": cost.settings if cost else 0,
            "least_hours_cpu": cost.hours(CPU_RATE) if cost else None,
            "least_hours_gpu": cost.hours(GPU_RATE) if cost else None,
            "numbers": [_number(line) for line in self.lines],
        }


def entries(results: Path, chosen: str | None = None) -> list[Entry]:
    """Return every row, or those of one paper (`paper`) or table (`paper/table`).

    Raises:
        UserError: The ledger has no such paper, or the paper no such table.
    """
    if chosen is not None:
        paper, _, table = chosen.partition("/")
        if table not in ("", *tables_of(paper)):
            raise unknown(f"table of {paper}", table, tables_of(paper))
    found: dict[str, list[Line]] = {}
    for line in lines(results):
        if chosen is None or f"{line.number.key}/".startswith(f"{chosen.removesuffix('/')}/"):
            found.setdefault(line.number.key, []).append(line)
    return [Entry(settings()[key], tuple(of_row)) for key, of_row in found.items()]


def needs(setting: Setting) -> list[str]:
    """Return the data, weights and machine that a row needs in addition to this package.

    The list is empty if it needs nothing, or cannot be run.
    """
    if setting.cannot is not None or setting.config is None:
        return []
    return [*_data(setting.config), *_weights(setting), *_machine(setting)]


def described(found: list[Entry]) -> Iterator[str]:
    """Yield lines of text, table by table."""
    for table in dict.fromkeys(entry.table for entry in found):
        paper, name = table.split("/")
        yield f"{table}: {papers()[paper].tables[name].title}"
        of_table = [entry for entry in found if entry.table == table]
        yield from _possible([e for e in of_table if e.setting.expressible])
        yield from _impossible([e for e in of_table if not e.setting.expressible])
    possible = [entry for entry in found if entry.setting.expressible]
    yield f"{plural(len(found), 'row')}, {len(possible)} can be run: `landscape reproduce PAPER/TABLE --rows ROW,... --seeds N`"
    yield _runs(found)
    yield "`landscape data status` says where data come from; hours are those of the counted products, small networks take longer"


def _runs(found: list[Entry]) -> str:
    """Say how many rows were run as they are written, how many of them agree, and how many comparisons have each verdict."""
    ran = [verdicts for entry in found if (verdicts := [line.verdict for line in entry.lines if line.own])]
    agreeing = sum(set(verdicts) == {"agrees"} for verdicts in ran)
    comparisons = Counter(verdict for verdicts in ran for verdict in verdicts)
    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(comparisons.items())) or "none"
    return f"{plural(len(ran), 'row')} run, {agreeing} in agreement in all that was compared; comparisons: {said}"


def _possible(found: list[Entry]) -> Iterator[str]:
    kinds: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in found:
        settings_of_row = costs()[entry.setting.key].settings
        kinds.setdefault((tuple(needs(entry.setting)), entry.setting.runs, settings_of_row), []).append(entry)
    for (needed, runs, settings_of_row), of_kind in kinds.items():
        names = ", ".join(entry.row for entry in of_kind)
        many = f" of {settings_of_row:,} settings" if settings_of_row > 1 else ""
        cpu, gpu = (_range([costs()[entry.setting.key].hours(rate) for entry in of_kind]) for rate in (CPU_RATE, GPU_RATE))
        yield f"  can be run: {names}; published from {plural(runs, 'training')}{many}"
        need = ", ".join(needed) or "nothing beyond this package"
        yield f"    a seed takes at least {cpu} h on 2 CPU cores, {gpu} h on a GPU; needs {need}"
    for entry in found:
        for line in entry.lines:
            if line.done is not None:
                yield f"    {entry.row}, {line.number.metric}: {_outcome(line)}"


def _impossible(found: list[Entry]) -> Iterator[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for entry in found:
        assert entry.setting.cannot is not None
        reasons.setdefault((entry.setting.cannot.because, entry.setting.cannot.why), []).append(entry.row)
    for (because, why), rows in reasons.items():
        yield f"  cannot be run ({BECAUSE[because]}): {', '.join(rows)}. {why}"


def _outcome(line: Line) -> str:
    assert line.done is not None
    published = f"published {line.number.shown}"
    if line.found is None:
        return f"{published}; {line.verdict} ({line.note})"
    ours = line.found.ours
    between = f" [{number(ours.low)}, {number(ours.high)}]" if ours.has_interval else ""
    note = f" ({line.note})" if line.note else ""
    return f"{published}, ours {number(ours.value)}{between} from {plural(line.done.seeds, 'seed')}: {line.verdict}{note}"


def _range(hours: list[float]) -> str:
    low, high = number(min(hours)), number(max(hours))
    return low if low == high else f"{low} to {high}"


def _number(line: Line) -> dict[str, Any]:
    found = {"ours": line.found.ours, "difference": line.found.difference} if line.found is not None else {}
    between = {f"{name}{end}": getattr(interval, end[1:] or "value") for name, interval in found.items() for end in ("", "_low", "_high")}
    run = {} if line.done is None else {"seeds_run": line.done.seeds, "share": line.done.share, "changed": line.done.note}
    return {
        "metric": line.number.metric,
        "published": line.number.number,
        "published_as": line.number.shown,
        "margin": line.found.margin if line.found is not None else None,
        "verdict": line.verdict,
        "note": line.note,
        **run,
        **between,
    }


def _data(config: Mapping[str, Any]) -> Iterator[str]:
    choice = from_shorthand(config["dataset"])
    assert isinstance(choice, Mapping)
    facts = DATASETS[choice["name"]].facts
    if "nothing to fetch" not in facts.source:
        yield f"data {choice['name']}"


def _weights(setting: Setting) -> Iterator[str]:
    if protocol_of(setting).extractor.name == "inception":
        yield "the 2015 Inception weights"


def _machine(setting: Setting) -> Iterator[str]:
    cost = costs().get(setting.key)
    if cost is not None and cost.hours(CPU_RATE) >= GPU_FROM_HOURS:
        yield "a GPU"
