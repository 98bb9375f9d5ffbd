"""Each named data set in its official on-disk format: splits, pixels, labels, and the errors that a user can make."""

import gzip
import hashlib
import io
import pickle
import re
import struct

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._base import DATASETS
from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError

NEED_FILES = (
    *("asterisk_prompts", "celeba", "celeba_hq_128", "cifar10", "cifar10_jpeg", "cub", "div2k", "emoji_pairs", "fashion_mnist", "ljspeech"),
    *("lsun_bedroom", "mnist", "stacked_mnist", "stacked_words", "stl10", "tfd"),
)
"""The data sets whose files a user can give, apart from pictures of one's own."""


def fails(pattern, *arguments, **keywords):
    """Check that the data set cannot be loaded and that the error is one line that matches."""
    with pytest.raises(UserError, match=pattern) as error:
        load_dataset(*arguments, progress=False, **keywords)
    assert "\n" not in str(error.value)


@pytest.fixture
def _small_validation(monkeypatch):
    monkeypatch.setattr("landscape.components.datasets._readers.idx_digits.VALIDATION", 10)


def test_digits_are_split_once_and_for_all():
    digits = load_dataset("digits")
    assert digits.shape == (1, 8, 8)
    assert {name: len(split) for name, split in digits.splits.items()} == {"train": 1197, "validation": 300, "test": 300}
    for name in ("validation", "test"):
        assert torch.bincount(digits.split(name).labels).tolist() == [30] * 10
    levels = digits.split("all").samples.unique().tolist()
    assert levels == [round(255 * i / 16) for i in range(17)]
    # This is part of the identity of every model trained on the digits, so it must never change by accident.
    assert digits.content_hash == "39830fb64550964b"
    assert len(digits.split("all")) == 1797


def test_digits_splits_hold_each_sample_once():
    from sklearn.datasets import load_digits

    ours = load_dataset("digits").split("all")
    rows = {(row.numpy().tobytes(), int(label)) for row, label in zip(ours.samples, ours.labels, strict=True)}
    data = load_digits()
    theirs = {
        (np.rint(image * 255 / 16).astype(np.uint8).tobytes(), int(label)) for image, label in zip(data.images, data.target, strict=True)
    }
    assert rows == theirs


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.usefixtures("_small_validation")
def test_mnist_from_idx(files, zipped):
    files.idx(zipped=zipped)
    mnist = load_dataset("mnist", data_dir=files.root)
    assert mnist.shape == (1, 28, 28)
    assert mnist.classifier == "mnist"
    np.testing.assert_array_equal(mnist.split("train").samples[:, 0], files.train_images[:50])
    np.testing.assert_array_equal(mnist.split("validation").samples[:, 0], files.train_images[50:])
    np.testing.assert_array_equal(mnist.split("validation").labels, files.train_labels[50:])
    np.testing.assert_array_equal(mnist.split("test").samples[:, 0], files.t10k_images)
    np.testing.assert_array_equal(mnist.split("test").labels, files.t10k_labels)
    whole = load_dataset("mnist", {"validation": False}, data_dir=files.root)
    assert set(whole.splits) == {"train", "test"}
    np.testing.assert_array_equal(whole.split("train").samples[:, 0], files.train_images)


@pytest.mark.usefixtures("_small_validation")
def test_mnist_is_found_where_users_keep_it(files, monkeypatch):
    folder = files.idx("mnist")
    expected = load_dataset("mnist", data_dir=folder).content_hash
    assert load_dataset("mnist", data_dir=files.root).content_hash == expected
    monkeypatch.setenv("DATA_DIR", str(files.root))
    assert load_dataset("mnist").content_hash == expected
    folder.rename(files.root / "raw")
    assert load_dataset("mnist", data_dir=files.root).content_hash == expected
    (files.root / "MNIST").mkdir()
    (files.root / "raw").rename(files.root / "MNIST" / "raw")
    assert load_dataset("mnist").content_hash == expected


