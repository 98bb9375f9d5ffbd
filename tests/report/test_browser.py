"""The page in a real browser: it draws without an error or a request, its views share one selection, and its address holds what is chosen."""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from helpers.browser import Visit, violations

from landscape.report import formats

VIEWS = ("map", "strips", "budget", "fronts", "gallery", "surfaces", "health", "trials")


@pytest.fixture(scope="module")
def folder(reported):
    """72 trials over losses and architectures, confirmed."""
    return reported(72, axes=("loss", "architecture"))


@pytest.fixture(scope="module")
def data(folder):
    return json.loads((folder / "data.json").read_text(encoding="utf-8"))


def visit(browser, folder, *args, **how):
    return Visit(browser, folder / "index.html", *args, **how)


def test_every_view_is_drawn_without_an_error_or_a_request(browser, folder, data):
    with visit(browser, folder) as seen:
        seen.look_at_everything()
        for view in VIEWS:
            assert seen.page.locator(f"#view-{view} > *").count() > 0, view
        drawings = seen.page.locator("#view-strips svg, #view-budget svg, #view-fronts svg, #view-surfaces svg")
        assert drawings.count() == 6
        assert all(drawings.nth(i).get_attribute("aria-label") for i in range(6))
        scored = [
            i for i, v in enumerate(data["trials"]["scores"][data["score"]]) if v is not None and data["trials"]["role"][i] == "search"
        ]
        assert len(scored) > 60
        assert seen.page.locator('#view-strips g[fill-opacity="0.75"] circle').count() == len(scored)
        assert seen.problems == []
        assert seen.overflow <= 0
        assert seen.page.evaluate("performance.getEntriesByName('landscape-ready').length") == 1


def test_trials_sort_by_a_click_on_a_header_with_absent_values_last(browser, folder, data):
    score = data["score"]
    known = [v for v in data["trials"]["scores"][score] if v is not None]
    with visit(browser, folder) as seen:
        seen.page.locator("#trials").scroll_into_view_if_needed()
        head = seen.page.locator(f'.tabulator-col[tabulator-field="score:{score}"]')
        cell = f'.tabulator-row .tabulator-cell[tabulator-field="score:{score}"]'
        assert seen.page.locator(cell).first.inner_text() == formats.number(min(known))
        head.click()
        head.click()
        seen.page.wait_for_function(f"document.querySelector({json.dumps(cell)}).textContent === {json.dumps(formats.number(max(known)))}")
        assert seen.problems == []


def test_static_tables_sort(browser, folder):
    with visit(browser, folder) as seen:
        table = seen.page.locator("#table-levels_loss")
        first = table.locator("tbody th").first
        seen.page.locator("#distributions").scroll_into_view_if_needed()
        table.locator("thead [role=button]").first.click()
        assert first.inner_text() == "hinge"
        table.locator("thead [role=button]").first.press("Enter")
        assert first.inner_text() == "wasserstein"
        assert table.locator("thead th").first.get_attribute("aria-sort") == "descending"


def test_a_click_on_a_cell_selects_it_in_every_view_and_in_the_address(browser, folder, data):
    trials = data["trials"]
    cell = trials["cells"].index(["hinge", "dcgan"])
    members = sum(1 for c in trials["cell"] if c == cell)
    with visit(browser, folder) as seen:
        seen.look_at_everything()
        seen.page.locator(f'button[data-cell="{cell}"]').click()
        assert seen.page.locator(f'button[data-cell="{cell}"]').get_attribute("aria-pressed") == "true"
        assert seen.page.evaluate("document.activeElement.dataset.cell") == str(cell)
        assert seen.page.locator("#view-filters output").inner_text() == f"{members} of {len(trials['cell'])} trials"
        assert seen.fragment == "#cells=hinge~dcgan"
        seen.look_at_everything()
        assert seen.page.locator("#view-gallery .gallery").first.locator("button").count() == 1
        assert "hinge · dcgan" in seen.page.locator("#view-health .u-legend").inner_text()
        faint = seen.page.locator('#view-strips g[fill-opacity="0.15"] circle').count()
        strong = seen.page.locator('#view-strips g[fill-opacity="0.75"] circle').count()
        scored = [i for i, v in enumerate(trials["scores"][data["score"]]) if v is not None and trials["role"][i] == "search"]
        assert strong == sum(trials["cell"][i] == cell for i in scored)
        assert faint == len(scored) - strong
        seen.page.wait_for_function("document.querySelectorAll('.tabulator-row').length > 0")
        shown = seen.page.locator('.tabulator-row .tabulator-cell[tabulator-field="axis:loss"]')
        assert {shown.nth(i).inner_text() for i in range(shown.count())} == {"hinge"}
        assert seen.problems == []


