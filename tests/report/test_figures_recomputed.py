"""Figures of the page's tables, of the map and of the script's data, recomputed by a reader that knows the records, pandas and SciPy alone."""

import json
import math
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import beta, binom, gmean
from scipy.stats import t as student

from landscape.report import formats
from landscape.report.study_figures import chosen_trials
from landscape.report.view import view_of
from landscape.results.studies import read_study
from landscape.space.settings import Confirmation

AXES = ("loss", "architecture")
SCORE = "FD[classifier:digits]"


@pytest.fixture(scope="module")
def folder(reported):
    return reported(72, axes=AXES)


@pytest.fixture(scope="module")
def trials(folder):
    """One row a trial, from the JSON files alone."""
    rows = []
    for path in sorted((folder.parent.parent / "results" / "digits" / "trials").glob("*/record.json")):
        record = json.loads(path.read_text())
        row = {k: record[k] for k in ("digest", "setting_digest", "status")}
        row |= {"role": record["study"]["role"], "seconds": sum(record["seconds"].values()), "d_steps": record["counts"]["d_steps"]}
        row |= record["study"]["cell"] | {"cell": " · ".join(record["study"]["cell"][a] for a in AXES)}
        row |= {"learning_rate": record["config"]["d_optimizer"]["learning_rate"], "beta1": record["config"]["d_optimizer"]["beta1"]}
        for scores in path.parent.glob("scores/*.json"):
            for name, estimate in json.loads(scores.read_text())["estimates"].items():
                low, high = estimate["interval"] or (math.nan, math.nan)
                row |= {name: estimate["value"], f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def page(folder):
    """Table name -> rows of cell texts, first row the heads."""
    html = (folder / "index.html").read_text(encoding="utf-8")
    found = {}
    for name, body in re.findall(r'<table class="sortable[^"]*" id="table-([^"]+)">(.*?)</table>', html, flags=re.S):
        rows = re.findall(r"<tr>(.*?)</tr>", body, flags=re.S)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S) for row in rows]
        found[name] = [[" ".join(unescape(re.sub(r"<[^>]+>", " ", c.replace("<wbr>", ""))).split()) for c in row] for row in cells]
    return found


def checked(page, name, key, expected, column):
    """Compare one column of a table, row by row."""
    head, *rows = page[name]
    at = next(i for i, text in enumerate(head) if text.startswith(column))
    shown = {row[0] if key is None else tuple(row[i] for i in key): row[at] for row in rows}
    assert shown == expected, (name, column)
    return len(shown)


def finished(trials):
    search = trials[trials["role"] == "search"]
    return search[search["status"].isin(["completed", "diverged"])]


def cost(rows):
    return np.sort(rows[SCORE].where(rows["status"] == "completed", np.inf).to_numpy())


def quantile(values):
    """(value, low, high, rank, n) of the top quantile: the k-th best with k = max(5% of n, 5), between exact order statistics."""
    n = len(values)
    if n < 6:
        return None
    share = min(0.5, max(0.05, 5 / n))
    rank = math.ceil(n * share - 1e-9)
    best = None
    for low in range(1, n):
        for high in range(low + 1, n + 1):
            covered = binom.cdf(high - 1, n, share) - binom.cdf(low - 1, n, share)
            if covered >= 0.95 and (best is None or (high - low, -covered) < best[0]):
                best = ((high - low, -covered), low, high)
    return values[rank - 1], values[best[1] - 1], values[best[2] - 1]


def clopper_pearson(k, n):
    low = 0.0 if k == 0 else beta.ppf(0.025, k, n - k + 1)
    return low, 1.0 if k == n else beta.ppf(0.975, k + 1, n - k)


def share_text(k, n):
    return f"{formats.share(k / n)} {formats.interval(*clopper_pearson(k, n), formats.share)}"