def test_real_mnist(shared_data):
    mnist = load_dataset("mnist", data_dir=shared_data, progress=False)
    whole = load_dataset("mnist", {"validation": False}, data_dir=shared_data, progress=False)
    assert {mnist.content_hash, whole.content_hash} == set(DATASETS["mnist"].facts.contents)
    assert {name: len(split) for name, split in mnist.splits.items()} == {"train": 50_000, "validation": 10_000, "test": 10_000}
    train = torch.cat([mnist.split("train").samples, mnist.split("validation").samples])
    for samples, md5 in ((train, "6bbc9ace898e44ae57da46a324031adb"), (mnist.split("test").samples, "2646ac647ad5339dbf082846283269ea")):
        header = struct.pack(">4I", 0x803, len(samples), 28, 28)
        assert hashlib.md5(header + samples.numpy().tobytes()).hexdigest() == md5
    # These are the well-known class counts of the test set.
    assert torch.bincount(mnist.split("test").labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    fails("is the training file of mnist, not of fashion-mnist", "fashion-mnist", data_dir=shared_data / "mnist")


@pytest.mark.usefixtures("_small_validation")
def test_fashion_mnist_by_either_name(files):
    files.idx("fashion-mnist")
    assert (
        load_dataset("fashion-mnist", data_dir=files.root).content_hash == load_dataset("fashion_mnist", data_dir=files.root).content_hash
    )
    assert load_dataset("fashion-mnist", data_dir=files.root).classifier == ""


@pytest.mark.usefixtures("_small_validation")
def test_idx_errors_name_the_file(files, as_idx):
    folder = files.idx()
    images = folder / "train-images-idx3-ubyte"
    whole = images.read_bytes()
    for content, pattern in (
        (whole[:-1], "train-images-idx3-ubyte is truncated: its header promises"),
        (whole + b"x", "goes on after its end"),
        (whole[:10], "truncated within its header"),
        (b"", "is not an IDX file"),
        (b"\x89PNG" + whole[4:], "is not an IDX file of 3-dimensional bytes .magic 89504e47, expected 00000803"),
        (struct.pack(">4I", 0x803, 2**31, 2**31, 2**31), "over the limit"),
        (struct.pack(">4I", 0x803, 0, 28, 28), "is empty or over"),
        (as_idx(files.levels(7, 28, 28)), "holds 7 pictures, train-labels-idx1-ubyte 60 labels"),
    ):
        images.write_bytes(content)
        fails(pattern, "mnist", data_dir=files.root)
    images.unlink()
    fails("mnist has no train-images-idx3-ubyte", "mnist", data_dir=files.root)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole)[:-20])
    fails(r"train-images-idx3-ubyte.gz is truncated or not a gzip file", "mnist", data_dir=files.root)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(whole)
    fails(r"train-images-idx3-ubyte.gz is truncated or not a gzip file", "mnist", data_dir=files.root)


def test_a_gzip_bomb_is_not_unpacked(files):
    folder = files.idx(zipped=True)
    bomb = gzip.compress(struct.pack(">4I", 0x803, 1, 28, 28) + bytes(50_000_000))
    (folder / "train-images-idx3-ubyte.gz").write_bytes(bomb)
    fails("goes on after its end", "mnist", data_dir=files.root)


def test_missing_data_say_what_to_fetch_and_where_to_put_it(tmp_path, files):
    fails("no-such-folder cannot be read: No such file", "mnist", data_dir=tmp_path / "no-such-folder")
    (tmp_path / "empty").mkdir()
    fails("empty is empty: put the data there", "mnist", data_dir=tmp_path / "empty")
    files.pictures("other", 1)
    fails("'mnist' not found in .*: put its files into .*other or name .*: the four IDX files ", "mnist", data_dir=files.root / "other")
    for name in ("celeba", "celeba-hq-128", "lsun-bedroom", "cifar10", "cifar10-jpeg", "tfd", "stl10", "fashion-mnist", "stacked-mnist"):
        (tmp_path / "notes").mkdir(exist_ok=True)
        (tmp_path / "notes" / "readme.txt").write_text("nothing here")
        fails(f"data set '{name}' not found|'mnist' not found", name, data_dir=tmp_path / "notes")
    for name in NEED_FILES:
        source = DATASETS["mnist" if name in ("stacked_mnist", "stacked_words") else name].facts.source
        fails(f"empty is empty: put the data there .*{re.escape(source)}", name, data_dir=tmp_path / "empty")