def test_filters_hold_everywhere_and_are_taken_back(browser, folder, data):
    trials = data["trials"]
    with visit(browser, folder) as seen:
        seen.page.get_by_label("Status", exact=True).select_option("diverged")
        seen.page.get_by_label("loss", exact=True).select_option("wasserstein")
        want = sum(
            s == "diverged" and trials["cells"][c][0] == "wasserstein" for s, c in zip(trials["status"], trials["cell"], strict=True)
        )
        assert seen.page.locator("#view-filters output").inner_text() == f"{want} of {len(trials['cell'])} trials"
        assert seen.page.locator("button.cell.dimmed").count() == len([c for c in trials["cells"] if c[0] != "wasserstein"])
        seen.page.get_by_role("button", name="Show all").click()
        assert seen.fragment == ""
        assert seen.page.locator("button.cell.dimmed").count() == 0


def test_the_address_brings_back_what_was_chosen(browser, folder):
    fragment = "#measure=seconds&strips=1&against=seconds&by=loss&target=6&axis.architecture=mlp&cells=hinge~mlp"
    with visit(browser, folder, fragment) as seen:
        seen.look_at_everything()
        page = seen.page
        assert page.get_by_label("Measure", exact=True).input_value() == "seconds"
        assert page.get_by_label("architecture", exact=True).input_value() == "mlp"
        assert page.get_by_label("Against", exact=True).input_value() == "seconds"
        assert page.locator('button[aria-pressed="true"]').get_attribute("aria-label").startswith("hinge · mlp")
        assert page.locator(".reach li").count() == 4
        page.get_by_label("Measure", exact=True).select_option("median")
        assert "measure=median" in seen.fragment
        assert "target=6" in seen.fragment
        assert seen.problems == []


def test_what_the_address_says_is_not_believed(browser, folder):
    with visit(
        browser, folder, "#score=<img src=x>&trial=nothing&cells=a~b|c&axis.loss=<b>&strips=77&curve=<i>&setting=<u>&x=1&measure=zz&by=q"
    ) as seen:
        seen.look_at_everything()
        assert seen.problems == []
        assert seen.page.locator("dialog[open]").count() == 0
        assert seen.page.locator('button[aria-pressed="true"]').count() == 0


def test_a_trial_opens_in_a_drawer_and_has_an_address(browser, folder, data):
    with visit(browser, folder) as seen:
        seen.page.locator("#trials").scroll_into_view_if_needed()
        link = seen.page.locator(".tabulator-row a").first
        digest = link.inner_text()
        link.click()
        dialog = seen.page.locator("dialog[open]")
        assert f"trial={digest}" in seen.fragment
        assert f"results/digits/trials/{digest}/record.json" in dialog.locator("pre").inner_text()
        value = data["trials"]["scores"][data["score"]][data["trials"]["digest"].index(digest)]
        assert formats.number(value) in dialog.locator(".scroll table").inner_text()
        assert dialog.locator("img").count() >= 1
        assert dialog.locator("canvas").count() == 7
        seen.page.keyboard.press("Escape")
        assert seen.page.locator("dialog[open]").count() == 0
        assert seen.fragment == ""
        assert seen.problems == []
    with visit(browser, folder, f"#trial={digest}") as seen:
        assert digest in seen.page.locator("dialog[open]").inner_text()


