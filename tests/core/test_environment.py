"""The commit that a record names."""

import subprocess
from pathlib import Path

import pytest

from landscape.core import environment


@pytest.fixture(autouse=True)
def _forget():
    environment.git_commit.cache_clear()
    yield
    environment.git_commit.cache_clear()


def checkout(tmp_path, monkeypatch):
    """A checkout with one commit, from which the package seems to run."""
    run = lambda *words: subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()  # noqa: E731
    (tmp_path / "landscape" / "core").mkdir(parents=True)
    source = tmp_path / "landscape" / "core" / "environment.py"
    source.write_text("one\n")
    run("init", "-q")
    run("add", "-A")
    run("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first")
    monkeypatch.setattr(environment, "__file__", str(source))
    return source, run("rev-parse", "HEAD")


def test_a_record_names_the_commit_that_it_ran_from(tmp_path, monkeypatch):
    _, commit = checkout(tmp_path, monkeypatch)
    assert len(commit) == 40
    assert environment.describe()["git_commit"] == commit


def test_changes_since_the_commit_are_said(tmp_path, monkeypatch):
    source, commit = checkout(tmp_path, monkeypatch)
    source.write_text("two\n")
    assert environment.git_commit() == f"{commit}+changes"


def test_outside_a_checkout_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "__file__", str(Path(tmp_path) / "landscape" / "core" / "environment.py"))
    assert environment.git_commit() == ""
