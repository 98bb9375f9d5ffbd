"""Running the command in this process, in an empty folder, with a cache of its own."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from landscape.cli.app import main


@dataclass
class CommandOutcome:
    code: int
    out: str
    err: str

    def is_one_line_error(self) -> str:
        """The line, after checking that it is one, on stderr, with exit code 2."""
        assert self.code == 2, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("landscape: ")
        assert "Traceback" not in self.err
        assert self.out == ""
        return lines[0]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Prepared data of this test session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def here(tmp_path, monkeypatch, cache) -> Path:
    """An empty folder to work in; nothing of the user's own is seen."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LANDSCAPE_CACHE", str(cache))
    for name in ("LANDSCAPE_DATA", "DATA_DIR", "LANDSCAPE_INCEPTION_WEIGHTS", "RAY_ADDRESS", "LANDSCAPE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def run(here, capfd):
    """run("list", "losses") -> CommandOutcome, as the console script would end."""

    def _run(*arguments: str | os.PathLike[str]) -> CommandOutcome:
        capfd.readouterr()
        code = main([os.fspath(a) for a in arguments])
        captured = capfd.readouterr()
        return CommandOutcome(code, captured.out, captured.err)

    return _run
