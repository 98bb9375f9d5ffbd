"""The ledger beside what was run: the join, the verdicts, and the page."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers.browser import Visit, violations
from markupsafe import escape

from landscape.analysis.agreement import PublishedMean, agreement
from landscape.core.errors import UserError
from landscape.published.settings import setting_of
from landscape.report import published_page
from landscape.report.published_rows import lines
from landscape.report.study_published import published_beside
from landscape.results.published_runs import RowRun, read_runs, remember
from landscape.results.record import Estimate, Scores, Status, TrialRecord

KEY = "landscape-2018/table-5/cifar10/sn-1"
PROTOCOL = "landscape-2018"
SEEDS = [25.0, 25.4, 24.9, 25.2, 25.6]


def write_trials(results, values, key=KEY, metric="FID", score="FID", bounds=(0.0, None), protocol=PROTOCOL, **run):
    """A trial for each of `values`, and the note of what they are; None stands for a trial that diverged."""
    folder = results / "published" / key.split("/")[0] / "trials"
    digests = []
    for seed, value in enumerate(values):
        digest = f"{len(list(folder.glob('*'))):016x}" if folder.exists() else "0" * 16
        status = Status.COMPLETED if value is not None else Status.DIVERGED
        record = TrialRecord(
            digest, "s", "r", {"seed": seed}, status, counts={"d_steps": 1000}, seconds={"training": 1800.0}, environment={"device": "cpu"}
        )
        (folder / digest / "scores").mkdir(parents=True)
        (folder / digest / "record.json").write_text(json.dumps(record.to_json()))
        if value is not None:
            scores = Scores({"name": protocol, "digest": "d" * 16}, {score: Estimate(value, "lower", bounds=bounds)})
            (folder / digest / "scores" / f"p-{'d' * 16}.json").write_text(json.dumps(scores.to_json()))
        digests.append(digest)
    remember(results, [RowRun(key, tuple(digests), {metric: (protocol, score)}, **run)])


def the_line(results, key=KEY, metric="FID"):
    (found,) = [line for line in lines(results) if line.number.key == key and line.number.metric == metric]
    return found


def test_a_row_that_was_run_gets_its_verdict(tmp_path):
    write_trials(tmp_path, SEEDS)
    line = the_line(tmp_path)
    expected = agreement(SEEDS, PublishedMean(25.27, runs=5), margin=2.527)
    assert (line.verdict, line.found, line.note) == ("agrees", expected, "")
    assert the_line(tmp_path, "landscape-2018/table-5/cifar10/sn-2").verdict == "not run"


@pytest.mark.parametrize(
    ("values", "run", "why"),
    [(SEEDS[:3], {}, "3 of 5 trainings"), (SEEDS, {"share": 0.25}, "0.25 of the published steps"), (SEEDS, {"note": "on JPEG"}, "on JPEG")],
)
def test_less_than_published_decides_nothing(tmp_path, values, run, why):
    write_trials(tmp_path, values, **run)
    line = the_line(tmp_path)
    assert line.verdict == "reduced: no verdict"
    assert why in line.note


def test_a_diverged_training_is_not_passed_over(tmp_path):
    write_trials(tmp_path, [*SEEDS[:4], None])
    line = the_line(tmp_path)
    assert line.verdict == "not compared"
    assert line.note == "1 of 5 trainings have no such score (4 completed, 1 diverged)"


def test_a_training_that_was_stopped_early_decides_nothing(tmp_path):
    write_trials(tmp_path, SEEDS)
    file = next(tmp_path.glob("published/*/trials/*/record.json"))
    file.write_text(json.dumps(json.loads(file.read_text()) | {"status": "stopped_early"}))
    line = the_line(tmp_path)
    assert (line.verdict, line.note) == ("reduced: no verdict", "1 of 5 trainings ended early")


def test_a_bounded_score_gets_no_interval_from_few_seeds(tmp_path):
    key, metric = "pacgan-2018/table-1/ring/gan", "modes (max 8)"
    write_trials(tmp_path, [6.0, 7.0, 5.0] * 4, key, metric, "modes", (0.0, 8.0), "pacgan-2018")
    line = the_line(tmp_path, key, metric)
    assert line.verdict == "no interval for a bounded score"
    assert "two bounds" in line.note


def test_the_best_of_several_settings_is_compared(tmp_path):
    key = "sngan-2018/table-2/cifar10/sn-gan"
    for variant, shift in (("A", 5.0), ("B", 0.0), ("C", 2.0)):
        write_trials(tmp_path, [v + shift for v in SEEDS], key, protocol="sngan-2018", variant=variant)
    line = the_line(tmp_path, key)
    assert line.found.ours.value == pytest.approx(sum(SEEDS) / 5)
    assert line.note == "3 of 6 settings; best of the settings: B"
    assert line.verdict == "reduced: no verdict"


def test_runs_are_remembered_once(tmp_path):
    write_trials(tmp_path, SEEDS[:3])
    write_trials(tmp_path, SEEDS)
    (run,) = read_runs(tmp_path)
    assert len(run.trials) == 5
    shorter = replace(run, trials=run.trials[:2])
    remember(tmp_path, [shorter])
    assert read_runs(tmp_path) == [run], "fewer seeds of the same trials take nothing away"
    others = replace(run, trials=("f" * 16,))
    remember(tmp_path, [others])
    assert read_runs(tmp_path) == [others], "trials of another configuration replace those"
    (tmp_path / "published" / "landscape-2018" / "rows.json").write_text('{"rows": [{"key": 1}]}')
    with pytest.raises(UserError, match=r"rows\.json is damaged"):
        read_runs(tmp_path)


def test_the_page_shows_every_number_and_withholds_recalled_ones(tmp_path):
    write_trials(tmp_path, SEEDS)
    page = published_page.write_ledger(tmp_path, tmp_path / "out")
    html = page.read_text()
    with (tmp_path / "out" / "ledger.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 872
    withheld = [row for row in rows if row["verdict"] == "recalled"]
    assert len(withheld) == 17
    assert {row["published"] for row in withheld} == {"recalled, not read: withheld"}
    assert "155.7" not in html, "the recalled FID of a VAE on CIFAR-10"
    with (tmp_path / "out" / "run.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["verdict"], row["seeds"], row["hours"]) == ("agrees", "5", "2.5")
    assert float(row["difference"]) == pytest.approx(sum(SEEDS) / 5 - 25.27)
    assert published_page.FILTERS
    assert set(published_page.FILTERS) <= {column.key for column in published_page.ledger_page(tmp_path).every.columns}
    assert "265 belong to rows that can be run here; 1 number has a run: 1 agrees" in html


def test_processes_that_note_rows_at_the_same_time_lose_none(tmp_path):
    noting = """
