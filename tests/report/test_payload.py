"""What the page's script is given: settings that were the same in all trials, the target of a score, pictures once each."""

import json

import pytest

from landscape.report.interactive import thumbnails as module
from landscape.report.interactive.payload import payload
from landscape.report.study_page import study_page
from landscape.report.view import view_of
from landscape.results.studies import read_study

TARGETED = "recall[classifier:digits]"


@pytest.fixture
def study(synthetic, tmp_path):
    return synthetic.write_study(tmp_path, 12, confirm=0, axes=("loss",))


def changed(paths, change):
    for path in paths:
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.usefixtures("quick_figures")
def test_a_setting_that_differs_in_a_single_trial_is_not_called_the_same_in_all(study):
    records = sorted((study / "trials").glob("*/record.json"))
    order = [str(d) for d in view_of(read_study(study)).table.frame["digest"]]
    # One trial that is neither the first, nor the last, nor in the middle lacks a setting that all others have.
    odd = next(p for p in records if p.parent.name == order[2])
    changed(records, lambda record: record["config"].update(extra=7))
    changed([odd], lambda record: record["config"].pop("extra"))
    fixed = payload(study_page(read_study(study)))["fixed"]
    assert "extra" not in fixed
    assert (fixed["batch_size"], fixed["budget.amount"]) == ("64", "400")
    assert not {"seed", "loss", "d_optimizer.learning_rate"} & set(fixed)


@pytest.mark.usefixtures("quick_figures")
def test_a_score_says_what_it_aims_at(study):
    changed((study / "trials").glob("*/scores/*.json"), lambda scores: scores["estimates"][TARGETED].update(target="real"))
    scores = {score["name"]: score["target"] for score in payload(study_page(read_study(study)))["scores"]}
    assert scores.pop(TARGETED) == "real"
    assert set(scores.values()) == {""}


def test_a_picture_without_room_is_counted_once(study, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 0)
    found = module.thumbnails(view_of(read_study(study)))
    assert found.uris == {}
    assert 0 < found.left_out <= len(list(study.rglob("*.png")))


def test_the_trial_that_selection_takes_from_a_cell_has_its_picture(study, monkeypatch):
    view = view_of(read_study(study))
    last = view.best_first(view.table.role("search").frame).drop_duplicates("cell", keep="last")["digest"].tolist()
    monkeypatch.setattr(type(view), "selection_costs", {digest: float(i) for i, digest in enumerate(last)})
    assert {digest for digest in last if "samples" in module.thumbnails(view_of(read_study(study))).uris.get(digest, {})} == set(last)


def test_the_best_trial_has_its_picture_though_it_is_a_confirmation_run(synthetic, tmp_path):
    study = synthetic.write_study(tmp_path, 12, axes=("loss",))
    frame = view_of(read_study(study)).table.frame
    digest = str(frame.loc[frame["role"] == "confirmation", "digest"].iloc[0])
    (scores,) = (study / "trials" / digest / "scores").glob("*.json")
    changed([scores], lambda content: content["estimates"][synthetic.OBJECTIVE].update(value=0.01))
    assert "samples" in module.thumbnails(view_of(read_study(study))).uris[digest]
