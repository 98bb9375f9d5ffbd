"""Locks on files."""

import subprocess
import sys
import threading

import pytest

from landscape.core.errors import UserError
from landscape.core.locks import locked, take_lock

HOLDER = """
import sys
from pathlib import Path
from landscape.core.locks import take_lock
file = take_lock(Path(sys.argv[1]), wait=True)
print(flush=True)
input()
"""


def test_a_lock_is_free_again_when_its_holder_is_killed_and_its_content_stays(tmp_path):
    """Nothing has to be cleaned up after a process that was killed."""
    path = tmp_path / "made" / "lock"
    path.parent.mkdir()
    path.write_text("who")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline()
    assert take_lock(path, wait=False) is None
    holder.kill()
    holder.wait()
    with take_lock(path, wait=False):
        assert path.read_text() == "who"
        assert take_lock(path, wait=False) is None
    take_lock(path, wait=False).close()


def test_one_at_a_time(tmp_path):
    """The second waits for the first."""
    order, inside = [], threading.Event()

    def second():
        inside.wait()
        with locked(tmp_path / "thing"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with locked(tmp_path / "thing"):
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_folder_that_cannot_be_written_is_a_users_mistake(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file: .*; mend it"), locked(tmp_path / "file" / "x", remedy="mend it"):
        pass
