"""`landscape targets`: from results to a table, for one study and for several."""

import json

import pytest
from helpers import synthetic_study as synthetic


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two studies of losses and architectures, searched at random, the first with confirmation runs."""
    root = tmp_path_factory.mktemp("targets") / "results"
    for name, confirm in (("first", 5), ("second", 5)):
        synthetic.write_study(root, 40, name, confirm=confirm, pictures=False, searcher="random", axes=("loss", "architecture"))
    return root


def test_one_study(run, two):
    shown = run("targets", "first", "--by", "architecture", "--results", str(two))
    assert shown.code == 0, shown.err
    head, titles, *rows = shown.out.splitlines()
    assert head.startswith("first: FD[classifier:digits] of ")
    assert ", 20 wanted), until the first trial that reaches it, on average over all orders of the trials" in head
    assert titles.split()[:3] == ["architecture", "reach", "it"]
    assert {row.split()[0] for row in rows} == {"dcgan", "mlp"}
    easy = json.loads(run("targets", "first", "--target", "1000", "--results", str(two), "--json").out)["studies"]["first"]
    assert easy["rule"] == "as given"
    assert all(row["trials"] >= 1 and row["d_steps"] >= 170 for row in easy["levels"])
    assert len(easy["levels"]) == 4
    worst = json.loads(run("targets", "first", "--baseline", "wasserstein", "--results", str(two), "--json").out)["studies"]["first"]
    assert worst["rule"].startswith("the median of 5 fresh seeds of wasserstein")
    assert sum(row["reached"] for row in worst["levels"]) >= 1


def test_several_studies_have_a_profile(run, two):
    shown = run("targets", "first", "second", "--baseline", "wasserstein", "--results", str(two), "--json")
    profile = json.loads(shown.out)["profile"]
    assert profile["ratios"][0] == 1
    assert len(profile["levels"]) == 4
    assert max(shares[0] for shares in profile["levels"].values()) == 1
    assert all(list(shares) == sorted(shares) for shares in profile["levels"].values())
    assert "share of 2 studies" in run("targets", "first", "second", "--results", str(two)).out


def test_mistakes(run, two):
    synthetic.write_study(two, 4, "norms", confirm=0, pictures=False, axes=("d_normalization", "loss"))
    for record in (two / "norms" / "trials").glob("*/record.json"):
        data = json.loads(record.read_text())
        del data["study"]["cell"]["loss"]
        record.write_text(json.dumps(data))
    facts = json.loads((two / "norms" / "study.json").read_text())
    del facts["space"]["axes"]["loss"]
    (two / "norms" / "study.json").write_text(json.dumps(facts))
    for arguments, said in (
        (("first", "second", "--target", "3"), "--target is for one study"),
        (("first", "--target", "3", "--baseline", "hinge"), "--target and --baseline both set the target: give one of them"),
        (("first", "--by", "nonsense", "--target", "3"), "unknown axis 'nonsense': did you mean 'loss'? choose from architecture, loss"),
        (("norms", "--target", "3"), "unknown axis 'loss': choose from d_normalization"),
        (("first", "--by", "los"), "unknown axis with several levels 'los': did you mean 'loss'"),
        (("first", "--baseline", "hing"), "unknown level of loss 'hing': did you mean 'hinge'"),
        (("third",), "third"),
    ):
        shown = run("targets", *arguments, "--results", str(two))
        assert (shown.code, shown.out) == (2, "")
        assert said in shown.err
        assert len(shown.err.splitlines()) == 1


def test_a_study_with_rules_of_tuning_shows_what_its_levels_count_by(run, two):
    synthetic.write_study(two, 12, "ruled", pictures=False, searcher="random", axes=("loss",))
    path = two / "ruled" / "study.json"
    facts = json.loads(path.read_text())
    facts["space"]["ruleset"] = "external"
    path.write_text(json.dumps(facts))
    *_, head, titles, first, _, _, _ = run("targets", "ruled", "--results", str(two)).out.splitlines()
    assert head == "ruleset external: FD[classifier:digits], the median of the best of each search"
    assert titles.split() == ["loss", "median", "each"]
    assert len(first.split()) == 3


def test_a_study_named_twice_is_one_study(run, two):
    shown = run("targets", "first", "first", "--results", str(two))
    assert shown.out == run("targets", "first", "--results", str(two)).out
    assert run("targets", "first", "first", "--target", "1000", "--results", str(two)).code == 0


def ruled(two, name, searcher="optuna-tpe", **space):
    """Write a study of two axes whose description has these fields of a space, and return the path of the description."""
    path = synthetic.write_study(two, 24, name, confirm=0, pictures=False, searcher=searcher, axes=("loss", "architecture")) / "study.json"
    facts = json.loads(path.read_text())
    facts["space"] |= space
    path.write_text(json.dumps(facts))
    return path


def test_what_is_counted_is_said(run, two):
    """A grid, a search that learns, several searches, several seeds, and no search at all each have their words."""
    for name, searcher, space, said in (
        ("grid", "grid", {}, "reaches it, in the order of the grid, which is that of its points in the file"),
        ("tpe", "optuna-tpe", {}, "reaches it, as the search ran"),
        ("three", "optuna-tpe", {"ruleset": "external"}, "reaches it, as the search ran, in the median search of a level"),
        ("seeds", "random", {"seeds": 3}, "brackets: 95%; a trial is one setting with 3 seeds: the lower median of their scores"),
        ("tuned", "optuna-tpe", {"ruleset": "self-tuning", "search": {}}, "on average over all orders of the trials; brackets: 95%"),
    ):
        ruled(two, name, searcher, **space)
        head, *lines = run("targets", name, "--target", "30", "--results", str(two)).out.splitlines()
        assert said in head
    head, titles, *rows = lines[5:]
    assert head.endswith("the median of the seeds of the one setting in the best cell of a level, which the selection samples choose")
    assert titles.split() == ["loss", "median", "each", "cell"]
    assert len(rows) == 4


def test_searches_are_told_apart_by_their_records(run, two):
    path = ruled(two, "apart", ruleset="external")
    for record in (path.parent / "trials").glob("*/record.json"):
        data = json.loads(record.read_text())
        data["study"]["search"] = data["study"]["ask"] // 8 % 3
        record.write_text(json.dumps(data))
    rows = json.loads(run("targets", "apart", "--target", "1e9", "--results", str(two), "--json").out)["studies"]["apart"]["levels"]
    assert {(row["trials"], row["note"]) for row in rows} == {(1.0, "the median of 3 searches in their own order")}
