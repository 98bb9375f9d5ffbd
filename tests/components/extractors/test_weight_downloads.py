"""Every network whose weights are downloaded, from nothing to an extractor, with a server that imitates the true hosts."""

import dataclasses
import hashlib
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.internet import Internet

from landscape.cli.app import main
from landscape.components.extractors import clip, dinov2, inception, vgg16
from landscape.components.extractors._base import EXTRACTORS
from landscape.core import download_source
from landscape.core.errors import UserError

MODULES = {"inception": inception, "clip": clip, "dinov2": dinov2, "vgg16": vgg16}
HASHES = {
    # torch-fidelity's file name begins with these digits, and many projects that use the file pin the whole hash.
    "inception": "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    "clip": "99d28a652e6ec46629ab7047a0ac82c69b1fe11e0ce672c43af65d3a9a3fc05d",
    "dinov2": "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
    # torchvision's file name begins with these digits, and projects that use the file pin the whole hash.
    "vgg16": "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
}
SOURCES = {"inception": 2, "clip": 2, "dinov2": 1, "vgg16": 1}


def remote_of(name):
    """Return the published file of an extractor with its addresses."""
    module = MODULES[name]
    return module.remote() if name == "vgg16" else module.REMOTE


CONTENT = np.random.RandomState(0).bytes(2_200_000)


@pytest.fixture(autouse=True)
def _no_weights_at_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(download_source, "PAUSE_SECONDS", 0)
    for module in MODULES.values():
        monkeypatch.delenv(module.VARIABLE, raising=False)


@pytest.fixture
def internet(monkeypatch, tmp_path):
    with Internet(monkeypatch, tmp_path) as running:
        yield running


@pytest.fixture
def republished(monkeypatch):
    """A function that takes `CONTENT` for the published weights of an extractor and returns the extractor's module."""

    def republish(name):
        module = MODULES[name]
        digest = hashlib.sha256(CONTENT).hexdigest()
        monkeypatch.setattr(module, "REMOTE", dataclasses.replace(module.REMOTE, size=len(CONTENT), checksum=f"sha256:{digest}"))
        return module

    return republish


def find(name):
    """Find the weights as the extractor does before it reads them."""
    module = MODULES[name]
    return inception.find_weights() if name == "inception" else module.find(None, module.VARIABLE, module.FILES, name, remote_of(name))


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, count in SOURCES.items() for number in range(count)])
def test_weights_come_from_each_source(republished, internet, tmp_path, name, number):
    module = republished(name)
    sources = remote_of(name).sources
    assert len(sources) == SOURCES[name]
    internet.file(sources[number], CONTENT)
    path = find(name)
    assert path == tmp_path / "cache" / "weights" / module.FILES[0]
    assert path.read_bytes() == CONTENT
    internet.asked.clear()
    assert find(name) == path
    assert internet.asked == []
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_downloaded_is_what_the_extractor_declares(name):
    module = MODULES[name]
    assert module.REMOTE.name == module.FILES[0]
    assert module.REMOTE.checksum == f"sha256:{HASHES[name]}"
    assert EXTRACTORS[name].facts.files[module.FILES[0]] == HASHES[name]


@pytest.mark.parametrize("name", MODULES)
def test_weights_that_are_cut_off_are_resumed_and_other_content_is_refused(republished, internet, tmp_path, name):
    republished(name)
    address, *_ = sources = remote_of(name).sources
    internet.file(address, CONTENT, cut=600_000)
    with pytest.raises(UserError, match=r"not found and not downloaded \(.*Download is incomplete"):
        find(name)
    internet.file(address, CONTENT)
    internet.asked.clear()
    assert find(name).read_bytes() == CONTENT
    assert internet.asked[-1].range.startswith("bytes=")
    find(name).unlink()
    for source in sources:
        internet.file(source, CONTENT[::-1])
    with pytest.raises(UserError, match="sent another file .SHA-256"):
        find(name)
    assert not (tmp_path / "cache" / "weights").exists()


@pytest.mark.parametrize("name", MODULES)
def test_without_a_network_one_line_says_what_to_fetch_and_where_to_put_it(monkeypatch, tmp_path, name):
    def refuse(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    module = MODULES[name]
    with pytest.raises(UserError) as error:
        EXTRACTORS[name].function()
    text = str(error.value)
    assert "\n" not in text
    assert "Temporary failure in name resolution" in text
    assert f"fetch {remote_of(name).by_hand()} by hand and put it at {tmp_path / 'cache' / 'weights' / module.FILES[0]}" in text
    assert module.VARIABLE in text
    # The user does what the line says.
    target = tmp_path / "cache" / "weights" / module.FILES[0]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(CONTENT)
    assert find(name) == target


def test_the_command_line_says_what_it_fetches_and_why_it_could_not(internet, monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    code = main(["evaluate", "--real", "digits", "--fake", "digits", "--features", "inception"])
    err = capfd.readouterr().err
    assert code == 2
    assert f"landscape: fetching {inception.WHAT} (95.6 MB) into {Path(tmp_path, 'cache', 'weights')}" in err
    assert err.splitlines()[-1].startswith(
        f"landscape: {inception.WHAT} not found and not downloaded (github.com: HTTP status 404 Not Found; "
    )
