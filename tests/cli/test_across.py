"""`landscape across`: from the results of several studies to a table and a page."""

import json

import pytest
from helpers import synthetic_study as synthetic

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
    titles, *rows, said, where = shown.out.splitlines()
    assert titles.split() == ["loss", "filled", "plain"]
    assert len(rows) == 4
    assert all("[" in row and " of 4" in row for row in rows)
    assert said.endswith("of them).") or "(decided in " in said
    page = tmp_path / "across" / "loss" / "index.html"
    assert where == f"page: {page}"
    html = page.read_text(encoding="utf-8")
    assert "comparison of 2 studies" in html
    assert "none, so that levels have places and no shares" in html
    given = json.loads(run("across", "filled", "plain", "--results", str(two), "--reports", str(tmp_path), "--json").out)
    filled, plain = given["studies"]
    assert filled["ends"]["name"] == "mean fill"
    assert all(0 < one["low"] <= one["share"] <= one["high"] < 1 for one in filled["levels"])
    assert [one["place"] for one in filled["levels"]] == [1, 2, 3, 4]
    assert plain["ends"] is None
    assert {one["share"] for one in plain["levels"]} == {None}


def test_mistakes(run, two):
    for arguments, said in (
        (("filled", "--by", "los"), "unknown axis of filled with several levels 'los': did you mean 'loss'"),
        (("absent",), "absent"),
        (("filled",), "name two studies or more"),
        (("filled", "plain", "--by", "los"), "unknown axis of filled with several levels 'los': did you mean 'loss'"),
        (("filled", "absent"), "absent"),
    ):
        assert said in run("across", *arguments, "--results", str(two)).is_one_line_error()