import sys
from landscape.results.published_runs import RowRun, remember
for i in range(20):
    remember(sys.argv[1], [RowRun("a/b/c", ("0" * 16,), {}, note=f"{sys.argv[2]} {i}")])
"""
    both = [subprocess.Popen([sys.executable, "-c", noting, str(tmp_path), which]) for which in "xy"]
    assert [one.wait(120) for one in both] == [0, 0]
    assert len(read_runs(tmp_path)) == 40


def test_margins_are_those_of_the_file():
    comparison = setting_of(KEY).scores["FID"]
    assert comparison.margin_at(25.27) == pytest.approx(2.527)


def study_view(dataset, protocol, score):
    study = SimpleNamespace(facts={"space": {"dataset": dataset}})
    return SimpleNamespace(study=study, table=SimpleNamespace(protocol={"name": protocol}, frame=pd.DataFrame()), score=score)


def test_a_study_names_what_compares_with_it_and_what_does_not():
    found = published_beside(study_view("cifar10", "mimicry", "FID"))
    assert set(found.table.frame["row"]) == {f"mimicry-2020/baselines/cifar10/{row}" for row in ("cgan-pd", "sngan", "wgan-gp")}
    assert found.sentence.startswith("3 published numbers on cifar10 are FID under mimicry, as here.")
    assert "more published numbers on cifar10" in found.sentence
    other = published_beside(study_view({"name": "cifar10"}, "quick", "FD[classifier]"))
    assert other.table is None
    assert "are of another score or protocol and cannot be compared with FD[classifier] under quick" in other.sentence
    assert published_beside(study_view("digits", "quick", "FD[classifier]")) is None


def test_the_last_weights_are_not_the_best():
    assert published_beside(study_view("cifar10", "landscape-2018/last", "FID")).table is None
    best = published_beside(study_view("cifar10", "landscape-2018", "FID"))
    assert len(best.table.frame) == 10


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (400, "light")])
def test_the_page_draws_sorts_and_filters_in_a_browser(browser, tmp_path, width, scheme):
    write_trials(tmp_path, SEEDS)
    with Visit(browser, published_page.write_ledger(tmp_path, tmp_path / "out"), width=width, scheme=scheme) as seen:
        drawing = seen.page.locator('[data-chart="run"] svg')
        assert drawing.count() == 1
        assert drawing.get_attribute("aria-label").startswith("Ours minus published")
        words = drawing.locator("text, tspan").all_text_contents()
        assert {KEY, "FID"} <= set(words) if width == 400 else f"{KEY}, FID" in words
        seen.page.locator(".filters select").nth(1).select_option("recalled")
        assert seen.page.locator("#table-ledger tbody tr:visible").count() == 17
        assert seen.page.locator(".filters output").inner_text() == "17 of 872 rows"
        assert seen.problems == []
        assert seen.overflow <= 0
        assert violations(seen) == []


def test_a_chart_holds_the_difference_in_margins(tmp_path):
    write_trials(tmp_path, SEEDS)
    chart = published_page.ledger_page(tmp_path).chart.to_json("")
    found = agreement(SEEDS, PublishedMean(25.27, runs=5), margin=2.527).difference
    assert chart["data"]["number"] == [f"{KEY}, FID"]
    for column, value in (("difference_in_margins", found.value), ("low", found.low), ("high", found.high)):
        assert chart["data"][column] == [pytest.approx(value / 2.527, rel=1e-5)]
    assert published_page.ledger_page(tmp_path / "empty").chart is None
    write_trials(tmp_path, SEEDS, share=0.25)
    both = published_page.ledger_page(tmp_path).chart.to_json("")["data"]["number"]
    assert sorted(both) == [f"{KEY}, FID", f"{KEY}, FID, 0.25 of steps"]


def test_a_run_with_something_changed_is_shown_and_not_counted_as_one_of_the_row(tmp_path):
    write_trials(tmp_path, SEEDS)
    alone = published_page.ledger_page(tmp_path)
    write_trials(tmp_path, [v + 20 for v in SEEDS], note="with g_normalization = none")
    both = published_page.ledger_page(tmp_path)
    assert len(alone.run.frame) == 1
    assert list(both.run.frame["note"]) == ["", "with g_normalization = none"]
    assert both.chart.to_json("") == alone.chart.to_json("")
    assert both.summary[:2] == alone.summary
    assert both.summary[2:] == ("1 run of rows with something else changed, as the notes say: to test what it explains.",)


def test_the_committed_ledger_is_the_one_that_its_records_give():
    """`landscape report --results results --reports FOLDER` writes the files anew, into FOLDER/published."""
    results = Path(__file__).parents[2] / "results"
    page = published_page.ledger_page(results)
    html = (results / "published" / "index.html").read_text(encoding="utf-8")
    assert all(str(escape(text)) in html for text in page.summary)
    assert (results / "published" / "ledger.csv").read_bytes() == page.every.csv()
