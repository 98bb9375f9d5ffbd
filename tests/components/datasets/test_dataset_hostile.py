"""Damaged and hostile files: whatever they contain, a reader returns or raises a UserError of one line.

It never crashes, hangs, or uses excessive memory.
"""

import faulthandler
import importlib
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
import zipfile

import numpy as np
import pytest

from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing.collection import CollectionOptions
from landscape.components.datasets._preparing.pictures import decode

# The private readers are called directly, so that thousands of damaged files reach them without a whole data set around each.
from landscape.components.datasets._preparing.zip_pictures import _pictures
from landscape.components.datasets._readers.arrays import read_arrays
from landscape.components.datasets._readers.celeba_files import read_attribute, read_partition
from landscape.components.datasets._readers.idx import read_idx
from landscape.components.datasets.cifar10 import read_cifar_batch
from landscape.core.errors import UserError

GIB = 2**30
KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")


def seed_idx(files, as_picture, end=""):
    folder = files.idx(train=4, test=1, zipped=bool(end))
    return folder / f"train-images-idx3-ubyte{end}"


def seed_cifar(files, *, python):
    return files.cifar(python=python, per_batch=3, protocol=2) / ("test_batch" if python else "test_batch.bin")


def seed_zip(files):
    return files.stylegan_zip(count=4)


def seed_npz(files):
    files.root.mkdir(exist_ok=True)
    path = files.root / "a.npz"
    np.savez_compressed(path, images=files.levels(3, 8, 8), folds=np.zeros((3, 5), np.int64))
    return path


def seed_npy(files):
    files.root.mkdir(exist_ok=True)
    np.save(files.root / "a.npy", np.asfortranarray(files.levels(3, 8)))
    return files.root / "a.npy"


def seed_text(files, name):
    return files.celeba() / name


def read_zip(path):
    pictures = _pictures({"train": path}, CollectionOptions())
    for source in pictures.splits.values():
        for item in source.items:
            pictures.read(item)


def read_index(path):
    """Read the mutated bytes as the index of a sound zip."""
    sound = io.BytesIO()
    with zipfile.ZipFile(path.with_name("sound.zip")) as archive, zipfile.ZipFile(sound, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, path.read_bytes() if name == "dataset.json" else archive.read(name))
    (path.parent / "changed.zip").write_bytes(sound.getvalue())
    read_zip(path.parent / "changed.zip")


def seed_index(files):
    path = files.stylegan_zip("sound.zip", count=3)
    with zipfile.ZipFile(path) as archive:
        (files.root / "dataset.json").write_bytes(archive.read("dataset.json"))
    return files.root / "dataset.json"


READERS = {
    "idx": (lambda files, _: seed_idx(files, None), lambda path: read_idx(path, 3)),
    "idx.gz": (lambda files, _: seed_idx(files, None, ".gz"), lambda path: read_idx(path, 3)),
    "cifar binary": (lambda files, _: seed_cifar(files, python=False), read_cifar_batch),
    "cifar pickle": (lambda files, _: seed_cifar(files, python=True), read_cifar_batch),
    "zip": (lambda files, _: seed_zip(files), read_zip),
    "dataset.json": (lambda files, _: seed_index(files), read_index),
    "npz": (lambda files, _: seed_npz(files), read_arrays),
    "npy": (lambda files, _: seed_npy(files), read_arrays),
    "partition": (lambda files, _: seed_text(files, "list_eval_partition.txt"), read_partition),
    "attributes": (lambda files, _: seed_text(files, "list_attr_celeba.txt"), lambda path: read_attribute(path, "Smiling")),
}


def seed_picture(files, as_picture, kind):
    files.root.mkdir(exist_ok=True)
    path = files.root / f"picture.{kind.lower()}"
    path.write_bytes(as_picture(files.levels(9, 9, 3), kind))
    return path


for _kind in KINDS:
    READERS[_kind] = (
        lambda files, as_picture, kind=_kind: seed_picture(files, as_picture, kind),
        lambda path: decode(path.read_bytes(), str(path)),
    )


def outcome(read, path):
    """Return `ok`, or `refused` by one line that names the file. Any other error is raised."""
    line = refusal(lambda: read(path))
    assert line is None or ("\n" not in line and path.parent.name in line), line
    return "ok" if line is None else "refused"


def refusal(action):
    """Return the line of the UserError that `action` raises, or None."""
    try:
        action()
    except UserError as error:
        return str(error)
    return None


