"""Every data set that downloads, from nothing to a prepared set, with a server that imitates its hosts."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections import namedtuple
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from helpers import run_republished
from helpers.internet import Drive, Internet

from landscape.cli.app import main
from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._readers import download
from landscape.core import download_source
from landscape.core.cache_folder import cache_folder
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile

DATASETS = "landscape.components.datasets"


class Published:
    """Small files in a set's true format, in place of the published ones: their paths by name, and where they are served."""

    def __init__(self, name, module, contents, *, hyperparameters=None, constant=None, also=()):
        self.name, self.contents, self.hyperparameters = name, contents, hyperparameters or {}
        constants = {constant or module.upper(): contents} | dict.fromkeys(also, contents)
        place = f"{DATASETS}._readers.celeba_files" if module == "celeba" else f"{DATASETS}.{module}"
        self.table = {place: constants}
        values = [getattr(download, name) for name in constants]
        self.files = [file for value in values for file in ((value,) if isinstance(value, RemoteFile) else value)]

    def source(self, number, internet, behavior=None):
        """Make only source `number` of each file work."""
        drive = {}
        for file in self.files:
            address = file.sources[min(number, len(file.sources) - 1)]
            content = Path(self.contents[file.name]).read_bytes()
            if "drive.google.com" in address:
                drive[parse_qs(urlsplit(address).query)["id"][0]] = content
            else:
                internet.file(address, content, **(behavior or {}))
        return Drive(internet, drive)


def packed(folder, archive):
    """Return `folder` as an archive with the given name."""
    kind = "zip" if archive.suffix == ".zip" else "gztar"
    made = shutil.make_archive(str(archive.parent / archive.name.partition(".")[0]), kind, folder.parent, folder.name)
    return {archive.name: str(Path(made).rename(archive))}


@pytest.fixture
def published(files, tmp_path, monkeypatch):
    """A function that makes a set by its name, with its files in `files.root` and the archives beside them."""
    monkeypatch.setattr(f"{DATASETS}._readers.idx_digits.VALIDATION", 10)
    monkeypatch.setattr(f"{DATASETS}.stacked_mnist.HELD_OUT", 20)
    # The imitated set does not need 149 GB for its prepared pictures.
    monkeypatch.setattr(f"{DATASETS}.lsun_bedroom.PUBLISHED_COUNT", 1)

    def make(name):
        if name in ("mnist", "stacked_mnist", "fashion_mnist"):
            folder = files.idx("fashion-mnist" if name == "fashion_mnist" else "mnist", zipped=True)
            contents = {path.name: str(path) for path in folder.iterdir()}
            hyperparameters = {"count": 50} if name == "stacked_mnist" else {}
            constant = "FASHION_MNIST" if name == "fashion_mnist" else "MNIST"
            return Published(name, name, contents, constant=constant, hyperparameters=hyperparameters)
        if name == "cifar10":
            return Published(name, name, packed(files.cifar(python=True), tmp_path / "cifar-10-python.tar.gz"))
        if name == "stl10":
            return Published(name, name, packed(files.stl10(), tmp_path / "stl10_binary.tar.gz"))
        if name == "lsun_bedroom":
            return Published(name, name, packed(files.lmdb(), tmp_path / "bedroom_train_lmdb.zip"))
        folder = files.celeba(zipped=True)
        contents = {path.name: str(path) for path in folder.iterdir()}
        if name == "celeba":
            return Published(name, name, contents)
        return Published("celeba", "celeba", contents, hyperparameters={"attribute": "Male"}, also=("CELEBA_ATTRIBUTES",))

    return lambda name: apply(make(name), monkeypatch)


def apply(made, monkeypatch):
    run_republished.apply(made.table, monkeypatch.setattr)
    return made


@pytest.fixture
def internet(monkeypatch, tmp_path):
    monkeypatch.setattr(download_source, "PAUSE_SECONDS", 0.01)
    with Internet(monkeypatch, tmp_path) as running:
        yield running


