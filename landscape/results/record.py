"""What a trial leaves behind: plain data, readable on any laptop. Standard library only.

`record.json` holds how a model was trained (`TrialRecord`); `scores/<protocol>.json` beside it holds what one protocol made of it
(`Scores`), so that a trained model can be scored again without touching its record.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from types import UnionType
from typing import Any, Self, TypeVar, get_args, get_origin

from landscape.core.errors import UserError

SCHEMA = 1
RECORD_FILE, RESUME_FILE, GENERATOR_FILE = "record.json", "resume.safetensors", "generator.safetensors"
"""In a trial's folder: how it was trained; the state of one that is interrupted; what samples once it is completed."""


class Status(StrEnum):
    """How a trial ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    """Loss or weights became non-finite: a result, not a crash."""
    SKIPPED = "skipped"
    """The combination is undefined, or the architecture does not honor its normalization."""
    FAILED = "failed"
    """The code or the machine failed: out of memory, a hang, a dead process."""
    STOPPED = "stopped"
    """Ended on request before its budget was spent."""


@dataclass(frozen=True)
class Estimate:
    """One score: a value, and how far it can be trusted.

    `interval` is None where no interval with shown coverage exists; `interval_kind` says what it covers
    ("bootstrap over samples", "analytic s.e.", "averaging runs", ...). A score that could not be computed is absent, never a magic number.
    """

    value: float
    direction: str
    """`higher`, `lower` (better) or `none`."""
    interval: tuple[float, float] | None = None
    level: float = 0.95
    interval_kind: str = ""
    spread: float | None = None
    """Standard deviation over averaging runs (population formula, as the published codes report it)."""
    unit: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    n_real: int | None = None
    n_fake: int | None = None
    curve: tuple[tuple[float, float], ...] = ()
    """(x, y) points, for a score that is a curve (PRD, FD against 1/N)."""
    note: str = ""
    """What a reader must know: estimator bias, subset size, a floor."""

    def __post_init__(self) -> None:
        numbers = (self.value, *(self.interval or ()), *(() if self.spread is None else (self.spread,)))
        if not all(map(math.isfinite, numbers)):
            raise UserError(f"a score must be finite, and so must its interval and spread: got {', '.join(map(str, numbers))}")


@dataclass(frozen=True)
class Scores:
    """What one protocol says of one trained model (or of any two sets of samples)."""

    protocol: Mapping[str, Any]
    """The whole protocol as data, its `name` and `digest` among it: a score never travels without it."""
    estimates: Mapping[str, Estimate]
    """By public name: `FID`, `FD[classifier]`, `KID[pixels]`, `precision[inception]`, ..."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Scores that could not be computed, by name, with the reason."""
    checkpoint: str = "last"
    """Which weights were scored: `last`, `ema`, `best_on_selection`, ..."""
    seconds: float = 0.0
    handling: Mapping[str, str] = field(default_factory=dict)
    """How samples were brought to the extractor's input: channels, resize, quantisation."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        with _damage_named("scores"):
            known = _migrate(data, "scores")
            known["estimates"] = {name: _estimate(e) for name, e in known["estimates"].items()}
            return _checked(cls(**_only_known(cls, known)))


@dataclass(frozen=True)
class TrialRecord:
    """How one model was trained. Scores live beside it, keyed by protocol."""

    digest: str
    setting_digest: str
    """The digest without the seed: trials to aggregate."""
    run_digest: str
    """The digest without seed... and budget: trials that extend one another."""
    config: Mapping[str, Any]
    status: Status
    reason: str = ""
    """One line; empty for a completed trial."""
    diagnosis: Mapping[str, Any] = field(default_factory=dict)
    """Named symptoms (`mode_collapse`, `discriminator_wins`, ...) with the figures behind them."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """`d_steps`, `g_steps`, `images` (real images shown to D), `rounds`."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    """Trainable parameters of `generator`, `discriminator`."""
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """Learning curves against D steps (G steps where there is no D): `d_loss`, `g_loss`, `d_gradient_norm`, `g_gradient_norm`,
    `d_accuracy_real`, `d_accuracy_fake`, `sample_diversity`, and each regularizer's term."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """`training`, `evaluation` (that during training too): wall clock, summed over interruptions; `setup`: of the last start."""
    peak_memory_bytes: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    """Device, threads, execution path, versions, git commit, interruptions."""
    study: Mapping[str, Any] = field(default_factory=dict)
    """Where it stands in its study: `cell`, `ask` (number of the proposal), `role` (`search`, `confirmation`, `repeat`)."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """File names beside the record: `samples`, `nearest`, `interpolation`, `progress`."""
    started_at: str = ""
    finished_at: str = ""
    """UTC, ISO 8601."""
    schema: int = SCHEMA

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        with _damage_named("record"):
            known = _migrate(data, "record")
            known["status"] = Status(known["status"])
            known["curves"] = {k: tuple((float(x), float(y)) for x, y in v) for k, v in known.get("curves", {}).items()}
            return _checked(cls(**_only_known(cls, known)))

    def with_status(self, status: Status, reason: str) -> Self:
        return replace(self, status=status, reason=reason)


def _estimate(data: Mapping[str, Any]) -> Estimate:
    known = dict(_only_known(Estimate, data))
    for name in ("interval", "bounds"):
        if known.get(name) is not None:
            known[name] = tuple(known[name])
    known["curve"] = tuple((float(x), float(y)) for x, y in known.get("curve", ()))
    return _checked(Estimate(**known))


@contextlib.contextmanager
def _damage_named(what: str) -> Iterator[None]:
    """Turn what a wrong shape of data raises inside into one line."""
    try:
        yield
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(f"{what} is damaged: {type(error).__name__}: {error}") from error


Plain = TypeVar("Plain")


def _checked(value: Plain) -> Plain:
    """`value`, a dataclass, after its fields were held against their annotations. TypeError naming the first that does not fit."""
    for f in fields(value):  # type: ignore[arg-type]
        if not _fits(getattr(value, f.name), f.type):
            raise TypeError(f"{f.name} is {getattr(value, f.name)!r:.80}")
    return value


def _fits(value: object, kind: Any) -> bool:
    if kind is Any:
        return True
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    origin = get_origin(kind)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(v, get_args(kind)[1]) for v in value.values())
    if origin is UnionType:
        return any(_fits(value, k) for k in get_args(kind))
    # The inside of a tuple was converted element by element when it was read.
    return isinstance(value, origin or kind)


def _only_known(cls: type, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in fields(cls)}
    return {k: v for k, v in data.items() if k in names}


def _migrate(data: Mapping[str, Any], what: str) -> dict[str, Any]:
    """`data` in today's schema. There is one schema so far; an older one is brought up here, step by step."""
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise UserError(f"{what} has no valid schema number ({schema!r}): it was not written by landscape, or is damaged")
    if schema > SCHEMA:
        raise UserError(f"{what} has schema {schema}, this version reads up to {SCHEMA}: update landscape to read it")
    return dict(data)


def same_score(name: str, wanted: str) -> bool:
    """Whether `FD[classifier:digits]` is what `FD[classifier]` asks for: an extractor may be named without its variant."""
    stem, _, extractor = name.partition("[")
    wanted_stem, _, wanted_extractor = wanted.partition("[")
    return name == wanted or (stem == wanted_stem and extractor.partition(":")[0] == wanted_extractor.rstrip("]"))
