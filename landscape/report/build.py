"""Writes the reports of studies: for each a self-contained page, the same page without scripts, and files; and an index over all."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from landscape.core.errors import UserError
from landscape.core.files import read_json, write_bytes, write_json
from landscape.core.wording import plural, words
from landscape.report import formats
from landscape.report.assets import asset, source_hash
from landscape.report.downloads import STUDY_YAML, downloads
from landscape.report.interactive.page import answer_of_page, interactive_page
from landscape.report.interactive.payload import as_script, payload
from landscape.report.placing import place
from landscape.report.published_folders import published_pages
from landscape.report.study_page import StudyPage, study_page
from landscape.report.tables import breakable
from landscape.report.text_tables import FOLDER as TABLES
from landscape.report.text_tables import text_tables
from landscape.results.studies import list_studies, read_study, study_folder

TEMPLATES = Path(__file__).parent / "templates"
PAGE, PLAIN, OVERVIEW = "index.html", "plain.html", "summary.json"


@dataclass(frozen=True)
class Listed:
    """The entry of one study in the index."""

    folder: str
    summary: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """The parts of a report that are made on request, beside its page, its tables as CSV and its figures."""

    tables: tuple[str, ...] = ()
    """The kinds of further files of tables, `md` and `tex`. They are written into the folder `tables`."""
    refresh: int = 0
    """The seconds after which an open page loads itself again. 0 stands for a page that stays as it is."""


PLAIN_REPORT = Wanted()


def build(
    results_dir: Path,
    reports_dir: Path,
    study: str | None = None,
    *,
    wanted: Wanted = PLAIN_REPORT,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write the report of every study in `results_dir`, or of the one called `study`.

    Args:
        results_dir: The folder of the studies.
        reports_dir: The folder in which each study gets a folder with its report.
        study: The name of the only study to report. None stands for all studies.
        wanted: The parts that are made on request.
        tell: Called with a line for each thing that is wrong with the files of a study. The page shows these lines too.

    Returns:
        The pages, with the index over all studies last.

    Raises:
        UserError: There are no results or no such study, a record has a newer schema, or a folder cannot be written.
    """
    results_dir, reports_dir = Path(results_dir), Path(reports_dir)
    names = [study] if study is not None else list_studies(results_dir)
    if not names:
        raise UserError(f"{results_dir} holds no study: run a sweep first, or name the folder that holds the studies")
    environment = page_environment()
    pages = []
    for name in names:
        found = read_study(study_folder(results_dir, name))
        for warning in found.warnings:
            tell(warning)
        page = answer_of_page(study_page(found))
        pages.append(_write_study(page, reports_dir / name, environment, wanted))
    pages.append(_write_index(results_dir, reports_dir, environment))
    return pages


def page_environment() -> Environment:
    """Return the environment of the templates, with the filters and the style that every page has."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": formats.number, "count": formats.count, "words": words, "plural": plural, "breakable": breakable}
    _allow(environment, "style", (TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment


def published_environment(charts: Mapping[str, Any]) -> Environment:
    """Return the environment for a page of published tables: the style of a study's page, the script that draws, and the charts by name."""
    environment = page_environment()
    _allow(environment, "style", f"{environment.globals['style']}\n{asset('page.css')}")
    _allow(environment, "script", asset("published.js"))
    environment.globals["data"] = Markup(as_script(dict(charts)))  # noqa: S704 - no `<` is left in it
    return environment


def _allow(environment: Environment, kind: str, text: str) -> None:
    """Give the templates a style or a script, and the digest by which a page's policy allows it."""
    environment.globals[kind] = Markup(text)  # noqa: S704 - the package's own file
    environment.globals[f"{kind}_hash"] = Markup(source_hash(text))  # noqa: S704 - base64