@pytest.mark.parametrize("python", [False, True])
def test_cifar10(files, python):
    files.cifar(python=python)
    cifar = load_dataset("cifar10", data_dir=files.root)
    assert cifar.shape == (3, 32, 32)
    images = np.concatenate([files.batches[f"data_batch_{i}"][0] for i in range(1, 6)])
    # There are 20 pictures of each class. The last half is held out, as the true set holds out the last 500 of 5,000.
    np.testing.assert_array_equal(cifar.split("train").samples, images[:100])
    np.testing.assert_array_equal(cifar.split("validation").samples, images[100:])
    assert torch.bincount(cifar.split("validation").labels).tolist() == [10] * 10
    np.testing.assert_array_equal(cifar.split("test").samples, files.batches["test_batch"][0])
    whole = load_dataset("cifar10", {"validation": False}, data_dir=files.root)
    np.testing.assert_array_equal(whole.split("train").samples, images)
    assert set(whole.splits) == {"train", "test"}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_cifar_pickles_of_every_protocol(files, protocol):
    from landscape.components.datasets.cifar10 import read_cifar_batch

    images, labels = read_cifar_batch(files.cifar(python=True, protocol=protocol) / "test_batch")
    np.testing.assert_array_equal(images, files.batches["test_batch"][0])
    np.testing.assert_array_equal(labels, files.batches["test_batch"][1])


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (Evil(), r"it asks for (posix|os).system"),
        ({b"data": np.array([Evil()], dtype=object), b"labels": [1]}, "it asks for"),
        ({b"data": np.zeros((2, 3072), np.float32), b"labels": [1, 2]}, "not of bytes"),
        ({b"data": np.zeros((2, 30), np.uint8), b"labels": [1, 2]}, "not rows of 3072 bytes"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}, "2 pictures without as many classes"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]}, "classes from 0 to 9"),
        ({b"data": np.zeros((2, 3072), np.uint8)}, "no entry 'labels'"),
        ({b"data": np.asfortranarray(np.zeros((2, 3072), np.uint8)), b"labels": [1, 2]}, "not of bytes in C order"),
        ([1, 2], "it holds no dict"),
    ],
)
def test_cifar_pickles_run_nothing(files, content, pattern, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    folder = files.cifar(python=True)
    (folder / "data_batch_3").write_bytes(pickle.dumps(content))
    fails(f"data_batch_3.*{pattern}", "cifar10", data_dir=files.root)
    assert not (tmp_path / "pwned").exists()


def test_cifar_errors_name_the_file(files):
    folder = files.cifar(python=False)
    batch = folder / "data_batch_2.bin"
    batch.write_bytes(batch.read_bytes()[:-1])
    fails("data_batch_2.bin is truncated", "cifar10", data_dir=files.root)
    batch.write_bytes(b"\x0b" + bytes(3072))
    fails("data_batch_2.bin is damaged: class 11", "cifar10", data_dir=files.root)
    batch.unlink()
    fails("has no data_batch_2.bin or data_batch_2", "cifar10", data_dir=files.root)


def test_stl10_is_stored_column_by_column(files):
    files.stl10()
    stl = load_dataset("stl10", data_dir=files.root)
    assert {name: len(split) for name, split in stl.splits.items()} == {"train": 15, "validation": 15, "test": 10}
    np.testing.assert_array_equal(stl.split("train").samples, files.stl["unlabeled"][:15])
    np.testing.assert_array_equal(stl.split("validation").samples, files.stl["unlabeled"][15:])
    np.testing.assert_array_equal(stl.split("test").samples, files.stl["test"])
    assert stl.split("train").labels is None
    assert stl.split("test").labels.tolist() == list(range(10))
    labeled = load_dataset("stl10", {"part": "labeled"}, data_dir=files.root, resolution=48)
    assert labeled.shape == (3, 48, 48)
    assert labeled.split("train").labels.tolist() == list(range(10))
    (files.root / "stl10_binary" / "test_X.bin").write_bytes(b"x")
    fails("test_X.bin is truncated", "stl10", data_dir=files.root)


def center_160(data):
    """Return CelebA's published crop, derived independently: rows 29..188 and columns 9..168."""
    return np.asarray(Image.open(io.BytesIO(data)))[29:189, 9:169].astype(np.float64)


@pytest.mark.parametrize("zipped", [False, True])
def test_celeba_as_compare_gan_prepares_it(files, zipped):
    files.celeba(zipped=zipped)
    celeba = load_dataset("celeba", data_dir=files.root)
    assert celeba.shape == (3, 64, 64)
    assert {name: len(split) for name, split in celeba.splits.items()} == {"train": 6, "validation": 2, "test": 2}
    # TensorFlow 1 reads every output pixel at a multiple of 160 / 64 = 2.5, so it is a pixel or a mean of two (or four) neighbors.
    cut = center_160(files.faces["000001.jpg"])
    ours = celeba.split("train").samples[0].permute(1, 2, 0).numpy().astype(np.float64)
    np.testing.assert_array_equal(ours[::2, ::2], cut[::5, ::5])
    means = (cut[2::5, 2::5] + cut[3::5, 2::5] + cut[2::5, 3::5] + cut[3::5, 3::5]) / 4
    np.testing.assert_allclose(ours[1::2, 1::2], means, atol=0.5)
    assert "160" in celeba.handling["crop"]
    assert "TensorFlow 1" in celeba.handling["resize"]


def test_celeba_as_mimicry_prepares_it(files):
    from torchvision import transforms

    files.celeba()
    celeba = load_dataset("celeba", {"crop": "mimicry"}, data_dir=files.root)
    transform = transforms.Compose([transforms.CenterCrop(178), transforms.Resize(64)])
    theirs = np.asarray(transform(Image.open(io.BytesIO(files.faces["000003.jpg"]))))
    np.testing.assert_array_equal(celeba.split("train").samples[2].permute(1, 2, 0), theirs)


def test_celeba_attributes_are_labels(files):
    files.celeba()
    celeba = load_dataset("celeba", {"attribute": "Male"}, data_dir=files.root)
    assert celeba.split("train").labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert celeba.classes == 2
    assert load_dataset("celeba", data_dir=files.root).split("train").labels is None
    fails("unknown attribute of CelebA 'male': did you mean 'Male'", "celeba", {"attribute": "male"}, data_dir=files.root)


def test_celeba_errors(files):
    folder = files.celeba()
    (folder / "img_align_celeba" / "000002.jpg").write_bytes(files.faces["000002.jpg"][:2000])
    fails("000002.jpg cannot be read as a picture", "celeba", data_dir=files.root)
    (folder / "img_align_celeba" / "000002.jpg").unlink()
    fails("lacks 1 of the 10 pictures in list_eval_partition.txt, 000002.jpg first", "celeba", data_dir=files.root)
    (folder / "list_eval_partition.txt").write_text("000001.jpg 0\n000003.jpg 7\n")
    fails("list_eval_partition.txt is damaged", "celeba", data_dir=files.root)
    (folder / "list_eval_partition.txt").write_text("../../etc/passwd 0\n")
    fails("list_eval_partition.txt is damaged", "celeba", data_dir=files.root)
    (folder / "list_eval_partition.txt").write_bytes(b"\xff\xfe")
    fails("list_eval_partition.txt is damaged", "celeba", data_dir=files.root)
    (folder / "list_eval_partition.txt").unlink()
    fails("celeba has no list_eval_partition.txt", "celeba", data_dir=files.root)


def test_celeba_hq_is_split_in_natural_order_and_box_filtered(files):
    folder = files.pictures("celeba-hq-128", 40, side=256, name="{}.png")
    faces = load_dataset("celeba-hq-128", data_dir=files.root)
    assert {name: len(split) for name, split in faces.splits.items()} == {"train": 32, "validation": 4, "test": 4}
    picture = np.asarray(Image.open(folder / "36.png")).astype(np.float64)
    means = picture.reshape(128, 2, 128, 2, 3).mean((1, 3))
    np.testing.assert_allclose(faces.split("test").samples[0].permute(1, 2, 0), means, atol=0.51)
    whole = load_dataset("celeba-hq-128", {"validation": False}, data_dir=folder)
    assert {name: len(split) for name, split in whole.splits.items()} == {"train": 36, "test": 4}


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_lsun_from_its_database(files, kind):
    files.lmdb(kind=kind)
    bedrooms = load_dataset("lsun-bedroom", data_dir=files.root)
    assert bedrooms.shape == (3, 128, 128)
    assert {name: len(split) for name, split in bedrooms.splits.items()} == {"train": 28, "validation": 1, "test": 1}
    # Pictures are in the order of the keys. The central 128x128 of 200x150 is taken and not resized.
    first = np.asarray(Image.open(io.BytesIO(files.values[min(files.values)])))
    np.testing.assert_array_equal(bedrooms.split("train").samples[0].permute(1, 2, 0), first[11:139, 36:164])
    last = np.asarray(Image.open(io.BytesIO(files.values[max(files.values)])))
    np.testing.assert_array_equal(bedrooms.split("test").samples[0].permute(1, 2, 0), last[11:139, 36:164])


def test_lsun_as_mimicry_prepares_it(files):
    from torchvision import transforms

    files.lmdb(size=(301, 256), count=4)
    bedrooms = load_dataset("lsun-bedroom", {"crop": "mimicry", "validation": False}, data_dir=files.root)
    transform = transforms.Compose([transforms.CenterCrop(256), transforms.Resize(128)])
    theirs = np.asarray(transform(Image.open(io.BytesIO(files.values[min(files.values)]))))
    np.testing.assert_array_equal(bedrooms.split("train").samples[0].permute(1, 2, 0), theirs)


def test_lsun_exported_and_small_pictures_are_padded(files, as_picture):
    folder = files.root / "lsun" / "bedroom_train"
    folder.mkdir(parents=True)
    levels = files.levels(100, 140, 3)
    for i in range(4):
        (folder / f"{i}.png").write_bytes(as_picture(levels))
    bedrooms = load_dataset("lsun-bedroom", data_dir=files.root, resolution=128)
    assert bedrooms.handling["resize"] == "none"
    sample = bedrooms.split("train").samples[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(sample[14:114], levels[:, 6:134])
    assert not sample[:14].any()
    assert not sample[114:].any()


def test_a_damaged_database_is_an_error_not_a_crash(files):
    data = files.lmdb() / "data.mdb"
    whole = data.read_bytes()
    data.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    fails("data.mdb (is damaged|cannot be read)", "lsun-bedroom", data_dir=files.root)
    data.write_bytes(b"not a database")
    fails("data.mdb cannot be read: .*not an LMDB environment", "lsun-bedroom", data_dir=files.root)


def test_the_death_of_a_reader_is_told_by_its_signal(files, monkeypatch):
    """A stand-in for lmdb's reader dies by SIGBUS, whatever the file contains."""
    from landscape.components.datasets import lsun_bedroom

    files.lmdb(count=3)
    stand_in = files.root / "dying_reader.py"
    stand_in.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGBUS)\n")
    monkeypatch.setenv("PYTHONPATH", str(files.root))
    child = lsun_bedroom.Child
    monkeypatch.setattr(lsun_bedroom, "Child", lambda module, path: child("dying_reader", path))
    fails("data.mdb is damaged: it killed its reader .SIGBUS.", "lsun-bedroom", data_dir=files.root)


def test_a_silent_reader_is_given_up(files, monkeypatch):
    from landscape.components.datasets import lsun_bedroom
    from landscape.components.datasets._readers import child as reader

    files.lmdb(count=3)
    stand_in = files.root / "silent_reader.py"
    stand_in.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(files.root))
    monkeypatch.setattr(reader, "SILENCE_SECONDS", 0.2)
    child = lsun_bedroom.Child
    monkeypatch.setattr(lsun_bedroom, "Child", lambda module, path: child("silent_reader", path))
    fails("its reader was silent for 0.2 s", "lsun-bedroom", data_dir=files.root)