@pytest.fixture
def offline(monkeypatch):
    """A machine without a network."""

    def refuse(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(download_source, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


SOURCES = {"mnist": 2, "stacked_mnist": 2, "fashion_mnist": 2, "cifar10": 2, "stl10": 2, "lsun_bedroom": 1, "celeba": 3}
SOURCES["celeba with labels"] = 3


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, count in SOURCES.items() for number in range(count)])
def test_from_each_source_to_a_prepared_set(published, internet, files, tmp_path, name, number):
    made = published(name)
    assert SOURCES[name] == max(len(file.sources) for file in made.files if file.content is None)
    made.source(number, internet)
    dataset = load_dataset(made.name, made.hyperparameters, progress=False)
    expected = load_dataset(made.name, made.hyperparameters, data_dir=files.root, cache_dir=tmp_path / "other", progress=False)
    assert dataset.content_hash == expected.content_hash
    assert dataset.shape == expected.shape
    internet.asked.clear()
    shutil.rmtree(cache_folder() / "datasets")
    assert load_dataset(made.name, made.hyperparameters, progress=False).content_hash == expected.content_hash
    assert internet.asked == []
    # Archives are removed once unpacked, and nothing half-written is left.
    folder = cache_folder() / "data" / ("mnist" if name == "stacked_mnist" else made.name.replace("_", "-"))
    kept = {path.name for path in folder.iterdir()}
    assert kept == {file.name for file in made.files if not file.unpacked} | {
        {"cifar10": "cifar-10-batches-py", "stl10": "stl10_binary", "lsun_bedroom": "bedroom_train_lmdb"}[made.name]
        for file in made.files
        if file.unpacked
    }


def test_celeba_by_the_command_line_when_drives_quota_is_used_up(published, internet, capfd):
    made = published("celeba")
    drive = made.source(0, internet)
    drive.quota.update(drive.files)
    internet.file(download.CELEBA[1].sources[2], Path(made.contents["img_align_celeba.zip"]).read_bytes())
    assert main(["data", "prepare", "celeba"]) == 0
    out, err = capfd.readouterr()
    assert "splits: train 6, validation 2, test 2\n" in out
    assert err.splitlines() == [
        f"landscape: fetching celeba (0.2 MB) into {cache_folder() / 'data' / 'celeba'}".replace(
            "0.2 MB", err.partition("(")[2].partition(")")[0]
        ),
        "landscape: no img_align_celeba.zip from drive.google.com: the file's daily quota at Google Drive is used up",
        "landscape: no img_align_celeba.zip from drive.google.com: Google Drive did not give the file (Cannot retrieve the public link of the file)",
    ]
    assert internet.hosts()[-1] == "s3-us-west-1.amazonaws.com"


def test_a_killed_download_of_celeba_is_resumed_by_the_next_command(published, internet, tmp_path):
    """The process is killed by SIGKILL. It is a separate process, which is given only addresses and checksums."""
    made = published("celeba")
    picture = tmp_path / "large.zip"
    shutil.copy(made.contents["img_align_celeba.zip"], picture)
    with zipfile.ZipFile(picture, "a") as archive:
        archive.writestr("img_align_celeba/ballast.bin", os.urandom(4_000_000))
    made.contents["img_align_celeba.zip"] = str(picture)
    content = picture.read_bytes()
    drive = made.source(0, internet)
    drive.behavior = [{"slow": 0.05}]
    table = tmp_path / "table.json"
    table.write_text(json.dumps(made.table))
    command = [sys.executable, "-m", "helpers.run_republished", str(table), "data", "prepare", "celeba", "--json"]
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parents[3])])
    environment = os.environ | internet.environment | {"PYTHONPATH": paths}
    work = cache_folder() / "data" / "celeba" / ".download"
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size > 1_000_000 for path in work.glob("*.part")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    held = sum(path.stat().st_size for path in work.glob("*.part"))
    assert 1_000_000 < held < len(content)
    internet.asked.clear()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["splits"] == {"train": 6, "validation": 2, "test": 2}
    assert internet.asked[-1].range == f"bytes={held}-"
    assert (cache_folder() / "data" / "celeba" / "img_align_celeba.zip").read_bytes() == content
    assert not work.exists()


