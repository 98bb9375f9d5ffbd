"""Downloads of one file from an imitated Google Drive and other servers: what arrives, what is kept, and what is said."""

import hashlib
import re
import resource
import shutil
import socket
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from helpers.internet import HTML, Drive, Internet, Response, served

from landscape.core import download_source
from landscape.core.downloads import WORK, DownloadError, fetch
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile

CONTENT = np.random.RandomState(0).bytes(3_000_000)
DRIVE, MIRROR = "https://drive.google.com/uc?id=theFile", "https://mirror.example/copy.zip"
LSUN = "http://old.example/copy.zip"


@pytest.fixture
def internet(monkeypatch, tmp_path):
    monkeypatch.setattr(download_source, "PAUSE_SECONDS", 0.01)
    with Internet(monkeypatch, tmp_path) as running:
        yield running


def remote(content=CONTENT, sources=(DRIVE, MIRROR), name="file.zip"):
    return RemoteFile(name, len(content), f"sha256:{hashlib.sha256(content).hexdigest()}", tuple(sources))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "data" / "set"


def left(folder):
    """Return what a user sees in the folder: the names, without the lock files."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("old", [False, True])
def test_google_drive_with_its_warning_of_viruses(internet, folder, old):
    drive = Drive(internet, {"theFile": CONTENT}, old=old)
    fetch([remote()], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert left(folder) == ["file.zip"]
    assert drive.tokens == 1
    assert "mirror.example" not in internet.hosts()


def test_a_small_file_of_google_drive_comes_without_a_warning(internet, folder):
    drive = Drive(internet, {"theFile": CONTENT[:500]})
    fetch([remote(CONTENT[:500])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT[:500]
    assert drive.tokens == 0


def test_when_drives_quota_is_used_up_the_second_source_gives_the_same_file(internet, folder, capsys):
    Drive(internet, {"theFile": CONTENT}).quota.add("theFile")
    internet.file(MIRROR, CONTENT)
    fetch([remote()], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert internet.hosts() == ["drive.google.com", "drive.usercontent.google.com", "mirror.example"]
    said = capsys.readouterr().err
    assert f"landscape: fetching set (3.0 MB) into {folder}\n" in said
    assert "landscape: no file.zip from drive.google.com: the file's daily quota at Google Drive is used up\n" in said


def test_every_source_that_refuses_is_named(internet, folder):
    drive = Drive(internet, {"theFile": CONTENT, "another": CONTENT})
    drive.quota.add("theFile")
    drive.private.add("another")
    internet.file("https://mirror.example/other.zip", CONTENT)
    internet.site("broken.example", lambda request: Response(b"", 503))
    sources = (DRIVE, DRIVE.replace("theFile", "another"), DRIVE.replace("theFile", "gone"), MIRROR, "https://broken.example/x")
    with pytest.raises(DownloadError) as error:
        fetch([remote(sources=sources)], folder, "set")
    quota, private, gone, absent, broken = str(error.value).split("; ")
    assert quota == "drive.google.com: the file's daily quota at Google Drive is used up"
    assert private == gone == "drive.google.com: Google Drive did not give the file (Cannot retrieve the public link of the file)"
    assert absent == "mirror.example: HTTP status 404 Not Found"
    assert broken == "broken.example: HTTP status 503 Service Unavailable"
    assert not folder.exists()


def test_pages_of_drive_that_lead_in_a_circle_are_given_up(internet, folder, monkeypatch):
    monkeypatch.setattr(download_source, "FIRST_BYTES_SECONDS", 0.3)
    Drive(internet, {"theFile": CONTENT}).circle = True
    with pytest.raises(DownloadError, match=r"drive.google.com: sent nothing of the file within 0 s; mirror.example: HTTP status 404"):
        fetch([remote()], folder, "set")


@pytest.mark.parametrize("source", [DRIVE, MIRROR])
def test_a_server_that_dies_is_asked_for_the_rest(internet, folder, source):
    behavior = [{"cut": 1_200_000}, {}, {"cut": 1_200_000}]
    if source == DRIVE:
        Drive(internet, {"theFile": CONTENT}).behavior = behavior
    else:
        internet.site("mirror.example", lambda request: served(CONTENT, request, **(behavior.pop(0) if behavior else {})))
    fetch([remote(sources=[source])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    begun = [int(request.range.removeprefix("bytes=").rstrip("-")) for request in internet.asked if request.range]
    assert begun == sorted(begun)
    assert 1_000_000 < begun[0] <= 1_200_000
    assert len(begun) == 2


def test_a_download_that_was_stopped_is_resumed_by_the_next_call_from_the_other_source_too(internet, folder):
    drive = Drive(internet, {"theFile": CONTENT})
    drive.behavior = [{"cut": 2_000_000}, *[{"cut": 0}] * 20]
    with pytest.raises(DownloadError, match="drive.google.com: .*; mirror.example: HTTP status 404"):
        fetch([remote()], folder, "set")
    part = [name for name in left(folder) if name.startswith(f"{WORK}/file.zip")]
    assert left(folder) == part
    assert len(part) == 1
    assert 1_500_000 < (folder / part[0]).stat().st_size <= 2_000_000
    drive.quota.add("theFile")
    internet.file(MIRROR, CONTENT)
    fetch([remote()], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert left(folder) == ["file.zip"]
    assert internet.asked[-1].range is not None
    assert internet.asked[-1].range >= "bytes=1500000-"


def test_a_server_that_falls_silent_is_asked_for_the_rest(internet, folder, monkeypatch):
    monkeypatch.setattr(download_source, "TIMEOUT_SECONDS", 0.3)
    hangs = [{"hang": 1_100_000}]
    internet.site("mirror.example", lambda request: served(CONTENT, request, **(hangs.pop() if hangs else {})))
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert internet.asked[-1].range is not None


def test_a_server_that_never_answers_is_given_up(internet, folder, monkeypatch):
    monkeypatch.setattr(download_source, "TIMEOUT_SECONDS", 0.1)

    def silent(request):
        internet.wait(60)
        return Response()

    internet.site("mirror.example", silent)
    with pytest.raises(DownloadError, match=r"^mirror.example: no answer within 0 s$"):
        fetch([remote(sources=[MIRROR])], folder, "set")
    assert len(internet.asked) == download_source.TRIES


def test_a_server_that_cannot_resume_is_asked_for_the_whole(internet, folder):
    cut = [{"cut": 2_000_000}]
    internet.site("mirror.example", lambda request: served(CONTENT, request, ranges=False, **(cut.pop() if cut else {})))
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert len([request for request in internet.asked if request.range]) == download_source.TRIES - 1


def test_a_server_that_is_busy_for_a_moment_does_not_cost_what_came_before(internet, folder):
    behavior = [{"cut": 2_000_000}, {}]

    def answer(request):
        if request.range and len([asked for asked in internet.asked if asked.range]) == 1:
            return Response(b"", 503)
        return served(CONTENT, request, **(behavior.pop(0) if behavior else {}))

    internet.site("mirror.example", answer)
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert internet.asked[-1].range >= "bytes=1500000-"


def test_an_answer_that_gdown_does_not_understand_is_a_refusal(internet, folder):
    internet.site("drive.google.com", lambda request: Response(b""))
    internet.file(MIRROR, CONTENT)
    fetch([remote()], folder, "set")
    internet.file(MIRROR, CONTENT[::-1])
    (folder / "file.zip").unlink()
    with pytest.raises(DownloadError, match="drive.google.com: an answer that gdown does not understand .KeyError"):
        fetch([remote()], folder, "set")


def test_a_file_that_changed_at_its_source_is_not_pieced_together(internet, folder):
    other = CONTENT[::-1]
    cut = [{"cut": 2_000_000}]
    internet.site("mirror.example", lambda request: served(other, request, **cut.pop()) if cut else served(CONTENT, request))
    with pytest.raises(DownloadError, match=r"mirror.example: sent another file \(SHA-256 [0-9a-f]{64}\)"):
        fetch([remote(sources=[MIRROR])], folder, "set")
    assert not folder.exists()
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT


def test_wrong_content_is_never_kept(internet, folder):
    Drive(internet, {"theFile": CONTENT[:-1] + b"x"})
    internet.file(MIRROR, b"<html>Log in to this hotel's network</html>", headers=HTML)
    with pytest.raises(
        DownloadError, match=r"drive.google.com: sent another file \(SHA-256 .*; mirror.example: sent another file \(43 bytes"
    ):
        fetch([remote()], folder, "set")
    assert not folder.exists()


def test_a_wrong_source_does_not_spoil_what_a_right_one_sent(internet, folder):
    drive = Drive(internet, {"theFile": CONTENT})
    drive.behavior = [{"cut": 2_000_000}, *[{"cut": 0}] * 20]
    internet.file(MIRROR, CONTENT + b"more")
    with pytest.raises(DownloadError, match="mirror.example: sent another file .3,000,004 bytes, not 3,000,000"):
        fetch([remote()], folder, "set")
    drive.behavior = []
    fetch([remote()], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert internet.asked[-1].range >= "bytes=1500000-"


def test_what_is_there_is_kept_and_verified(internet, folder):
    internet.file(MIRROR, CONTENT)
    fetch([remote()], folder, "set")
    internet.asked.clear()
    fetch([remote()], folder, "set")
    assert internet.asked == []
    (folder / "file.zip").write_bytes(CONTENT[::-1])
    fetch([remote()], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["file.zip", "file.zipabcdefgh.part"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_run_that_was_stopped_after_the_last_byte(internet, folder, name, whole):
    (folder / WORK).mkdir(parents=True)
    (folder / WORK / name).write_bytes(CONTENT if whole else CONTENT[::-1])
    internet.file(MIRROR, CONTENT)
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert len(internet.asked) == (0 if whole else 1)
    assert left(folder) == ["file.zip"]


def test_space_is_asked_for_before_anything_is_downloaded(internet, folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 0, 4_000_000))
    internet.file(MIRROR, CONTENT)
    archive = RemoteFile("file.zip", len(CONTENT), remote().checksum, (MIRROR,), unpacked=2_000_000)
    with pytest.raises(UserError) as error:
        fetch([archive], folder, "set")
    assert str(error.value) == (
        f"downloading set needs 5.0 MB in {folder}, which has 4.0 MB free: free some, or set LANDSCAPE_CACHE to a folder on another disk"
    )
    with pytest.raises(UserError, match="needs 12.0 MB"):
        fetch([remote(sources=[MIRROR])], folder, "set", then=9_000_000)
    assert internet.asked == []
    fetch([remote(sources=[MIRROR])], folder, "set", then=1_000_000)


def test_a_disk_that_fills_up_ends_in_one_line_and_what_came_is_resumed(internet, folder):
    internet.file(MIRROR, CONTENT)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    try:
        with pytest.raises(UserError) as error:
            fetch([remote(sources=[MIRROR])], folder, "set")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(error.value).startswith(f"cannot write the download in {folder}: File too large; free some, or set LANDSCAPE_CACHE")
    assert not isinstance(error.value, DownloadError)
    fetch([remote(sources=[MIRROR])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert internet.asked[-1].range is not None


def test_a_folder_that_cannot_be_written(internet, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write .*file.* set LANDSCAPE_CACHE"):
        fetch([remote()], tmp_path / "file" / "set", "set")
    assert internet.asked == []


def test_without_a_network_it_is_said_at_once(folder, monkeypatch):
    def offline(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr(download_source, "PAUSE_SECONDS", 0.01)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with pytest.raises(DownloadError) as error:
        fetch([remote()], folder, "set")
    one, two = str(error.value).split("; ")
    assert one == "drive.google.com: no connection (Failed to resolve 'drive.google.com' ([Errno -3] Temporary failure in name resolution))"
    assert two.startswith("mirror.example: no connection (Failed to resolve 'mirror.example'")
    assert not folder.exists()


def test_a_missing_package_is_not_taken_for_a_refusal(internet, folder, monkeypatch):
    Drive(internet, {"theFile": CONTENT})
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(UserError) as error:
        fetch([remote()], folder, "set")
    assert str(error.value) == "downloads need the package gdown, which is not installed: run `pip install gdown`"
    assert not isinstance(error.value, DownloadError)
    assert internet.asked == []


def test_a_certificate_of_somebody_else_is_refused(internet, folder, monkeypatch):
    internet.file(MIRROR, CONTENT)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.delenv("requests_ca_bundle")
    with pytest.raises(DownloadError, match="mirror.example: no secure connection"):
        fetch([remote(sources=[MIRROR])], folder, "set")


def test_without_tls_a_source_needs_a_sha256(internet, folder):
    internet.file(LSUN, CONTENT)
    fetch([remote(sources=[LSUN])], folder, "set")
    assert (folder / "file.zip").read_bytes() == CONTENT
    with pytest.raises(ValueError, match="must be https, or have a SHA-256"):
        RemoteFile("x", 1, "md5:0", (LSUN,))


def test_nothing_is_written_outside_of_the_folder(internet, folder, monkeypatch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    Drive(internet, {"theFile": CONTENT})
    fetch([remote()], folder, "set")
    assert list(home.iterdir()) == []
    assert sorted(p.name for p in folder.parent.iterdir()) == [".set.lock", "set"]


def test_two_processes_download_once(internet, folder):
    from threading import Thread

    internet.file(MIRROR, CONTENT, slow=0.002)
    threads = [Thread(target=fetch, args=([remote(sources=[MIRROR])], folder, "set")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / "file.zip").read_bytes() == CONTENT
    assert len(internet.asked) == 1


def test_progress_is_told_in_bytes(internet, folder, monkeypatch, capsys):
    monkeypatch.setattr("landscape.core.progress.SECONDS_BETWEEN_LINES", 0)
    internet.file(MIRROR, CONTENT)
    fetch([remote(sources=[MIRROR])], folder, "set")
    said = capsys.readouterr().err
    assert re.search(r"^landscape: file\.zip: 0\.5 MB of 3\.0 MB, about \d+ s left$", said, re.MULTILINE)
    assert re.search(r"^landscape: file\.zip: 3\.0 MB of 3\.0 MB, about \d+ s left$", said, re.MULTILINE)
    fetch([remote(sources=[MIRROR], name="other.zip")], folder, "set", shown=False)
    assert capsys.readouterr().err == ""


def archive_of(tmp_path, kind):
    source = tmp_path / "source" / "inner"
    source.mkdir(parents=True)
    (source / "data.bin").write_bytes(b"data")
    return Path(shutil.make_archive(str(tmp_path / "archive"), kind, tmp_path / "source")).read_bytes()


@pytest.mark.parametrize(("kind", "name"), [("gztar", "set.tar.gz"), ("zip", "set.zip")])
def test_archives_are_unpacked_whole_and_then_removed(internet, folder, tmp_path, kind, name):
    content = archive_of(tmp_path, kind)
    file = RemoteFile(name, len(content), f"md5:{hashlib.md5(content).hexdigest()}", (MIRROR,), unpacked=4)
    internet.file(MIRROR, content)
    # This is what an unpacking that was killed has left.
    (folder / ".unpacking" / "inner").mkdir(parents=True)
    (folder / ".unpacking" / "inner" / "data.bin").write_bytes(b"da")
    (folder / "inner").mkdir()
    (folder / "inner" / "data.bin").write_bytes(b"d")
    fetch([file], folder, "set")
    assert left(folder) == ["inner/data.bin"]
    assert (folder / "inner" / "data.bin").read_bytes() == b"data"


def test_an_archive_that_was_put_there_by_hand_is_unpacked_and_stays(internet, folder, tmp_path):
    content = archive_of(tmp_path, "zip")
    file = RemoteFile("set.zip", len(content), f"md5:{hashlib.md5(content).hexdigest()}", (MIRROR,), unpacked=4)
    folder.mkdir(parents=True)
    (folder / "set.zip").write_bytes(content)
    fetch([file], folder, "set")
    assert left(folder) == ["inner/data.bin", "set.zip"]
    assert internet.asked == []
