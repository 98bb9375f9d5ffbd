"""What a page says of the rows and columns of pictures: it is true of the task that made them."""

import json

import pytest
from helpers.browser import Visit
from helpers.html_page import page_of
from helpers.made_trials import trial

from landscape.report.legends import Legend, legend_of

TEXTS = ("red seven green two", "red one green <b>nine</b>")


def of(task, pictures=("samples",), texts=()):
    from dataclasses import replace

    record = trial("t").record
    config = dict(record.config) | ({} if task is None else {"task": {"name": task, "hyperparameters": {}}})
    return legend_of(replace(record, config=config, pictures={name: f"{name}.png" for name in pictures}, texts=texts))


@pytest.mark.parametrize(
    ("task", "columns", "words"),
    [
        ("inpainting", "given 1, samples 6, target 1", "what the model is given, samples that it makes of it, and the target"),
        (
            "unpaired",
            "a 1, G(a) 1, F(G(a)) 1, b 1, F(b) 1, G(F(b)) 1",
            "its translation G(a), and what the other generator F makes of that",
        ),
        ("text_to_image", "samples 7, real 1", "samples of one text, and the real sample to which it belongs"),
        ("text_to_speech", "samples 7, recorded 1", "what one voice says, and the mel of the recording"),
        ("class_conditional", "", "Each row has one class, from the first class on"),
        ("unconditional", "", ""),
        ("inference", "", ""),
        (None, "", ""),
        ("task_of_a_plugin", "", ""),
    ],
)
def test_a_legend_is_true_of_its_task(task, columns, words):
    legend = of(task, texts=TEXTS)
    assert ", ".join(f"{heading} {images}" for heading, images in legend.columns) == columns
    assert words in legend.sentence
    assert bool(legend.sentence) == bool(words)
    assert legend.rows == (TEXTS if columns else ())


def test_a_trial_without_the_picture_has_no_legend():
    assert of("inpainting", pictures=("nearest",)) == Legend()


def worded(study):
    for path in (study / "trials").glob("*/record.json"):
        record = json.loads(path.read_text())
        record["config"]["task"] = {"name": "text_to_image", "hyperparameters": {}}
        path.write_text(json.dumps(record | {"texts": TEXTS}))


def test_both_pages_say_what_rows_and_columns_are_and_print_the_texts(reported):
    folder = reported(6, worded, axes=("loss",), confirm=0)
    for name in ("plain.html", "index.html"):
        text = (folder / name).read_text(encoding="utf-8")
        said = " ".join(page_of(folder / name).text)
        assert "In each row: samples of one text, and the real sample to which it belongs." in said
        assert "Columns from the left: samples (7), real." in said
        assert "red one green <b>nine</b>" in said
        assert "<b>nine</b>" not in text
    assert "the target" not in said


def test_headings_stand_above_their_columns(browser, reported):
    with Visit(browser, reported(6, worded, axes=("loss",), confirm=0) / "plain.html") as seen:
        figure = seen.page.locator("#samples figure").first
        image, last = figure.locator("img").bounding_box(), figure.locator(".heads span").last.bounding_box()
        assert last["x"] + last["width"] == pytest.approx(image["x"] + image["width"], abs=1)
        assert last["width"] == pytest.approx(image["width"] / 8, abs=2)
        assert seen.problems == []
        assert seen.overflow <= 0
