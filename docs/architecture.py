"""Reads the rooms of the package and what they import from the code.

`python docs/architecture.py` draws docs/architecture.svg and renews the table in CONTRIBUTING.md.
"""

import ast
import functools
import graphlib
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "landscape"
PICTURE = Path(__file__).with_suffix(".svg")
TABLE_IN = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- rooms: python docs/architecture.py -->", "<!-- end of rooms -->"

Graph = dict[str, set[str]]


def modules() -> dict[str, Path]:
    """Return every module of the package and its file."""
    return {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in sorted(PACKAGE.rglob("*.py"))}


def imports_of(path: Path, known: Iterable[str] = ()) -> set[str]:
    """Return the modules that a file imports anywhere: at the top, inside a function, or for the type checker only.

    `from a import b` counts as an import of `a.b` if that is one of the `known` modules, and otherwise as an import of `a`.
    """
    known, found = set(known), set()
    for module, names in statements(path):
        if module is None:
            found |= names
        else:
            found |= names & known
            found |= {module} if names - known else set()
    return found


@functools.cache
def statements(path: Path) -> tuple[tuple[str | None, frozenset[str]], ...]:
    """Return the import statements of a file, read once: None and the modules of `import`, or the module and the full names of `from`."""
    found: list[tuple[str | None, frozenset[str]]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.append((None, frozenset(alias.name for alias in node.names)))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, frozenset(f"{node.module}.{alias.name}" for alias in node.names)))
    return tuple(found)


def module_graph() -> Graph:
    """Map each module of the package to the modules of the package that it imports."""
    files = modules()
    # Importing a module runs its package's `__init__` first. That edge is made by Python and is not an import of this package.
    return {
        module: {i for i in imports_of(path, files) & set(files) if i != module and not module.startswith(i + ".")}
        for module, path in files.items()
    }


def room_of(module: str) -> str:
    """Return the room of a module: `landscape.components.losses.hinge` is in `components`. The package itself is a room too."""
    return module.split(".")[1] if "." in module else module


def room_graph() -> Graph:
    """Map each room to the rooms that its modules import."""
    graph: Graph = {}
    for module, imported in module_graph().items():
        room = room_of(module)
        graph.setdefault(room, set()).update({room_of(i) for i in imported} - {room})
    return graph


def circle(graph: Graph) -> list[str]:
    """Return a circle of imports, or an empty list if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def levels() -> list[list[str]]:
    """Return the rooms by level, from the lowest. A room is one level above the highest room that it imports."""
    graph = room_graph()
    height: dict[str, int] = {}
    for room in graphlib.TopologicalSorter(graph).static_order():
        height[room] = 1 + max((height[below] for below in graph[room]), default=-1)
    return [sorted(room for room in height if height[room] == level) for level in range(max(height.values()) + 1)]


def purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    package = PACKAGE / room / "__init__.py"
    path = package if package.exists() else PACKAGE / f"{room}.py" if (PACKAGE / f"{room}.py").exists() else PACKAGE / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=[.])\s", " ".join(text.split()))[0]


def table() -> str:
    """Return the rooms as a Markdown table, from the lowest level up."""
    rows = [f"| {level} | `{room}` | {purpose(room)} |" for level, rooms in enumerate(levels()) for room in rooms]
    return "\n".join(["| level | room | what it is for |", "|---|---|---|", *rows])


def with_table(text: str) -> str:
    """Return `text` with the table between its two marks renewed."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def picture() -> str:
    """Return the rooms as SVG, with a row per level and an arrow from each room to those that it imports."""
    rows, graph = levels(), room_graph()
    width, step, high = 150, 74, 34
    across = max(map(len, rows)) * width
    place = {
        room: (across / 2 + (i - (len(row) - 1) / 2) * width, (len(rows) - level) * step - high)
        for level, row in enumerate(rows)
        for i, room in enumerate(row)
    }
    height = len(rows) * step + 10
    lines = []
    for room in sorted(graph):
        # An import is left out if its target is also reached through another import. The picture shows the flow; a test's table shows all
        # imports.
        direct = {b for b in graph[room] if not any(b in _reach(graph, other) for other in graph[room] - {b})}
        for below in sorted(direct):
            (x1, y1), (x2, y2) = place[room], place[below]
            lines.append(f'<line x1="{x1:g}" y1="{y1 + high:g}" x2="{x2:g}" y2="{y2 - 4:g}" marker-end="url(#a)"/>')
    boxes = [
        f'<rect x="{x - 62:g}" y="{y:g}" width="124" height="{high}" rx="5"/><text x="{x:g}" y="{y + 22:g}">{room}</text>'
        for room, (x, y) in sorted(place.items())
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {height}" font-family="sans-serif" font-size="14">',
            "<title>Rooms of the package landscape and what they import</title>",
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
            f'<rect width="{across}" height="{height}" fill="#fff"/>',
            '<g stroke="#667" stroke-width="1.2">',
            *lines,
            "</g>",
            '<g fill="#eef3fa" stroke="#467" text-anchor="middle">',
            *(box.replace("<text", '<text fill="#123" stroke="none"') for box in boxes),
            "</g>",
            "</svg>\n",
        ]
    )


def _reach(graph: Graph, room: str) -> set[str]:
    found: set[str] = set()
    todo = list(graph[room])
    while todo:
        if (one := todo.pop()) not in found:
            found.add(one)
            todo += graph[one]
    return found


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    TABLE_IN.write_text(with_table(TABLE_IN.read_text(encoding="utf-8")), encoding="utf-8")
