"""What a trial leaves behind: plain data that any computer can read without torch.

`record.json` says how a model was trained (`TrialRecord`). Each `scores/<protocol>.json` beside it holds the scores under one protocol
(`Scores`), so that a trained model can be scored again without touching its record.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from annotated_types import Ge, Gt, Lt
from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from landscape.core.errors import UserError
from landscape.core.old_spellings import RENAMED, respelled

SCHEMA = 1
RECORD_FILE, RESUME_FILE, GENERATOR_FILE = "record.json", "resume.safetensors", "generator.safetensors"
"""Files in a trial's folder: how it was trained; the state of an interrupted trial; the generator of a completed one."""
HEALTHY = "healthy"
"""The entry of a diagnosis that names no symptom. Its figures are those that the rules looked at. Earlier versions left it out."""


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UserError(f"a score must be finite, and so must its interval and spread: got {value}")
    return value


def _ordered(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] > interval[1]:
        raise ValueError(f"its lower end {interval[0]:g} lies above its upper end {interval[1]:g}")
    return interval


def _short(step: float) -> float | int:
    """Return a whole number without its `.0`, which would be a tenth of a record of learning curves."""
    return int(step) if step.is_integer() and abs(step) < 2**53 else step


# Fields of a later version are ignored. Strict numbers are never read from text.
_PLAIN = ConfigDict(extra="ignore")
Number = Annotated[float, Strict()]
Finite = Annotated[Number, AfterValidator(_finite)]
Interval = Annotated[tuple[Finite, Finite], AfterValidator(_ordered)]
Curve = tuple[tuple[Number, Number], ...]
"""A sequence of (x, y) points."""
Step = Annotated[Number, PlainSerializer(_short, when_used="json")]
LearningCurve = tuple[tuple[Step, Number], ...]
"""A sequence of (step, value) points."""
Count = Annotated[int, Strict(), Ge(0)]
Seconds = Annotated[Number, Ge(0)]