@pytest.fixture
def faces(files):
    """The content of TFD's files: 40 faces, of which 20 are unlabeled in every fold."""
    folds = np.zeros((40, 5), np.uint8)
    for fold in range(5):
        folds[20:, fold] = np.roll(np.repeat([1, 2, 3], [12, 4, 4]), fold * 4)
    expressions = np.where(np.arange(40) < 20, -1, np.arange(40) % 7 + 1)
    return {"images": files.levels(40, 48, 48), "folds": folds, "labs_ex": expressions.astype(np.int16)[:, None]}


@pytest.mark.parametrize("kind", ["mat", "npz"])
def test_tfd_from_the_users_own_copy(files, faces, kind):
    from scipy.io import savemat

    files.root.mkdir()
    savemat(files.root / "TFD_48x48.mat", faces) if kind == "mat" else np.savez_compressed(files.root / "tfd.npz", **faces)
    tfd = load_dataset("tfd", {"fold": 1}, data_dir=files.root)
    assert tfd.shape == (1, 48, 48)
    np.testing.assert_array_equal(tfd.split("train").samples[:, 0], faces["images"][:20])
    members = np.flatnonzero(faces["folds"][:, 1] == 3)
    np.testing.assert_array_equal(tfd.split("test").samples[:, 0], faces["images"][members])
    np.testing.assert_array_equal(tfd.split("test").labels, faces["labs_ex"][members, 0] - 1)
    assert tfd.split("train").labels is None
    assert tfd.classes == 7
    fails("fold=5 does not exist", "tfd", {"fold": 5}, data_dir=files.root)


