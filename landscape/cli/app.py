"""Defines the `landscape` command, and is the only place where errors become exit codes."""

import os
import re
import sys
from collections.abc import Sequence

import click

from landscape.cli.across import across
from landscape.cli.compare import compare
from landscape.cli.data import data
from landscape.cli.doctor import doctor
from landscape.cli.evaluate import evaluate
from landscape.cli.features import features
from landscape.cli.findings import findings
from landscape.cli.list import list_components
from landscape.cli.report import report
from landscape.cli.reproduce import reproduce
from landscape.cli.results import results
from landscape.cli.sample import sample
from landscape.cli.sweep import sweep
from landscape.cli.targets import targets
from landscape.cli.train import train
from landscape.core.errors import UserError
from landscape.core.version import __version__

USER_ERROR, INTERRUPTED = 2, 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Each command explains itself: `landscape train --help`. LANDSCAPE_DEBUG=1 shows where an error arose.",
)
@click.version_option(__version__, prog_name="landscape")
def landscape() -> None:
    """Fair comparisons of GANs: equal budgets, written protocols, intervals on every claim."""


_COMMANDS = (
    list_components,
    train,
    sweep,
    report,
    compare,
    findings,
    targets,
    across,
    evaluate,
    features,
    sample,
    reproduce,
    data,
    doctor,
    results,
)
for command in _COMMANDS:
    landscape.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for a user's mistake (one line on stderr), or 130 for an interruption."""
    if os.environ.get("LANDSCAPE_DEBUG"):
        return _run(arguments)
    try:
        return _run(arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "landscape"
        text = error.format_message().rstrip(".")
        return complain(f"{text}{' See' if text.endswith('?') else '; see'} `{where} --help`", error.exit_code)
    except click.ClickException as error:
        return complain(error.format_message(), USER_ERROR)
    except UserError as error:
        return complain(str(error), USER_ERROR)
    except (click.Abort, KeyboardInterrupt):
        return complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone (`landscape list | head`); Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        return complain(f"{error.filename}: {error.strerror}; check the path and its permissions", USER_ERROR)


def _run(arguments: Sequence[str] | None) -> int:
    outcome = landscape.main(args=None if arguments is None else list(arguments), prog_name="landscape", standalone_mode=False)
    return outcome if isinstance(outcome, int) else 0


def complain(message: str, code: int) -> int:
    """Write the message on stderr as one line, whatever it contains, and return `code`.

    A message may quote the error of a library, which often ends with a full stop, before its own punctuation: one of the two is enough.
    """
    line = re.sub(r"(?<=[\w)'\"])\.(?=[;:,)])", "", " ".join(message.split()))
    click.echo(f"landscape: {line}", err=True)
    return code
