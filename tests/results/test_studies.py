"""A results folder is read, indexed, merged and verified."""

import json
import os
import shutil

import pytest

from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.results import merging, studies, trial_files, verifying
from landscape.results.record import Estimate, Scores, Status, TrialRecord

PROTOCOL = {"name": "quick", "digest": "p" * 16, "n_real": 10}


def record(digest, ask=0, **changes):
    fields = {"setting_digest": "s", "run_digest": "r", "config": {"seed": ask}, "status": Status.COMPLETED}
    return TrialRecord(digest=digest, **(fields | {"study": {"cell": {"loss": "hinge"}, "ask": ask, "role": "search"}} | changes))


def write_trial(study, digest, ask=0, value=3.0, protocol=PROTOCOL, **changes):
    folder = study / "trials" / digest
    write_json(folder / "record.json", record(digest, ask, **changes).to_json())
    write_scores(folder, value, protocol)
    return folder


def write_scores(folder, value, protocol=PROTOCOL):
    scores = Scores(protocol=protocol, estimates={"FD[x]": Estimate(value, "lower", (value - 1, value + 1))})
    write_json(trial_files.score_path(folder, protocol), scores.to_json())


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "digits"
    for i, digest in enumerate("cab"):
        write_trial(folder, digest * 16, ask=i, value=float(i))
    write_json(folder / "study.json", {"schema": 1, "name": "digits", "space": {"dataset": "digits"}, "protocol": PROTOCOL})
    return folder


def values(study):
    return {t.record.digest[0]: t.scores[PROTOCOL["digest"]].estimates["FD[x]"].value for t in study.trials}


def test_reads_every_trial_in_the_order_of_proposals(study):
    (study / "trials" / ("d" * 16)).mkdir()
    found = studies.read_study(study)
    assert [t.record.digest[0] for t in found.trials] == ["c", "a", "b"]
    assert values(found) == {"c": 0.0, "a": 1.0, "b": 2.0}
    assert found.facts["space"] == {"dataset": "digits"}
    assert (found.unfinished, found.warnings) == (1, ())


def test_seeds_of_one_proposal_are_read_in_their_order_whichever_began_first(study):
    place = {"cell": {"loss": "hinge"}, "ask": 7, "role": "search"}
    for digest, repeat, started in (("d", 1, "2026-01-01T00:00:01Z"), ("e", 0, "2026-01-01T00:00:02Z"), ("f", 2, "2026-01-01T00:00:00Z")):
        made = record(digest * 16, study={**place, "repeat": repeat}, started_at=started)
        write_json(study / "trials" / (digest * 16) / "record.json", made.to_json())
    for _ in range(2):
        assert [t.record.digest[0] for t in studies.read_study(study).trials] == ["c", "a", "b", "e", "d", "f"]


def test_a_sound_index_is_read_alone(study, monkeypatch):
    first = studies.read_study(study)
    opened = []
    true_load = trial_files.load_json
    monkeypatch.setattr(trial_files, "load_json", lambda path: opened.append(path) or true_load(path))
    again = studies.read_study(study)
    assert again == first
    assert opened == []


def test_only_what_is_new_is_read_and_appended(study, monkeypatch):
    studies.read_study(study)
    before = (study / "trials.jsonl").read_bytes()
    write_trial(study, "d" * 16, ask=3, value=9.0)
    opened = []
    true_load = trial_files.load_json
    monkeypatch.setattr(trial_files, "load_json", lambda path: opened.append(path) or true_load(path))
    assert values(studies.read_study(study))["d"] == 9.0
    assert {path.parent.name for path in opened} == {"d" * 16, "scores"}
    assert len(opened) == 2
    after = (study / "trials.jsonl").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == 4


def test_index_line_is_the_record_with_its_scores(study):
    studies.read_study(study)
    line = json.loads((study / "trials.jsonl").read_bytes().splitlines()[0])
    assert TrialRecord.from_json(line) == record("a" * 16, 1)
    assert line["scores"][PROTOCOL["digest"]]["estimates"]["FD[x]"]["value"] == 1.0


def test_a_changed_file_is_noticed(study):
    studies.read_study(study)
    write_scores(study / "trials" / ("a" * 16), 7.0)
    other = PROTOCOL | {"name": "other", "digest": "q" * 16}
    write_scores(study / "trials" / ("b" * 16), 5.0, other)
    found = studies.read_study(study)
    assert values(found) == {"c": 0.0, "a": 7.0, "b": 2.0}
    assert set(next(t for t in found.trials if t.record.digest[0] == "b").scores) == {"p" * 16, "q" * 16}
    assert studies.read_study(study) == found
    assert (study / "trials.jsonl").read_bytes().count(b"\n") == 3


