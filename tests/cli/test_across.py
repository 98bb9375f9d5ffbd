"""`landscape across`: from the results of several studies to a table and a page."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_study as synthetic
from scipy.stats import sem
from scipy.stats import t as student

from landscape.core.files import read_json, write_json


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A study whose task has a baseline, and one whose task has none, both with confirmation runs."""
    root = tmp_path_factory.mktemp("across") / "results"
    for name in ("filled", "plain"):
        synthetic.write_study(root, 40, name, confirm=5, pictures=False, searcher="random", axes=("loss", "architecture"))
    facts = read_json(root / "filled" / "study.json")
    score = facts["objective"] if facts["objective"] in facts["floor"] else next(name for name in facts["floor"] if name.startswith("FD["))
    facts["floor"][f"baseline {score}"] = {
        **facts["floor"][score],
        "value": 1e4,
        "interval": None,
        "interval_kind": "",
        "note": "mean fill; no",
    }
    write_json(root / "filled" / "study.json", facts)
    return root


def test_levels_stand_between_the_baseline_and_real_samples(run, two, tmp_path):
    shown = run("across", "filled", "plain", "--results", str(two), "--reports", str(tmp_path))
    assert shown.code == 0, shown.err
    titles, *rows, said, order, joint, where = shown.out.splitlines()
    assert titles.split() == ["loss", "filled", "plain"]
    assert len(rows) == 4
    assert all("[" in row and " of 4" in row for row in rows)
    assert said.endswith("of them).") or "(decided in " in said
    page = tmp_path / "across" / "loss" / "index.html"
    assert where == f"page: {page}"
    html = page.read_text(encoding="utf-8")
    assert "comparison of 2 studies" in html
    assert order.startswith("No pair of levels is shown to turn round: of 6 pairs that at least two studies compare")
    assert joint.endswith("those of all 2 studies with 90% or more.")
    assert "none, so that levels have places and no shares" in html
    given = json.loads(run("across", "filled", "plain", "--results", str(two), "--reports", str(tmp_path), "--json").out)
    filled, plain = given["studies"]
    assert filled["ends"]["name"] == "mean fill"
    assert all(0 < one["low"] <= one["share"] <= one["high"] < 1 for one in filled["levels"])
    assert [one["place"] for one in filled["levels"]] == [1, 2, 3, 4]
    assert plain["ends"] is None
    assert {one["share"] for one in plain["levels"]} == {None}


def log_ratios(folder, name, over, under):
    """The differences of log scores by seed, over five seeds of confirmation, from the JSON files alone."""
    found = {over: {}, under: {}}
    for path in folder.glob("trials/*/record.json"):
        record = json.loads(path.read_text())
        of = found.get(record["study"]["cell"]["d_normalization"])
        if of is not None and record["study"]["role"] == "confirmation":
            scores = [json.loads(file.read_text()) for file in path.parent.glob("scores/*.json")]
            (of[record["config"]["seed"]],) = (s["estimates"][name]["value"] for s in scores if "selection" not in s["protocol"]["name"])
    assert len(found[over]) == len(found[under]) == 5
    return [np.log(found[over][seed] / found[under][seed]) for seed in found[over]]


def test_an_order_that_turns_round_in_published_records(run, tmp_path):
    """Both contrasts are decided by their own study, and one of them is not if the intervals of both studies hold together."""
    with tarfile.open(Path(__file__).parents[2] / "results" / "published" / "digits-normalizations.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    classes, larger = (f"digits-{task}-normalizations" for task in ("conditional", "super-resolution"))
    shown = run("across", classes, larger, "--by", "d_normalization", "--results", str(tmp_path), "--reports", str(tmp_path))
    clauses = []
    for study, score, better, other in (
        (classes, "intra_FD[classifier:digits]", "spectral", "layer"),
        (larger, "FD[classifier:digits]", "layer", "spectral"),
    ):
        d = log_ratios(tmp_path / study, score, better, other)
        ends = [np.exp(student.interval(1 - 0.05 / 3 / studies, 4, loc=np.mean(d), scale=sem(d))) for studies in (1, 2)]
        assert [high < 1 for _, high in ends] == [True, study == classes]
        value, low, high = (f"{x:.3g}" for x in (np.exp(np.mean(d)), *ends[0]))
        clauses.append(f"{better} is better in {study}, where its {score} is {value} times that of {other} ({low} to {high})")
    said = f"The order of layer and spectral turns round: {'; '.join(clauses)}. With 95% for all 2 studies together, {larger} is open, and so is the turn."
    assert said in shown.out.splitlines()
    html = (tmp_path / "across" / "d_normalization" / "index.html").read_text(encoding="utf-8")
    assert f"<p>{said}</p>" in html
    given = json.loads(
        run("across", classes, larger, "--by", "d_normalization", "--results", str(tmp_path), "--reports", str(tmp_path), "--json").out
    )
    assert given["turned"] == [["layer", "spectral"]]
    assert {(of["better"], of["other"]) for of in given["studies"][1]["pairs"] if of["decided"]} == {
        ("layer", "spectral"),
        ("none", "spectral"),
    }


def test_mistakes(run, two):
    for arguments, said in (
        (("filled", "--by", "los"), "unknown axis of filled with several levels 'los': did you mean 'loss'"),
        (("absent",), "absent"),
        (("filled",), "name two studies or more"),
        (("filled", "plain", "--by", "los"), "unknown axis of filled with several levels 'los': did you mean 'loss'"),
        (("filled", "absent"), "absent"),
    ):
        assert said in run("across", *arguments, "--results", str(two)).is_one_line_error()
