"""The section "Through other views": its figures recomputed from the files of scores, what it leaves out, and that it does no harm."""

import csv
import io
import json
import math
import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from helpers import synthetic_study
from helpers.browser import Visit, violations
from helpers.html_page import page_of
from scipy.stats import kendalltau, norm, spearmanr

from landscape.report import study_figures
from landscape.report.build import Wanted, build
from landscape.report.figures._style import Rendered, new_figure, render

EVIL = "\"'><img src=x onerror=alert(1)></style></svg><script>alert(1)</script> {{ 7 * 7 }} & &amp; --> ü 漢"
OWN, PIXELS, LITE = "KID[classifier:digits]", "KID[pixels]", "KID[efficientnet_lite:lite0-112]"


@pytest.fixture(scope="module")
def seen(synthetic, tmp_path_factory):
    """Call it with extractors: a study with these views is written and reported with the one figure of its views; returns its root."""
    made = {}

    def report(*extractors, scored=None):
        key = (extractors, scored)
        if key not in made:
            root = tmp_path_factory.mktemp("views")
            study = synthetic.write_study(root / "results", 18, confirm=0, axes=("loss",))
            for extractor in extractors:
                synthetic.add_view(study, extractor, trials=scored)
            with pytest.MonkeyPatch.context() as patch:
                drawn = study_figures.drawn_figure
                blank = Rendered(b"<svg/>", b"png", b"%PDF", '<svg aria-hidden="true"></svg>')

                def of_views_alone(name, title, caption, alt, frame, draw):
                    if name == "views":
                        return drawn(name, title, caption, alt, frame, draw)
                    return study_figures.Drawn(name, title, caption, alt, frame, blank) if len(frame) else None

                patch.setattr(study_figures, "drawn_figure", of_views_alone)
                build(root / "results", root / "reports", wanted=Wanted(tables=("md", "tex")))
            made[key] = root
        return made[key]

    return report


def scores_of(root):
    """The KID of every completed trial through every view, with the ends of its interval, read from the files alone."""
    return scores_of_folder(root / "results" / "digits")


def scores_of_folder(study):
    rows = []
    for path in (study / "trials").glob("*/scores/*.json"):
        for name, e in json.loads(path.read_text())["estimates"].items():
            if name.startswith("KID["):
                rows.append({"trial": path.parts[-3], "view": name, "value": e["value"], "low": e["interval"][0], "high": e["interval"][1]})
    return pd.DataFrame(rows)


