"""Results at an address, against a real S3 server (moto) and fsspec's own memory."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landscape.core.errors import UserError
from landscape.results import remote as remotes
from landscape.results import studies
from landscape.results.remote import Remote, RemoteLock
from landscape.sweep.pool.trial_claim import Claim

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}  # pragma: allowlist secret


@pytest.fixture(scope="module")
def endpoint():
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint, monkeypatch, tmp_path):
    """Address of an empty bucket."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": endpoint}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    bucket = f"b{time.time_ns()}"
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}/results"
    s3fs.S3FileSystem.clear_instance_cache()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_changes_travels_and_nothing_else(s3, tmp_path):
    here, there = Remote(s3, tmp_path / "a"), Remote(s3, tmp_path / "b")
    write(tmp_path / "a", trials__x__record="r", study="s")
    here.push("study", "trials/x/record", "not there")
    assert there.pull() == 2
    assert (tmp_path / "b/trials/x/record").read_text() == "r"
    assert there.pull() == 0
    write(tmp_path / "a", study="changed")
    here.push("study")
    assert Remote(s3, tmp_path / "b").pull() == 1
    assert (tmp_path / "b/study").read_text() == "changed"
    assert here.exists("study")
    here.remove("study")
    here.remove("study")
    assert not there.exists("study")
    assert there.read("study") is None


def test_a_trials_record_goes_last_and_the_first_one_stays(s3, tmp_path, monkeypatch):
    here = Remote(s3, tmp_path / "a")
    write(tmp_path / "a/trials/x", **{"a.png": "p", "record.json": "one", "resume.safetensors": "w", "hang.txt": "", ".b.tmp": ""})
    order = []
    true_pipe = here.system.pipe_file
    monkeypatch.setattr(here.system, "pipe_file", lambda path, data: order.append(path.rsplit("/", 1)[1]) or true_pipe(path, data))
    here.push_trial("x")
    assert order == ["a.png", "resume.safetensors", "record.json"]
    assert not here.exists("trials/x/resume.safetensors")
    write(tmp_path / "c/trials/x", **{"record.json": "two"})
    other = Remote(s3, tmp_path / "c")
    other.push_trial("x")
    assert other.read("trials/x/record.json") == "one"


def test_no_name_leads_out_of_the_mirror():
    assert remotes._is_plain("a/b.json")
    for name in ("", "/etc/passwd", "../x", "a/../../x", "a\\..\\x"):
        assert not remotes._is_plain(name)


def test_data_are_copied_once(s3, tmp_path, monkeypatch):
    write(tmp_path / "a", images="pixels", more__labels="1 2")
    Remote(f"{s3}/data", tmp_path / "a").push("images", "more/labels")
    folder = remotes.staged(f"{s3}/data")
    assert (folder / "more" / "labels").read_text() == "1 2"
    with monkeypatch.context() as patch:
        patch.setattr(remotes, "write_bytes", lambda *_: pytest.fail("copied again"))
        assert remotes.staged(f"{s3}/data") == folder
    assert remotes.staged("/a/path") == Path("/a/path")


def test_a_copy_of_data_follows_what_lies_there(s3, tmp_path, monkeypatch, capsys):
    write(tmp_path / "a", images="pixels", labels="1 2", extra="?")
    there = Remote(f"{s3}/data", tmp_path / "a")
    there.push("images", "labels", "extra")
    folder = remotes.staged(f"{s3}/data")
    # Equal sizes: only the content tells.
    write(tmp_path / "a", images="PIXELS")
    there.push("images")
    there.remove("extra")
    (folder / "labels").write_text("cut off")
    (folder / "mine").write_text("a file that did not come from there")
    assert remotes.staged(f"{s3}/data") == folder
    assert {f.name: f.read_text() for f in folder.iterdir() if not f.name.startswith(".")} == {
        "images": "PIXELS",
        "labels": "1 2",
        "mine": "a file that did not come from there",
    }
    monkeypatch.setattr(Remote, "_found", lambda *_: (_ for _ in ()).throw(UserError("cannot reach it")))
    assert remotes.staged(f"{s3}/data") == folder
    assert f"cannot reach it; using the copy of its data in {folder}" in capsys.readouterr().err


