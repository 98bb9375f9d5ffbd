"""Verdicts, intervals of shares and published numbers on the page, recomputed by a reader that knows the files, pandas and SciPy alone."""

import itertools
import json
import math
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import ncf, sem
from scipy.stats import t as student

import landscape.published
from landscape.report import formats

AXES = ("loss", "architecture")
SCORE = "FD[classifier:digits]"


def tables_of(folder):
    """Table name -> rows of cell texts, first row the heads."""
    html = (folder / "index.html").read_text(encoding="utf-8")
    found = {}
    for name, body in re.findall(r'<table class="sortable[^"]*" id="table-([^"]+)">(.*?)</table>', html, flags=re.S):
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S) for row in re.findall(r"<tr>(.*?)</tr>", body, flags=re.S)]
        found[name] = [[" ".join(unescape(re.sub(r"<[^>]+>", " ", c.replace("<wbr>", ""))).split()) for c in row] for row in cells]
    return found


def trials_of(folder):
    """One row a trial, from the JSON files alone."""
    rows = []
    for path in sorted((folder.parent.parent / "results" / "digits" / "trials").glob("*/record.json")):
        record = json.loads(path.read_text())
        row = {"setting": record["setting_digest"], "status": record["status"], "role": record["study"]["role"], **record["study"]["cell"]}
        row["seed"] = record["config"]["seed"]
        for scores in path.parent.glob("scores/*.json"):
            row["score"] = json.loads(scores.read_text())["estimates"][SCORE]["value"]
        rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def folder(reported):
    return reported(72, axes=AXES)


def test_verdicts(folder):
    """Paired seeds of settings that share the other axis, in logarithms; Student's t, jointly over the pairs (Bonferroni)."""
    trials, (head, *rows) = trials_of(folder), tables_of(folder)["contrasts_loss"]
    search = trials[(trials["role"] == "search") & trials["score"].notna()]
    best = {cell: of.loc[of["score"].idxmin(), "setting"] for cell, of in search.groupby(list(AXES))}
    runs = {}
    for cell, of in trials[trials["role"] == "confirmation"].groupby(list(AXES)):
        chosen = of[of["setting"] == best[cell]]
        if len(chosen):
            runs[cell] = np.log(chosen.set_index("seed")["score"])
    levels = sorted({loss for loss, _ in runs})
    assert {frozenset(row[:2]) for row in rows} == {frozenset(pair) for pair in itertools.combinations(levels, 2)}
    at = [next(i for i, text in enumerate(head) if text.startswith(start)) for start in ("Ratio", "Verdict", "Common seeds")]
    joint = 1 - 0.05 / len(rows)
    for row in rows:
        both = [arch for loss, arch in runs if loss == row[0] and (row[1], arch) in runs]
        apart = pd.concat([runs[row[0], arch] - runs[row[1], arch] for arch in both], axis=1).dropna().mean(axis=1)
        low, high = student.interval(joint, len(apart) - 1, loc=apart.mean(), scale=sem(apart))
        shown = f"{formats.number(math.exp(apart.mean()))} {formats.interval(math.exp(low), math.exp(high))}"
        assert [row[i] for i in at] == [shown, "decided" if high < 0 else "not decided", str(len(apart))]


def test_intervals_of_shares_of_variance(folder):
    """Of each axis and of their interaction: the noncentralities that do not reject the observed F, over the total."""
    trials, tables = trials_of(folder), tables_of(folder)
    rows = trials[(trials["role"] == "search") & trials["status"].isin(["completed", "diverged"])]
    ranks = pd.Series(rows["score"].where(rows["status"] == "completed", np.inf)).rank(method="average").to_numpy()
    total = ((ranks - ranks.mean()) ** 2).sum()

    def residual(columns):
        design = np.column_stack([np.ones(len(rows)), *(pd.get_dummies(c, drop_first=True).to_numpy(float) for c in columns)])
        return ((ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]) ** 2).sum()

    def text(gained, levels, left, freedom):
        noise = left / freedom
        observed = gained / levels / noise
        ends = []
        for below in (0.975, 0.025):
            reaches = ncf.cdf(observed, levels, freedom, 0.0) > below
            ends.append(brentq(lambda shift, p=below: ncf.cdf(observed, levels, freedom, shift) - p, 0.0, 5000.0) if reaches else 0.0)
        point = min(1.0, max(0.0, (gained - levels * noise) / total))
        low, high = min(point, ends[0] * noise / total), max(point, min(1.0, ends[1] * noise / total))
        return f"{formats.share(point)} {formats.interval(low, high, formats.share)}"

    whole = residual([rows[a] for a in AXES])
    count = {a: rows[a].nunique() - 1 for a in AXES}
    freedom = len(rows) - 1 - sum(count.values())
    expected = {a: text(residual([rows[b] for b in AXES if b != a]) - whole, count[a], whole, freedom) for a in AXES}
    cells = residual([rows["loss"] + rows["architecture"]])
    inside = len(rows) - rows.groupby(list(AXES)).ngroups
    expected["combinations of axes"] = text(whole - cells, freedom - inside, cells, inside)
    head, *lines = tables["importance"]
    shown = {line[0]: line[head.index("Share of variance")] for line in lines}
    assert {name: shown[name] for name in expected} == expected
    head, *lines = tables["answer"]
    assert {line[0]: line[head.index("Share of variance")] for line in lines} == {a: expected[a] for a in AXES}


def on_cifar10(study):
    """Make it a study on CIFAR-10 under Mimicry's protocol, whose FID was published."""
    for path in study.rglob("*.json"):
        text = path.read_text().replace(SCORE, "FID").replace('"name": "quick"', '"name": "mimicry"')
        path.write_text(text.replace('"dataset": "digits"', '"dataset": "cifar10"'), encoding="utf-8")


def test_published_numbers(reported):
    ledger = pd.read_csv(Path(landscape.published.__file__).parent / "rows.csv", dtype=str, keep_default_na=False)
    rows = ledger[(ledger["paper"] == "mimicry-2020") & (ledger["dataset"] == "CIFAR10") & (ledger["metric"] == "FID")]
    head, *shown = tables_of(reported(12, on_cifar10, axes=("loss",), confirm=0))["published"]
    assert shown
    at = {f"{row.paper}/{row.table}/{row.row}": row for row in rows.itertuples()}
    labels = {"Model": "model", "Loss": "loss", "Normalization": "normalization", "Architecture": "architecture", "Source": "source"}
    for line in shown:
        cells, row = dict(zip(head, line, strict=True)), at[line[0]]
        assert cells["Published"] == (f"{row.value} ± {row.spread}" if row.spread else row.value)
        assert {label: cells[label] for label in labels} == {label: getattr(row, name) or "–" for label, name in labels.items()}
