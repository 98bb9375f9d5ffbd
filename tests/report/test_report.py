"""The page as a whole: self-contained, escaped, sound HTML, tables equal to their CSV, no torch, clear when there is little to show."""

import base64
import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.html_page import page_of

from landscape.core.errors import UserError
from landscape.report import formats
from landscape.report.build import Wanted, build
from landscape.report.study_figures import curve_label
from landscape.report.study_page import study_page
from landscape.report.tables import RENDERERS
from landscape.report.view import view_of
from landscape.results.record import Status
from landscape.results.studies import read_study


@pytest.fixture(scope="module")
def built(synthetic, tmp_path_factory):
    """Results and report of one plausible study."""
    root = tmp_path_factory.mktemp("report")
    synthetic.write_study(root / "results", 72, axes=("loss", "architecture"))
    pages = build(root / "results", root / "reports")
    return root, pages


def plain(page):
    """The page without scripts beside a study's page."""
    return page_of(page.parent / "plain.html")


@pytest.fixture(scope="module")
def page(built):
    return plain(built[1][0])


@pytest.fixture(scope="module")
def live(built):
    """The page that the script draws on, as it is before the script runs."""
    return page_of(built[1][0])


@pytest.fixture(scope="module")
def tables(built, undrawn):
    """The tables of the page, by name."""
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        return {table.name: table for table in study_page(read_study(built[0] / "results" / "digits")).tables}


def test_writes_a_page_a_study_and_an_index(built):
    root, pages = built
    assert pages == [root / "reports" / "digits" / "index.html", root / "reports" / "index.html"]
    assert not list((root / "reports").rglob("*.tmp"))


def test_the_agreement_of_scores_is_on_both_pages_and_beside_them(built, page, live):
    pages = built[1]
    rows = list(csv.DictReader(io.StringIO((pages[0].parent / "score_agreement.csv").read_text(encoding="utf-8"))))
    assert {row["one"] for row in rows[:2]} == {"FD[classifier:digits]"}
    ends = [[float(row[f"spearman{end}"]) for end in ("_low", "", "_high")] for row in rows if row["spearman_low"]]
    assert ends == [sorted(of) for of in ends] != []
    for one in (page, live):
        assert any("How alike two scores rank the models of the search" in text for text in one.text)


def test_no_trial_dominates_one_on_the_front(built, page, live):
    folder = built[1][0].parent
    shown, every = (list(csv.DictReader(io.StringIO((folder / name).read_text(encoding="utf-8")))) for name in ("front.csv", "trials.csv"))
    names = ["score:FD[classifier:digits]", "score:recall[classifier:digits]"]
    points = {row["digest"]: (float(row[names[0]]), -float(row[names[1]])) for row in every if row["role"] == "search" and row[names[0]]}
    beaten = {d for d, (x, y) in points.items() if any((a <= x and b < y) or (a < x and b <= y) for a, b in points.values())}
    assert {row["digest"] for row in shown} == set(points) - beaten
    for one in (page, live):
        assert any("no other one dominates by being" in text for text in one.text)


def test_html_is_sound(built, page, live):
    assert page_of(built[1][1]).problems == []
    for one in (page, live):
        assert one.problems == []
        assert len(one.ids) == len(set(one.ids))
        anchors = {link[1:] for link in one.links if link.startswith("#")}
        assert anchors <= set(one.ids)
        assert ("html", {"lang": "en"}) in one.tags


def test_page_is_self_contained(page, live):
    assert page.sources
    for one in (page, live):
        assert one.links
        assert all(source.startswith(("data:", "#")) for source in one.sources)
        html_tags = {tag for tag, _ in one.tags}
        assert not html_tags & {"link", "iframe", "object", "embed", "base"}
        assert not any("url(http" in given.get("style", "") for _, given in one.tags)


def test_the_policy_allows_the_script_and_the_style_by_their_digests_alone(built, page, live):
    html = built[1][0].read_text(encoding="utf-8")
    policy = next(given["content"] for tag, given in live.tags if given.get("http-equiv") == "Content-Security-Policy")
    inline = re.findall(r"<(style|script)>(.*?)</\1>", html, flags=re.S)
    assert [kind for kind, _ in inline] == ["style", "script"]
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert not any("style" in given or any(key.startswith("on") for key in given) for _, given in live.tags)
    assert not any(tag == "script" for tag, _ in page.tags)


