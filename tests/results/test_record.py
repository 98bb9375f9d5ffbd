"""Records are read as they were written. Damaged, foreign and newer ones are refused in one line, and none is half-written."""

import json
import math
import os
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.core.errors import UserError
from landscape.core.files import read_json, require_writable, write_bytes, write_json
from landscape.results.record import SCHEMA, Estimate, Scores, Status, TrialRecord
from landscape.results.trial_files import DamagedError, parse

numbers = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(string.ascii_letters + "[]_é", min_size=1, max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | st.text(max_size=5),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(names, x, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, plain, max_size=3)
curves = st.dictionaries(names, st.lists(st.tuples(numbers, numbers), max_size=4).map(tuple), max_size=3)
records = st.builds(
    TrialRecord,
    digest=names,
    setting_digest=names,
    run_digest=names,
    config=objects,
    status=st.sampled_from(Status),
    reason=st.text(max_size=10),
    diagnosis=objects,
    counts=st.dictionaries(names, st.integers(0, 2**40), max_size=3),
    curves=curves,
    seconds=st.dictionaries(names, numbers.map(abs), max_size=3),
    environment=objects,
    study=objects,
    pictures=st.dictionaries(names, names, max_size=2),
    schema=st.just(SCHEMA),
)
estimates = st.builds(
    Estimate,
    value=numbers,
    direction=st.sampled_from(["higher", "lower", "none"]),
    interval=st.none() | st.tuples(numbers, numbers).map(sorted).map(tuple),
    spread=st.none() | numbers,
    bounds=st.tuples(st.none() | numbers, st.none() | numbers),
    n_real=st.none() | st.integers(0, 10**6),
    curve=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
    note=st.text(max_size=5),
)
scores = st.builds(
    Scores,
    protocol=objects,
    estimates=st.dictionaries(names, estimates, max_size=3),
    failures=st.dictionaries(names, st.text(max_size=5), max_size=2),
    schema=st.just(SCHEMA),
)


def example(**changes):
    fields = {"digest": "d", "setting_digest": "s", "run_digest": "r", "config": {"seed": 1}, "status": Status.COMPLETED}
    return TrialRecord(**(fields | changes))


@settings(max_examples=60, deadline=None)
@given(record=records)
def test_record_round_trip(record, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    write_json(path, record.to_json())
    assert TrialRecord.from_json(read_json(path)) == record


@settings(max_examples=60, deadline=None)
@given(value=scores)
def test_scores_round_trip(value, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round-trip-scores.json"
    write_json(path, value.to_json())
    assert Scores.from_json(read_json(path)) == value


def test_a_score_is_finite():
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(UserError, match="finite"):
            Estimate(value=bad, direction="lower")


def test_what_equal_distributions_would_give_is_no_part_of_how_a_score_was_computed():
    """A collapsed model and real samples have Frechet distances of one kind, though only those of full rank say what equal ones give."""
    notes = (
        "biased upwards at N = 2000 and 2000: equal distributions would give about 69.97",
        "biased upwards at N = 300 and 1500: equal distributions would give about 1e-05 if they were Gaussian; no interval: heavy tails",
        "biased upwards at N = 300 and 300; rank-deficient covariance (1280 features): no interval",
    )
    assert {Estimate(1.0, "lower", note=note).kind for note in notes} == {"biased upwards at N = # and #"}
    assert Estimate(1.0, "lower", note="E: two hidden layers").kind == "E: two hidden layers"


def test_fields_of_a_later_minor_version_are_ignored():
    data = example().to_json() | {"something_new": 1}
    assert TrialRecord.from_json(data) == example()


def test_a_name_that_no_folder_can_have():
    with pytest.raises(UserError, match="cannot write to .*choose another folder"):
        require_writable(Path("x" * 5000))


@pytest.mark.parametrize("schema", [SCHEMA + 1, 10**6])
def test_newer_schema_says_update(schema):
    with pytest.raises(UserError, match=f"schema {schema}, this version reads up to {SCHEMA}: update landscape"):
        TrialRecord.from_json(example().to_json() | {"schema": schema})


@pytest.mark.parametrize("schema", [None, 0, -1, "1", 1.5, [], True])
def test_no_valid_schema(schema):
    with pytest.raises(UserError, match="no valid schema number"):
        TrialRecord.from_json(example().to_json() | {"schema": schema})


def test_a_record_spends_no_bytes_on_what_says_nothing(tmp_path):
    path = tmp_path / "record.json"
    write_json(path, example(curves={"d_loss": ((13.0, 2.5), (25.5, 1.0))}).to_json())
    text = path.read_text()
    assert '"d_loss":[[13,2.5],[25.5,1.0]]' in text
    assert " " not in text
    step, _ = TrialRecord.from_json(read_json(path)).curves["d_loss"][0]
    assert isinstance(step, float)


def test_every_truncation_of_a_record_is_named(tmp_path):
    whole = tmp_path / "whole.json"
    write_json(whole, example(curves={"d_loss": ((1.0, 2.0),)}).to_json())
    content, torn = whole.read_bytes(), tmp_path / "torn.json"
    for length in range(len(content) - 1):
        torn.write_bytes(content[:length])
        if length == len(content.rstrip()):
            continue
        with pytest.raises(UserError, match=r"torn\.json is damaged"):
            read_json(torn)


@pytest.mark.parametrize("content", [rb'{"a": "\ud800"}', rb'{"\uDFFFb": 1}', b'{"a": "\xed\xa0\x80"}'])
def test_half_of_a_pair_of_surrogates_is_damage_because_no_file_could_hold_it(tmp_path, content):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"r\.json is damaged: .*surrogates not allowed"):
        read_json(path)
    with pytest.raises(DamagedError, match="surrogates not allowed"):
        parse(content)
    whole = rb'{"a": "\ud83d\ude00"}'
    path.write_bytes(whole)
    assert read_json(path) == parse(whole) == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    "content", [b"[]", b"1", b'"x"', b"null", b'{"a": NaN}', b'{"a": -Infinity}', b"\xff\xfe", b"{" * 100_000, b"[" * 100_000, b""]
)
def test_other_json_is_damaged(tmp_path, content):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"r\.json is damaged"):
        read_json(path)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "no such"},
        {"status": None},
        {"curves": [1]},
        {"curves": {"a": [[1]]}},
        {"curves": {"a": [["x", 1]]}},
        {"curves": {"a": 3}},
        {"config": []},
        {"digest": 5},
        {"counts": None},
        {"counts": {"d_steps": -1}},
        {"counts": {"d_steps": "5"}},
        {"counts": {"d_steps": True}},
        {"seconds": {"training": -1.0}},
        {"seconds": {"training": "1.0"}},
    ],
)
def test_wrong_types_are_refused(change):
    with pytest.raises(UserError, match="record"):
        TrialRecord.from_json(example().to_json() | change)