def test_keyboard_alone_reaches_a_cell_and_a_trial(browser, folder):
    with visit(browser, folder) as seen:
        page = seen.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
        page.locator("#map").scroll_into_view_if_needed()
        page.locator("button.cell").first.focus()
        page.keyboard.press("Enter")
        assert page.locator('button[aria-pressed="true"]').count() == 1
        page.locator("#pictures").scroll_into_view_if_needed()
        page.locator(".tilebutton").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog[open]").count() == 1


def test_the_trials_shown_are_downloaded_whole(browser, folder, data):
    with visit(browser, folder, "#status=completed&role=search", accept_downloads=True) as seen:
        seen.page.locator("#trials").scroll_into_view_if_needed()
        with seen.page.expect_download() as waiting:
            seen.page.locator("#download-shown").click()
        rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"))))
    trials = data["trials"]
    kept = [i for i, s in enumerate(trials["status"]) if s == "completed" and trials["role"][i] == "search"]
    assert {row["Trial"] for row in rows} == {trials["digest"][i] for i in kept}
    at = {row["Trial"]: row for row in rows}
    for i in kept:
        for name, values in trials["scores"].items():
            column = next(c for c in rows[0] if c.removesuffix(" ↓").removesuffix(" ↑").removesuffix(" → real") == name)
            assert float(at[trials["digest"][i]][column]) == values[i]


def test_files_that_the_page_names_lie_beside_it(browser, folder):
    with visit(browser, folder) as seen:
        links = seen.page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
    files = {link for link in links if not link.startswith("#")}
    assert {"trials.csv", "trials.parquet", "data.json", "study.bib", "plain.html"} <= files
    assert all((folder / link).is_file() for link in files)


def test_the_typed_score_is_reached_where_the_curve_says(browser, folder, data):
    line = data["budget"][""][0]
    target = (line["expected"][3] + line["expected"][4]) / 2
    with visit(browser, folder) as seen:
        seen.page.locator("#budget").scroll_into_view_if_needed()
        typed = seen.page.locator("#view-budget input[type=number]")
        typed.fill(str(target))
        typed.press("Enter")
        assert seen.fragment == f"#target={target}"
        found = int(re.search(r"best of (\d+) trials", seen.page.locator(".reach li").first.inner_text()).group(1))
    assert line["trials"][3] < found <= line["trials"][4]


