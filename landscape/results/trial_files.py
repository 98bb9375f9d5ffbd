"""The files of one trial, read and checked: record, scores, their stamps. Standard library only."""

import contextlib
import gc
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from landscape.core.errors import UserError
from landscape.core.files import finite_number
from landscape.results.record import RECORD_FILE, SCHEMA, Scores, TrialRecord

SCORES_FOLDER = "scores"

Stamps = dict[str, list[int]]
"""File name relative to the trial's folder -> [size in bytes, modification time in ns]."""


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's garbage collector: while a large study is read it looks through all of it over and over, and finds nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class DamagedError(Exception):
    """A file that is not what landscape writes: truncated, edited by hand, of the wrong types."""


@dataclass(frozen=True)
class Trial:
    """A record with every score of it, by protocol digest."""

    record: TrialRecord
    scores: Mapping[str, Scores]
    folder: Path


@dataclass
class Reading:
    """State of one pass over a folder: whether damaged files are renamed, and what there is to say."""

    set_aside: bool = True
    warnings: list[str] = field(default_factory=list)

    def damaged(self, path: Path, error: DamagedError) -> None:
        """Rename `path` to `*.corrupt` (never over another file) and note it."""
        if not self.set_aside:
            self.warnings.append(f"{path} is damaged: {error}")
            return
        target, count = path.with_name(f"{path.name}.corrupt"), 1
        while target.exists():
            count += 1
            target = path.with_name(f"{path.name}.{count}.corrupt")
        try:
            path.rename(target)
            self.warnings.append(f"{path} is damaged ({error}): set aside as {target.name}")
        except OSError as problem:
            self.warnings.append(f"{path} is damaged ({error}) and could not be set aside: {problem.strerror or problem}")


def score_path(trial_folder: Path, protocol: Mapping[str, Any]) -> Path:
    """Where the scores of one protocol lie: `scores/<protocol name>-<protocol digest>.json`."""
    name = re.sub(r"[^\w.-]+", "_", str(protocol["name"])).lstrip(".")
    return trial_folder / SCORES_FOLDER / f"{name}-{protocol['digest']}.json"


def stamps_of(trial_folder: Path) -> Stamps | None:
    """Size and time of the record and of each score file; None where there is no record (the trial has not ended)."""
    try:
        stamps = {RECORD_FILE: _stamp(os.stat(trial_folder / RECORD_FILE))}
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        with os.scandir(trial_folder / SCORES_FOLDER) as entries:
            found = [(e.name, e.stat()) for e in entries if e.name.endswith(".json") and not e.name.startswith(".")]
    except FileNotFoundError:
        return stamps
    return stamps | {f"{SCORES_FOLDER}/{name}": _stamp(status) for name, status in sorted(found)}


def _stamp(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]


def trial_from_files(folder: Path, stamps: Stamps, reading: Reading) -> Trial | None:
    """The trial in `folder`; None where its record is damaged or belongs elsewhere (`reading` then says so).

    Raises:
        UserError: a file of a newer schema, or one that the system cannot read (no proof of damage).
    """
    path = folder / RECORD_FILE
    try:
        record = checked_record(load_json(path), path)
    except DamagedError as error:
        reading.damaged(path, error)
        return None
    if record.digest != folder.name:
        reading.warnings.append(f"{path} is the record of {record.digest!r}: left out; it belongs in a folder of that name")
        return None
    scores: dict[str, Scores] = {}
    for name in stamps:
        if name != RECORD_FILE:
            _add_scores(scores, folder / name, reading)
    return Trial(record, scores, folder)


def _add_scores(scores: dict[str, Scores], path: Path, reading: Reading) -> None:
    try:
        found = checked_scores(load_json(path), path)
    except DamagedError as error:
        reading.damaged(path, error)
        return
    digest = str(found.protocol["digest"])
    if digest in scores:
        reading.warnings.append(f"{path}: protocol {digest} stands in a second file of this trial; this one is left out")
    else:
        scores[digest] = found