def _write_study(page: StudyPage, folder: Path, environment: Environment, wanted: Wanted = PLAIN_REPORT) -> Path:
    """Write all files of a report. The page is written last, so that it never names a file that does not exist yet."""
    data = payload(page)
    files: dict[str, bytes] = {f"{table.name}.csv": table.csv() for table in page.tables} | downloads(page, data)
    for figure in page.figures:
        files |= figure.files
    texts = {f"{TABLES}/{name}": content for name, content in text_tables(page, wanted.tables).items()}
    names = sorted([*files, *texts, PLAIN])
    inline = {figure.name: Markup(figure.rendered.inline) for figure in page.figures}  # noqa: S704 - matplotlib escapes the text it draws
    files[PLAIN] = environment.get_template("plain.html.j2").render(page=page, inline=inline, files=names).encode()
    stale = _earlier_files(folder) - set(names)
    place(folder, files)
    if texts:
        place(folder / TABLES, {name.removeprefix(f"{TABLES}/"): content for name, content in texts.items()})
    write_json(folder / OVERVIEW, _overview(page, names))
    write_bytes(folder / PAGE, interactive_page(page, data, names, environment, refresh=wanted.refresh).encode())
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    return folder / PAGE


def _earlier_files(folder: Path) -> set[str]:
    """Return the names of the files of an earlier report. Those that the new report does not write would be out of date."""
    try:
        names = read_json(folder / OVERVIEW).get("files", [])
    except UserError:
        return set()
    return {n for n in names if isinstance(n, str) and _is_written(n)}


def _is_written(name: str) -> bool:
    """Return whether a report writes files of this name. A damaged or hostile list of names must not lead out of the folder."""
    inner = name.removeprefix(f"{TABLES}/")
    suffixes = (".csv", ".svg", ".png", ".pdf") if inner == name else (".md", ".tex")
    return Path(inner).name == inner and (name == STUDY_YAML or inner.endswith(suffixes))


def _overview(page: StudyPage, files: list[str]) -> dict[str, Any]:
    """Return the key figures of the report for other programs and for the index."""
    view, summary = page.view, page.summary
    status = view.table.frame["status"].value_counts().to_dict()
    return {
        "schema": 1,
        "study": view.study.name,
        "ran": summary.ran,
        "status": {str(k): int(v) for k, v in status.items()},
        "unfinished": view.study.unfinished,
        "objective": view.score,
        "protocol": dict(view.table.protocol) if view.table.protocol else None,
        "best": {"digest": summary.best, "text": summary.best_text} if summary.best else None,
        "no_score": summary.no_score,
        "answer": page.answer.sentence if page.answer else "",
        "floor": view.floor_value,
        "given_search": view.given_search,
        "verdicts": {a.name: a.answer.sentence for a in page.axes if a.answer is not None},
        "warnings": list(view.warnings),
        "tiles": [{"label": t.label, "value": t.value, "note": t.note} for t in summary.tiles],
        "files": files,
    }


def _write_index(results_dir: Path, reports_dir: Path, environment: Environment) -> Path:
    reported = [n for n in list_studies(results_dir) if (reports_dir / n / PAGE).is_file() and (reports_dir / n / OVERVIEW).is_file()]
    listed = [Listed(name, found) for name in reported if (found := _overview_of(reports_dir / name / OVERVIEW)) is not None]
    published = published_pages(results_dir, reports_dir)
    html = environment.get_template("index.html.j2").render(studies=listed, published=published)
    write_bytes(reports_dir / PAGE, html.encode())
    return reports_dir / PAGE


def _overview_of(path: Path) -> Mapping[str, Any] | None:
    """Return what an earlier report left for the index, or None, with a warning, if the file is not one that a report writes."""
    try:
        found = read_json(path)
        if not ({"study", "tiles", "ran", "best", "verdicts"} <= set(found) and isinstance(found["verdicts"], Mapping)):
            raise UserError(f"{path} is not what a report writes")
    except UserError as error:
        warnings.warn(f"{error}: left out of the index; `landscape report {path.parent.name}` writes it anew", stacklevel=2)
        return None
    return found
