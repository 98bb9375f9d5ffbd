"""Two hosts, each a network namespace: one is cut off from the head for a moment, then for so long that it counts as dead, and comes back."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and iproute2"),
]
HEAD, OTHER = "10.77.0.1", "10.77.0.2"
ADDRESS = f"{HEAD}:6399"
RAY = str(Path(sys.executable).with_name("ray"))


def run(*command: str, check: bool = True) -> str:
    return subprocess.run(command, check=check, capture_output=True, text=True, timeout=240).stdout


def within(host: str, *command: str, **options):
    return ["ip", "netns", "exec", host, *command]


@pytest.fixture
def hosts():
    """Names of two hosts with a cable between them."""
    names = [f"landscape-{side}-{os.getpid()}" for side in "ab"]
    try:
        for name in names:
            run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    run("ip", "link", "add", "lsa", "netns", names[0], "type", "veth", "peer", "name", "lsb", "netns", names[1])
    for name, link, address in zip(names, ("lsa", "lsb"), (HEAD, OTHER), strict=True):
        run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", link)
        for each in ("lo", link):
            run("ip", "-n", name, "link", "set", each, "up")
    yield names
    for name in names:
        for pid in run("ip", "netns", "pids", name, check=False).split():
            with contextlib.suppress(psutil.Error):
                psutil.Process(int(pid)).kill()
        run("ip", "netns", "del", name, check=False)


def test_a_worker_is_cut_off_and_comes_back(chaos, hosts, tmp_path):
    head, other = hosts
    # A proxy for the outside would be asked for the hosts, too.
    plain = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment = plain | {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "FAKE_STEP_SECONDS": "0.2"}
    environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}

    def ray(host: str, *arguments: str) -> None:
        command = within(host, RAY, "start", "--num-cpus=1", "--disable-usage-stats", *arguments)
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr

    ray(head, "--head", f"--node-ip-address={HEAD}", "--port=6399", "--include-dashboard=false")
    ray(other, f"--address={ADDRESS}", f"--node-ip-address={OTHER}")
    it = chaos.Sweep(tmp_path / "results")
    options = {"deterministic": True, "trials": 24, "ray_address": ADDRESS}
    with open(tmp_path / "output", "w") as output:
        command = within(head, sys.executable, str(chaos.PROGRAM), str(it.results), json.dumps(options))
        it.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, process_group=0)

    def wait_for_more(number: int) -> None:
        aim = it.ended() + number
        assert it.wait_for(lambda: it.ended() >= aim, 400), (tmp_path / "output").read_text()

    def cable(state: str) -> None:
        run("ip", "-n", other, "link", "set", "lsb", state)

    wait_for_more(3)
    cable("down")
    time.sleep(3)
    cable("up")
    wait_for_more(2)
    cable("down")
    # Ray gives a node up after missed health checks, half a minute or so; the head's own worker goes on meanwhile.
    time.sleep(60)
    cable("up")
    it.process.wait(600)
    assert it.process.returncode == 0, (tmp_path / "output").read_text()
    found = chaos.facts(it)
    assert max(found["ends"].values()) == 1
    assert set(found["cells"].values()) == {6}
    begins = sum((folder / "journal").read_text().count("begin") for folder in (it.study / "trials").iterdir())
    print(f"\ncut off for 3 s and for 60 s: 24 trials, none lost, none run twice, {begins - 24} continued")