def test_missing_fields_are_refused():
    data = example().to_json()
    del data["digest"]
    with pytest.raises(UserError, match="digest"):
        TrialRecord.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        {"estimates": []},
        {"estimates": {"a": 1}},
        {"estimates": {"a": {"value": 1}}},
        {"estimates": {"a": {"value": "x", "direction": "lower"}}},
        {"estimates": {"a": {"value": "1.0", "direction": "lower"}}},
        {"estimates": {"a": {"value": 1.0, "direction": "sideways"}}},
        {"estimates": {"a": {"value": 1.0, "direction": "lower", "interval": [2.0, 1.0]}}},
        {"estimates": {"a": {"value": 1.0, "direction": "lower", "level": 1.0}}},
        {"seconds": -1.0},
        {"protocol": 1},
    ],
)
def test_wrong_scores_are_refused(change):
    with pytest.raises(UserError, match="scores"):
        Scores.from_json(Scores(protocol={}, estimates={}).to_json() | change)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*absent"):
        read_json(tmp_path / "absent.json")


def test_nan_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": math.nan})
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_bytes(path, b"{}")
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        write_json(tmp_path / "results" / "x.json", {})


def test_old_spellings_are_read():
    """Records of earlier versions have a field of the configuration and one of the protocol in British spelling."""
    record = TrialRecord.from_json(example(config={"dequantise": True, "seed": 1}).to_json())
    assert record.config == {"dequantize": True, "seed": 1}
    scores = Scores.from_json(Scores(protocol={"name": "p", "quantise": "floor"}, estimates={}).to_json())
    assert scores.protocol == {"name": "p", "quantize": "floor"}
