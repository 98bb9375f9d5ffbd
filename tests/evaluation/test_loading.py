"""Sets by name: data sets, folders, zips, arrays, trials; and what is refused."""

import io
import pickle
import re
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._base import Dataset, Split
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation import evaluate
from landscape.evaluation.default_protocol import default_protocol, default_training_protocol
from landscape.evaluation.given import as_given
from landscape.evaluation.loading import Where, load_array, load_pair, load_samples
from landscape.results.record import GENERATOR_FILE

QUICK = get("quick")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("LANDSCAPE_INCEPTION_WEIGHTS", raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path_factory.mktemp("hub")))


@pytest.fixture
def levels():
    return np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8)


def _png(array):
    buffer = io.BytesIO()
    Image.fromarray(array.transpose(1, 2, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_data_set_with_hyperparameters():
    dataset = load_samples("ring:modes=3,points=60", get("quick-points"))
    assert isinstance(dataset, Dataset)
    assert dataset.split("train").labels.unique().tolist() == [0, 1, 2]
    with pytest.raises(UserError, match="did you mean 'modes'"):
        load_samples("ring:mode=3", QUICK)
    with pytest.raises(UserError, match="'mode' is not of the form name=value"):
        load_samples("digits:mode", QUICK)


def test_a_data_set_by_name():
    dataset = load_samples("digits", QUICK)
    assert isinstance(dataset, Dataset)
    assert default_protocol(dataset) == "quick"
    assert default_protocol(load_samples("ring", QUICK)) == "quick-points"


def test_folders_and_zips_hold_the_same_images(tmp_path, levels):
    folder = tmp_path / "pictures"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for i, image in enumerate(levels):
            (folder / f"{i}.png").write_bytes(_png(image))
            archive.writestr(f"{i}.png", _png(image))
    for spec in (folder, tmp_path / "pictures.zip", f"folder:{folder}"):
        given = load_samples(str(spec), QUICK)
        assert torch.equal(given.samples, torch.from_numpy(levels))
        assert default_protocol(given) == "quick-photos"


def test_photographs_are_seen_by_a_network_on_every_machine(tmp_path, levels, monkeypatch):
    """Without Inception's weights they are compared through the network that is installed; with them, through Inception; gray ones as before."""
    color, gray = as_given(levels, "real"), as_given(levels[:, :1], "real")
    assert (default_protocol(color), default_protocol(gray)) == ("quick-photos", "given")
    labeled = Dataset("mine", {"train": Split(torch.from_numpy(levels))}, "0" * 16)
    assert (default_protocol(labeled), default_training_protocol(labeled)) == ("quick-photos", "quick-photos")
    (tmp_path / "inception.pth").write_bytes(b"")
    monkeypatch.setenv("LANDSCAPE_INCEPTION_WEIGHTS", str(tmp_path / "inception.pth"))
    assert default_protocol(color) == "given"
    assert default_training_protocol(load_samples("digits", QUICK)) == "quick"
    assert default_training_protocol(load_samples("ring", QUICK)) == "quick-points"
    images = torch.randint(0, 256, (24, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    scores = evaluate(
        images[:12], images[12:], varied(get("quick-photos"), metrics=["frechet", "kid", "mind", {"precision_recall": {"k": 3}}])
    )
    assert {"KID[efficientnet_lite:lite0-112]", "MIND[efficientnet_lite:lite0-112]"} <= set(scores.estimates)
    assert not scores.failures


@pytest.mark.parametrize("channels_last", [True, False])
def test_image_arrays(tmp_path, levels, channels_last):
    array = levels.transpose(0, 2, 3, 1) if channels_last else levels
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "b.npz", array)
    np.savez(tmp_path / "c.npz", images=array, labels=np.arange(6))
    torch.save(torch.from_numpy(array.copy()), tmp_path / "d.pt")
    torch.save({"images": torch.from_numpy(array.copy())}, tmp_path / "e.pt")
    for name in ("a.npy", "b.npz", "c.npz", "d.pt", "e.pt"):
        assert torch.equal(load_samples(str(tmp_path / name), QUICK).samples, torch.from_numpy(levels))
    assert load_array(tmp_path / "c.npz").labels.tolist() == list(range(6))


def test_feature_files(tmp_path):
    features = np.random.default_rng(0).normal(size=(40, 5))
    np.savez(tmp_path / "a.npz", features=features, extractor="dinov2")
    torch.save({"features": torch.from_numpy(features), "logits": torch.zeros(40, 3)}, tmp_path / "b.pt")
    a, b = load_array(tmp_path / "a.npz"), load_array(tmp_path / "b.pt")
    assert a.samples is None
    assert a.extractor == "dinov2"
    torch.testing.assert_close(a.features, torch.from_numpy(features))  # kept in float64: metrics center them before they cast
    assert b.logits.shape == (40, 3)
    assert default_protocol(a) == "given"
    scores = evaluate(a, b, "given")
    assert scores.estimates["FD[dinov2]"].value == pytest.approx(0, abs=1e-6)
    np.savez(tmp_path / "c.npz", features=features, extractor="clip")
    with pytest.raises(UserError, match=r"'dinov2'.*'clip'"):
        evaluate(a, load_array(tmp_path / "c.npz"), "given")


def test_a_bare_array_beside_features_is_features(tmp_path):
    array = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    np.savez(tmp_path / "a.npz", features=array)
    np.save(tmp_path / "b.npy", array)
    for names in (("a.npz", "b.npy"), ("b.npy", "a.npz")):
        pair = load_pair(*(str(tmp_path / name) for name in names), QUICK, number=len)
        assert all(given.samples is None and torch.equal(given.features, torch.from_numpy(array)) for given in pair)
    pair = load_pair(str(tmp_path / "b.npy"), str(tmp_path / "b.npy"), QUICK, number=len)
    assert all(given.features is None for given in pair)


def test_a_trial_is_sampled_with_the_protocols_seed(tmp_path):
    (tmp_path / GENERATOR_FILE).touch()
    asked = []

    def open_trial(folder):
        assert folder == tmp_path
        return lambda number, seed: asked.append((number, seed)) or torch.zeros(number, 1, 8, 8)

    given = load_samples(str(tmp_path), QUICK, Where(open_trial=open_trial), number=7)
    assert asked == [(7, QUICK.seed)]
    assert given.samples.dtype == torch.uint8
    with pytest.raises(UserError, match="does not say how many"):
        load_samples(str(tmp_path), QUICK, Where(open_trial=open_trial))
    with pytest.raises(UserError, match="trained trial"):
        load_samples(str(tmp_path), QUICK)


def test_a_trial_keeps_the_classes_of_its_samples_where_a_score_reads_them(tmp_path):
    (tmp_path / GENERATOR_FILE).touch()
    where = Where(open_trial=lambda folder: lambda number, seed: (torch.zeros(number, 1, 8, 8), torch.arange(number)))
    reading = varied(QUICK, metrics=["class_accuracy"])
    assert load_samples(str(tmp_path), reading, where, number=7).labels.tolist() == list(range(7))
    assert load_samples(str(tmp_path), QUICK, where, number=7).labels is None


class Evil:
    ran = False

    def __reduce__(self):
        return (setattr, (Evil, "ran", True))


def _write_bad(folder):
    np.save(folder / "objects.npy", np.array([Evil()]), allow_pickle=True)
    (folder / "pickle.pt").write_bytes(pickle.dumps({"features": Evil()}))
    np.savez(folder / "other.npz", weights=np.zeros(3))
    np.savez(folder / "flat.npz", features=np.zeros(3))
    np.savez(folder / "few.npz", images=np.zeros((4, 8, 8), np.uint8), labels=np.zeros(2))
    np.savez(folder / "nan.npz", features=np.full((3, 2), np.nan))
    np.savez(folder / "empty.npz", features=np.zeros((0, 2)))
    (folder / "truncated.npz").write_bytes((folder / "few.npz").read_bytes()[:-30])
    (folder / "zero.npy").write_bytes(b"")
    (folder / "text.txt").write_text("x")
    torch.save({"features": {"a": 1}}, folder / "nested.pt")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("objects.npy", "cannot be read as arrays"),
        ("pickle.pt", "cannot be read as arrays"),
        ("other.npz", "holds weights: expected an array under `features` or `images`"),
        ("flat.npz", r"features have shape \(3,\), expected \(samples, width\)"),
        ("few.npz", "4 samples but 2 labels"),
        ("nan.npz", "NaN or infinity"),
        ("empty.npz", "empty"),
        ("truncated.npz", "cannot be read as arrays"),
        ("zero.npy", "cannot be read as arrays"),
        ("text.txt", "neither images nor an array"),
        ("nested.pt", "holds a dict where an array was expected"),
        ("absent.npz", "no such file"),
        ("absent/folder", "no such file or folder"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path, name, message):
    _write_bad(tmp_path)
    with pytest.raises(UserError, match=message) as error:
        load_samples(str(tmp_path / name), QUICK)
    assert "\n" not in str(error.value)
    # The text of another package's error, which ends in a full stop, stands inside of a sentence.
    assert not re.search(r"[.;:][;:,)]|,[;:,]", str(error.value))
    assert not Evil.ran


@pytest.mark.parametrize("named", ["results", "results/toy", "results/toy/trials", "results/toy/trials/0123"])
def test_a_trials_pictures_are_no_samples(tmp_path, named):
    trial = tmp_path / "results/toy/trials/0123"
    trial.mkdir(parents=True)
    (trial / "record.json").write_text("{}")
    for name in ("samples.png", "nearest.png"):
        (trial / name).write_bytes(_png(np.zeros((3, 8, 8), np.uint8)))
    with pytest.raises(UserError, match=r"holds trials, .*: give the folder of one trial that has a generator\.safetensors"):
        load_samples(str(tmp_path / named), QUICK)


def test_an_unknown_name_lists_the_data_sets():
    with pytest.raises(UserError, match=r"digitz: neither a file nor a data set; data sets are .*digits"):
        load_samples("digitz", QUICK)