def load_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`. DamagedError when it is none; UserError when the system cannot read it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; check the folder and its permissions") from error
    return parse(content)


def parse(content: bytes) -> dict[str, Any]:
    """`content` as a JSON object; DamagedError when it is none, or holds NaN or infinity."""
    try:
        data = json.loads(content, parse_constant=_not_a_number, parse_float=finite_number)
    except (ValueError, RecursionError) as error:
        raise DamagedError(str(error)) from None
    if not isinstance(data, dict):
        raise DamagedError(f"expected a JSON object, found {type(data).__name__}")
    return data


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def check_schema(data: Mapping[str, Any], path: Path) -> None:
    """DamagedError without a schema number; UserError for one that this version does not know yet."""
    schema = data.get("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise DamagedError(f"no valid schema number ({schema!r})")
    if schema > SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads up to {SCHEMA}: update landscape to read it")


_TEXT = (str,)
_NUMBER = (int, float)
_RECORD_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("digest", "setting_digest", "run_digest", "status", "reason", "started_at", "finished_at"), _TEXT),
    **dict.fromkeys(("config", "diagnosis", "counts", "parameters", "curves", "seconds"), (dict,)),
    **dict.fromkeys(("peak_memory_bytes", "environment", "study", "pictures"), (dict,)),
}
_SCORES_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("protocol", "estimates", "failures", "handling", "environment"), (dict,)),
    "checkpoint": _TEXT,
    "seconds": _NUMBER,
}
_ESTIMATE_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("value", "level"), _NUMBER),
    **dict.fromkeys(("direction", "interval_kind", "unit", "note"), _TEXT),
    "interval": (list, type(None)),
    **dict.fromkeys(("bounds", "curve"), (list,)),
    "spread": (*_NUMBER, type(None)),
    **dict.fromkeys(("n_real", "n_fake"), (int, type(None))),
}


def checked_record(data: Mapping[str, Any], path: Path) -> TrialRecord:
    """A TrialRecord whose fields have the types they should; DamagedError otherwise, UserError for a newer schema."""
    check_schema(data, path)
    _types(data, _RECORD_TYPES)
    for name in ("counts", "parameters", "seconds", "peak_memory_bytes"):
        _numbers(data.get(name, {}).values(), name)
    _types(data.get("pictures", {}), dict.fromkeys(data.get("pictures", {}), _TEXT))
    _types(data.get("study", {}), {"cell": (dict,), "role": _TEXT, "cell_id": _TEXT, "ask": (int,)})
    try:
        return TrialRecord.from_json(data)
    except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def checked_scores(data: Mapping[str, Any], path: Path) -> Scores:
    """As `checked_record`, for the scores of one protocol."""
    check_schema(data, path)
    _types(data, _SCORES_TYPES)
    _types(data.get("protocol", {}), {"name": _TEXT, "digest": _TEXT}, required=True)
    for name, estimate in data.get("estimates", {}).items():
        checked_estimate_types(name, estimate)
    try:
        return Scores.from_json(data)
    except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def checked_estimate_types(name: str, estimate: Any) -> None:
    """DamagedError unless `estimate` is an object with an Estimate's fields."""
    if not isinstance(estimate, dict):
        raise DamagedError(f"estimate {name!r} is {type(estimate).__name__}, expected an object")
    _types(estimate, {"value": _NUMBER, "direction": _TEXT}, required=True)
    _types(estimate, _ESTIMATE_TYPES)
    if estimate["direction"] not in ("higher", "lower", "none"):
        raise DamagedError(f"direction of {name!r} is {estimate['direction']!r}, expected higher, lower or none")
    for pair in (estimate.get("interval"), estimate.get("bounds")):
        if pair is not None and len(pair) != 2:
            raise DamagedError(f"estimate {name!r} has a pair of {len(pair)} entries")
    _numbers((x for x in estimate.get("interval") or ()), "interval")
    _numbers((x for x in estimate.get("bounds") or () if x is not None), "bounds")


def _types(data: Mapping[str, Any], types: Mapping[str, tuple[type, ...]], *, required: bool = False) -> None:
    for name, allowed in types.items():
        if name not in data:
            if required:
                raise DamagedError(f"{name} is missing")
        elif not isinstance(data[name], allowed) or isinstance(data[name], bool):
            raise DamagedError(f"{name} is {type(data[name]).__name__}, expected {allowed[0].__name__}")


def _numbers(values: Iterable[Any], name: str) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, _NUMBER):
            raise DamagedError(f"{name} holds {value!r}, expected a number")
