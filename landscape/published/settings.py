"""How each row of the ledger is run here, as data: its configuration and protocol, or why it cannot be run.

The data are read from papers/*.yaml. A file describes one paper, table by table. What a table says holds for all its rows. Its `parts`
refine it for the rows whose name contains that part (`pacgan2` in `ring/pacgan2`), in the order in which the parts appear in the name. Its
`rows` refine it for one row. A later `config` is laid over an earlier one field by field, also within the optimizers. Every other field
replaces the earlier one.
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
Because = Literal["method", "part", "quoted", "real images", "recalled", "recipe", "search", "tool"]
BECAUSE: Mapping[str, str] = {
    "method": "a method that is not here",
    "part": "a part that is not here",
    "quoted": "quoted from another paper",
    "real images": "a score of real images",
    "recalled": "recalled, not read",
    "recipe": "a recipe that was not read",
    "search": "a result of a whole search",
    "tool": "a check of a scoring tool",
}
"""Says in a few words why rows cannot be run here."""


class Obstacle(Frozen):
    """Why a row cannot be run here."""

    because: Because
    why: str
    """A sentence for this row."""


class Comparison(Frozen):
    """What a published metric is compared with. Exactly one of `margin` and `share` is given, fixed before anything was run."""

    score: Annotated[str, Field(alias="is")]
    """The public name of this project's score."""
    times: float = 1.0
    """The factor by which this project's score is multiplied to compare it with the published number (100 for a percentage)."""
    margin: Annotated[float, Field(gt=0)] | None = None
    """The largest difference that counts as agreement, in the published unit."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The largest difference that counts as agreement, as a share of the published value."""
    protocol: str = ""
    """The name of the protocol of this score, if it differs from the row's."""

    @model_validator(mode="after")
    def _one_of(self) -> "Comparison":
        if (self.margin is None) == (self.share is None):
            raise ValueError("give exactly one of margin and share")
        return self

    def margin_at(self, published: float) -> float:
        """Return the margin around a published value."""
        return self.margin if self.margin is not None else abs(published) * (self.share or 0.0)


class Part(Frozen):
    """What a table, a part of a row's name, or a row says. Fields that are absent keep the value of the wider scope."""

    config: dict[str, Any] | None = None
    """Fields of a TrialConfig. `optimizers` stands for both networks' optimizers."""
    protocol: str | dict[str, Any] | None = None
    """The name of a protocol, or its name and changes of some fields."""
    checkpoint: Literal["last", "best_on_selection"] | None = None
    """The checkpoint whose score is compared. If absent, it is the one that the protocol prescribes."""
    scores: dict[str, Comparison] | None = None
    """How the metrics are compared, by their names in the ledger."""
    unscored: dict[str, str] | None = None
    """The metrics that are not compared, with the reason."""
    criterion: str | None = None
    """Where the margins come from."""
    departures: tuple[str, ...] | None = None
    """The differences between this project's run and the source."""
    runs: Annotated[int, Field(ge=1)] | None = None
    """The number of trainings behind the published value."""
    spread: Literal["standard error", "standard deviation", "none"] | None = None
    """What the published spread says about another training. `none` means that it says nothing about it."""
    variants: dict[str, dict[str, Any]] | None = None
    """Settings of which the row consists, each as changes of `config`."""
    grid: dict[str, list[Any]] | None = None
    """Dotted fields and their values, all combined, which give the settings of which the row consists."""
    takes: Literal["mean", "best", "shares of the grid's runs"] | None = None
    """How the published value is derived from the row's settings."""
    cannot: Obstacle | None = None


class Table(Part):
    """One table of a paper."""

    title: str
    parts: dict[str, Part] = Field(default_factory=dict)
    rows: dict[str, Part] = Field(default_factory=dict)


class Paper(Frozen):
    """One paper or other source."""

    paper: str
    """How the source is cited."""
    tables: dict[str, Table]


class Setting(Part):
    """Everything that is said about one row, from the table down to the row itself."""

    key: str
    """The row, as `paper/table/row`."""
    departures: tuple[str, ...] = ()
    runs: int = 1
    spread: Literal["standard error", "standard deviation", "none"] = "none"
    takes: Literal["mean", "best", "shares of the grid's runs"] = "mean"

    def compared_protocol(self, comparison: Comparison) -> str:
        """Return the name of the protocol, with its checkpoint, under which this project's score for `comparison` is found.

        Without a checkpoint it is the protocol's own name, which stands for the checkpoint that the protocol prescribes.
        """
        if comparison.protocol:
            return comparison.protocol
        said = self.protocol if isinstance(self.protocol, str) else str((self.protocol or {})["name"])
        return said if self.checkpoint is None else f"{said}/{self.checkpoint}"

    @property
    def expressible(self) -> bool:
        """Whether the row can be expressed as a configuration."""
        return self.cannot is None


@lru_cache
def papers() -> Mapping[str, Paper]:
    """Return every paper by its short name.

    Raises:
        UserError: A file is not valid. The line names the file.
    """
    return {path.stem: Paper.parse(strict_yaml.read(path).data, source=path.name) for path in sorted(PAPERS.glob("*.yaml"))}


@lru_cache
def settings() -> Mapping[str, Setting]:
    """Return the setting of every row by its key, in the ledger's order.

    Raises:
        UserError: No file describes a row, or a file describes something that the ledger does not contain.
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
    """Return the setting of the row `paper/table/row`.

    Raises:
        UserError: The ledger has no such row. The line suggests the most similar one.
    """
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
    """Return whether a part or the row itself names an obstacle. No configuration in another part then removes the obstacle."""
    return any(p.cannot is not None for p in parts)


def with_config(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `changes` laid over it. `optimizers` is applied to both networks' optimizers."""
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
    """Check that a row which can be run has everything that a run and a verdict need."""
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