def test_a_removed_trial_leaves_the_index(study):
    studies.read_study(study)
    shutil.rmtree(study / "trials" / ("a" * 16))
    assert values(studies.read_study(study)) == {"c": 0.0, "b": 2.0}
    assert b"a" * 16 not in (study / "trials.jsonl").read_bytes()


def test_index_cut_anywhere_gives_the_same_study(study):
    whole = studies.read_study(study)
    content = (study / "trials.jsonl").read_bytes()
    for length in range(0, len(content), 37):
        (study / "trials.jsonl").write_bytes(content[:length])
        assert studies.read_study(study) == whole
        assert sorted((study / "trials.jsonl").read_bytes().splitlines()) == sorted(content.splitlines())


@pytest.mark.parametrize(
    "junk", [b"not json\n", b'{"digest":"aaaaaaaaaaaaaaaa","scores":5}\n', b"\xff\xfe\n", b'{"digest":"zz","files":{}}\n', b"[" * 5000]
)
def test_foreign_lines_in_the_index_do_no_harm(study, junk):
    whole = studies.read_study(study)
    with (study / "trials.jsonl").open("ab") as file:
        file.write(junk)
    assert studies.read_study(study) == whole


def test_a_missing_index_is_rebuilt(study):
    studies.read_study(study)
    before = (study / "trials.jsonl").read_bytes()
    assert len(studies.rebuild_index(study).trials) == 3
    assert (study / "trials.jsonl").read_bytes() == before


def test_append_to_index(study, monkeypatch):
    studies.read_study(study)
    write_trial(study, "e" * 16, ask=9, value=4.0)
    studies.append_to_index(study, "e" * 16)
    monkeypatch.setattr(
        trial_files,
        "load_json",
        lambda path: pytest.fail(f"read {path}") if path.parent.name != "digits" else json.loads(path.read_bytes()),
    )
    assert values(studies.read_study(study))["e"] == 4.0


def test_an_index_that_cannot_be_written_is_a_warning(study, monkeypatch):
    from landscape.results import trial_index

    def refuse(path, lines):
        raise UserError(f"cannot write {path}: Read-only file system; check permissions")

    monkeypatch.setattr(trial_index, "_write_lines", refuse)
    found = studies.read_study(study)
    assert len(found.trials) == 3
    assert "Read-only file system" in found.warnings[0]


def test_record_cut_at_every_byte_is_set_aside(study):
    path = study / "trials" / ("a" * 16) / "record.json"
    content = path.read_bytes()
    others = {"c": 0.0, "b": 2.0}
    for length in range(len(content) - 1):  # The last byte is the final newline, without which the record is still complete.
        path.write_bytes(content[:length])
        found = studies.read_study(study)
        assert values(found) == others
        assert len(found.warnings) == 1
        assert "set aside as record.json.corrupt" in found.warnings[0]
        aside = path.with_name("record.json.corrupt")
        assert aside.read_bytes() == content[:length]
        aside.unlink()


def test_what_was_set_aside_is_said_again(study):
    (study / "trials" / ("a" * 16) / "record.json").write_bytes(b"{")
    first, second = studies.read_study(study), studies.read_study(study)
    assert "set aside as record.json.corrupt" in first.warnings[0]
    assert ["record.json.corrupt was set aside as damaged; the trial counts as unfinished" in w for w in second.warnings] == [True]


def test_a_second_damaged_file_does_not_replace_the_first(study):
    path = study / "trials" / ("a" * 16) / "record.json"
    for name, content in (("record.json.corrupt", b"one"), ("record.json.2.corrupt", b"two")):
        path.write_bytes(content)
        studies.read_study(study)
        assert path.with_name(name).read_bytes() == content
    assert path.with_name("record.json.corrupt").read_bytes() == b"one"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("config", 5),
        ("status", "finished"),
        ("status", None),
        ("counts", {"d_steps": "many"}),
        ("seconds", {"training": None}),
        ("curves", {"d_loss": [[1]]}),
        ("curves", {"d_loss": 3}),
        ("study", {"cell": "hinge"}),
        ("study", {"ask": "first"}),
        ("pictures", {"samples": 3}),
        ("pictures", ["samples.png"]),
        ("schema", 0),
        ("schema", "1"),
        ("schema", True),
        ("schema", None),
        ("digest", 12),
        ("setting_digest", None),
    ],
)
def test_a_record_of_wrong_types_is_damaged(study, field, value):
    path = study / "trials" / ("a" * 16) / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    found = studies.read_study(study)
    assert values(found) == {"c": 0.0, "b": 2.0}
    assert path.with_name("record.json.corrupt").exists()


