"""Writes small data sets in their true on-disk formats, and gives each test a cache and a home of its own."""

import gzip
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's own data or cache, or downloads anything."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LANDSCAPE_CACHE", str(home / "cache"))
    monkeypatch.delenv("LANDSCAPE_DATA", raising=False)
    monkeypatch.delenv("DATA_DIR", raising=False)


@pytest.fixture
def random():
    return np.random.RandomState(0)


def idx_bytes(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def picture_bytes(levels, kind="PNG", **options):
    """Return the file of a picture: uint8 (H, W), or (H, W, 3 or 4)."""
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, kind, **options)
    return buffer.getvalue()


class Files:
    """Writers of every format. Each returns the folder or file that it wrote and keeps the content as an attribute."""

    def __init__(self, root: Path, random) -> None:
        self.root, self.random = root, random

    def levels(self, *shape):
        return self.random.randint(0, 256, shape).astype(np.uint8)

    def idx(self, folder="mnist", *, train=60, test=20, zipped=False, side=28):
        """Write MNIST's four files, with any number of pictures."""
        target = self.root / folder
        target.mkdir(parents=True, exist_ok=True)
        for stem, count in (("train", train), ("t10k", test)):
            images, labels = self.levels(count, side, side), self.random.randint(0, 10, count).astype(np.uint8)
            setattr(self, f"{stem}_images", images)
            setattr(self, f"{stem}_labels", labels)
            for name, array in ((f"{stem}-images-idx3-ubyte", images), (f"{stem}-labels-idx1-ubyte", labels)):
                data = idx_bytes(array)
                (target / (name + ".gz" * zipped)).write_bytes(gzip.compress(data, 1) if zipped else data)
        return target

    def cifar(self, *, python: bool, per_batch=40, protocol=2):
        """Write CIFAR-10's six files. The class of picture i is i % 10."""
        target = self.root / ("cifar-10-batches-py" if python else "cifar-10-batches-bin")
        target.mkdir(parents=True, exist_ok=True)
        self.batches = {}
        for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
            images, labels = self.levels(per_batch, 3072), np.arange(per_batch) % 10
            self.batches[name] = (images.reshape(-1, 3, 32, 32), labels)
            if python:
                content = {b"batch_label": b"a batch", b"labels": labels.tolist(), b"data": images, b"filenames": [b"x.png"] * per_batch}
                (target / name).write_bytes(pickle.dumps(content, protocol))
            else:
                records = np.concatenate([labels[:, None].astype(np.uint8), images], axis=1)
                (target / f"{name}.bin").write_bytes(records.tobytes())
        return target

    def celeba(self, *, zipped=False, counts=(6, 2, 2)):
        """Write img_align_celeba (or its zip), the partition and the attributes."""
        target = self.root / "celeba"
        target.mkdir(parents=True, exist_ok=True)
        names, lines, attributes = [], [], []
        self.faces = {}
        for part, count in enumerate(counts):
            for _ in range(count):
                name = f"{len(names) + 1:06}.jpg"
                names.append(name)
                lines.append(f"{name} {part}")
                attributes.append(f"{name} {'1' if len(names) % 2 else '-1'} -1")
                coarse = Image.fromarray(self.levels(12, 10, 3)).resize((178, 218), Image.Resampling.BICUBIC)
                self.faces[name] = picture_bytes(np.asarray(coarse), "JPEG", quality=95)
        (target / "list_eval_partition.txt").write_text("\n".join(lines) + "\n")
        (target / "list_attr_celeba.txt").write_text("\n".join([str(len(names)), "Male Smiling ", *attributes]) + "\n")
        if zipped:
            self.zip(target / "img_align_celeba.zip", {f"img_align_celeba/{n}": d for n, d in self.faces.items()})
        else:
            (target / "img_align_celeba").mkdir()
            for name, data in self.faces.items():
                (target / "img_align_celeba" / name).write_bytes(data)
        return target

    def pictures(self, folder, count, side=16, *, kind="PNG", name="{:02}.png", channels=3):
        """Write `count` pictures and return the folder."""
        target = self.root / folder
        for i in range(count):
            file = target / name.format(i)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture_bytes(self.levels(*((side, side, channels) if channels > 1 else (side, side))), kind))
        return target

    def zip(self, path, members, compression=zipfile.ZIP_STORED):
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path

    def stylegan_zip(self, name="train.zip", count=20, side=8, labels=True, kind="PNG"):
        """Write the layout of StyleGAN's tool."""
        members = {f"{i // 1000:05}/img{i:08}.png": picture_bytes(self.levels(side, side, 3), kind) for i in range(count)}
        pairs = [[member, i % 3] for i, member in enumerate(members)] if labels else None
        self.members = dict(members)
        return self.zip(self.root / name, {**members, "dataset.json": json.dumps({"labels": pairs})})

    def lmdb(self, folder="bedroom_train_lmdb", count=30, kind="WEBP", size=(200, 150)):
        """Write LSUN's database, in which keys are hashes and values are pictures."""
        lmdb = pytest.importorskip("lmdb")
        target = self.root / folder
        target.mkdir(parents=True, exist_ok=True)
        self.values = {}
        with lmdb.open(str(target), map_size=2**24) as environment, environment.begin(write=True) as transaction:
            for _ in range(count):
                key = self.random.bytes(20).hex().encode()
                coarse = Image.fromarray(self.levels(5, 7, 3)).resize(size, Image.Resampling.BICUBIC)
                self.values[key] = picture_bytes(np.asarray(coarse), kind)
                transaction.put(key, self.values[key])
        return target

    def stl10(self, *, unlabeled=30, train=20, test=10):
        target = self.root / "stl10_binary"
        target.mkdir(parents=True, exist_ok=True)
        self.stl = {}
        for name, count in (("unlabeled", unlabeled), ("train", train), ("test", test)):
            images = self.levels(count, 3, 96, 96)
            self.stl[name] = images
            (target / f"{name}_X.bin").write_bytes(images.transpose(0, 1, 3, 2).tobytes())
            if name != "unlabeled":
                (target / f"{name}_y.bin").write_bytes((np.arange(count) % 10 + 1).astype(np.uint8).tobytes())
        return target


@pytest.fixture
def files(tmp_path, random):
    return Files(tmp_path / "data", random)


def mutated(data: bytes, random) -> bytes:
    """Damage `data` in one of the ways in which disks, networks and strangers damage files."""
    data = bytearray(data)
    match random.randint(6):
        case 0:
            del data[random.randint(len(data)) :]
        case 1:
            for _ in range(random.randint(1, 9)):
                data[random.randint(len(data))] = random.randint(256)
        case 2:
            # Headers and directories are at the two ends.
            place = random.randint(min(128, len(data)))
            data[place if random.randint(2) else -place - 1] = random.choice([0, 1, 127, 128, 255])
        case 3:
            place = random.randint(len(data))
            data[place : place + random.randint(1, 64)] = random.bytes(random.randint(1, 64))
        case 4:
            place = random.randint(len(data))
            data[place : place + 4] = random.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"])
        case 5:
            low, high = sorted(random.randint(len(data), size=2))
            del data[low:high]
    return bytes(data)


@pytest.fixture
def damage():
    return mutated


@pytest.fixture
def as_picture():
    return picture_bytes


@pytest.fixture
def as_idx():
    return idx_bytes