def serious(seen):
    seen.look_at_everything()
    return violations(seen)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "light"),
        (400, "dark"),
        pytest.param(1280, "dark", marks=pytest.mark.slow),
        pytest.param(400, "light", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_serious_or_moderate(browser, folder, data, width, scheme):
    with visit(browser, folder, width=width, scheme=scheme) as seen:
        assert serious(seen) == []
        assert seen.overflow <= 0
        seen.page.evaluate(f"location.hash = '#trial={data['study']['best']}'")
        seen.page.locator("dialog[open]").wait_for()
        assert serious(seen) == []


CUT = """
() => [...document.querySelectorAll("#table-answer td, #table-answer th")].flatMap((cell) => {
  if (!cell.checkVisibility()) return [];
  const range = document.createRange(), found = cell.scrollWidth > cell.clientWidth + 1 ? ["cut: " + cell.textContent] : [];
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) for (const word of walker.currentNode.data.matchAll(/[^\\s]+/g)) {
    range.setStart(walker.currentNode, word.index);
    range.setEnd(walker.currentNode, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1) found.push("broken: " + word[0]);
  }
  return found;
})
"""


@pytest.mark.parametrize("width", [1280, 400])
def test_the_answer_breaks_no_word_and_cuts_no_number(browser, folder, width):
    with visit(browser, folder, width=width) as seen:
        assert seen.page.locator("#table-answer td").count() >= 7
        assert seen.page.evaluate(CUT) == []


def test_on_a_phone_trials_are_cards_with_name_and_score_first(browser, folder, data):
    with visit(browser, folder, width=400) as seen:
        seen.page.locator("#trials").scroll_into_view_if_needed()
        seen.look_at_everything()
        best = min(v for v in data["trials"]["scores"][data["score"]] if v is not None)
        lines = seen.page.locator(".cards li").first.inner_text().split("\n")
        assert " · " in lines[0]
        assert lines[1].startswith(f"{data['score']} {formats.number(best)}")
        assert seen.page.locator(".tabulator").count() == 0
        seen.page.locator(".cards button").first.click()
        assert seen.page.locator("dialog[open]").count() == 1


def test_paper_shows_every_part_open_and_cuts_no_column(browser, folder):
    with visit(browser, folder, width=1030) as seen:
        seen.page.emulate_media(media="print")
        seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert seen.page.locator("main details:not([open])").count() == 0
        assert seen.overflow <= 0
        wide = "[...document.querySelectorAll('main table')].filter((t) => t.offsetParent && t.getBoundingClientRect().right > innerWidth).map((t) => t.id)"
        assert seen.page.evaluate(wide) == []
        assert seen.page.locator("#table-trials thead th").count() <= 8
        # Chromium repeats the head of a table on every page unless it holds a button.
        assert seen.page.locator("main thead button").count() == 0
        assert seen.page.locator(".filelist").first.is_hidden()
        color = seen.page.locator("button.cell").first.evaluate("(cell) => getComputedStyle(cell).printColorAdjust")
        assert color == "exact"
        assert seen.page.locator("#table-trials").is_visible()
        assert not seen.page.locator("#view-filters").is_visible()
        assert seen.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def white_at_the_bottom(pdf, folder):
    """The share of each page's printable height that lies below the last thing on it."""
    import numpy as np
    from PIL import Image

    (folder / "page.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "20", "-png", folder / "page.pdf", folder / "page"], check=True)
    pages = [np.asarray(Image.open(path).convert("L")) < 245 for path in sorted(folder.glob("page-*.png"))]
    margin = round(12 / 25.4 * 20)
    return [1 - (np.flatnonzero(page.any(1)).max(initial=0) - margin) / (page.shape[0] - 2 * margin) for page in pages]


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not on this machine: install poppler-utils")
def test_no_page_of_paper_but_the_last_is_left_half_empty(browser, folder, tmp_path):
    with visit(browser, folder, width=1030) as seen:
        found = white_at_the_bottom(seen.page.pdf(prefer_css_page_size=True), tmp_path)
    assert len(found) > 5
    assert max(found[:-1]) < 0.5


LONG = {"hinge": "spectral_conditional_batch", "dcgan": "residual_translation/deep,with_skips"}


def long_names(study):
    for path in study.rglob("*.json"):
        text = path.read_text()
        for short, name in LONG.items():
            text = text.replace(f'"{short}"', f'"{name}"')
        path.write_text(text, encoding="utf-8")


def test_on_a_phone_long_names_break_at_their_separators_alone(browser, reported):
    with visit(browser, reported(24, long_names, axes=("loss", "architecture"), confirm=0), width=400) as seen:
        seen.look_at_everything()
        assert "spectral_conditional_batch" in seen.page.locator("#view-gallery").inner_text()
        assert (
            seen.page.evaluate(CUT.replace("#table-answer td, #table-answer th", "main th, main td, main .tiletext, main .cards button"))
            == []
        )
        assert seen.overflow <= 0


EVIL = "\"'><img src=x onerror=alert(1)></script><script>alert(1)</script>{{ 7 * 7 }}" + "w" * 300


def evil(study):
    for path in study.rglob("*.json"):
        path.write_text(path.read_text().replace("hinge", json.dumps(EVIL)[1:-1]), encoding="utf-8")
    facts = json.loads((study / "study.json").read_text())
    facts |= {"name": EVIL, "skipped": [{"cell": {EVIL: EVIL}, "reason": EVIL}], "environment": {EVIL: EVIL}}
    (study / "study.json").write_text(json.dumps(facts), encoding="utf-8")
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        record["curves"][EVIL] = record["curves"]["d_loss"]
        record["config"]["loss"]["hyperparameters"] = {EVIL: record["config"]["d_optimizer"]["beta1"]}
        record["reason"] = EVIL if record["status"] == "diverged" else ""
        record["diagnosis"] = {EVIL: {"value": 1.0}}
        path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("width", [400, pytest.param(1280, marks=pytest.mark.slow)])
def test_hostile_names_run_no_script_and_do_not_widen_the_page(browser, reported, width):
    with visit(browser, reported(24, evil, axes=("loss", "architecture"), confirm=0), width=width) as seen:
        seen.look_at_everything()
        seen.page.locator("button.cell").first.click()
        seen.look_at_everything()
        assert EVIL in seen.page.locator("h1").inner_text()
        assert seen.page.locator('img[src="x"]').count() == 0
        assert seen.overflow <= 0
        assert seen.problems == []
        seen.page.locator(".tabulator-row a, .cards button").first.click()
        assert seen.page.locator("dialog[open]").count() == 1
        assert seen.problems == []


def all_diverged(study):
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"status": "diverged", "reason": "loss is not finite", "pictures": {}}), encoding="utf-8")
        for scores in path.parent.glob("scores/*.json"):
            scores.unlink()


