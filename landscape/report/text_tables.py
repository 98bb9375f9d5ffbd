r"""Writes a study's tables as Markdown and LaTeX, with a title, the protocol in the caption, intervals, and decided levels in bold."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from landscape.core.errors import UserError
from landscape.report.study_page import StudyPage
from landscape.report.tables import Cell, Column, Table

KINDS = ("md", "tex")
FOLDER = "tables"


@dataclass(frozen=True)
class Writer:
    """The functions by which one kind of file writes text, bold text and a whole table."""

    text: Callable[[str], str]
    bold: Callable[[str], str]
    table: Callable[[Table, Sequence[Column], Sequence[Sequence[str]], str], str]
    """Called with the table, the columns, the rows of written cells and the caption. There are no rows if one sentence says them all."""


def parse_kinds(text: str) -> list[str]:
    """Return the kinds in a text such as `md,tex`.

    Raises:
        UserError: The text names another kind.
    """
    kinds = [part.strip() for part in text.split(",") if part.strip()]
    for kind in kinds or [text]:
        if kind not in KINDS:
            raise UserError(f"--tables {text!r}: {kind!r} is no kind of table: choose from {', '.join(KINDS)}, or both with a comma")
    return kinds


def text_tables(page: StudyPage, kinds: Iterable[str]) -> dict[str, bytes]:
    """Return the content of each file by its name: a file for each kind and each table that a paper shows."""
    decided = {a.axis: str(a.best) for a in page.answer.found.axes if a.state == "decided"} if page.answer and page.answer.found else {}
    protocol = page.view.table.protocol or {}
    name = f"Protocol {protocol.get('name')}"
    under = f"{name} ({protocol.get('digest')})." if protocol else ""
    through = {table.name for table in page.through.tables} if page.through is not None else set()
    files: dict[str, bytes] = {}
    for table in _chosen(page):
        for kind in kinds:
            said = table.caption.replace(f"{name}.", under) if f"{name}." in table.caption else f"{table.caption.rstrip()} {under}"
            # Scores through other views are under other protocols, which their own caption says.
            text = written(table, WRITERS[kind], decided, table.caption if table.name in through else said)
            files[f"{table.name}.{kind}"] = text.encode()
    return files


def _chosen(page: StudyPage) -> list[Table]:
    own = [page.answer.table, page.answer.importance] if page.answer else []
    by_axis = [t for a in page.axes for t in (a.levels, a.confirmed, a.contrasts)]
    through = page.through.tables if page.through is not None else ()
    found = [t for t in (*own, *by_axis, page.cells, page.best_trials, page.health, *through) if t is not None and len(t.frame)]
    return [table for table in found if table.columns_shown]


def written(table: Table, writer: Writer, decided: Mapping[str, str], caption: str) -> str:
    """Return one table as text. A level is bold if the confirmation runs of its axis have decided for it."""
    columns = [c for c in table.columns_shown if c.kind != "strip"]
    keep = [i for i, c in enumerate(table.columns_shown) if c.kind != "strip"]
    axis = next((a for a in decided if table.name in (f"levels_{a}", f"confirmed_{a}")), None)
    rows: list[list[str]] = []
    if table.sentence:
        return writer.table(table, columns, rows, caption)
    for cells, row in zip(table.rows(), table.frame.to_dict("records"), strict=False):
        texts = [_cell(cells[i], writer) for i in keep]
        if axis is not None and row.get("level") == decided[axis]:
            texts[0] = writer.bold(texts[0])
        if table.name == "answer" and row.get("state") == "decided":
            at = next(i for i, c in enumerate(columns) if c.key == "best")
            texts[at] = writer.bold(texts[at])
        rows.append(texts)
    return writer.table(table, columns, rows, caption)


def _cell(cell: Cell, writer: Writer) -> str:
    return writer.text(" ".join(part for part in (cell.text, cell.interval, f"({cell.note})" if cell.note else "") if part))


def _markdown_text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", text).replace("\n", " ")


def _markdown(table: Table, columns: Sequence[Column], rows: Sequence[Sequence[str]], caption: str) -> str:
    lines = [f"<!-- {table.name} -->", "", f"### {_markdown_text(table.title)}", "", _markdown_text(caption), ""]
    if table.sentence:
        return "\n".join([*lines, _markdown_text(table.sentence), ""])
    lines.append("| " + " | ".join(_markdown_text(c.label) for c in columns) + " |")
    lines.append("|" + "|".join(" --- " if c.kind == "text" else " ---: " for c in columns) + "|")
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}"}
_TEX |= {c: f"\\{c}" for c in "&%$#_{}"}
_TEX |= {"–": "--", "×": r"$\times$", "·": r"$\cdot$", "∞": r"$\infty$", "−": "$-$", "↓": r"$\downarrow$", "↑": r"$\uparrow$"}
_TEX |= {"≤": r"$\leq$", "≥": r"$\geq$", "[": "{[}", "]": "{]}"}


def _tex_text(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text.replace("\n", " "))


def _tex(table: Table, columns: Sequence[Column], rows: Sequence[Sequence[str]], caption: str) -> str:
    if table.sentence:
        return f"\\paragraph{{{_tex_text(table.title)}.}} {_tex_text(table.sentence)} {_tex_text(caption)}\n"
    places = "".join("l" if c.kind == "text" else "r" for c in columns)
    head = " & ".join(_tex_text(c.label) for c in columns)
    body = "\n".join("    " + " & ".join(row) + r" \\" for row in rows)
    return (
        "% needs \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n"
        f"  \\caption[{{{_tex_text(table.title)}}}]{{{_tex_text(f'{table.title}. {caption}')}}}\n"
        f"  \\label{{tab:{re.sub(r'[^A-Za-z0-9]+', '-', table.name)}}}\n"
        f"  \\begin{{tabular}}{{{places}}}\n    \\toprule\n    {head} \\\\\n    \\midrule\n{body}\n    \\bottomrule\n"
        "  \\end{tabular}\n\\end{table}\n"
    )


WRITERS: Mapping[str, Writer] = {
    "md": Writer(_markdown_text, lambda text: f"**{text}**", _markdown),
    "tex": Writer(_tex_text, lambda text: f"\\textbf{{{text}}}", _tex),
}
