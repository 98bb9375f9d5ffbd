"""`landscape results`: merge, verify, prune, export, on a study made of plain files."""

import csv
import json

import pytest

from landscape.core.files import write_json
from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.results.studies import read_study
from landscape.sweep.study_lock import StudyLock

PROTOCOL = {"name": "quick", "version": 1, "digest": "aaaa"}


def write_study(folder, digests, **changes):
    """A study with one completed trial a digest."""
    write_json(folder / "study.json", {"schema": 1, "space": {"name": "s"}, "protocol": PROTOCOL, "objective": "FD[pixels]"} | changes)
    for number, digest in enumerate(digests):
        trial = folder / "trials" / digest
        record = TrialRecord(
            digest=digest,
            setting_digest=f"s{digest}",
            run_digest=f"r{digest}",
            config={"seed": number, "loss": {"name": "hinge", "hyperparameters": {"margin": 1.0}}},
            status=Status.COMPLETED,
            study={"cell": {"loss": "hinge"}, "ask": number, "role": "search"},
        )
        write_json(trial / "record.json", record.to_json())
        scores = Scores(protocol=PROTOCOL, estimates={"FD[pixels]": Estimate(10.0 + number, "lower", interval=(9.0, 12.0))})
        write_json(trial / "scores" / "quick-aaaa.json", scores.to_json())
        (trial / "generator.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture
def study(here):
    return write_study(here / "results" / "s", ["a1", "b2"])


class TestMerge:
    def test_brings_copies_together(self, run, study, here):
        write_study(here / "other" / "s", ["b2", "c3"])
        outcome = run("results", "merge", study, "other/s", "--into", "merged", "--json")
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out) == {"copied": 3, "kept": 1, "scores_added": 0, "warnings": []}
        assert sorted(p.name for p in (here / "merged" / "trials").iterdir()) == ["a1", "b2", "c3"]

    def test_of_another_study_is_refused(self, run, study, here):
        write_study(here / "other" / "s", ["c3"], space={"name": "t"})
        line = run("results", "merge", "other/s", "--into", study).is_one_line_error()
        assert "another space" in line
        assert sorted(p.name for p in (study / "trials").iterdir()) == ["a1", "b2"]

    def test_waits_for_no_sweep(self, run, study, here):
        write_study(here / "other" / "s", ["c3"])
        with StudyLock(study):
            line = run("results", "merge", "other/s", "--into", study).is_one_line_error()
        assert "another sweep is running" in line
        assert sorted(p.name for p in (study / "trials").iterdir()) == ["a1", "b2"]

    def test_of_no_study_leaves_nothing(self, run, here):
        run("results", "merge", "nowhere", "--into", "new").is_one_line_error()
        assert not (here / "new").exists()


class TestVerify:
    def test_a_sound_study(self, run, study):
        read_study(study)  # brings the index up to date
        outcome = run("results", "verify", study)
        assert (outcome.code, outcome.out) == (0, f"{study}: nothing wrong\n")

    def test_a_damaged_record(self, run, study):
        (study / "trials" / "a1" / "record.json").write_text("{")
        outcome = run("results", "verify", study, "--json")
        assert outcome.code == 1
        assert any("a1" in problem for problem in json.loads(outcome.out)["problems"])
        assert (study / "trials" / "a1" / "record.json").read_text() == "{"


