"""`landscape compare`: what differs, paired ratios recomputed by hand, and protocols that are never mixed."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_study as synthetic

from landscape.cli.app import main
from landscape.core.component_text import parse_component


def run(capsys, *arguments):
    code = main(["compare", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two studies of 12 cells; every Frechet distance of the second one is 1.5 times that of the first, whose other scores stay."""
    root = tmp_path_factory.mktemp("compare")
    for name in ("short", "long"):
        synthetic.write_study(root, 36, name, confirm=0, pictures=False, axes=("loss", "d_normalization"))
    for path in (root / "long" / "trials").glob("*/scores/*.json"):
        scores = json.loads(path.read_text())
        entry = scores["estimates"][synthetic.OBJECTIVE]
        entry |= {"value": entry["value"] * 1.5, "interval": [x * 1.5 for x in entry["interval"]]}
        path.write_text(json.dumps(scores))
    facts = json.loads((root / "long" / "study.json").read_text())
    facts["budget"]["amount"] = 800
    facts["environment"]["versions"]["torch"] = "2.16.0"
    facts["space"]["search"] = {"steps": {"min": 1, "max": 4, "integer": True}, "rate": {"min": 0.1, "max": 1.0, "integer": False}}
    facts["space"]["axes"] |= {"critic": ["none", {"name": "mlp", "width": 8}]}
    (root / "long" / "study.json").write_text(json.dumps(facts))
    return root


def test_it_says_what_differs_and_the_ratio_on_shared_cells(results, capsys):
    code, out, _ = run(capsys, "short", "long", "--results", results)
    assert code == 0
    assert "budget amount" in out
    assert "2.15.0" in out
    assert "2.16.0" in out
    assert "axis loss" not in out
    assert "min 1, max 4, integer" in out
    assert "min 0.1, max 1.0\n" in out
    assert "none, name mlp, width 8" in out
    assert "0.667 [0.667, 0.667]" in out
    assert "Kendall's tau of the cells' ranks: 1.00 over 12 cells." in out


def test_ratios_by_level_are_those_of_the_records(results, capsys):
    code, out, _ = run(capsys, "long", "short", "--by", "loss", "--results", results, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["kind"] == "ratio"
    assert [c["level"] for c in found["comparisons"]] == sorted(synthetic.AXES["loss"])
    for one in found["comparisons"]:
        assert one["cells"] in (2, 3)  # cells that diverged in both say nothing
        assert one["value"] == pytest.approx(medians(results / "long", one["level"]) / medians(results / "short", one["level"]))
        assert one["low"] is None  # three cells give no interval
        assert one["joint_level"] == pytest.approx(1 - 0.05 / 4)


def medians(study: Path, loss: str) -> float:
    """Lower median over cells of the lower medians over finished trials, diverged ones last; from the files alone."""
    cells = {}
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        if record["study"]["cell"]["loss"] != loss or record["status"] not in ("completed", "diverged"):
            continue
        scores = list(path.parent.glob("scores/*.json"))
        value = json.loads(scores[0].read_text())["estimates"][synthetic.OBJECTIVE]["value"] if scores else np.inf
        cells.setdefault(record["study"]["cell"]["d_normalization"], []).append(value)
    lower = [sorted(v)[(len(v) - 1) // 2] for v in cells.values()]
    return sorted(lower)[(len(lower) - 1) // 2]


def test_protocols_are_never_mixed(results, tmp_path, capsys):
    for name in ("short", "long"):
        synthetic.write_study(tmp_path, 6, name, confirm=0, pictures=False)
    other = synthetic.protocol("other")
    for path in list((tmp_path / "long" / "trials").glob("*/scores/*.json")):
        scores = json.loads(path.read_text())
        path.unlink()
        (path.parent / f"other-{other['digest']}.json").write_text(json.dumps(scores | {"protocol": other}))
    code, out, _ = run(capsys, "short", "long", "--results", tmp_path)
    assert code == 0
    assert "Not compared: no protocol scored both studies (quick against other)" in out
    assert "median" not in out


def test_studies_are_compared_by_their_own_protocol_and_not_by_a_view_that_was_added(tmp_path, capsys):
    """Views that were added by `landscape evaluate` scored as many trials, and their digests come first in the alphabet."""
    for name in ("short", "long"):
        study = synthetic.write_study(tmp_path, 6, name, confirm=0, pictures=False)
        for extractor in ("pixels", "inception", "clip", "dinov2"):
            synthetic.add_view(study, extractor)
    own = synthetic.protocol()["digest"]
    digests = {path.stem.split("-")[-1] for path in (tmp_path / "short").rglob("scores/*.json")}
    assert min(digests) != own
    assert f"FD[classifier:digits] under quick ({own})" in run(capsys, "short", "long", "--results", tmp_path)[1]
    for path in tmp_path.rglob(f"scores/*{own}.json"):
        path.unlink()
    assert "under quick, changed" in run(capsys, "short", "long", "--results", tmp_path)[1]


@pytest.mark.parametrize("arguments", [("short", "nothing"), ("short", "long", "--by", "weather")])
def test_what_is_not_there_is_one_clear_line(results, arguments, capsys):
    code, out, err = run(capsys, *arguments, "--results", results)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "nothing" in err or "weather" in err


def test_long_differences_stand_below_each_other(tmp_path, capsys):
    """A protocol's note is longer than a terminal is wide, so a table with it could not be read."""
    for name, note in (("short", "A" * 90), ("longer", "B" * 90)):
        study = synthetic.write_study(tmp_path, 0, name, confirm=0, pictures=False)
        facts = json.loads((study / "study.json").read_text())
        facts["protocol"]["note"] = note
        (study / "study.json").write_text(json.dumps(facts))
    code, out, _ = run(capsys, "short", "longer", "--results", tmp_path)
    assert code == 0
    assert f"  protocol note\n    short   {'A' * 90}\n    longer  {'B' * 90}\n" in out


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        (("unpaired:pool=0", "unpaired:pool=50"), None),
        (("unconditional", "class_conditional"), None),
        (
            ("super_resolution:factor=2", "super_resolution:factor=4"),
            "super_resolution[antialias=True, factor=2, given=False]; super_resolution[antialias=True, factor=4, given=False]",
        ),
        (("unconditional", "inpainting"), "without an image, text or speech as condition; inpainting[hole=0.5, place=center]"),
        (("of_a_plugin:x=1", "inpainting"), "of_a_plugin[x=1]; inpainting[hole=0.5, place=center]"),
    ],
)
def test_studies_of_tasks_whose_scores_do_not_compare_are_told_apart(tasks, words, tmp_path, capsys):
    for name, task in zip(("one", "two"), tasks, strict=True):
        study = synthetic.write_study(tmp_path, 6, name, confirm=0, pictures=False)
        for path in (study / "trials").glob("*/record.json"):
            record = json.loads(path.read_text())
            record["config"]["task"] = parse_component(task, is_data=False)
            path.write_text(json.dumps(record))
    _, out, _ = run(capsys, "one", "two", "--results", tmp_path)
    assert ("Not compared" in out) == (words is not None)
    assert words is None or f"Not compared: they are of different tasks ({words}), whose raw scores do not compare" in out