def test_links_lead_to_files_beside_the_page(built, page):
    folder = built[1][0].parent
    assert not any(link.startswith(("http:", "https:", "//")) for link in page.links)
    for link in page.links:
        assert link.startswith("#") or (folder / link).is_file()


def test_accessible(page):
    images = [given for tag, given in page.tags if tag == "img"]
    assert images
    assert all(given["alt"] for given in images)
    named = [given for tag, given in page.tags if given.get("role") in ("img", "region")]
    assert named
    assert all(given.get("aria-label") for given in named)
    headers = [cell for rows in page.tables.values() for cell in rows[0]]
    assert headers
    assert all(cell["tag"] == "th" and cell["scope"] == "col" for cell in headers)
    firsts = [row[0] for rows in page.tables.values() for row in rows[1:]]
    assert firsts
    assert all(cell["tag"] == "th" and cell["scope"] == "row" for cell in firsts)
    plots = [given for tag, given in page.tags if tag == "svg"]
    assert plots
    assert all(given.get("aria-hidden") == "true" for given in plots)


def test_first_screen_says_what_is_decided_and_what_is_not(page):
    text = " ".join(" ".join(page.text).split())
    assert "72 models trained on digits, in 8 cells of 4 losses × 2 architectures, proposed by Optuna's TPE" in text
    assert "Every cell got 9 trials, each with a training budget of 400 D steps." in text
    assert re.search(r"with FD\[classifier:digits\] [\d.]+, [\d.]+ times the floor of real against real \(1\.78\)", text)
    assert "was picked for that, so the figure is optimistic" in text
    assert "loss: " in text.partition("What is decided")[2]
    assert "given this search: its trials were proposed by Optuna's TPE" in text
    assert "Brackets: 95% intervals (order statistics), given this search." in text


def test_a_grid_is_not_said_to_learn(synthetic, tmp_path):
    for searcher, said in (
        ("grid", "points of a grid and no random draws"),
        ("qmc", "points of a Sobol sequence"),
        ("gp-ucb", "which learns from earlier ones"),
        ("random", ""),
    ):
        study = synthetic.write_study(tmp_path, 12, searcher, confirm=0, pictures=False, searcher=searcher)
        words = view_of(read_study(study)).given_search_words
        assert said in words
        assert bool(words) == bool(said)


@pytest.mark.parametrize(
    "name",
    [
        "cells",
        "levels_loss",
        "levels_architecture",
        "best_trials",
        "trials",
        "unfinished",
        "confirmed_loss",
        "contrasts_loss",
        "shares_loss",
    ],
)
def test_csv_equals_table(built, page, tables, name):
    table = tables[name]
    content = (built[1][0].parent / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(content)))
    shown = page.tables[f"table-{name}"]
    assert len(rows) == len(table.frame)
    assert len(shown) - 1 == min(len(rows), table.most_rows)
    assert [cell["text"] for cell in shown[0]] == [
        column.label + (f" {table.scale_text(column)}" if column.kind == "strip" else "") for column in table.columns_shown
    ]
    assert all(table.scale_text(column) for column in table.columns_shown if column.kind == "strip")
    for row, cells in zip(rows, shown[1:], strict=False):
        for column, cell in zip(table.columns_shown, cells, strict=True):
            if column.kind == "strip":
                assert len(row[column.key].split(";")) >= 1
                continue
            value = row[column.key] if column.kind == "text" else float(row[column.key] or "nan")
            expected = RENDERERS[column.kind](value)
            if column.interval:
                low, high = (float(row[f"{column.key}_{end}"] or "nan") for end in ("low", "high"))
                expected += " " + formats.interval(low, high, RENDERERS[column.kind])
            if column.note:
                expected += " " + row[column.note]
            assert " ".join(cell["text"].split()) == " ".join(expected.split())


def test_every_figure_lies_beside_the_page_as_svg_png_pdf_and_csv(built):
    folder = built[1][0].parent
    drawn = {path.stem for path in folder.glob("*.svg")}
    assert {"box_loss", "budget_trials_loss", "budget_seconds_loss", "budget_trials", "seeds_loss", "hyperparameter_1", "curve_1"} <= drawn
    for name in drawn:
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        paper = (folder / f"{name}.pdf").read_bytes()
        assert paper.startswith(b"%PDF")
        assert b"/FontFile2" in paper  # TrueType, embedded
        assert b"/Type3" not in paper
        assert (folder / f"{name}.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")
        assert len((folder / f"figure_{name}.csv").read_text().splitlines()) > 1