class TestPrune:
    @pytest.fixture
    def littered(self, study):
        a, b = study / "trials" / "a1", study / "trials" / "b2"
        (a / "resume.safetensors").write_bytes(b"x" * 100)
        (a / ".record.json.123.abc.tmp").write_bytes(b"x")
        (b / "record.json.corrupt").write_bytes(b"{")
        (study / "trials" / ".c3.partial").mkdir()
        (study / "trials" / "d4").mkdir()
        (study / "trials" / "d4" / "resume.safetensors").write_bytes(b"x")
        return study

    def left(self, study):
        return {str(p.relative_to(study)) for p in study.rglob("*") if p.is_file() or not any(p.iterdir())}

    def test_dry_run_removes_nothing(self, run, littered):
        before = self.left(littered)
        outcome = run("results", "prune", littered, "--dry-run", "--json")
        assert self.left(littered) == before
        named = {p.removeprefix(f"{littered}/trials/") for p in json.loads(outcome.out)["paths"]}
        assert named == {"a1/resume.safetensors", "a1/.record.json.123.abc.tmp", ".c3.partial"}

    def test_keeps_what_may_be_needed(self, run, littered):
        before = self.left(littered)
        assert run("results", "prune", littered).code == 0
        gone = before - self.left(littered)
        assert gone == {"trials/a1/resume.safetensors", "trials/a1/.record.json.123.abc.tmp", "trials/.c3.partial"}

    def test_everything(self, run, littered):
        before = self.left(littered)
        assert run("results", "prune", littered, "--corrupt", "--unfinished", "--generators").code == 0
        gone = before - self.left(littered)
        assert {"trials/b2/record.json.corrupt", "trials/d4/resume.safetensors", "trials/a1/generator.safetensors"} <= gone
        for digest in ("a1", "b2"):
            assert (littered / "trials" / digest / "record.json").is_file()
            assert (littered / "trials" / digest / "scores" / "quick-aaaa.json").is_file()

    @pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED])
    def test_a_trial_that_may_go_on_keeps_its_checkpoint(self, run, study, status):
        path = study / "trials" / "a1" / "record.json"
        write_json(path, json.loads(path.read_text()) | {"status": status.value})
        (study / "trials" / "a1" / "resume.safetensors").write_bytes(b"x")
        assert run("results", "prune", study).code == 0
        assert (study / "trials" / "a1" / "resume.safetensors").exists()

    def test_what_is_no_study(self, run, here):
        assert "absent is no study" in run("results", "prune", "absent").is_one_line_error()
        assert list(here.iterdir()) == []


class TestExport:
    def test_csv(self, run, study, here):
        assert run("results", "export", study, "--out", "trials.csv").code == 0
        rows = list(csv.DictReader((here / "trials.csv").open()))
        assert [(r["digest"], r["axis:loss"], float(r["score:FD[pixels]"]), float(r["low:FD[pixels]"])) for r in rows] == [
            ("a1", "hinge", 10.0, 9.0),
            ("b2", "hinge", 11.0, 9.0),
        ]

    def test_json(self, run, study, here):
        assert run("results", "export", study, "--out", "trials.json", "--protocol", "quick").code == 0
        assert [r["status"] for r in json.loads((here / "trials.json").read_text())] == ["completed", "completed"]

    def test_every_digit_survives(self, run, study, here):
        tiny = 8.27419177e-21 / 3
        path = next((study / "trials" / "a1" / "scores").glob("*.json"))
        scores = json.loads(path.read_text())
        scores["estimates"]["FD[pixels]"] |= {"value": tiny, "interval": None}
        write_json(path, scores)
        assert run("results", "export", study, "--out", "trials.json").code == 0
        first = json.loads((here / "trials.json").read_text())[0]
        assert (first["score:FD[pixels]"], first["low:FD[pixels]"]) == (tiny, None)

    def test_a_record_that_is_set_aside_is_named(self, run, study, here):
        (study / "trials" / "a1" / "record.json").write_text("{")
        outcome = run("results", "export", study, "--out", "trials.csv")
        assert outcome.code == 0
        assert "a1" in outcome.err

    def test_unknown_protocol(self, run, study, here):
        line = run("results", "export", study, "--out", "x.csv", "--protocol", "quik").is_one_line_error()
        assert "unknown protocol of this study 'quik'" in line
        assert "quick" in line
        assert not (here / "x.csv").exists()

    def test_unknown_ending(self, run, study):
        assert ".csv or .json" in run("results", "export", study, "--out", "x.xls").is_one_line_error()