@pytest.mark.parametrize("axis", AXES)
def test_levels(page, trials, axis):
    groups = dict(list(finished(trials).groupby(axis)))
    name = f"levels_{axis}"
    searched = trials[trials["role"] == "search"].groupby(axis).size()
    checked(page, name, None, {level: str(n) for level, n in searched.items()}, "Trials")
    checked(page, name, None, {level: formats.number(rows[SCORE].min()) for level, rows in groups.items()}, "Best")
    diverged = {level: share_text(int((rows["status"] == "diverged").sum()), len(rows)) for level, rows in groups.items()}
    checked(page, name, None, diverged, "Diverged")
    head, *rows = page[name]
    at = head.index("Top quantile ↓")
    for row in rows:
        value, low, high = quantile(cost(groups[row[0]]))
        assert row[at].startswith(f"{formats.number(value)} {formats.interval(low, high)}"), (name, row)
    time = next(i for i, text in enumerate(head) if text.startswith("Time a trial"))
    every = dict(list(trials[trials["role"] == "search"].groupby(axis)))
    for row in rows:
        seconds = every[row[0]]["seconds"]
        assert row[time] == f"{formats.duration(seconds.mean())} {formats.duration(seconds.sum())} in all"
    best = {level: rows.loc[rows[SCORE].idxmin(), "MS-SSIM"] for level, rows in groups.items()}
    checked(page, name, None, {level: formats.number(value) for level, value in best.items()}, "Diversity of best")


def test_cells(page, trials):
    groups = {tuple(key): rows for key, rows in finished(trials).groupby(list(AXES))}
    key = (0, 1)
    searched = trials[trials["role"] == "search"].groupby(list(AXES)).size()
    assert checked(page, "cells", key, {c: str(n) for c, n in searched.items()}, "Trials") == 8
    checked(page, "cells", key, {c: formats.number(r[SCORE].min()) for c, r in groups.items()}, "Best")
    checked(page, "cells", key, {c: share_text(int((r["status"] == "diverged").sum()), len(r)) for c, r in groups.items()}, "Diverged")
    seconds = trials[trials["role"] == "search"].groupby(list(AXES))["seconds"].mean()
    checked(page, "cells", key, {c: formats.duration(s) for c, s in seconds.items()}, "Time a trial")
    shown = {(row[0], row[1]): row[4] for row in page["cells"][1:]}
    for cell, rows in groups.items():
        value, low, high = quantile(cost(rows))
        assert shown[cell].startswith(f"{formats.number(value)} {formats.interval(low, high)}")


def test_health(page, trials):
    groups = dict(list(finished(trials).groupby("cell")))
    checked(page, "health", None, {c: str(len(r)) for c, r in groups.items()}, "Trials")
    checked(page, "health", None, {c: str(int((r["status"] == "diverged").sum())) for c, r in groups.items()}, "Diverged")
    checked(page, "health", None, {c: share_text(int((r["status"] == "completed").sum()), len(r)) for c, r in groups.items()}, "Healthy")


def test_confirmation_runs(page, trials):
    confirmed = trials[trials["role"] == "confirmation"]
    means = {}
    for setting, rows in confirmed.groupby("setting_digest"):
        logs = np.log(rows[SCORE])
        reach = student.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
        means[setting] = (gmean(rows[SCORE]), math.exp(logs.mean() - reach), math.exp(logs.mean() + reach), rows["cell"].iloc[0], len(rows))
    texts = {(cell, f"{formats.number(m)} {formats.interval(low, high)}", str(n)) for m, low, high, cell, n in means.values()}
    head, *rows = page["confirmed_loss"]
    at = [next(i for i, t in enumerate(head) if t.startswith(start)) for start in ("Setting", "Geometric mean", "Fresh seeds")]
    assert len(rows) >= 3
    for row in rows:
        assert tuple(row[i] for i in at) in texts