def test_a_set_that_was_cut_off_between_its_files_is_completed(published, internet):
    made = published("mnist")
    made.source(0, internet)
    third = made.files[2].sources[0]
    content = Path(made.contents[made.files[2].name]).read_bytes()
    internet.file(third, b"<html>maintenance</html>")
    with pytest.raises(UserError, match=r"'mnist' not found .*t10k-images-idx3-ubyte.gz"):
        load_dataset("mnist", progress=False)
    folder = cache_folder() / "data" / "mnist"
    assert sorted(path.name for path in folder.iterdir()) == [file.name for file in sorted(made.files[:2], key=lambda file: file.name)]
    internet.file(third, content)
    internet.asked.clear()
    assert len(load_dataset("mnist", progress=False).split("test")) == 20
    assert {Path(request.path).name for request in internet.asked} == {file.name for file in made.files[2:]}


def test_an_incomplete_folder_of_the_users_is_not_completed(published, internet, monkeypatch, tmp_path):
    made = published("mnist")
    made.source(0, internet)
    own = tmp_path / "own" / "mnist"
    own.mkdir(parents=True)
    shutil.copy(made.contents["train-images-idx3-ubyte.gz"], own)
    monkeypatch.setenv("LANDSCAPE_DATA", str(own.parent))
    with pytest.raises(UserError, match="mnist has no train-labels-idx1-ubyte or .*: put it beside train-images"):
        load_dataset("mnist", progress=False)
    with pytest.raises(UserError, match="mnist has no train-labels-idx1-ubyte or .*: put it beside train-images"):
        load_dataset("mnist", data_dir=own.parent, progress=False)
    assert internet.asked == []


def test_into_a_folder_that_the_user_names_nothing_is_downloaded(published, internet, tmp_path):
    made = published("cifar10")
    made.source(0, internet)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "notes.txt").write_text("nothing")
    with pytest.raises(UserError, match="'cifar10' not found in .*own: "):
        load_dataset("cifar10", data_dir=tmp_path / "own", progress=False)
    shutil.copy(made.contents["cifar-10-python.tar.gz"], tmp_path / "own")
    with pytest.raises(UserError, match=r"own/cifar-10-python.tar.gz is still packed: unpack it in .*own$"):
        load_dataset("cifar10", data_dir=tmp_path / "own", progress=False)
    assert internet.asked == []


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", SOURCES)
def test_without_a_network_one_line_says_what_to_fetch_and_where_to_put_it_and_that_works(published, files, tmp_path, name):
    made = published(name)
    with pytest.raises(UserError) as error:
        load_dataset(made.name, made.hyperparameters, progress=False)
    text = str(error.value)
    assert "\n" not in text
    shown = "mnist" if name == "stacked_mnist" else made.name.replace("_", "-")
    folder = cache_folder() / "data" / shown
    where = f"put its files into {folder} or name their folder (--data-dir, DATA_DIR): fetch "
    assert text.startswith(f"data set {shown!r} not found in {cache_folder() / 'data'}: {where}")
    assert "Temporary failure in name resolution" in text.partition(" (download failed: ")[2]
    wanted = [file for file in made.files if file.content is None]
    for file in wanted:
        assert f"{file.name} from {' or '.join(file.sources)} ({file.shown_checksum.split()[0]} " in text
    # The user does what the line says.
    folder.mkdir(parents=True, exist_ok=True)
    for file in wanted:
        shutil.copy(made.contents[file.name], folder / file.name)
    expected = load_dataset(made.name, made.hyperparameters, data_dir=files.root, cache_dir=tmp_path / "other", progress=False)
    assert load_dataset(made.name, made.hyperparameters, progress=False).content_hash == expected.content_hash