def test_tfd_errors(files, faces):
    files.root.mkdir()
    path = files.root / "tfd.npz"
    for changed, pattern in (
        ({"images": faces["images"][:, :40]}, "must be bytes of shape"),
        ({"images": faces["images"].astype(float)}, "must be bytes of shape"),
        ({"folds": faces["folds"][:, :3]}, "`folds` must have the shape"),
        ({"folds": faces["folds"] + 1}, "no unlabeled pictures|must hold an expression"),
        ({"labs_ex": faces["labs_ex"] * 0}, "must hold an expression from 1 to 7"),
        ({"images": np.array([Evil()], dtype=object)}, "only numbers are read"),
    ):
        np.savez(path, **{**faces, **changed})
        fails(f"tfd.npz.*{pattern}", "tfd", data_dir=files.root)
    np.savez(path, folds=faces["folds"])
    fails("tfd.npz lacks `images` or `folds`; it holds folds", "tfd", data_dir=files.root)
    path.unlink()
    (files.root / "TFD_48x48.mat").write_bytes(b"MATLAB 7.3 is HDF5")
    fails("TFD_48x48.mat cannot be read: .*not a MATLAB file", "tfd", data_dir=files.root)


def test_stacked_mnist(files, monkeypatch):
    monkeypatch.setattr("landscape.components.datasets.stacked_mnist.HELD_OUT", 20)
    files.idx()
    stacked = load_dataset("stacked-mnist", {"count": 50}, data_dir=files.root)
    assert stacked.shape == (3, 28, 28)
    assert stacked.classes == 1000
    digits = np.concatenate([files.train_images, files.t10k_images])
    labels = np.concatenate([files.train_labels, files.t10k_labels]).astype(int)
    by_picture = {image.tobytes(): label for image, label in zip(digits, labels, strict=True)}
    train = stacked.split("train")
    for sample, label in zip(train.samples, train.labels, strict=True):
        hundreds, tens, ones = (by_picture[channel.numpy().tobytes()] for channel in sample)
        assert int(label) == 100 * hundreds + 10 * tens + ones
    assert load_dataset("stacked-mnist", {"count": 50, "seed": 1}, data_dir=files.root).content_hash != stacked.content_hash
    fails("stacked_mnist: three digits in one channel", "stacked-mnist", data_dir=files.root, channels=1)


