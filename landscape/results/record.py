"""What a trial leaves behind: plain data, readable on any laptop, without torch.

`record.json` holds how a model was trained (`TrialRecord`); `scores/<protocol>.json` beside it holds what one protocol made of it
(`Scores`), so that a trained model can be scored again without touching its record.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from annotated_types import Ge, Gt, Lt
from pydantic import AfterValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from landscape.core.errors import UserError
from landscape.core.old_spellings import RENAMED, respelled

SCHEMA = 1
RECORD_FILE, RESUME_FILE, GENERATOR_FILE = "record.json", "resume.safetensors", "generator.safetensors"
"""In a trial's folder: how it was trained; the state of one that is interrupted; what samples once it is completed."""


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UserError(f"a score must be finite, and so must its interval and spread: got {value}")
    return value


def _ordered(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] > interval[1]:
        raise ValueError(f"its lower end {interval[0]:g} lies above its upper end {interval[1]:g}")
    return interval


# Fields of a later version are ignored. A number is never read from text: strict.
_PLAIN = ConfigDict(extra="ignore")
Number = Annotated[float, Strict()]
Finite = Annotated[Number, AfterValidator(_finite)]
Interval = Annotated[tuple[Finite, Finite], AfterValidator(_ordered)]
Curve = tuple[tuple[Number, Number], ...]
"""(x, y) points."""
Count = Annotated[int, Strict(), Ge(0)]
Seconds = Annotated[Number, Ge(0)]


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


@dataclass(frozen=True, config=_PLAIN)
class Estimate:
    """One score: a value, and how far it can be trusted.

    `interval` is None where no interval with shown coverage exists; `interval_kind` says what it covers
    ("bootstrap over samples", "analytic s.e.", "averaging runs", ...). A score that could not be computed is absent, never a magic number.
    """

    value: Finite
    direction: Literal["higher", "lower", "none"]
    """Which values are better."""
    interval: Interval | None = None
    level: Annotated[Number, Gt(0), Lt(1)] = 0.95
    interval_kind: str = ""
    spread: Finite | None = None
    """Standard deviation over averaging runs (population formula, as the published codes report it)."""
    unit: str = ""
    bounds: tuple[Number | None, Number | None] = (None, None)
    n_real: Count | None = None
    n_fake: Count | None = None
    curve: Curve = ()
    """(x, y) points, for a score that is a curve (PRD, FD against 1/N)."""
    note: str = ""
    """What a reader must know: estimator bias, subset size, a floor."""


@dataclass(frozen=True, config=_PLAIN)
class Scores:
    """What one protocol says of one trained model (or of any two sets of samples)."""

    protocol: Mapping[str, Any]
    """The whole protocol as data, its `name` and `digest` among it: a score never travels without it."""
    estimates: Mapping[str, Estimate]
    """By public name: `FID`, `FD[classifier]`, `KID[pixels]`, `precision[inception]`, ..."""
    failures: Mapping[str, str] = Field(default_factory=dict)
    """Scores that could not be computed, by name, with the reason."""
    checkpoint: str = "last"
    """Which weights were scored: `last`, `ema`, `best_on_selection`, ..."""
    seconds: Seconds = 0.0
    handling: Mapping[str, str] = Field(default_factory=dict)
    """How samples were brought to the extractor's input: channels, resize, quantization."""
    environment: Mapping[str, Any] = Field(default_factory=dict)
    schema: Count = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Plain data, every field present; `from_json` gives the same object back."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From the content of a file of scores, of this version or an earlier one.

        Raises:
            UserError: the data are damaged, or of a newer schema.
        """
        scores = _read(cls, data, "scores")
        return scores if scores.protocol.keys().isdisjoint(RENAMED) else replace(scores, protocol=respelled(scores.protocol))


@dataclass(frozen=True, config=_PLAIN)
class TrialRecord:
    """How one model was trained. Scores live beside it, keyed by protocol."""

    digest: str
    setting_digest: str
    """The digest without the seed: trials to aggregate."""
    run_digest: str
    """The digest without seed and budget: trials that extend one another."""
    config: Mapping[str, Any]
    status: Status
    reason: str = ""
    """One line; empty for a completed trial."""
    diagnosis: Mapping[str, Any] = Field(default_factory=dict)
    """Named symptoms (`mode_collapse`, `discriminator_wins`, ...) with the figures behind them."""
    counts: Mapping[str, Count] = Field(default_factory=dict)
    """`d_steps`, `g_steps`, `images` (real images shown to D), `rounds`."""
    parameters: Mapping[str, Count] = Field(default_factory=dict)
    """Trainable parameters of `generator`, `discriminator`."""
    curves: Mapping[str, Curve] = Field(default_factory=dict)
    """Learning curves against D steps (G steps where there is no D): `d_loss`, `g_loss`, `d_gradient_norm`, `g_gradient_norm`,
    `d_accuracy_real`, `d_accuracy_fake`, `sample_diversity`, and each regularizer's term."""
    seconds: Mapping[str, Seconds] = Field(default_factory=dict)
    """`training`, `evaluation` (that during training too): wall clock, summed over interruptions; `setup`: of the last start."""
    peak_memory_bytes: Mapping[str, Count] = Field(default_factory=dict)
    environment: Mapping[str, Any] = Field(default_factory=dict)
    """Device, threads, execution path, versions, git commit, interruptions."""
    study: Mapping[str, Any] = Field(default_factory=dict)
    """Where it stands in its study: `cell`, `ask` (number of the proposal), `role` (`search`, `confirmation`, `repeat`)."""
    pictures: Mapping[str, str] = Field(default_factory=dict)
    """File names beside the record: `samples`, `nearest`, `interpolation`, `progress`."""
    started_at: str = ""
    finished_at: str = ""
    """UTC, ISO 8601."""
    schema: Count = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Plain data, every field present; `from_json` gives the same object back."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From the content of a record's file, of this version or an earlier one.

        Raises:
            UserError: the data are damaged, or of a newer schema.
        """
        record = _read(cls, data, "record")
        return record if record.config.keys().isdisjoint(RENAMED) else replace(record, config=respelled(record.config))

    def with_status(self, status: Status, reason: str) -> Self:
        return replace(self, status=status, reason=reason)


Plain = TypeVar("Plain")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {cls: TypeAdapter(cls) for cls in (Scores, TrialRecord)}


def _plain(value: object) -> dict[str, Any]:
    data: dict[str, Any] = _ADAPTERS[type(value)].dump_python(value, mode="json")
    return data


def _read(cls: type[Plain], data: Mapping[str, Any], what: str) -> Plain:
    """`data` as a `cls`. UserError naming the first field that does not fit."""
    try:
        found: Plain = _ADAPTERS[cls].validate_python(_migrate(data, what))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{what} is damaged: {where} is {first.get('input')!r:.80}: {first['msg']}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{what} is damaged: {type(error).__name__}: {error}") from error
    return found


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