def test_best_trials_and_all_trials(page, trials):
    scored = trials[trials[SCORE].notna()].sort_values(SCORE, kind="stable")
    head, *rows = page["trials"]
    assert len(rows) == 60
    at = {row["digest"]: row for row in trials.to_dict("records")}
    for row in rows:
        trial = at[row[0]]
        shown = dict(zip(head, row, strict=True))
        assert shown[f"{SCORE} ↓"] == formats.number(trial[SCORE])
        assert (shown["loss"], shown["architecture"], shown["Status"]) == (trial["loss"], trial["architecture"], trial["status"])
        assert shown["Time"] == formats.duration(trial["seconds"])
    assert [row[0] for row in rows] == scored["digest"].head(60).tolist()
    head, *rows = page["best_trials"]
    for column, text in list(enumerate(head))[2:]:
        trial = next(t for d, t in at.items() if d.startswith(text.rpartition(", ")[2]))
        for row in rows:
            name = row[0].removesuffix(" ↓").removesuffix(" ↑")
            low, high = trial[f"{name}_low"], trial[f"{name}_high"]
            assert row[column] == f"{formats.number(trial[name])} {formats.interval(low, high)}".strip()


def selected_the_other_way_round(study):
    """Score every trial on selection samples too, on which the worst trial of the report is the best."""
    for path in study.glob("trials/*/scores/*.json"):
        scores = json.loads(path.read_text())
        scores["protocol"] |= {"name": f"{scores['protocol']['name']}/selection", "digest": "5" * 16}
        for name in scores["estimates"]:
            scores["estimates"][name] |= {"value": 1 / scores["estimates"][name]["value"], "interval": None}
        path.with_name("selection.json").write_text(json.dumps(scores))


def test_the_best_model_is_chosen_by_the_selection_samples_and_shown_with_its_reporting_score(reported):
    folder = reported(24, selected_the_other_way_round, axes=AXES, confirm=0)
    rows = []
    for path in (folder.parent.parent / "results" / "digits" / "trials").glob("*/record.json"):
        scores = [json.loads(p.read_text()) for p in path.parent.glob("scores/*.json")]
        row = {s["protocol"]["name"]: s["estimates"][SCORE]["value"] for s in scores}
        rows.append((row.get("quick/selection", math.inf), row.get("quick"), path.parent.name))
    chosen = sorted(rows)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["best"]["digest"] == chosen[0][2]
    assert formats.number(chosen[0][1]) in summary["best"]["text"]
    data = json.loads((folder / "data.json").read_text())
    found = dict(zip(data["trials"]["digest"], data["trials"]["selection_costs"], strict=True))
    by_selection = sorted(found, key=lambda d: math.inf if found[d] is None else found[d])
    assert by_selection[:5] == [row[2] for row in chosen[:5]]


def test_the_curves_are_those_of_the_chosen_the_median_and_the_first_diverged_trial(folder, trials):
    study = read_study(folder.parent.parent / "results" / "digits")
    scored = trials[(trials["role"] == "search") & trials[SCORE].notna()].sort_values(SCORE, kind="stable")
    shown = {label: record.digest for label, record in chosen_trials(view_of(study)).items()}
    assert shown["best"] == scored["digest"].iloc[0]
    assert trials.set_index("digest").loc[shown["typical"], SCORE] == scored[SCORE].iloc[len(scored) // 2]
    assert trials.set_index("digest").loc[shown["diverged"], "status"] == "diverged"


def test_the_answer_and_what_matters(page, trials):
    """Shares of variance: what an axis explains of the ranks beside the other one, less chance, over the total."""
    rows = finished(trials)
    ranks = pd.Series(rows[SCORE].where(rows["status"] == "completed", np.inf)).rank(method="average").to_numpy()
    total = ((ranks - ranks.mean()) ** 2).sum()

    def residual(axes):
        design = np.column_stack([np.ones(len(rows)), *(pd.get_dummies(rows[a], drop_first=True).to_numpy(float) for a in axes)])
        return ((ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]) ** 2).sum()

    whole, count = residual(AXES), {a: rows[a].nunique() - 1 for a in AXES}
    spread = whole / (len(rows) - 1 - sum(count.values()))
    for axis in AXES:
        other = [a for a in AXES if a != axis]
        share = max(0.0, (residual(other) - whole - count[axis] * spread) / total)
        for table, column in (("answer", "Share of variance"), ("importance", "Share of variance")):
            head, *lines = page[table]
            at = head.index(column)
            assert next(line for line in lines if line[0] == axis)[at].startswith(formats.share(share)), (table, axis)