@pytest.mark.parametrize("name", ["celeba-hq-128", "tfd", "cifar10-jpeg"])
def test_sets_that_are_not_downloaded_ask_nobody(internet, capfd, name):
    assert main(["data", "prepare", name]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"data set {name!r} not found in {cache_folder() / 'data'}: " in line
    assert f"put its files into {cache_folder() / 'data' / name} or name their folder" in line
    assert internet.asked == []


def test_a_full_disk_is_seen_before_the_download(internet, monkeypatch, capfd):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 10**9))
    # At 128x128 the prepared pictures take 149 GB, in addition to 46 GB of database. At 64x64 the archive beside the database takes more.
    for arguments, need in ((["celeba"], "1.4 GB"), (["lsun-bedroom"], "195.0 GB"), (["lsun-bedroom", "--resolution", "64"], "91.8 GB")):
        assert main(["data", "prepare", *arguments]) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert f"downloading {arguments[0]} needs {need} in " in line
        assert "which has 1.0 GB free: free some, or set LANDSCAPE_CACHE to a folder on another disk" in line
    assert internet.asked == []


def test_a_server_that_sends_something_else_leaves_nothing(published, internet):
    made = published("fashion_mnist")
    for file in made.files:
        for source in file.sources:
            internet.file(source, b"<html>Please log in</html>")
    with pytest.raises(UserError, match=r"github.com: sent another file \(26 bytes, not .*; fashion-mnist.s3-website.*: sent another file"):
        load_dataset("fashion_mnist", progress=False)
    assert not (cache_folder() / "data" / "fashion-mnist").exists()


def test_the_partition_of_celeba_is_made_byte_for_byte():
    """No source is needed for it. Size, MD5 (torchvision) and SHA-256 (TensorFlow Datasets) are those of the published file."""
    partition = download.CELEBA[0]
    assert partition.content is not None
    content = partition.content()
    assert len(content) == partition.size == 2_836_386
    assert hashlib.md5(content).hexdigest() == "d32c9cbf5e040fd4025c592c306e6668"
    assert hashlib.sha256(content).hexdigest() == "fc955bcb3ef8fbdf7d5640d9a8693a8431b5f2ee291a5c1449a1549e7e073fe7"


def published_tables():
    """Return every file of every table, by the table's name."""
    for name, value in vars(download).items():
        if name.isupper():
            yield from ((name, file) for file in ((value,) if isinstance(value, RemoteFile) else value) if isinstance(file, RemoteFile))


def test_the_checksums_are_torchvisions():
    from torchvision.datasets import CIFAR10, MNIST, STL10, CelebA

    theirs = dict(MNIST.resources)
    theirs |= {CIFAR10.filename: CIFAR10.tgz_md5, STL10.filename: STL10.tgz_md5}
    theirs |= {name: md5 for _, md5, name in CelebA.file_list}
    ours = {file.name: file.digits for table, file in published_tables() if file.checksum.startswith("md5:")}
    assert len(ours) == 9
    assert {name: theirs[name] for name in ours} == ours


def test_each_table_is_used_by_a_set_that_says_so():
    from landscape.components.datasets._base import DATASETS as REGISTRY

    tables = {name for name, _ in published_tables()}
    assert tables == {"MNIST", "FASHION_MNIST", "CIFAR10", "STL10", "LSUN_BEDROOM", "CELEBA", "CELEBA_ATTRIBUTES"}
    downloads = {name for name in REGISTRY if REGISTRY[name].facts.downloads}
    assert downloads == {"mnist", "stacked_mnist", "stacked_words", "fashion_mnist", "cifar10", "stl10", "lsun_bedroom", "celeba"}
