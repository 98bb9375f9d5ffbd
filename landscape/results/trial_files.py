"""Reads and checks the files of one trial: its record, its scores, and their stamps (sizes and times)."""

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
from landscape.core.files import check_text, finite_number
from landscape.results.record import RECORD_FILE, SCHEMA, Scores, TrialRecord

SCORES_FOLDER = "scores"

Stamps = dict[str, list[int]]
"""Maps a file name relative to the trial's folder to [size in bytes, modification time in ns]."""


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Switch off Python's garbage collector in this block.

    While a large study is read, the collector would scan all of its objects again and again without finding garbage.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class DamagedError(Exception):
    """A file is not what landscape writes: it is truncated, was edited by hand, or holds values of the wrong types."""


@dataclass(frozen=True)
class Trial:
    """A record with all its scores, by the digest of their protocol."""

    record: TrialRecord
    scores: Mapping[str, Scores]
    folder: Path


@dataclass
class Reading:
    """The state of one pass over a folder: whether damaged files are renamed, and the warnings so far."""

    set_aside: bool = True
    warnings: list[str] = field(default_factory=list)

    def damaged(self, path: Path, error: DamagedError) -> None:
        """Rename `path` to `*.corrupt`, without overwriting another file, and add a warning.

        Nothing is renamed if `set_aside` is False.
        """
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
    """Return the path of the scores under one protocol: `scores/<protocol name>-<protocol digest>.json`."""
    name = re.sub(r"[^\w.-]+", "_", str(protocol["name"])).lstrip(".")
    return trial_folder / SCORES_FOLDER / f"{name}-{protocol['digest']}.json"


def stamps_of(trial_folder: Path) -> Stamps | None:
    """Return size and time of the record and of each score file, or None without a record, because the trial has not ended."""
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
    """Read the trial in `folder`.

    Returns None, with a warning in `reading`, if its record is damaged or belongs to another folder.

    Raises:
        UserError: A file has a newer schema, or the system cannot read it, which does not prove that it is damaged.
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
    """Read the JSON object in `path`.

    Raises:
        DamagedError: The file does not hold a JSON object.
        UserError: The system cannot read the file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; check the folder and its permissions") from error
    return parse(content)


def parse(content: bytes) -> dict[str, Any]:
    """Read `content` as a JSON object.

    Raises:
        DamagedError: The content is not a JSON object, or contains NaN, infinity, or half of a pair of surrogates.
    """
    try:
        data = json.loads(content, parse_constant=_not_a_number, parse_float=finite_number)
        check_text(data, content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(str(error)) from None
    if not isinstance(data, dict):
        raise DamagedError(f"expected a JSON object, found {type(data).__name__}")
    return data


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def check_schema(data: Mapping[str, Any], path: Path) -> None:
    """Check the schema number.

    Raises:
        DamagedError: There is no valid schema number.
        UserError: The schema is newer than the one that this version knows.
    """
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
    **dict.fromkeys(("peak_memory_bytes", "environment", "study", "pictures", "sounds"), (dict,)),
    "texts": (list,),
}
_SCORES_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("protocol", "estimates", "failures", "handling", "environment"), (dict,)),
    "checkpoint": _TEXT,
    "seconds": _NUMBER,
}
_ESTIMATE_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("value", "level"), _NUMBER),
    **dict.fromkeys(("direction", "interval_kind", "unit", "note", "target"), _TEXT),
    "interval": (list, type(None)),
    **dict.fromkeys(("bounds", "curve"), (list,)),
    "spread": (*_NUMBER, type(None)),
    **dict.fromkeys(("n_real", "n_fake"), (int, type(None))),
}


def checked_record(data: Mapping[str, Any], path: Path) -> TrialRecord:
    """Build a TrialRecord after checking the types of its fields.

    Raises:
        DamagedError: A field is missing or has the wrong type or value.
        UserError: The schema is newer than the one that this version knows.
    """
    check_schema(data, path)
    _types(data, _RECORD_TYPES)
    for name in ("counts", "parameters", "seconds", "peak_memory_bytes"):
        _numbers(data.get(name, {}).values(), name)
    for name in ("pictures", "sounds"):
        _types(data.get(name, {}), dict.fromkeys(data.get(name, {}), _TEXT))
    _types(data.get("study", {}), {"cell": (dict,), "role": _TEXT, "cell_id": _TEXT, **dict.fromkeys(("ask", "repeat", "search"), (int,))})
    try:
        return TrialRecord.from_json(data)
    except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from None


def checked_scores(data: Mapping[str, Any], path: Path) -> Scores:
    """Build the scores under one protocol after checking the types of their fields, with the errors of `checked_record`."""
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
    """Check that `estimate` is an object with the fields of an Estimate.

    Raises:
        DamagedError: It is not.
    """
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
