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
    assert "over 5 fresh seeds), until the first trial that reaches it, on average over all orders of the trials" in head
    assert titles.split()[:3] == ["architecture", "reach", "it"]
    assert {row.split()[0] for row in rows} == {"dcgan", "mlp"}
    easy = json.loads(run("targets", "first", "--target", "1000", "--results", str(two), "--json").out)["studies"]["first"]
    assert easy["rule"] == "as given"
    assert all(row["trials"] >= 1 and row["d_steps"] >= 170 for row in easy["levels"])
    assert len(easy["levels"]) == 4
    worst = json.loads(run("targets", "first", "--baseline", "wasserstein", "--results", str(two), "--json").out)["studies"]["first"]
    assert worst["rule"].startswith("the geometric mean of wasserstein")
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
    for arguments, said in (
        (("first", "second", "--target", "3"), "--target is for one study"),
        (("first", "--by", "los"), "unknown axis with several levels 'los': did you mean 'loss'"),
        (("first", "--baseline", "hing"), "unknown level of loss 'hing': did you mean 'hinge'"),
        (("third",), "third"),
    ):
        shown = run("targets", *arguments, "--results", str(two))
        assert (shown.code, shown.out) == (2, "")
        assert said in shown.err


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
