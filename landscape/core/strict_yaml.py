"""Reads YAML as study files use it: plain data only, with the line number of every entry.

Nothing in a file can run code or use up the memory.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from landscape.core.errors import UserError

LARGEST_FILE_BYTES = 1_000_000
DEEPEST_NESTING = 40

Where = tuple[str | int, ...]
"""The keys and list positions that lead to an entry, from the top of the file."""


@dataclass(frozen=True)
class Document:
    """The content of a file, and the line on which each entry stands."""

    data: dict[str, Any]
    lines: Mapping[Where, int]
    source: str

    def place(self, where: Where) -> str:
        """Return `file:line` of the entry at `where`, or of the closest enclosing entry."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.lines:
                return f"{self.source}:{self.lines[where[:length]]}"
        return self.source


class _RefusedError(yaml.YAMLError):
    """The file is valid YAML but uses a feature that study files may not use."""


class _Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does (`no` is text, `1e-4` is a number) and refuses aliases, tags and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _RefusedError(_at(event, "anchors and aliases (& and *) are not allowed: write the values out"))
        if getattr(event, "tag", None):
            raise _RefusedError(_at(event, f"tag {event.tag} is not allowed: only plain values are"))
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise _RefusedError(_at(event, f"nested more than {DEEPEST_NESTING} deep"))
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"[-+]?(0|[1-9][0-9_]*)", "-+0123456789"),
    ("float", r"[-+]?([0-9][0-9_]*\.[0-9]*|\.[0-9]+|[0-9][0-9_]*(?=[eE]))([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def _at(event: Any, message: str) -> str:
    return f"{event.start_mark.line + 1}: {message}"


def read(path: Path) -> Document:
    """Read the mapping in `path`.

    Raises:
        UserError: One line with file and line number. The file is missing, too large, not text or not YAML, or it contains an alias, a tag
            or a repeated key.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise UserError(f"{path} has {size} bytes; a study file has at most {LARGEST_FILE_BYTES}: is it the right file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}): is it the right file?") from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Document:
    """Read a mapping from text, as `read` does from a file.

    Args:
        text: The YAML text.
        source: The name to use for the file in error messages.

    Raises:
        UserError: The text is not YAML, or it contains an alias, a tag or a repeated key.
    """
    lines: dict[Where, int] = {}
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            data = _plain(loader, node, (), lines, source) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{source}{line}: not valid YAML: {error.problem or error.context}") from None
    except _RefusedError as error:
        raise UserError(f"{source}:{error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise UserError(f"{source}: expected a mapping of settings, found {'nothing' if data is None else type(data).__name__}")
    return Document(data, lines, source)


def _plain(loader: _Loader, node: yaml.Node, where: Where, lines: dict[Where, int], source: str) -> Any:
    """Convert a node to plain data and note the line of each entry in `lines`."""
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise UserError(f"{source}:{line}: a key must be a word, not a {key_node.id}")
            if key in found:
                raise UserError(f"{source}:{line}: {key!r} is given twice: keep one")
            lines[(*where, key)] = line
            found[key] = _plain(loader, value_node, (*where, key), lines, source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, child, (*where, i), lines, source) for i, child in enumerate(node.value)]
    return loader.construct_object(node)
