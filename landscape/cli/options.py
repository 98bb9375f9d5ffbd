"""Defines the options that several commands share, and reads them."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from landscape.core.component_text import parse_value
from landscape.core.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])


def _load_plugins(context: click.Context, option: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    from landscape.core.registry import load_installed_plugins, load_plugin

    load_installed_plugins()
    for file in files:
        load_plugin(file)
    return files


def _results_folder(context: click.Context, option: click.Parameter, text: str) -> Path:
    if "://" not in text:
        return Path(text)
    from landscape.results import remote

    return remote.local(text)


def _data_folder(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    if text is None or "://" not in text:
        return Path(text) if text is not None else None
    from landscape.results import remote

    return remote.staged(text)


def _data_address(context: click.Context, option: click.Parameter, text: str | None) -> Path | str | None:
    """Return a path or an address. An address is not resolved here, because each machine of a cluster makes its own copy."""
    return Path(text) if text is not None and "://" not in text else text


def _data_dir(callback: Callable[..., Path | str | None]) -> Callable[[F], F]:
    return click.option(
        "--data-dir",
        callback=callback,
        metavar="PATH",
        help="Folder that holds the data set's files.  [default: $LANDSCAPE_DATA, $DATA_DIR, `data` in $LANDSCAPE_CACHE]",
    )


plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_load_plugins,
    metavar="FILE.py",
    help="Python file that registers components of your own; repeatable. Its code is run.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout instead of text.")
logger_option = click.option(
    "--logger",
    type=click.Choice(["none", "tensorboard"]),
    default="none",
    show_default=True,
    help="Write curves, scores and samples for TensorBoard too: tensorboard --logdir on the trial or the results.",
)
data_dir_option, sweep_data_dir_option = _data_dir(_data_folder), _data_dir(_data_address)
results_option = click.option(
    "--results",
    "results_dir",
    callback=_results_folder,
    metavar="PATH",
    default="results",
    show_default=True,
    help="Folder of the studies, or an address such as s3://bucket/results.",
)
reports_option = click.option(
    "--reports", "reports_dir", type=click.Path(path_type=Path), default="reports", show_default=True, help="Folder of the reports."
)


def examples(*lines: str) -> str:
    """Return an epilog that keeps its lines. Click reflows all paragraphs except those that begin with a backspace."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def print_json(value: Any) -> None:
    """Print `value` on stdout as JSON that every parser can read, which has no NaN and no infinity."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=False))


class FiniteRange(click.FloatRange):
    """A range of numbers that refuses infinity, and NaN, which is neither below nor above a limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


def assigned(assignment: str) -> tuple[str, Any]:
    """Read `d_optimizer.learning_rate=1e-4` as a dotted field and its value.

    Raises:
        UserError: There is no `=`, or no name before it.
    """
    path, equals, value = assignment.partition("=")
    if not equals or not all(part.strip() for part in path.split(".")):
        raise UserError(f"--set {assignment!r}: write field=value, for example --set d_optimizer.learning_rate=1e-4")
    return path.strip(), parse_value(value.strip())


def set_dotted(data: dict[str, Any], assignment: str) -> None:
    """Enter `d_optimizer.learning_rate=1e-4` into nested dictionaries, in place.

    Raises:
        UserError: no `=`, or a part of the path that is not a group of settings.
    """
    path, value = assigned(assignment)
    *groups, last = path.split(".")
    node = data
    for group in groups:
        if node.get(group) is None:
            node[group] = {}
        node = node[group]
        if not isinstance(node, dict):
            raise UserError(f"--set {assignment!r}: {group!r} is not a group of settings")
    node[last] = value


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a JSON or YAML file. A UserError names a file that holds anything else."""
    if path.suffix == ".json":
        from landscape.core.files import read_json

        return read_json(path)
    from landscape.core.strict_yaml import read

    return read(path).data


def whole_number(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Return the number of a choice among numbers."""
    return None if value is None else int(value)
