"""How each row of the ledger is run here, as data: its configuration and protocol, or why it cannot be expressed. Read from papers/*.yaml.

A file describes one paper, table by table. What a table says holds for all its rows; `parts` refine it for the rows whose name has that
part (`pacgan2` for `ring/pacgan2`), in the order in which the parts stand in the name; `rows` refine it for one row. A later `config` is
laid over an earlier one field by field, within the optimizers too; every other field replaces the earlier one.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from landscape.core import strict_yaml
from landscape.core.errors import UserError, unknown
from landscape.core.frozen_model import Frozen
from landscape.published.numbers import published_numbers

PAPERS = Path(__file__).parent / "papers"
Because = Literal["conditional", "method", "part", "quoted", "real images", "recalled", "recipe", "search", "tool"]
BECAUSE: Mapping[str, str] = {
    "conditional": "needs class labels in G and D",
    "method": "a method that is not here",
    "part": "a part that is not here",
    "quoted": "quoted from another paper",
    "real images": "a score of real images",
    "recalled": "recalled, not read",
    "recipe": "a recipe that was not read",
    "search": "a result of a whole search",
    "tool": "a check of a scoring tool",
}
"""Why rows cannot be expressed, in a few words."""


class Obstacle(Frozen):
    """Why a row cannot be expressed."""

    because: Because
    why: str
    """A sentence for this row."""


class Comparison(Frozen):
    """What a published metric is compared with. Exactly one of margin and share, fixed before anything was run."""

    score: Annotated[str, Field(alias="is")]
    """Public name of our score."""
    times: float = 1.0
    """Published number per unit of our score (100 for a percentage)."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """Largest difference that counts as agreement, in the published unit."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The same as a share of the published value."""
    protocol: str = ""
    """Named protocol of this score where it is not the row's."""

    @model_validator(mode="after")
    def _one_of(self) -> "Comparison":
        if (self.margin is None) == (self.share is None):
            raise ValueError("give exactly one of margin and share")
        return self

    def margin_at(self, published: float) -> float:
        """The margin around a published value."""
        return self.margin if self.margin is not None else abs(published) * (self.share or 0.0)


class Part(Frozen):
    """What a table, a part of a row's name, or a row says. What is absent is as the wider one says."""

    config: dict[str, Any] | None = None
    """Fields of a TrialConfig; `optimizers` stands for both networks' optimizers."""
    protocol: str | dict[str, Any] | None = None
    """Name of a protocol, or its name and changes of some fields."""
    checkpoint: Literal["last", "best_on_selection", "best_on_test"] | None = None
    """Which weights' score is compared; absent: the last ones'."""
    scores: dict[str, Comparison] | None = None
    """By the metric's name in the ledger."""
    unscored: dict[str, str] | None = None
    """Metrics that are not compared, with the reason."""
    criterion: str | None = None
    """Where the margins come from."""
    departures: tuple[str, ...] | None = None
    """Where the run differs from the source."""
    runs: Annotated[int, Field(ge=1)] | None = None
    """Trainings behind the published value."""
    spread: Literal["standard error", "standard deviation", "none"] | None = None
    """What the published spread says of another training: `none` where it says nothing of it."""
    variants: dict[str, dict[str, Any]] | None = None
    """Settings that a row consists of, beside `config`."""
    grid: dict[str, list[Any]] | None = None
    """Dotted fields and their values, all crossed: settings that a row consists of."""
    takes: Literal["mean", "best", "shares of the grid's runs"] | None = None
    """What the published value is of the row's settings."""
    cannot: Obstacle | None = None


class Table(Part):
    """One table of a paper."""

    title: str
    parts: dict[str, Part] = Field(default_factory=dict)
    rows: dict[str, Part] = Field(default_factory=dict)


class Paper(Frozen):
    """One paper or source."""

    paper: str
    """How it is cited."""
    tables: dict[str, Table]


class Setting(Part):
    """Everything that is said of one row."""

    key: str
    """`paper/table/row`."""
    departures: tuple[str, ...] = ()
    runs: int = 1
    spread: Literal["standard error", "standard deviation", "none"] = "none"
    takes: Literal["mean", "best", "shares of the grid's runs"] = "mean"

    def compared_protocol(self, comparison: Comparison) -> str:
        """Name of the protocol, with its checkpoint, under which our score of `comparison` is found."""
        if comparison.protocol:
            return comparison.protocol
        said = self.protocol if isinstance(self.protocol, str) else str((self.protocol or {})["name"])
        return said if self.checkpoint in (None, "last") else f"{said}/{self.checkpoint}"

    @property
    def expressible(self) -> bool:
        """Whether a configuration says it."""
        return self.cannot is None