def test_a_second_report_is_the_same_to_the_byte(built, tmp_path):
    root, pages = built
    build(root / "results", tmp_path / "again")
    for path in sorted(pages[0].parent.iterdir()):
        assert (tmp_path / "again" / "digits" / path.name).read_bytes() == path.read_bytes(), path.name


def test_building_loads_neither_torch_nor_ray(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 4, confirm=0)
    code = f"""
import sys
import landscape.report
heavy = {{"torch", "ray", "optuna", "pytorch_lightning", "sklearn"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from landscape.report import formats
from landscape.report.build import build
build({str(tmp_path / "results")!r}, {str(tmp_path / "reports")!r})
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr


def hostile(study, evil):
    """Put `evil` wherever a name or text of a user or a plugin can stand."""
    for path in study.rglob("*.json"):
        path.write_text(path.read_text().replace("hinge", json.dumps(evil)[1:-1]), encoding="utf-8")
    facts = json.loads((study / "study.json").read_text())
    facts |= {"name": evil, "skipped": [{"cell": {evil: evil}, "reason": evil}], "environment": {evil: evil}, "searcher": {"name": evil}}
    (study / "study.json").write_text(json.dumps(facts), encoding="utf-8")
    for path in (study / "trials").glob("*/record.json"):
        data = json.loads(path.read_text())
        data |= {"reason": evil if data["status"] == "diverged" else ""}
        data["config"]["loss"]["hyperparameters"] = {evil: data["config"]["d_optimizer"]["learning_rate"]}
        data["curves"][evil] = data["curves"]["d_loss"]
        path.write_text(json.dumps(data), encoding="utf-8")
    for path in (study / "trials").glob("*/scores/*.json"):
        data = json.loads(path.read_text())
        data["estimates"][evil] = data["estimates"].pop("MS-SSIM")
        data["protocol"]["note"] = evil
        path.write_text(json.dumps(data), encoding="utf-8")


EVIL = "\"'><img src=x onerror=alert(1)>]]></style></svg><script>alert(1)</script><!-- {{ 7 * 7 }} $\\frac{1}$ & &amp; --> ü 漢"


@pytest.mark.parametrize("evil", [EVIL])
def test_everything_is_escaped(synthetic, tmp_path, evil):
    study = synthetic.write_study(tmp_path / "results", 18, confirm=0, pictures=False, axes=("loss",))
    hostile(study, evil)
    pages = build(tmp_path / "results", tmp_path / "reports")
    parsed = [page_of(path) for path in (pages[0], pages[1], pages[0].parent / "plain.html")]
    for one in parsed:
        assert one.problems == []
        assert not any(key.startswith("on") for _, given in one.tags for key in given)
        assert not any(given.get("src") == "x" for _, given in one.tags)
        assert "49" not in one.text
    assert sum(tag == "script" for tag, _ in parsed[0].tags) == 2  # its data and its script
    assert not any(tag == "script" for one in parsed[1:] for tag, _ in one.tags)
    for one in (parsed[0], parsed[2]):
        assert " ".join(evil.split()) in " ".join(" ".join(one.text).split())
        assert evil in [cell["text"] for rows in one.tables.values() for row in rows for cell in row]


@pytest.mark.usefixtures("quick_figures")
def test_csv_cannot_run_formulas(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False)
    hostile(study, "=HYPERLINK(1)")
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    for path in page.parent.glob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            for field in row[: 0 if path.name.startswith("figure_") else None]:
                assert not field.startswith(("=", "+", "@"))


def test_names_that_leave_the_folder_are_refused(built, tmp_path):
    root, _ = built
    for name in ("../digits", "", "nothing", "/etc"):
        with pytest.raises(UserError, match="unknown study"):
            build(root / "results", tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_figures")
def test_no_results_and_no_studies(tmp_path):
    with pytest.raises(UserError, match="no results folder"):
        build(tmp_path / "none", tmp_path / "reports")
    (tmp_path / "results").mkdir()
    with pytest.raises(UserError, match="holds no study: run a sweep first"):
        build(tmp_path / "results", tmp_path / "reports")


@pytest.mark.usefixtures("quick_figures")
def test_a_folder_that_cannot_be_written(built, tmp_path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        build(built[0] / "results", tmp_path / "reports")


def test_the_page_without_a_script_begins_with_the_answer_too(built, page):
    overview = json.loads((built[1][0].parent / "summary.json").read_text())
    text = " ".join(" ".join(page.text).split())
    assert "Train " in overview["answer"]
    assert f"The answer {overview['answer']}" in text


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("trials", [0, 1, 2, 5])
def test_a_study_with_few_trials_has_a_clear_page(synthetic, tmp_path, trials):
    synthetic.write_study(tmp_path / "results", trials, confirm=0)
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    parsed = plain(page)
    text = " ".join(" ".join(parsed.text).split())
    assert parsed.problems == []
    scored = any(t.scores for t in read_study(tmp_path / "results" / "digits").trials)
    assert ("No score" in text) == (not scored)
    assert ("No model was trained on digits yet." in text) == (trials == 0)
    assert ("fewer than two levels were confirmed" in text or "Nothing is compared" in text) == scored
    assert scored or trials < 2


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("status", ["diverged", "failed", "stopped"])
def test_a_study_where_nothing_completed_says_so(synthetic, tmp_path, status):
    study = synthetic.write_study(tmp_path / "results", 0, confirm=0)
    rng = synthetic.np.random.default_rng(0)
    cell = {axis: labels[0] for axis, labels in synthetic.AXES.items()}
    for ask in range(3):
        synthetic.write_trial(study, cell, ask, "search", rng, status=Status(status))
    (study / "trials" / "running").mkdir()
    (page, index) = build(tmp_path / "results", tmp_path / "reports")
    text = " ".join(" ".join(plain(page).text).split())
    assert f"in 1 cell of 1 loss × 1 D normalization × 1 regularizer × 1 architecture, proposed by Optuna's TPE: 3 {status}." in text
    said = {"diverged": "All 3 trials diverged.", "failed": "All 3 trials failed.", "stopped": "All 3 trials were stopped."}[status]
    assert f"No score {said}" in text
    assert "1 trial still running or waiting." in text
    assert f"No score. {said}" in " ".join(page_of(index).text)


@pytest.mark.usefixtures("quick_figures")
def test_without_confirmation_runs_the_report_gives_no_verdict(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 72, confirm=0, pictures=False, searcher="random")
    (page, index) = build(tmp_path / "results", tmp_path / "reports")
    text = " ".join(" ".join(plain(page).text).split())
    assert "What is decided Nothing yet." in text
    assert "loss, D normalization, regularizer, architecture: no verdict, because fewer than two levels were confirmed." in text
    assert "beats" not in text.replace("Beats another level", "")
    assert "given this search" not in text.replace("Given this search.", "").split("How to read this")[0].lower()
    assert "loss: not confirmed, so nothing is decided." in " ".join(page_of(index).text)


def test_a_study_that_mixed_tasks_before_they_were_refused_says_that_no_order_holds(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path, 6, confirm=0, pictures=False)
    assert not any("different tasks" in warning for warning in view_of(read_study(study)).warnings)
    path = next((study / "trials").glob("*/record.json"))
    record = json.loads(path.read_text())
    record["config"]["task"] = {"name": "inpainting", "hyperparameters": {"hole": 0.25}}
    path.write_text(json.dumps(record))
    (warning,) = (each for each in view_of(read_study(study)).warnings if "different tasks" in each)
    assert "inpainting[hole=0.25, place=center]" in warning


@pytest.mark.usefixtures("quick_figures")
def test_warnings_of_reading_stand_on_the_page(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False)
    next((study / "trials").glob("*/record.json")).write_text("{")
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    assert "set aside as record.json.corrupt" in " ".join(plain(page).text)


@pytest.mark.usefixtures("quick_figures")
def test_scores_of_a_second_protocol_get_tables_of_their_own(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 24, confirm=0, pictures=False)
    other = synthetic.protocol("modern")
    for path in list((study / "trials").glob("*/scores/*.json")):
        data = json.loads(path.read_text())
        data["protocol"] = other
        data["estimates"] = {"FID": data["estimates"][synthetic.OBJECTIVE] | {"value": 12345.0}}
        (path.parent / f"modern-{other['digest']}.json").write_text(json.dumps(data))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    parsed = plain(page)
    assert "12,300" in parsed.tables["table-protocol1_levels_loss"][1][2]["text"]
    for name, rows in parsed.tables.items():
        if not name.startswith("table-protocol1"):
            assert not any("12,300" in cell["text"] or "FID" in cell["text"] for row in rows for cell in row)


@pytest.mark.usefixtures("quick_figures")
def test_index_lists_every_study_and_keeps_those_not_rebuilt(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 6, "first & second", confirm=0, pictures=False)
    synthetic.write_study(tmp_path / "results", 6, "third", confirm=0, pictures=False)
    build(tmp_path / "results", tmp_path / "reports", "third")
    pages = build(tmp_path / "results", tmp_path / "reports", "first & second")
    index = page_of(pages[-1])
    assert index.problems == []
    assert set(index.links) == {"first%20%26%20second/index.html", "third/index.html"}


@pytest.mark.usefixtures("quick_figures")
def test_a_class_blind_baseline_stands_beside_the_floor(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 6, confirm=0, pictures=False, axes=("loss",))
    facts = json.loads((study / "study.json").read_text())
    facts["floor"][f"class-blind {synthetic.OBJECTIVE}"] = facts["floor"][synthetic.OBJECTIVE] | {"value": 33.25}
    (study / "study.json").write_text(json.dumps(facts))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    rows = list(csv.DictReader(io.StringIO((page.parent / "best_trials.csv").read_text())))
    assert [(row["score"].split()[0], row["blind"]) for row in rows if row["blind"]] == [(synthetic.OBJECTIVE, "33.25")]
    text = (page.parent / "plain.html").read_text()
    assert "Real under exchanged classes" in text
    assert "under exchanged classes" in text
    assert "Real under exchanged classes" not in (_without(study, tmp_path, facts)).read_text()


@pytest.mark.usefixtures("quick_figures")
def test_the_baseline_of_a_task_stands_beside_the_floor(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 6, confirm=0, axes=("loss",))
    facts = json.loads((study / "study.json").read_text())
    facts["floor"][f"baseline {synthetic.OBJECTIVE}"] = facts["floor"][synthetic.OBJECTIVE] | {"value": 33.25, "note": "mean fill; biased"}
    (study / "study.json").write_text(json.dumps(facts))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    rows = list(csv.DictReader(io.StringIO((page.parent / "best_trials.csv").read_text())))
    assert [(row["score"].split()[0], row["baseline"]) for row in rows if row["baseline"]] == [(synthetic.OBJECTIVE, "33.25")]
    text = (page.parent / "plain.html").read_text()
    assert "Baseline: mean fill" in text
    assert "In each row" not in text  # What rows are follows from the task, which has no condition here, and not from a baseline.


def _without(study, tmp_path, facts):
    """The page of the same study without the baseline."""
    floor = {name: e for name, e in facts["floor"].items() if not name.startswith("class-blind")}
    (study / "study.json").write_text(json.dumps(facts | {"floor": floor}))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    return page.parent / "plain.html"


@pytest.mark.usefixtures("quick_figures")
def test_files_of_an_earlier_report_that_no_longer_hold_are_removed(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 16, pictures=False, axes=("loss", "architecture"))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    (page.parent / "notes.txt").write_text("the user's own")
    assert (page.parent / "seeds_loss.svg").exists()
    for path in (study / "trials").glob("*/record.json"):
        if '"confirmation"' in path.read_text():
            path.unlink()
    build(tmp_path / "results", tmp_path / "reports")
    assert not (page.parent / "seeds_loss.svg").exists()
    assert (page.parent / "notes.txt").exists()


@pytest.mark.usefixtures("quick_figures")
def test_tables_and_the_definition_of_an_earlier_report_are_removed_and_the_users_own_files_stay(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 8, confirm=0, pictures=False, axes=("loss",))
    facts = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(facts | {"definition": {"name": "digits"}}))
    (page, _) = build(tmp_path / "results", tmp_path / "reports", wanted=Wanted(tables=("md", "tex")))
    tables = page.parent / "tables"
    (tables / "mine.md").write_text("the user's own")
    summary = json.loads((page.parent / "summary.json").read_text())
    assert {"tables/answer.md", "tables/answer.tex", "study.yaml"} <= set(summary["files"])
    outside = tmp_path / "outside.md"
    outside.write_text("of somebody else")
    summary["files"] += ["../outside.md", "tables/../../outside.md", "tables/mine/../mine.md", "index.html"]
    (page.parent / "summary.json").write_text(json.dumps(summary))
    (study / "study.json").write_text(json.dumps(facts))
    build(tmp_path / "results", tmp_path / "reports", wanted=Wanted(tables=("md",)))
    assert (tables / "answer.md").exists()
    assert sorted(p.name for p in tables.glob("*.tex")) == []
    assert not (page.parent / "study.yaml").exists()
    build(tmp_path / "results", tmp_path / "reports")
    assert [p.name for p in tables.iterdir()] == ["mine.md"]
    assert outside.exists()
    assert page.exists()


@pytest.mark.usefixtures("quick_figures")
def test_a_floor_of_another_sample_size_is_not_drawn(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False)
    facts = json.loads((study / "study.json").read_text())
    facts["floor"][synthetic.OBJECTIVE]["n_fake"] = 10
    (study / "study.json").write_text(json.dumps(facts))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    text = " ".join(plain(page).text)
    assert "not comparable, not drawn" in text
    assert "times the floor" not in text


@pytest.mark.usefixtures("quick_figures")
def test_a_floor_of_another_quantity_does_not_stand_beside_the_scores(synthetic, tmp_path):
    """MS-SSIM within classes (0.64 on digits) and across them (0.30) have one name and one number of samples."""
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False, axes=("loss",))
    facts = json.loads((study / "study.json").read_text())
    for path in study.glob("trials/*/scores/*.json"):
        scores = json.loads(path.read_text())
        scores["estimates"]["MS-SSIM"]["note"] = "5 groups of up to 64 images, all pairs; 5 scales"
        path.write_text(json.dumps(scores))
    floor = facts["floor"]["MS-SSIM"] = scores["estimates"]["MS-SSIM"] | {"value": 0.639, "interval": None}
    shown = {}
    for note in ("4 groups of up to 60 images, all pairs; 4 scales", "10 labels of up to 64 images, all pairs; 5 scales"):
        floor["note"] = note
        (study / "study.json").write_text(json.dumps(facts))
        (page, _) = build(tmp_path / "results", tmp_path / "reports")
        shown[note.split()[1]] = " ".join(plain(page).text)
    assert "not drawn" not in shown["groups"]
    assert "0.639" in shown["groups"]
    assert (
        "the floor of MS-SSIM is of another kind than the scores (# labels of up to # images, all pairs against # groups" in shown["labels"]
    )
    assert "0.639" not in shown["labels"]


@pytest.mark.usefixtures("quick_figures")
def test_there_is_no_ratio_to_a_floor_whose_interval_holds_zero(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 6, confirm=0, pictures=False, axes=("loss",))
    facts = json.loads((study / "study.json").read_text())
    said = {}
    for low in (0.5, 0.0):
        facts["floor"][synthetic.OBJECTIVE]["interval"] = [low, 4.0]
        (study / "study.json").write_text(json.dumps(facts))
        (page, _) = build(tmp_path / "results", tmp_path / "reports")
        said[low] = "times the floor of real against real" in " ".join(plain(page).text)
    assert said == {0.5: True, 0.0: False}


@pytest.fixture(scope="module")
def two_reports(synthetic, undrawn, tmp_path_factory):
    """Results and reports of two studies."""
    root = tmp_path_factory.mktemp("two")
    for name in ("first", "second"):
        synthetic.write_study(root / "results", 6, name, confirm=0, pictures=False)
    with pytest.MonkeyPatch.context() as patch:
        undrawn(patch)
        build(root / "results", root / "reports")
    return root


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"study": "x", "tiles": [], "ran": "", "best": null, "verdicts": 3}'])
def test_a_damaged_overview_is_left_out_of_the_index(content, two_reports):
    (two_reports / "reports" / "first" / "summary.json").write_text(content)
    with pytest.warns(UserWarning, match="landscape report first"):
        pages = build(two_reports / "results", two_reports / "reports", "second")
    assert set(page_of(pages[-1]).links) == {"second/index.html"}


@pytest.mark.usefixtures("quick_figures")
def test_pages_of_published_tables_stand_in_the_index(synthetic, tmp_path):
    synthetic.write_study(tmp_path / "results", 6, confirm=0, pictures=False)
    folder = tmp_path / "results" / "published" / "ring-2016"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("<title>A ring &amp; more – landscape reproduction</title>", encoding="utf-8")
    (folder / "modes.csv").write_text("a\n1\n")
    (folder / "rows.json").write_text("[]")
    (_, index) = build(tmp_path / "results", tmp_path / "reports")
    parsed = page_of(index)
    assert "published/ring-2016/index.html" in parsed.links
    assert "A ring & more" in "".join(parsed.text)
    assert sorted(p.name for p in (tmp_path / "reports" / "published" / "ring-2016").iterdir()) == ["index.html", "modes.csv"]


@pytest.mark.usefixtures("quick_figures")
def test_what_the_scores_depend_on_stands_on_both_pages_and_in_a_file(synthetic, tmp_path):
    """Names are shown once each, shares of a method sum to 1, and few trials say nothing."""
    synthetic.write_study(tmp_path / "results", 72, confirm=0, pictures=False)
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    for parsed in (plain(page), page_of(page)):
        head, *rows = parsed.tables["table-hyperparameter_importance"]
        assert [cell["text"] for cell in head] == ["Axis or hyperparameter", "Kind", "Trials", "PED-ANOVA", "fANOVA"]
        assert {row[0]["text"] for row in rows} >= set(synthetic.AXES) - {"d_normalization"} | {"D normalization"}
    with (page.parent / "hyperparameter_importance.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for method in ("ped_anova", "fanova"):
        assert sum(float(row[method]) for row in rows if row[method]) == pytest.approx(1)
    few = tmp_path / "few"
    synthetic.write_study(few / "results", 12, confirm=0, pictures=False)
    (page, _) = build(few / "results", few / "reports")
    assert "table-hyperparameter_importance" not in page_of(page).tables


@pytest.mark.usefixtures("quick_figures")
def test_health_of_trials_without_a_symptom_is_one_sentence(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False, axes=("loss",))
    for path in (study / "trials").glob("*/record.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "completed", "reason": "", "diagnosis": {}}))
    said = "Healthy: all 12 finished trials in 4 cells. None diverged, and the diagnosis names no symptom"
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    assert said not in " ".join(page_of(page).text)
    for path in (study / "trials").glob("*/record.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"diagnosis": {"healthy": {"d_accuracy": 0.6}}}))
    build(tmp_path / "results", tmp_path / "reports")
    live = page_of(page)
    assert "table-health" not in live.tables
    assert said in " ".join(live.text)
    with (page.parent / "health.csv").open(encoding="utf-8") as file:
        assert sum(int(row["trials"]) for row in csv.DictReader(file)) == 12


@pytest.mark.usefixtures("quick_figures")
def test_trials_without_a_diagnosis_are_not_called_healthy(synthetic, tmp_path):
    """One of 12 trials has none: its cell has no share of healthy trials. If all have none, levels have no share of collapsed ones."""
    study = synthetic.write_study(tmp_path / "results", 12, confirm=0, pictures=False, axes=("loss",))
    paths = sorted((study / "trials").glob("*/record.json"))
    for path in paths:
        record = json.loads(path.read_text()) | {"status": "completed", "reason": "", "diagnosis": {"healthy": {"d_accuracy": 0.6}}}
        path.write_text(json.dumps(record))
    path.write_text(json.dumps(record | {"diagnosis": {}}))
    (page, _) = build(tmp_path / "results", tmp_path / "reports")
    assert "1 trial has no diagnosis: an earlier version wrote none" in " ".join(page_of(page).text)
    with (page.parent / "health.csv").open(encoding="utf-8") as file:
        health = list(csv.DictReader(file))
    assert sorted(row["undiagnosed"] for row in health) == ["0", "0", "0", "1"]
    for row in health:
        assert (row["healthy"] == "") == (row["undiagnosed"] == "1")
    for given, share in (({"healthy": {"d_accuracy": 0.6}}, "0.0"), ({}, "")):
        for other in paths[:-1]:
            other.write_text(json.dumps(json.loads(other.read_text()) | {"diagnosis": given}))
        build(tmp_path / "results", tmp_path / "reports")
        with (page.parent / "levels_loss.csv").open(encoding="utf-8") as file:
            assert {row["collapsed_share"] for row in csv.DictReader(file)} == {share}


def test_curves_of_terms_are_named_for_their_network():
    assert [curve_label(name) for name in ("d_loss", "d_dragan", "g_auxiliary_classifier", "drift")] == [
        "D loss",
        "D dragan",
        "G auxiliary classifier",
        "drift",
    ]