@pytest.mark.parametrize("missing", ["digest", "config", "status", "setting_digest", "schema"])
def test_a_record_without_a_field_is_damaged(study, missing):
    path = study / "trials" / ("a" * 16) / "record.json"
    data = json.loads(path.read_text())
    del data[missing]
    path.write_text(json.dumps(data))
    assert len(studies.read_study(study).trials) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"value": float("nan")},
        {"value": "3"},
        {"value": True},
        {"direction": "down"},
        {"interval": [1]},
        {"interval": ["a", "b"]},
        {"interval": 3},
        {"bounds": [0, 1, 2]},
        {"bounds": None},
        {"n_real": 2.5},
        {"level": "95"},
        {"curve": [[1, 2, 3]]},
    ],
)
def test_damaged_scores_are_set_aside_and_the_record_stays(study, change):
    path = trial_files.score_path(study / "trials" / ("a" * 16), PROTOCOL)
    data = json.loads(path.read_text())
    data["estimates"]["FD[x]"] |= change
    path.write_text(json.dumps(data))
    found = studies.read_study(study)
    assert len(found.trials) == 3
    assert [len(t.scores) for t in found.trials] == [1, 0, 1]
    assert path.with_name(path.name + ".corrupt").exists()


def test_an_unknown_field_is_ignored(study):
    path = study / "trials" / ("a" * 16) / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"added_later": 1}))
    assert len(studies.read_study(study).trials) == 3


@pytest.mark.parametrize("name", ["record.json", "scores", "study.json"])
def test_a_newer_schema_says_what_to_do_and_touches_nothing(study, name):
    trial = study / "trials" / ("a" * 16)
    path = {"record.json": trial / name, "scores": trial_files.score_path(trial, PROTOCOL), "study.json": study / name}[name]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 99}))
    with pytest.raises(UserError, match=r"has schema 99, this version reads up to 1: update landscape"):
        studies.read_study(study)
    assert path.exists()


def test_a_file_that_cannot_be_read_is_not_called_damaged(study, monkeypatch):
    from pathlib import Path

    true_read = Path.read_bytes

    def fail(self):
        if self.name == "record.json":
            raise OSError(5, "Input/output error")
        return true_read(self)

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(UserError, match=r"record\.json: Input/output error"):
        studies.read_study(study)
    assert not list(study.rglob("*.corrupt"))


def test_a_record_in_another_trials_folder_is_left_out_and_kept(study):
    shutil.copytree(study / "trials" / ("a" * 16), study / "trials" / "copy")
    found = studies.read_study(study)
    assert len(found.trials) == 3
    assert "belongs in a folder of that name" in found.warnings[0]
    assert (study / "trials" / "copy" / "record.json").exists()


def test_a_missing_or_damaged_study_file_is_a_warning(study):
    (study / "study.json").write_text("{")
    found = studies.read_study(study)
    assert found.facts == {}
    assert "set aside" in found.warnings[0]
    assert "is missing" in studies.read_study(study).warnings[0]


def test_no_study_and_no_results(tmp_path, study):
    with pytest.raises(UserError, match="is no study"):
        studies.read_study(tmp_path)
    with pytest.raises(UserError, match="no results folder at"):
        studies.list_studies(tmp_path / "nowhere")
    with pytest.raises(UserError, match="did you mean 'digits'"):
        studies.study_folder(tmp_path, "digit")
    (tmp_path / "README.md").write_text("x")
    (tmp_path / ".hidden").mkdir()
    assert studies.list_studies(tmp_path) == ["digits"]
    assert studies.study_folder(tmp_path, "digits") == study


def test_read_trial(study):
    trial = studies.read_trial(study / "trials" / ("a" * 16))
    assert trial.record.digest == "a" * 16
    with pytest.raises(UserError, match=r"holds no record\.json"):
        studies.read_trial(study)
    (study / "trials" / ("a" * 16) / "record.json").write_text("[]")
    with pytest.raises(UserError, match="expected a JSON object, found list"):
        studies.read_trial(study / "trials" / ("a" * 16))
    assert (study / "trials" / ("a" * 16) / "record.json").exists()


def test_score_path_is_a_file_of_the_trial(tmp_path):
    assert trial_files.score_path(tmp_path, {"name": "../../evil", "digest": "d"}).parent == tmp_path / "scores"


@pytest.fixture
def other_machine(tmp_path, study):
    folder = tmp_path / "elsewhere" / "digits"
    write_json(folder / "study.json", json.loads((study / "study.json").read_text()))
    write_trial(folder, "a" * 16, ask=1, value=50.0)
    write_scores(folder / "trials" / ("a" * 16), 5.0, PROTOCOL | {"name": "other", "digest": "q" * 16})
    write_trial(folder, "z" * 16, ask=7, value=8.0)
    (folder / "trials" / ("z" * 16) / "samples.png").write_bytes(b"png")
    return folder