def defined(study):
    """Write how the study is run again."""
    facts = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(facts | {"definition": facts["space"]}))


def test_what_would_decide_an_axis_is_the_same_in_the_table_and_in_the_command(reported, page):
    folder = reported(72, defined, axes=AXES)
    head, *rows = page["answer"]
    shown = {row[0]: row[head.index("What deciding takes")] for row in rows}
    in_table = {axis: int(text.split(" ")[0].replace(",", "")) for axis, text in shown.items() if "seeds each" in text}
    text = (folder / "index.html").read_text(encoding="utf-8")
    settings = [yaml.safe_load(line)["confirmation"] for line in re.findall(r"^# (confirmation: \{.*\})  # ", text, flags=re.M)]
    commands = {setting["axes"][0].replace("_", " "): setting for setting in settings}
    assert commands
    assert {axis: setting["most_seeds"] for axis, setting in commands.items()} == in_table
    assert all(Confirmation.model_validate(setting).axes == (axis,) for axis, setting in commands.items())


def test_the_map_holds_the_expected_best_the_median_and_the_share_of_healthy_trials(folder, trials):
    data = json.loads((folder / "data.json").read_text())
    measures = data["cells"]
    rows = finished(trials)
    worst = rows[SCORE].max()
    k = measures["budget"]
    for i, cell in enumerate(data["trials"]["cells"]):
        values = cost(rows[(rows["loss"] == cell[0]) & (rows["architecture"] == cell[1])])
        n = len(values)
        chances = [math.comb(n - j, k - 1) / math.comb(n, k) for j in range(1, n + 1)]
        assert measures["scores"][SCORE]["expected"][i] == pytest.approx(np.dot(chances, np.minimum(values, worst)), rel=1e-5)
        assert measures["scores"][SCORE]["median"][i] == pytest.approx(values[(n - 1) // 2], rel=1e-5)
        assert measures["healthy"][i] == pytest.approx(np.isfinite(values).mean(), rel=1e-5)


def test_data_of_the_script_are_those_of_the_records(folder, trials):
    data = json.loads((folder / "data.json").read_text())["trials"]
    at = trials.set_index("digest")
    assert set(data["digest"]) == set(at.index)
    for i, digest in enumerate(data["digest"]):
        row = at.loc[digest]
        assert (data["status"][i], data["role"][i], data["cells"][data["cell"][i]]) == (row["status"], row["role"], [row[a] for a in AXES])
        assert data["values"]["learning_rate"][i] == pytest.approx(row["learning_rate"], rel=1e-5)
        assert data["values"]["beta1"][i] == pytest.approx(row["beta1"], rel=1e-5)
        assert (data["d_steps"][i], data["seconds"][i]) == (row["d_steps"], pytest.approx(row["seconds"], rel=1e-5))
        for name, column in data["scores"].items():
            assert column[i] == (None if pd.isna(row[name]) else pytest.approx(row[name], rel=1e-5))


def test_packed_curves_are_those_of_the_records(folder):
    from landscape.report.interactive.packed_curves import unpack

    data = json.loads((folder / "data.json").read_text())
    results = folder.parent.parent / "results" / "digits" / "trials"
    for digest, packed in list(zip(data["trials"]["digest"], data["curves"]["trials"], strict=True))[:10]:
        curves = json.loads((results / digest / "record.json").read_text())["curves"]
        assert set(packed) == set(curves)
        for name, points in curves.items():
            x, y = np.array(points).T
            _, _, low, high, _ = packed[name]
            for step, value in unpack(packed[name]):
                exact = math.sinh(np.interp(step, x, np.arcsinh(y)))
                assert abs(value - exact) <= ((high - low) / 131_070 * 1.01 + 1e-6) * math.hypot(1, exact)