@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cases", [100, pytest.param(10_000, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("reader", READERS)
def test_mutated_files(files, as_picture, damage, random, reader, cases):
    seed, read = READERS[reader]
    path = seed(files, as_picture)
    whole = path.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes = []
    for case in range(cases):
        path.write_bytes(damage(whole, random))
        try:
            outcomes.append(outcome(read, path))
        except Exception:
            pytest.fail(f"{reader}, case {case}, {path.read_bytes()[:200]!r}: {traceback.format_exc(limit=-3)}")
    assert "refused" in outcomes
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < GIB


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reader", READERS)
def test_every_truncation(files, as_picture, reader):
    """Cut the file after each byte (after each 16th byte of longer files)."""
    seed, read = READERS[reader]
    path = seed(files, as_picture)
    whole = path.read_bytes()
    for length in range(0, len(whole), 1 if len(whole) < 600 else max(16, len(whole) // 100)):
        path.write_bytes(whole[:length])
        outcome(read, path)


def run_reader(module, path, folder):
    """Return the exit code of a reader's process. It is run as by `Child.run`, but forked, so that imports are done only once."""
    main = importlib.import_module(f"landscape.components.datasets._readers.{module}_child").main
    process = os.fork()
    if process == 0:
        code = 1
        faulthandler.disable()
        try:
            for number, name in ((1, "out"), (2, "error")):
                os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            main(str(path), *([["images", "folds"]] if module == "mat" else []))
            code = 0
        except SystemExit as exit:
            code = exit.code
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    for _ in range(3000):
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return "silent"


def seed_mat(files):
    from scipy.io import savemat

    files.root.mkdir(exist_ok=True)
    savemat(
        files.root / "a.mat", {"images": files.levels(3, 8, 8), "folds": np.zeros((3, 5))}, do_compression=bool(files.random.randint(2))
    )
    return files.root / "a.mat"


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("cases", [40, pytest.param(10_000, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("reader", ["lmdb", "mat"])
def test_mutated_files_of_readers_in_processes(files, damage, random, reader, cases):
    """A reader ends well, ends with its one line (code 3), or dies by a signal, which the parent reports. It never ends with a
    traceback.
    """
    path = files.lmdb(count=5, size=(20, 20)) / "data.mdb" if reader == "lmdb" else seed_mat(files)
    whole = path.read_bytes()
    codes = []
    for case in range(cases):
        path.write_bytes(damage(whole, random))
        code = run_reader(reader, path, files.root)
        # A reader may loop in a damaged database. The parent gives it up when it stays silent.
        assert code in (0, 3, "silent") or code < 0, f"case {case}: code {code}: {(files.root / 'error').read_text()[-500:]}"
        codes.append(code)
    print({code: codes.count(code) for code in set(codes)})
    assert codes.count(0) < cases


@pytest.mark.parametrize("case", range(6))
def test_mutated_databases_through_the_whole_way(files, damage, case):
    """`load` itself, with its reader in a true process, returns a data set or raises one line."""
    path = files.lmdb(count=12, size=(20, 20)) / "data.mdb"
    path.write_bytes(damage(path.read_bytes(), np.random.RandomState(case)))
    line = refusal(lambda: load_dataset("lsun-bedroom", data_dir=files.root, resolution=8, progress=False))
    assert line is None or "\n" not in line


def test_arrays_that_claim_too_much_are_refused_before_memory_is_set_aside(tmp_path):
    def npy(shape, kind="|u1"):
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
        return buffer.getvalue()

    for content, pattern in (
        (npy((2**20, 2**20)), "claims an array of 1,099,511,627,776 bytes, over the limit"),
        (npy((2**31,)), "is truncated: 0 of 2,147,483,648 bytes"),
        (npy((3,), "|O"), "holds an array of object: only numbers are read"),
    ):
        (tmp_path / "a.npy").write_bytes(content)
        with pytest.raises(UserError, match=pattern):
            read_arrays(tmp_path / "a.npy")
    with pytest.raises(UserError, match="no such file"):
        read_arrays(tmp_path / "b.npz")


def test_arrays_come_back_as_they_were(tmp_path, random):
    from scipy.io import savemat

    arrays = {"a": random.randn(3, 4), "b": np.asfortranarray(random.randint(0, 9, (5, 2))), "c": np.float32(3) * np.ones(())}
    np.savez(tmp_path / "a.npz", **arrays)
    for name, array in read_arrays(tmp_path / "a.npz").items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype
    assert set(read_arrays(tmp_path / "a.npz", ("a", "x"))) == {"a"}
    np.save(tmp_path / "a.npy", arrays["b"])
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npy")["array"], arrays["b"])
    savemat(tmp_path / "a.mat", {"a": arrays["a"], "b": arrays["b"], "words": "text"})
    mat = read_arrays(tmp_path / "a.mat")
    np.testing.assert_array_equal(mat["a"], arrays["a"])
    np.testing.assert_array_equal(mat["b"], arrays["b"])
    assert set(mat) == {"a", "b"}


def test_a_pickle_cannot_claim_memory(files):
    """The opcodes make other unpicklers allocate gigabytes: a memo index of 2**31 - 1, and a byte array of 2**40."""
    folder = files.cifar(python=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for content in (b"\x80\x04Nr\xff\xff\xff\x7f.", b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b"abc.", b"(" * 1000 + b"." * 10):
        (folder / "test_batch").write_bytes(content)
        with pytest.raises(UserError, match="test_batch"):
            read_cifar_batch(folder / "test_batch")
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < GIB // 4


def test_deep_indices_do_not_overflow(files, as_picture):
    path = files.zip(
        files.root / "a.zip", {"a.png": as_picture(files.levels(8, 8, 3)), "dataset.json": json.dumps({"labels": None}).encode()}
    )
    assert load_dataset(f"zip:{path}", {"validation": 0.0, "test": 0.0}).split("train").labels is None
