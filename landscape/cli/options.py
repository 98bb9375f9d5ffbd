"""Options that several commands share, and how they are read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from landscape.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])


def _load_plugins(context: click.Context, option: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    from landscape.registry import load_installed_plugins, load_plugin

    load_installed_plugins()
    for file in files:
        load_plugin(file)
    return files


def _results_folder(context: click.Context, option: click.Parameter, text: str) -> Path:
    if "://" not in text:
        return Path(text)
    from landscape.sweep import remote

    return remote.local(text)


def _data_folder(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    if text is None or "://" not in text:
        return Path(text) if text is not None else None
    from landscape.sweep import remote

    return remote.staged(text)


def _data_address(context: click.Context, option: click.Parameter, text: str | None) -> Path | str | None:
    """An address stays one: each machine of a cluster makes its own copy."""
    return Path(text) if text is not None and "://" not in text else text


def _data_dir(callback: Callable[..., Path | str | None]) -> Callable[[F], F]:
    return click.option(
        "--data-dir",
        callback=callback,
        metavar="PATH",
        help="Folder that holds the data set's files.  [default: $LANDSCAPE_DATA, then ~/.cache/landscape/data]",
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
    """An epilog that keeps its lines: click reflows all but paragraphs that begin with a backspace."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def print_json(value: Any) -> None:
    """`value` on stdout, as JSON that every parser reads: no NaN, no infinity."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, sort_keys=False))


def parse_value(text: str) -> Any:
    """`1e-4` -> 0.0001, `true` -> True, `[1, 2]` -> a list; anything that is not JSON stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_dataset(text: str) -> dict[str, Any]:
    """As `parse_component`; `folder:/path` and `zip:/path.zip` keep their path."""
    name, colon, rest = text.partition(":")
    is_path = colon and "=" not in rest.split("/")[0]
    return {"name": name, "hyperparameters": {"path": rest}} if is_path else parse_component(text)


def parse_component(text: str) -> dict[str, Any]:
    """`hinge` or `gradient_penalty:weight=10,every=4` as a config holds it.

    Raises:
        UserError: a hyperparameter without a value.
    """
    name, colon, rest = text.partition(":")
    if not colon:
        return {"name": name}
    given: dict[str, Any] = {}
    for item in rest.split(","):
        key, equals, value = item.partition("=")
        if not equals or not key or not value:
            raise UserError(f"{text!r}: {item!r} is not of the form name=value; write {name}:weight=10,other=2")
        given[key.strip()] = parse_value(value.strip())
    choice: dict[str, Any] = {"name": name}
    if "every" in given:
        choice["every"] = given.pop("every")
    return choice | {"hyperparameters": given}


def set_dotted(data: dict[str, Any], assignment: str) -> None:
    """Enter `d_optimizer.learning_rate=1e-4` into nested dictionaries, in place.

    Raises:
        UserError: no `=`, or a part of the path that is not a group of settings.
    """
    path, equals, value = assignment.partition("=")
    *groups, last = path.strip().split(".")
    if not equals or not last:
        raise UserError(f"--set {assignment!r}: write field=value, for example --set d_optimizer.learning_rate=1e-4")
    node = data
    for group in groups:
        if node.get(group) is None:
            node[group] = {}
        node = node[group]
        if not isinstance(node, dict):
            raise UserError(f"--set {assignment!r}: {group!r} is not a group of settings")
    node[last] = parse_value(value.strip())


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON or YAML file that holds one mapping; UserError naming the file otherwise."""
    if path.suffix == ".json":
        from landscape.record import read_json

        return read_json(path)
    from landscape.strict_yaml import read

    return read(path).data


def whole_number(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """The number of a choice among numbers."""
    return None if value is None else int(value)