def test_stacked_words(files, monkeypatch):
    monkeypatch.setattr("landscape.components.datasets.stacked_words.HELD_OUT", 20)
    files.idx(test=200)
    stacked = load_dataset("stacked-words", {"count": 50}, data_dir=files.root)
    assert stacked.shape == (3, 28, 28)
    words = stacked.language.form[1]
    half = len(files.t10k_images) // 2
    of = {
        "train": (files.train_images, files.train_labels),
        "validation": (files.t10k_images[:half], files.t10k_labels[:half]),
        "test": (files.t10k_images[half:], files.t10k_labels[half:]),
    }
    for name, split in stacked.splits.items():
        by_picture = {image.tobytes(): int(label) for image, label in zip(*of[name], strict=True)}
        for sample, label, tokens in zip(split.samples, split.labels, split.tokens, strict=True):
            seen = [by_picture[channel.numpy().tobytes()] for channel in sample]
            assert int(label) == 100 * seen[0] + 10 * seen[1] + seen[2]
            assert stacked.language.text(tokens) == f"red {words[seen[0]]} green {words[seen[1]]} blue {words[seen[2]]}"
    sums = {name: sum(map(int, f"{int(label):03d}")) for name, split in stacked.splits.items() for label in split.labels[:1]}
    assert sums["train"] % 10
    fails("stacked_words: three digits in one channel", "stacked-words", data_dir=files.root, channels=1)


