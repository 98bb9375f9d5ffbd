"""The Makefile documents itself, and only calls the `landscape` command."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments):
    # These tests may themselves run under a make with arguments.
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "ARGS"}}
    run = subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def command(*arguments):
    """Return the `landscape` line that make would run, with single spaces and no line breaks."""
    text = re.sub(r"\\\n", " ", make("-n", *arguments))
    return next(" ".join(line.split()) for line in text.splitlines() if ".venv/bin/landscape" in line)


def test_help_lists_every_target_with_a_line():
    text = (ROOT / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (help .*)$", text, flags=re.MULTILINE)[1].split())
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", make("help"), flags=re.MULTILINE))
    assert set(listed) == targets
    assert {
        "sweep",
        "report",
        "test",
        "test-full",
        "setup",
        "help",
        "lint",
        "format",
        "bench",
        "bench-metrics",
        "reproduce",
        "clean",
    } <= targets


def test_help_is_the_default():
    assert make() == make("help")


def test_sweep_without_arguments():
    assert command("sweep") == ".venv/bin/landscape sweep 'digits' --results 'results' --reports 'reports'"


def test_sweep_with_everything():
    line = command(
        *("sweep", "DATASET=folder:/a b", "TRIALS=3", "STEPS=4", "SEED=5", "JOBS=2", "GPUS_PER_TRIAL=0.5", "RAY_ADDRESS=auto"),
        *("RESULTS=/r", "REPORTS=/p", "DATA_DIR=/d'e", "PLUGIN=a.py b.py"),
    )
    assert line == (
        ".venv/bin/landscape sweep 'folder:/a b' --trials '3' --steps '4' --seed '5' --jobs '2' --gpus-per-trial '0.5'"
        " --ray-address 'auto' --results '/r' --reports '/p' --data-dir '/d'\\''e' --plugin 'a.py' --plugin 'b.py'"
    )


def test_sweep_of_a_study_keeps_its_own_data_unless_told():
    assert "sweep 'x.yaml' --results" in command("sweep", "STUDY=x.yaml")
    assert "sweep 'x.yaml' --dataset 'mnist'" in command("sweep", "STUDY=x.yaml", "DATASET=mnist")


def test_report():
    assert command("report", "RESULTS=/r") == ".venv/bin/landscape report --results '/r' --reports 'reports'"


def test_reproduce():
    assert command("reproduce") == ".venv/bin/landscape reproduce"
    assert command("reproduce", "PAPER=x").startswith(".venv/bin/landscape reproduce 'x'")


def test_its_command_lines_are_what_the_command_takes():
    import click

    from landscape.cli.app import landscape

    for arguments in (("sweep", "DATASET=mnist", "TRIALS=3", "STEPS=4", "SEED=5", "JOBS=2", "RAY_ADDRESS=auto", "DATA_DIR=d"), ("report",)):
        words = command(*arguments).replace("'", "").split()[1:]
        chosen = landscape.commands[words[0]]
        _, rest, _ = chosen.make_parser(click.Context(chosen)).parse_args(words[1:])
        assert rest == []
