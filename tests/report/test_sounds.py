"""Sounds of models of speech on a study's page: they play from the page itself, and a record cannot name another file."""

import json

import numpy as np
import pytest
from helpers.browser import Visit

from landscape.components.datasets._speaking.sound_files import wav_bytes


def speaking(study, name="samples.wav", content=None):
    """Give every trained model of a study a sound of half a second."""
    tone = wav_bytes(np.sin(np.arange(4000) / 8).astype(np.float32) / 2) if content is None else content
    for path in (study / "trials").glob("*/record.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"sounds": {"samples": name}}), encoding="utf-8")
        (path.parent / "samples.wav").write_bytes(tone)


def test_the_best_and_the_typical_model_play_from_the_page_without_a_request(browser, reported):
    with Visit(browser, reported(6, speaking, axes=("loss",), confirm=0) / "index.html") as seen:
        seen.look_at_everything()
        heard = seen.page.locator("audio")
        assert heard.count() == 2
        for i in range(2):
            ready = "a => new Promise(done => a.readyState ? done(a.duration) : a.onloadedmetadata = () => done(a.duration))"
            assert heard.nth(i).evaluate(ready) == pytest.approx(0.5, abs=0.01)
        assert "the recording, for each of the first rows" in seen.page.locator("figure:has(audio) figcaption").first.inner_text()
        assert seen.problems == []
        assert seen.overflow <= 0


def elsewhere(study):
    (study.parent / "private.wav").write_bytes(b"RIFF----WAVE")
    speaking(study, "../../../private.wav")


def no_sound(study):
    speaking(study, content=b"MZ--------------")


def missing(study):
    speaking(study, "other.wav")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (elsewhere, "No sound: the record names &#39;../../../private.wav&#39;, which is no file of the trial."),
        (no_sound, "No sound: samples.wav is no WAVE sound."),
        (missing, "No sound: other.wav is missing."),
    ],
)
def test_a_file_that_is_no_sound_of_the_trial_is_named_and_not_embedded(reported, prepare, said):
    page = (reported(6, prepare, axes=("loss",), confirm=0) / "index.html").read_text(encoding="utf-8")
    assert page.count(said) == 2
    assert "<audio" not in page
    assert "audio/wav" not in page