def csv_of(root, name):
    text = (root / "reports" / "digits" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def both_pages(root):
    return [page_of(root / "reports" / "digits" / name) for name in ("index.html", "plain.html")]


def text_of(page):
    return " ".join(" ".join(page.text).split())


def test_ranks_are_those_of_the_scores_in_the_files(seen):
    root = seen("pixels", "efficientnet_lite:lite0-112")
    wide = scores_of(root).pivot_table(index="trial", columns="view", values="value")
    assert len(wide) > 10
    ranks = wide.rank()
    shown = csv_of(root, "views")
    assert {row["digest"] for row in shown} == set(wide.index)
    for row in shown:
        assert float(row["mean_rank"]) == pytest.approx(ranks.loc[row["digest"]].mean())
        for view in (OWN, PIXELS, LITE):
            assert float(row[f"rank:{view}"]) == ranks.at[row["digest"], view]
            assert float(row[view]) == wide.at[row["digest"], view]
    assert [float(row["mean_rank"]) for row in shown] == sorted(float(row["mean_rank"]) for row in shown)
    drawn = pd.DataFrame(csv_of(root, "figure_views")).astype({"rank": float})
    pd.testing.assert_frame_equal(drawn.pivot_table(index="trial", columns="view", values="rank"), ranks)


def test_the_page_shows_the_ranks_beside_the_scores_and_the_best_model_by_each_view(seen):
    root = seen("pixels", "efficientnet_lite:lite0-112")
    wide = scores_of(root).pivot_table(index="trial", columns="view", values="value")
    ranks = wide.rank()
    for page in both_pages(root):
        header, first, *_ = page.tables["table-views"]
        assert header[3]["text"] == f"{OWN} ↓"
        digest = first[1]["text"]
        for cell, head in zip(first[3:6], header[3:6], strict=True):
            assert cell["text"].endswith(f"rank {ranks.at[digest, head['text'].removesuffix(' ↓')]:g}")
        text = text_of(page)
        assert f"{len(wide)} models ranked by KID through 3 views: {OWN}" in text
        assert "The study chose by FD[classifier:digits], which looks through the same extractor as KID[classifier:digits]" in text
        for view in (OWN, PIXELS, LITE):
            best = wide[view].idxmin()
            assert re.search(rf"by {re.escape(view)}: [\w ·]+, {best[:8]} \(rank", text)
        pictures = [
            given["alt"] for tag, given in page.tags if tag == "img" and given["alt"].startswith("Grid of samples of the best model by")
        ]
        assert len(pictures) == wide.idxmin().nunique()


def test_agreement_is_kendalls_tau_with_the_interval_of_fieller_hartley_and_pearson(seen):
    root = seen("pixels", "efficientnet_lite:lite0-112")
    wide = scores_of(root).pivot_table(index="trial", columns="view", values="value")
    shown = csv_of(root, "views_agreement")
    assert {frozenset((row["one"], row["two"])) for row in shown} == {frozenset(pair) for pair in combinations((OWN, PIXELS, LITE), 2)}
    for row in shown:
        tau = kendalltau(wide[row["one"]], wide[row["two"]]).statistic
        half = norm.ppf(0.975) * math.sqrt(0.437 / (len(wide) - 4))
        assert (row["metric"], int(row["models"])) == ("KID", len(wide))
        assert float(row["tau"]) == pytest.approx(tau)
        assert float(row["tau_low"]) == pytest.approx(math.tanh(math.atanh(tau) - half))
        assert float(row["tau_high"]) == pytest.approx(math.tanh(math.atanh(tau) + half))
        rho = spearmanr(wide[row["one"]], wide[row["two"]]).statistic
        half = norm.ppf(0.975) * math.sqrt((1 + rho**2 / 2) / (len(wide) - 3))
        assert float(row["rho"]) == pytest.approx(rho)
        assert float(row["rho_low"]) == pytest.approx(math.tanh(math.atanh(rho) - half))
        assert float(row["rho_high"]) == pytest.approx(math.tanh(math.atanh(rho) + half))


def test_a_contradicted_model_is_named_with_the_number_of_models_against_which(seen):
    """For each view and pair of models: this view decides one way, and both other views decide the other way."""
    root = seen("pixels", "efficientnet_lite:lite0-112")
    table = scores_of(root)
    low, high = (table.pivot_table(index="trial", columns="view", values=end) for end in ("low", "high"))
    sign = {
        view: np.where(high[view].to_numpy()[:, None] < low[view].to_numpy()[None], 1, 0)
        - np.where(low[view].to_numpy()[:, None] > high[view].to_numpy()[None], 1, 0)
        for view in low
    }
    wanted = {}
    for view, found in sign.items():
        others = np.sum([s for name, s in sign.items() if name != view], axis=0)
        for verb, side in (("flattered", 1), ("wronged", -1)):
            counts = ((found == side) & (others == -2 * side)).sum(axis=1)
            for trial, n in zip(low.index, counts, strict=True):
                if n:
                    wanted.setdefault(trial, set()).add(f"{verb} by {view[4:-1]} (against {n})")
    assert wanted
    shown = {row["digest"]: set(filter(None, row["otherwise"].split("; "))) for row in csv_of(root, "views")}
    assert {trial: texts for trial, texts in shown.items() if texts} == wanted
    most = max((int(text.split("against ")[1].rstrip(")")), trial, text) for trial, texts in wanted.items() for text in texts)
    assert re.search(rf", {most[1][:8]}: {re.escape(most[2])}", text_of(both_pages(root)[0]))


def test_of_two_views_neither_is_called_wrong(seen):
    for page in both_pages(seen("pixels")):
        text = text_of(page)
        assert "better through pixels (against" in text
        assert "flattered" not in text
        assert "wronged" not in text


@pytest.mark.parametrize("how", [{}, {"extractors": ("pixels",), "scored": 2}], ids=["one view", "two models alone"])
def test_there_is_no_section_without_a_second_view_of_three_models(seen, how):
    root = seen(*how.get("extractors", ()), scored=how.get("scored"))
    for page in both_pages(root):
        assert "views" not in page.ids
        assert "#views" not in page.links
        assert "Through other views" not in text_of(page)
    assert not list((root / "reports").rglob("*views*"))


def test_three_models_are_ranked_without_an_interval_and_the_page_says_why(seen):
    root = seen("pixels", scored=3)
    (row,) = csv_of(root, "views_agreement")
    assert (row["models"], row["tau_low"], row["rho_low"], row["note"]) == ("3", "", "", "3 models: an interval needs 10")
    # The correlations of three models in two orders.
    assert (round(3 * float(row["tau"])), float(row["rho"])) in {(3, 1.0), (1, 0.5), (-1, -0.5), (-3, -1.0)}
    for page in both_pages(root):
        assert "3 models ranked by KID through 2 views" in text_of(page)
        assert re.search(r"The 3 models that every view scored, of \d\d with any", text_of(page))


def test_the_drawing_needs_no_style_that_the_policy_forbids(seen):
    live, plain = both_pages(seen("pixels"))
    assert not any("style" in given for _, given in live.tags)
    for page in (live, plain):
        assert page.problems == []
        assert len(page.ids) == len(set(page.ids))
        assert sum(i.startswith("views-line2d") for i in page.ids) > 20
    assert sum("stroke" in given for _, given in live.tags) > 20


def test_tables_for_papers_do_not_claim_the_studys_own_protocol(seen, synthetic):
    folder = seen("pixels") / "reports" / "digits" / "tables"
    digest = synthetic.protocol()["digest"]
    for name in ("views", "views_agreement"):
        assert digest not in (folder / f"{name}.md").read_text(encoding="utf-8")
        assert r"\begin{tabular}" in (folder / f"{name}.tex").read_text(encoding="utf-8")
    assert digest in (folder / "cells.md").read_text(encoding="utf-8")
    assert "rank" in (folder / "views.md").read_text(encoding="utf-8")


def test_tables_under_protocols_of_one_name_have_titles_of_their_own(seen):
    """Each view is scored under a protocol called `quick, changed`."""
    page = both_pages(seen("pixels", "efficientnet_lite:lite0-112"))[0]
    regions = [given["aria-label"] for _, given in page.tags if given.get("role") == "region"]
    assert len(regions) == len(set(regions))
    assert sum("under quick, changed" in region for region in regions) == 2


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("extractors", [("pixels", "efficientnet_lite:lite0-112"), (EVIL,)], ids=["plain", "hostile"])
def test_the_section_in_a_browser(browser, seen, extractors, width):
    root = seen(*extractors)
    for name in ("index.html", "plain.html"):
        with Visit(browser, root / "reports" / "digits" / name, width=width) as visit:
            visit.look_at_everything()
            assert visit.page.locator("#views svg path").count() > 20
            assert visit.page.locator("#views .pictures img").count() >= 1
            if name == "index.html":
                assert visit.page.locator("nav.contents a[href='#views']").count() == 1
                assert violations(visit) == []
            assert visit.problems == []
            assert visit.overflow <= 0


def test_a_hostile_name_of_a_view_is_shown_and_runs_nothing(seen):
    root = seen(EVIL)
    for page in both_pages(root):
        assert page.problems == []
        assert not any(key.startswith("on") for _, given in page.tags for key in given)
        assert not any(given.get("src") == "x" for _, given in page.tags)
        assert "49" not in page.text
        assert f"KID[{EVIL}] ↓" in [cell["text"] for cell in page.tables["table-views"][0]]
    assert [row[f"rank:KID[{EVIL}]"] for row in csv_of(root, "views")]


def equal_through_pixels(study):
    """Pixels score all models alike, half of them by fewer samples, and the study's own objective is nowhere among the scores."""
    synthetic_study.add_view(study, "pixels")
    for number, path in enumerate(sorted(study.glob("trials/*/scores/quick_changed-*.json"))):
        data = json.loads(path.read_text())
        data["estimates"]["KID[pixels]"] |= {"value": 0.5, "interval": [0.4, 0.6], "n_fake": 300 if number % 2 else 899}
        path.write_text(json.dumps(data), encoding="utf-8")
    facts = json.loads((study / "study.json").read_text())
    (study / "study.json").write_text(json.dumps(facts | {"objective": "MIND[classifier]"}), encoding="utf-8")


def test_a_page_says_of_equal_models_and_of_other_numbers_and_objectives_no_more_than_is_so(reported):
    folder = reported(8, equal_through_pixels, axes=("loss",), confirm=0)
    table = scores_of_folder(folder.parent.parent / "results" / "digits")
    best = table[table["view"] == OWN].set_index("trial")["value"].idxmin()
    for name in ("index.html", "plain.html"):
        text = text_of(page_of(folder / name))
        assert re.search(rf"by every view: [\w ·]+, {best[:8]}", text)
        assert "one of the two is the same for all models" in text
        assert "899 real and 300 to 899 generated samples" in text
        assert "The study chose by" not in text


def test_a_drawing_with_control_characters_in_a_name_is_valid_xml():
    figure, axes = new_figure(3.7)
    axes.set_title("a\x00b\x1b<c>\x0b")
    assert "ab&lt;c&gt;" in ElementTree.tostring(ElementTree.fromstring(render(figure, "t", "t").svg), encoding="unicode")