def test_merge_adds_trials_and_scores_and_keeps_what_is_there(study, other_machine):
    (study / "trials" / ("z" * 16)).mkdir()
    (study / "trials" / ("z" * 16) / "checkpoint").write_bytes(b"begun here, ended there")
    done = merging.merge([other_machine], study)
    assert (done.copied, done.kept, done.scores_added, done.warnings) == (1, 1, 1, ())
    merged = studies.read_study(study)
    assert values(merged) == {"c": 0.0, "a": 1.0, "b": 2.0, "z": 8.0}
    assert set(next(t for t in merged.trials if t.record.digest[0] == "a").scores) == {"p" * 16, "q" * 16}
    assert (study / "trials" / ("z" * 16) / "samples.png").read_bytes() == b"png"
    assert verifying.verify(study) == []
    assert merging.merge([other_machine], study) == merging.Merge(0, 2, 0)
    assert not (other_machine / "trials.jsonl").exists()


def test_merge_into_a_new_folder(tmp_path, study, other_machine):
    done = merging.merge([study, other_machine], tmp_path / "both")
    assert (done.copied, done.kept) == (4, 1)
    assert studies.read_study(tmp_path / "both").facts["name"] == "digits"


def test_merge_leaves_damaged_trials_where_they_are(study, other_machine):
    path = other_machine / "trials" / ("z" * 16) / "record.json"
    path.write_text("{")
    done = merging.merge([other_machine], study)
    assert done.copied == 0
    assert "is damaged" in done.warnings[0]
    assert path.exists()
    assert not (study / "trials" / ("z" * 16)).exists()


def test_merge_refuses_another_study(study, other_machine):
    facts = json.loads((other_machine / "study.json").read_text())
    write_json(other_machine / "study.json", facts | {"space": {"dataset": "mnist"}})
    with pytest.raises(UserError, match="another space"):
        merging.merge([other_machine], study)
    with pytest.raises(UserError, match="is no study"):
        merging.merge([other_machine.parent], study)
    assert values(studies.read_study(study)) == {"c": 0.0, "a": 1.0, "b": 2.0}


def test_verify_lists_everything_and_changes_nothing(study):
    assert "not up to date" in verifying.verify(study)[0]
    studies.read_study(study)
    assert verifying.verify(study) == []
    trial = study / "trials" / ("a" * 16)
    write_json(trial / "record.json", record("a" * 16, 1, pictures={"samples": "samples.png"}, sounds={"samples": "samples.wav"}).to_json())
    (study / "trials" / ("b" * 16) / "record.json").write_text("{")
    (trial / ".record.json.x.tmp").write_text("")
    (trial / "old.corrupt").write_text("")
    before = {p: p.stat().st_mtime_ns for p in study.rglob("*")}
    problems = "\n".join(verifying.verify(study))
    for expected in (
        "samples.png: picture is missing",
        "samples.wav: sound is missing",
        "record.json is damaged",
        "interrupted write",
        "set aside as damaged",
        "not up to date",
    ):
        assert expected in problems
    assert {p: p.stat().st_mtime_ns for p in study.rglob("*")} == before
    with pytest.raises(UserError, match="is no study"):
        verifying.verify(trial)


def test_modification_time_decides_even_at_equal_size(study):
    studies.read_study(study)
    path = trial_files.score_path(study / "trials" / ("a" * 16), PROTOCOL)
    path.write_bytes(path.read_bytes().replace(b'"value":1.0', b'"value":4.0'))
    os.utime(path, ns=(1, 1))
    assert values(studies.read_study(study))["a"] == 4.0


def test_merge_into_a_new_folder_refuses_copies_of_different_studies(tmp_path, study):
    other = tmp_path / "other"
    write_trial(other, "e" * 16)
    write_json(other / "study.json", {"schema": 1, "name": "digits", "space": {"dataset": "mnist"}, "protocol": PROTOCOL})
    with pytest.raises(UserError, match=r"other is a study of another space than .*digits"):
        merging.merge([study, other], tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_merge_mends_a_damaged_record_of_the_target(tmp_path, study):
    target = tmp_path / "copy"
    shutil.copytree(study, target)
    (target / "trials" / ("a" * 16) / "record.json").write_text("{")
    merged = merging.merge([study], target)
    assert (merged.copied, merged.kept, merged.warnings) == (1, 2, ())
    assert values(studies.read_study(target)) == values(studies.read_study(study))


def test_leftovers_beside_the_trials_are_named_too(study):
    for leftover in (study / ".study.json.1.tmp", study / "trials" / f".{'f' * 16}.partial"):
        leftover.mkdir()
        assert any(str(leftover) in line for line in verifying.verify(study))