def old_records(study):
    """Fields that the first version did not write."""
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        for name in ("diagnosis", "peak_memory_bytes", "parameters", "pictures", "curves", "environment"):
            record.pop(name, None)
        path.write_text(json.dumps(record), encoding="utf-8")


def one_cell(study):
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps(record | {"study": record["study"] | {"cell": {"loss": "hinge"}}}), encoding="utf-8")


@pytest.mark.parametrize(
    ("trials", "how", "says"),
    [
        (0, {}, "The study has no trials yet."),
        (1, {}, "The only trial diverged."),
        (6, {"change": all_diverged}, "All 6 trials diverged. The commonest reason (6 of 6): loss is not finite."),
        (8, {"change": one_cell, "axes": ("loss",)}, "8 of 8 trials"),
        (8, {"pictures": False, "axes": ("loss",)}, "No picture"),
        (8, {"change": old_records, "axes": ("loss",)}, "No trial recorded learning curves."),
    ],
)
def test_small_and_odd_studies_have_a_whole_page(browser, reported, trials, how, says):
    with visit(browser, reported(trials, confirm=0, **how)) as seen:
        seen.look_at_everything()
        assert says in seen.page.locator("main").inner_text()
        assert seen.problems == []
        assert seen.overflow <= 0


def test_without_a_script_the_page_leads_to_the_drawings(browser, folder):
    with visit(browser, folder, java_script_enabled=False) as seen:
        assert seen.page.locator("noscript a, .notice a").first.get_attribute("href") == "plain.html"
        assert seen.page.locator("#table-answer").is_visible()
        assert seen.page.locator("#table-trials").is_visible()
        assert not seen.page.locator("#filters").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("trials", "most_bytes"), [(500, 2_500_000), (5000, 6_000_000)])
def test_large_studies_keep_to_their_size_and_draw(browser, reported, trials, most_bytes):
    folder = reported(trials)
    assert (folder / "index.html").stat().st_size <= most_bytes
    with visit(browser, folder) as seen:
        seen.look_at_everything()
        total = len(json.loads((folder / "data.json").read_text(encoding="utf-8"))["trials"]["cell"])
        assert total >= trials
        assert seen.page.locator("#view-filters output").inner_text() == f"{total:,} of {total:,} trials"
        assert seen.problems == []
