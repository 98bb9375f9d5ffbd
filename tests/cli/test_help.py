"""Every command explains itself, quickly."""

import re
import shlex
import subprocess
import sys

import click
import pytest

from landscape.cli.app import landscape


def commands(group=landscape, path=()):
    """(path, command) of every command, nested ones too."""
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands())


def test_the_commands():
    top = {path[0] for path in ALL}
    assert top == {
        "list",
        "train",
        "sweep",
        "report",
        "compare",
        "findings",
        "targets",
        "across",
        "evaluate",
        "features",
        "sample",
        "reproduce",
        "data",
        "doctor",
        "results",
    }
    assert {path[1] for path in ALL if path[0] == "results" and len(path) > 1} == {"merge", "verify", "prune", "export"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help(run, path):
    outcome = run(*path, "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.startswith(f"Usage: landscape {' '.join(path)}")
    assert ALL[path].help


@pytest.mark.parametrize("path", [p for p in ALL if len(p) == 1], ids=" ".join)
def test_help_has_examples_that_parse(path):
    examples = re.findall(r"^  landscape (.*)$", ALL[path].epilog or "", flags=re.MULTILINE)
    assert examples
    for example in examples:
        assert parses(shlex.split(example)), example


def parses(arguments):
    """Whether click takes these arguments; nothing is run."""
    command, context = landscape, click.Context(landscape, info_name="landscape")
    while isinstance(command, click.Group):
        name, command, arguments = command.resolve_command(context, arguments)
        context = click.Context(command, parent=context, info_name=name)
    options, rest, _ = command.make_parser(context).parse_args(list(arguments))
    return not rest and options is not None


def test_every_option_has_help():
    for path, command in ALL.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{' '.join(path)} {parameter.opts[0]}"


def test_those_that_print_data_take_json():
    for name in ("list", "train", "report", "evaluate", "reproduce", "doctor"):
        assert any("--json" in p.opts for p in landscape.commands[name].params), name


def test_version(run):
    from landscape import __version__

    assert run("--version").out == f"landscape, version {__version__}\n"


def test_as_a_module():
    outcome = subprocess.run([sys.executable, "-m", "landscape", "--help"], capture_output=True, text=True, check=True)
    assert "sweep" in outcome.stdout


@pytest.mark.parametrize("command", [(), ("results",), ("data",)])
def test_a_command_without_its_command_shows_its_help(command, run):
    outcome = run(*command)
    assert outcome.code == 2
    assert outcome.err.startswith("Usage: landscape")
    assert "\n  -h, --help" in outcome.err
