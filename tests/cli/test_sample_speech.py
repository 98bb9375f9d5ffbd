"""`landscape train --task text_to_speech` and `landscape sample --text --voice`, for real, on a tiny network and a voice that hums."""

import wave

import numpy as np
import pytest
from helpers import spoken
from PIL import Image

TRAIN = ("train", "--loss", "hinge", "--steps", "2", "--protocol", "none", "--set", "batch_size=4")
SPEECH = ("--dataset", "spoken-words:words=10", "--task", "text_to_speech", "--architecture", "mel_conv:width=4,d_width=4")


@pytest.fixture
def trained(run, here, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(here / "cache"))
    spoken.without_flite(monkeypatch)
    assert run(*TRAIN, *SPEECH, "--out", "trial").code == 0
    return here / "trial"


def test_speech_is_written_as_sound_and_picture_and_mistakes_are_named(run, here, trained, monkeypatch):
    monkeypatch.setattr("landscape.components.datasets._speaking.pronunciations.pronounced", lambda word: "")
    done = run("sample", trained, "--text", "Seven!", "--voice", "slt", "--out", "seven.wav")
    assert done.code == 0
    assert "1 samples" in done.out
    with wave.open("seven.wav") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth(), file.getnframes()) == (8000, 1, 2, 8192)
    assert np.asarray(Image.open("seven.png")).shape[:2] == (64, 64)
    assert run("sample", trained, "--text", "seven", "--text", "one", "--voice", "awb", "--draws", "2", "--out", "four.npz").code == 0
    made = np.load("four.npz")
    assert made["images"].shape == (4, 1, 64, 64)
    assert made["texts"].tolist()[0].endswith("(awb)")
    assert run("sample", trained, "--from-split", "test", "--n", "2", "--draws", "2", "--out", "rows.wav").code == 0
    with wave.open("rows.wav") as file:
        assert file.getnframes() == 4 * 8192
    for options, reason in (
        (("--text", "seven xyzzy", "--voice", "slt"), "no phones are known of the word 'xyzzy'"),
        (("--text", "seven", "--voice", "bob"), "unknown voice 'bob': choose from awb, kal16, rms, slt"),
        (("--text", "seven"), "several voices: give --voice, one of kal16, awb, rms, slt"),
        (("--voice", "slt"), "give either --text or --from-split"),
        (("--from-split", "test", "--voice", "slt"), "voices of their own: leave --voice out"),
        (("--input", "x.png"), "--input: the model of"),
        (("--text", "seven seven seven seven seven", "--voice", "slt"), "a mel shows 1.02 s"),
    ):
        assert reason in run("sample", trained, *options, "--out", "x.wav").is_one_line_error()
    assert not (here / "x.wav").exists()
    assert not (here / "x.png").exists()


def test_a_model_that_does_not_speak_refuses_voices_and_sound(run, here):
    assert run(*TRAIN, "--dataset", "digits", "--architecture", "mlp:width=8", "--out", "plain").code == 0
    assert "--voice: the model of" in run("sample", here / "plain", "--voice", "slt", "--out", "x.png").is_one_line_error()
    assert "the ending says what to write" in run("sample", here / "plain", "--out", "x.wav").is_one_line_error()