class Status(StrEnum):
    """How a trial ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    """The loss or the weights became non-finite. This is a result, not a crash."""
    SKIPPED = "skipped"
    """The combination is undefined, or the architecture does not honor its normalization."""
    FAILED = "failed"
    """The code or the machine failed: out of memory, a hang, a dead process."""
    STOPPED = "stopped"
    """The trial was ended on request before its budget was spent. It is continued."""
    STOPPED_EARLY = "stopped_early"
    """The trial was ended at a rung of its training, where other trials were better. It is not continued, and counts as no full trial."""


@dataclass(frozen=True, config=_PLAIN)
class Estimate:
    """One score: a value, and how far it can be trusted.

    `interval` is None if no interval with demonstrated coverage exists. `interval_kind` says what the interval covers ("bootstrap over
    samples", "analytic s.e.", "averaging runs", ...). A score that could not be computed is absent and never replaced by a special number.

    Raises:
        UserError: The value, the interval or the spread is not finite.
        ValueError: The interval's ends are in the wrong order.
    """

    value: Finite
    direction: Literal["higher", "lower", "none"]
    """Which values are better. `none`: neither more nor less is."""
    interval: Interval | None = None
    level: Annotated[Number, Gt(0), Lt(1)] = 0.95
    interval_kind: str = ""
    spread: Finite | None = None
    """The standard deviation over averaging runs (population formula, as the published codes report it)."""
    unit: str = ""
    bounds: tuple[Number | None, Number | None] = (None, None)
    n_real: Count | None = None
    n_fake: Count | None = None
    curve: Curve = ()
    """The (x, y) points of a score that is a curve (PRD, FD against 1/N)."""
    note: str = ""
    """What a reader must know: the estimator's bias, the subset size, a floor."""
    target: Literal["", "real"] = ""
    """`real`: the best value is the one that held-out real samples score, which stands among the floors (memorization, authenticity)."""
    scale: Literal["", "log"] = ""
    """`log`: values are never negative and are compared by their ratio, as the metric declares. Older records do not say it, and their
    Frechet distances are known by name.
    """

    @property
    def kind(self) -> str:
        """How the score was computed: the first clause of its note, with `#` for figures. Two kinds share no table.

        What a score would be of equal distributions is a finding, which is left out: it cannot be said of samples without a covariance of
        full rank.
        """
        first = re.split(r";|: equal distributions would give", self.note, maxsplit=1)[0]
        return re.sub(r"# to #", "#", re.sub(r"\d[\d.,e+-]*", "#", first)).strip()


@dataclass(frozen=True, config=_PLAIN)
class Scores:
    """The scores of one trained model (or of any two sets of samples) under one protocol."""

    protocol: Mapping[str, Any]
    """The whole protocol as data, including its `name` and `digest`. A score is never stored without it."""
    estimates: Mapping[str, Estimate]
    """The estimates by public name: `FID`, `FD[classifier]`, `KID[pixels]`, `precision[inception]`, ..."""
    failures: Mapping[str, str] = Field(default_factory=dict)
    """The scores that could not be computed, by name, with the reason."""
    checkpoint: str = "last"
    """Which weights were scored: `last`, `ema`, `best_on_selection`, ..."""
    seconds: Seconds = 0.0
    handling: Mapping[str, str] = Field(default_factory=dict)
    """How samples were converted to the extractor's input: channels, resize, quantization."""
    environment: Mapping[str, Any] = Field(default_factory=dict)
    schema: Count = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Return plain data with every field present; `from_json` builds an equal object from it."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the scores from the content of a file written by this version or an earlier one.

        Raises:
            UserError: The data are damaged or have a newer schema.
        """
        scores = _read(cls, data, "scores")
        return scores if scores.protocol.keys().isdisjoint(RENAMED) else replace(scores, protocol=respelled(scores.protocol))


@dataclass(frozen=True, config=_PLAIN)
class Rung:
    """What a trial reached at a share of its training, on the selection samples, and what was decided there."""

    rung: Count
    """The number of the rung, counted from 0."""
    share: Annotated[Number, Gt(0), Lt(1)]
    """The share of the training."""
    d_steps: Count
    score: str
    """The public name of the score."""
    value: Finite
    cost: Finite
    """The value with the sign with which lower is better."""
    n_fake: Count | None = None
    rule: str = ""
    """The rule that decided. It is empty before the decision."""
    rank: Count | None = None
    """With `asha`, the place of the trial among those that were known at this rung. The best one has 1."""
    median: Finite | None = None
    """With `median`, the median of the completed trials at this rung, in the unit of the value. None if there was none."""
    of: Count = 0
    """The number of trials that were compared: with `asha` this one too."""
    stop: bool = False
    """Whether the trial was stopped here."""


@dataclass(frozen=True, config=_PLAIN)
class TrialRecord:
    """How one model was trained. Its scores are stored beside it, by protocol."""

    digest: str
    setting_digest: str
    """The digest without the seed, which is the same for all trials that are aggregated."""
    run_digest: str
    """The digest without seed and budget, which is the same for trials that are longer or shorter versions of one another."""
    config: Mapping[str, Any]
    status: Status
    reason: str = ""
    """The reason for the status in one line; empty for a completed trial."""
    diagnosis: Mapping[str, Any] = Field(default_factory=dict)
    """Named symptoms (`mode_collapse`, `discriminator_wins`, ...) with the figures behind them, or `healthy` with the figures looked at."""
    counts: Mapping[str, Count] = Field(default_factory=dict)
    """`d_steps`, `g_steps`, `images` (real images shown to D) and `rounds`."""
    parameters: Mapping[str, Count] = Field(default_factory=dict)
    """The numbers of trainable parameters of `generator` and `discriminator`."""
    curves: Mapping[str, LearningCurve] = Field(default_factory=dict)
    """Learning curves against D steps (G steps if there is no D), with values of 6 significant digits.

    They are `d_loss`, `g_loss`, `d_gradient_norm`, `g_gradient_norm`, `d_accuracy_real`, `d_accuracy_fake`, `sample_diversity`, and the
    term of each regularizer. At few points there are `d_spectral_norm`, the largest spectral norm of the layers of D, and, where weights
    are selected on the way, `selection_objective` and `distance_to_best`.
    """
    rungs: tuple[Rung, ...] = ()
    """What the trial reached on the way and what was decided there. It is empty without early stopping."""
    seconds: Mapping[str, Seconds] = Field(default_factory=dict)
    """Wall-clock seconds: `training` and `evaluation` are summed over interruptions, `setup` is that of the last start.

    `evaluation` includes the evaluation during training.
    """
    peak_memory_bytes: Mapping[str, Count] = Field(default_factory=dict)
    environment: Mapping[str, Any] = Field(default_factory=dict)
    """Device, threads, execution path, versions, git commit and interruptions."""
    study: Mapping[str, Any] = Field(default_factory=dict)
    """The trial's place in its study: `cell`, `ask` (number of the proposal) and `role` (`search`, `confirmation`, `repeat`)."""
    pictures: Mapping[str, str] = Field(default_factory=dict)
    """Names of the picture files beside the record: `samples`, `nearest`, `interpolation`, `progress`."""
    sounds: Mapping[str, str] = Field(default_factory=dict)
    """Names of the WAVE files beside the record: `samples`, if the model makes speech."""
    texts: tuple[str, ...] = ()
    """What the model is given in each row of the picture `samples`, from the top, if that is a text or speech."""
    started_at: str = ""
    finished_at: str = ""
    """UTC times in ISO 8601, as is `started_at`."""
    schema: Count = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """Return plain data with every field present; `from_json` builds an equal object from it."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the record from the content of a file written by this version or an earlier one.

        Raises:
            UserError: The data are damaged or have a newer schema.
        """
        record = _read(cls, data, "record")
        return record if record.config.keys().isdisjoint(RENAMED) else replace(record, config=respelled(record.config))

    @property
    def symptoms(self) -> tuple[str, ...]:
        """The names of the symptoms in the diagnosis. That the trial diverged, which is a status, is not among them."""
        return tuple(name for name, figures in self.diagnosis.items() if name not in ("diverged", HEALTHY) and _is_symptom(name, figures))

    @property
    def is_diagnosed(self) -> bool:
        """Whether it is known how healthy the training was: it diverged, or its end was diagnosed.

        Today's rules write down what they looked at in every training. Earlier ones wrote nothing if they named no symptom.
        """
        return self.status is not Status.COMPLETED or bool(self.diagnosis)

    def with_status(self, status: Status, reason: str) -> Self:
        return replace(self, status=status, reason=reason)


Plain = TypeVar("Plain")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {cls: TypeAdapter(cls) for cls in (Scores, TrialRecord, Rung)}


def _is_symptom(name: str, figures: Any) -> bool:
    """Return whether an entry of a diagnosis is a symptom. Earlier versions named every D undecided, whatever its samples were."""
    if name == "discriminator_undecided" and not (isinstance(figures, Mapping) and "sample_diversity" in figures):
        return False
    return figures not in (None, False)


def rung_to_json(rung: Rung) -> dict[str, Any]:
    """Return plain data from which `rung_from_json` builds an equal object."""
    return _plain(rung)


def rung_from_json(data: Mapping[str, Any]) -> Rung:
    """Build what a trial reached from plain data.

    Raises:
        UserError: The data are damaged.
    """
    return _read(Rung, {**data, "schema": SCHEMA}, "rung")


def _plain(value: object) -> dict[str, Any]:
    data: dict[str, Any] = _ADAPTERS[type(value)].dump_python(value, mode="json")
    return data


def _read(cls: type[Plain], data: Mapping[str, Any], what: str) -> Plain:
    """Return `data` as a `cls`.

    Raises:
        UserError: The data are damaged; the line names the first field that does not fit. Or they have a newer schema.
    """
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
    """Return `data` in the present schema. There is only one schema so far; data of an older one would be converted here."""
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise UserError(f"{what} has no valid schema number ({schema!r}): it was not written by landscape, or is damaged")
    if schema > SCHEMA:
        raise UserError(f"{what} has schema {schema}, this version reads up to {SCHEMA}: update landscape to read it")
    return dict(data)
