"""`landscape findings` on the committed studies, beside figures that are computed from their files here."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

PUBLISHED = Path(__file__).parents[2] / "results/published"
WORDS = {"reproduced", "contradicted", "undecided", "holds here", "does not hold here", "undecided here", "not addressed"}
FIELDS = ["id", "claim", "source", "says", "reason", "effect", "interval", "trials", "unit", "to_decide"]


def rows_of(run, study, *options):
    return {row["id"]: row for row in json.loads(run("findings", study, "--results", str(PUBLISHED), "--json", *options).out)[study]}


def searched(study, protocol, *scores):
    """Some scores [n, scores] of the completed trials of a search, read from their files."""
    found = []
    for file in sorted((PUBLISHED / study / "trials").glob("*/record.json")):
        record = json.loads(file.read_text())
        if record["status"] == "completed" and record["study"].get("role", "search") == "search":
            (of,) = [json.loads(path.read_text()) for path in file.parent.glob("scores/*.json") if path.name.startswith(f"{protocol}-")]
            found.append([of["estimates"][name]["value"] for name in scores])
    return np.array(found)


@pytest.mark.parametrize(
    ("study", "protocol", "extractor"),
    [("mnist-small", "quick", "classifier:mnist"), ("cifar10-small", "photographs-2k", "efficientnet_lite:lite0-112")],
)
def test_the_agreement_of_two_distances_is_computed_from_the_records(run, study, protocol, extractor):
    """FID and KID agree with 0.99 in the paper; FD and KID through these networks are below it, which is another score and so `here`."""
    row = rows_of(run, study)["F11"]
    assert (row["says"], row["unit"], row["to_decide"]) == ("does not hold here", "model", None)
    both = searched(study, protocol, f"FD[{extractor}]", f"KID[{extractor}]")
    rho = spearmanr(both).statistic
    assert row["effect"] == pytest.approx(rho)
    assert row["trials"] == [len(both)]
    reach = 1.959964 * math.sqrt((1 + rho**2 / 2) / (len(both) - 3))
    assert row["interval"] == pytest.approx([math.tanh(math.atanh(rho) - reach), math.tanh(math.atanh(rho) + reach)], abs=1e-6)
    assert row["interval"][1] < 0.99


def test_what_is_open_says_effect_runs_and_what_deciding_takes(run):
    rows = rows_of(run, "mnist-small")
    assert all(list(row) == FIELDS and row["says"] in WORDS for row in rows.values())
    row = rows["F5"]
    assert row["says"] == "undecided here"
    low, high = row["interval"]
    assert low < 1 < high
    assert low < row["effect"] < high
    assert (row["trials"], row["unit"]) == ([5, 5], "confirmation run")
    assert row["to_decide"].keys() == {"seeds", "trainings", "seconds"}
    assert row["to_decide"]["trainings"] == 2 * (row["to_decide"]["seeds"] - 5)
    shown = run("findings", "mnist-small", "--results", str(PUBLISHED)).out
    (line,) = [line for line in shown.splitlines() if line.split()[0] == "F5"]
    assert "by FD[classifier:mnist]" in line
    assert line.endswith(f"; 5 and 5 confirmation runs; {row['to_decide']['seeds']} seeds each (10 more trainings) would decide it")


def test_what_was_decided_on_other_data_holds_here_or_does_not(run):
    rows = rows_of(run, "cifar10-small")
    assert {i: rows[i]["says"] for i in ("F5", "F5b", "F13")} == {
        "F5": "does not hold here",
        "F5b": "holds here",
        "F13": "does not hold here",
    }
    assert all(rows[i]["to_decide"] is None and rows[i]["trials"] == [5, 5] for i in ("F5", "F5b", "F13"))


def test_what_is_not_addressed_is_left_out_unless_asked_for(run):
    rows = rows_of(run, "mnist-small")
    silent = [row for row in rows.values() if row["says"] == "not addressed"]
    assert all((row["effect"], row["interval"], row["to_decide"]) == (None, None, None) and row["reason"] for row in silent)
    head, *shown = run("findings", "mnist-small", "--results", str(PUBLISHED)).out.splitlines()
    assert head == f"mnist-small: {len(rows) - len(silent)} of {len(rows)} claims addressed"
    assert len(shown) == len(rows) - len(silent)
    assert len(run("findings", "mnist-small", "--results", str(PUBLISHED), "--all").out.splitlines()) == len(rows) + 1


def test_an_unknown_study_is_one_line(run):
    assert "unknown study 'mnist-smal'" in run("findings", "mnist-smal", "--results", str(PUBLISHED)).is_one_line_error()