def test_a_state_without_a_checksum_holds_every_time():
    """`cp -p` sets the time of change of the content back, and no other.

    The private functions are taken because no storage at hand gives files whose times differ in this way alone.
    """
    before = {"size": 3, "mtime": 1.0, "created": 5.0, "ino": 7}
    assert remotes._state(before) != remotes._state(before | {"created": 6.0})
    assert remotes._state({"size": 3, "ETag": "a", "LastModified": "x"}) == remotes._state({"size": 3, "ETag": "a", "LastModified": "y"})
    assert not Remote("memory://x", Path())._is_whole("x", remotes._state({"size": 3}))


def test_an_empty_place_and_a_server_that_is_not_there(s3, monkeypatch):
    with pytest.raises(UserError, match="holds no files"):
        remotes.staged(f"{s3}/nothing")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(UserError, match=r"^cannot reach s3://.*: check its name, the network and your credentials$") as error:
        remotes.local(s3)
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="cannot use nonsense://x"):
        remotes.local("nonsense://x")


def test_two_sweeps_on_one_study_are_refused_without_comparing_clocks(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(RemoteLock, "BEAT_SECONDS", 0.2)
    first, second = Remote(s3, tmp_path / "a"), Remote(s3, tmp_path / "b")
    with RemoteLock(first), pytest.raises(UserError, match=f"another sweep is running on .* .process {os.getpid()} on"):
        RemoteLock(second).__enter__()
    assert not second.exists(".lock")
    # Whoever was killed does not beat any more.
    first.write(".lock", "host 1 2 3\n")
    with RemoteLock(second):
        pass


@pytest.mark.parametrize("far", [False, True])
def test_the_later_process_has_the_trial(s3, tmp_path, far):
    there = Remote(s3, tmp_path) if far else None
    first = Claim(tmp_path / "trials" / "x", there)
    assert first.holds()
    second = Claim(tmp_path / "trials" / "x", there)
    assert not first.holds()
    assert second.holds()
    second.drop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_sweep_is_continued_by_another_machine(s3, tmp_path, root):
    """The second machine has no file of the first: an empty cache. The third only reads."""
    program = Path(__file__).parents[1] / "helpers" / "run_fake.py"

    def start(machine: str):
        environment = os.environ | {"LANDSCAPE_CACHE": str(tmp_path / machine), "FAKE_STEP_SECONDS": "0.02", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(program), s3, json.dumps({"jobs": 2, "deterministic": True, "trials": 8})]
        with open(tmp_path / f"{machine}.log", "w") as output:
            return subprocess.Popen(command, env=environment, stdout=output, stderr=output, process_group=0)

    there = Remote(f"{s3}/toy", tmp_path / "looking")
    one = start("one")
    while one.poll() is None and sum(p.endswith("record.json") for p in there.system.find(there.root)) < 2:
        time.sleep(0.1)
    assert one.poll() is None, (tmp_path / "one.log").read_text()
    os.killpg(one.pid, signal.SIGKILL)
    one.wait()
    before = {p: there.system.info(p)["LastModified"] for p in there.system.find(there.root) if p.endswith("record.json")}
    two = start("two")
    assert two.wait(400) == 0, (tmp_path / "two.log").read_text()
    found = studies.read_study(remotes.local(s3) / "toy")
    assert len(found.trials) == 8
    assert not [p for p, stamp in before.items() if there.system.info(p)["LastModified"] != stamp]
    assert not found.unfinished
    assert not [p for p in there.system.find(there.root) if p.endswith((".lock", ".stop", "claim", "proposal.json", "resume.safetensors"))]