def test_stacked_mnist_on_the_fly_carries_its_parts(files, monkeypatch):
    monkeypatch.setattr("landscape.components.datasets.stacked_mnist.HELD_OUT", 20)
    files.idx()
    stacked = load_dataset("stacked-mnist", {"count": 50, "draw": "on_the_fly"}, data_dir=files.root, resolution=32)
    parts = stacked.split("train").parts
    assert parts.shape == (60, 1, 32, 32)
    assert stacked.shape == (3, 32, 32)
    # The fixed triples contain only training digits.
    known = {part.numpy().tobytes() for part in parts}
    samples = stacked.split("train").samples
    assert len(samples) > 0
    assert all(channel.numpy().tobytes() in known for sample in samples for channel in sample)
    assert stacked.content_hash != load_dataset("stacked-mnist", {"count": 50}, data_dir=files.root, resolution=32).content_hash


def test_stacked_mnist_on_the_fly_trains_on_fresh_triples(files, monkeypatch):
    from landscape.training.data_stream import DataStream

    monkeypatch.setattr("landscape.components.datasets.stacked_mnist.HELD_OUT", 20)
    files.idx()
    stacked = load_dataset("stacked-mnist", {"count": 50, "draw": "on_the_fly"}, data_dir=files.root)

    def stream():
        return DataStream.of(stacked, seed=0, device=torch.device("cpu"), horizontal_flip=False, dequantize=False)

    first = stream()
    batches = [first.next(8) for _ in range(5)]
    triples = [(sample * 255).round().byte() for batch in batches for sample in batch.real]
    assert {triple.shape for triple in triples} == {(3, 28, 28)}
    known = {image.tobytes() for image in files.train_images}
    assert all(channel.numpy().tobytes() in known for triple in triples for channel in triple)
    # Each digit occurs once per epoch: 60 digits make 20 triples.
    assert len({channel.numpy().tobytes() for triple in triples[:20] for channel in triple}) == 60
    resumed = stream()
    resumed.drawn = 4 * 8 * 3
    assert torch.equal(resumed.next(8).real, batches[4].real)