@lru_cache
def papers() -> Mapping[str, Paper]:
    """Every paper by its short name.

    Raises:
        UserError: a file that is not valid, one line with its name.
    """
    return {path.stem: Paper.parse(strict_yaml.read(path).data, source=path.name) for path in sorted(PAPERS.glob("*.yaml"))}


@lru_cache
def settings() -> Mapping[str, Setting]:
    """The setting of every row by its key, in the ledger's order.

    Raises:
        UserError: a row that no file describes, or a file that describes what the ledger does not have.
    """
    metrics: dict[str, list[str]] = {}
    places: dict[str, tuple[str, str, str]] = {}
    for number in published_numbers():
        metrics.setdefault(number.key, []).append(number.metric)
        places[number.key] = (number.paper, number.table, number.row)
    found = {key: _setting(*place) for key, place in places.items()}
    for key, setting in found.items():
        _complete(setting, metrics[key])
    _nothing_unused(places.values())
    return found


def setting_of(key: str) -> Setting:
    """The setting of the row `paper/table/row`; UserError, with the nearest, where the ledger has no such row."""
    if key not in settings():
        raise unknown("row of the ledger", key, settings())
    return settings()[key]


def _setting(paper: str, name: str, row: str) -> Setting:
    if paper not in papers() or name not in papers()[paper].tables:
        raise UserError(f"no file in {PAPERS.name} describes {name} of {paper}")
    table = papers()[paper].tables[name]
    parts = [table.parts[p] for p in row.split("/") if p in table.parts]
    if row in table.rows:
        parts.append(table.rows[row])
    unnamed = [p for p in row.split("/") if p not in table.parts]
    if unnamed and row not in table.rows and table.cannot is None and not _inner_obstacle(parts):
        raise UserError(f"{paper}.yaml: {name} says nothing of {unnamed[0]!r}, which row {row!r} names")
    said: dict[str, Any] = {"key": f"{paper}/{name}/{row}"}
    for part in (table, *parts):
        given = part.model_dump(by_alias=True, exclude_unset=True, exclude={"title", "parts", "rows"})
        if given.get("config") is not None and "cannot" in said and part is not table and not _inner_obstacle(parts):
            del said["cannot"]
        config = with_config(said.get("config") or {}, given.pop("config", None) or {})
        said |= given
        if config:
            said["config"] = config
    return Setting.parse(said, source=f"{paper}.yaml: {name}: {row}")


def _inner_obstacle(parts: list[Part]) -> bool:
    """Whether a part or the row itself names an obstacle: then no configuration of another part takes it away."""
    return any(p.cannot is not None for p in parts)


def with_config(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with `changes` laid over it; `optimizers` is spread over both networks' optimizers."""
    changes = dict(changes)
    for side in ("d_optimizer", "g_optimizer"):
        if "optimizers" in changes or side in changes:
            changes[side] = {**changes.get("optimizers", {}), **changes.get(side, {})}
    changes.pop("optimizers", None)
    merged = dict(config) | changes
    for name in ("d_optimizer", "g_optimizer"):
        if name in config and name in changes:
            merged[name] = {**config[name], **changes[name]}
    return merged


def _complete(setting: Setting, metrics: list[str]) -> None:
    """An expressible row has all that a run and a verdict need."""
    if setting.cannot is not None:
        return
    missing = [name for name in ("config", "protocol", "criterion") if getattr(setting, name) is None]
    compared = {**(setting.scores or {}), **(setting.unscored or {})}
    missing += [f"scores[{metric!r}]" for metric in metrics if metric not in compared]
    if missing:
        raise UserError(f"{setting.key}: {missing[0]} is missing: say it, or say why the row cannot be expressed")


def _nothing_unused(places: Any) -> None:
    used_tables = {(paper, table) for paper, table, _ in places}
    used_parts = {(paper, table, part) for paper, table, row in places for part in (*row.split("/"), row)}
    for paper, said in papers().items():
        for name, table in said.tables.items():
            if (paper, name) not in used_tables:
                raise UserError(f"{paper}.yaml: the ledger has no table {name!r}")
            for part in (*table.parts, *table.rows):
                if (paper, name, part) not in used_parts:
                    raise UserError(f"{paper}.yaml: {name}: no row of the ledger has {part!r} in its name")
