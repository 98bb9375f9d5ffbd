"""Writes a page of tables and figures: of a published table that was run again, or of several studies beside each other."""

from dataclasses import dataclass
from pathlib import Path

from landscape.core.files import write_bytes
from landscape.report.build import PAGE, published_environment
from landscape.report.placing import place
from landscape.report.study_figures import Drawn
from landscape.report.tables import Table


@dataclass(frozen=True)
class Section:
    """A heading and the content below it, in the order of the fields."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Drawn, ...] = ()


@dataclass(frozen=True)
class ReproductionPage:
    """The content of one page before it is written."""

    title: str
    source: str
    verdict: str
    """The result in one or two sentences."""
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """Facts about how it was run, as pairs of a name and a text."""
    kind: str = "reproduction of"
    """What the page is, in words that `source` completes."""

    @property
    def files(self) -> dict[str, bytes]:
        """The files beside the page, by name."""
        files: dict[str, bytes] = {}
        for section in self.sections:
            files |= {f"{table.name}.csv": table.csv() for table in section.tables}
            for figure in section.figures:
                files |= figure.files
                files[f"figure_{figure.name}.csv"] = figure.frame.to_csv(index=False, lineterminator="\n", float_format="%.6g").encode()
        return files


def write(page: ReproductionPage, folder: Path) -> Path:
    """Write `page` into `folder` as index.html, with its tables as CSV and its figures as SVG, PNG and PDF. Return its path.

    Raises:
        UserError: The folder cannot be written.
    """
    charts = {f.name: f.chart.to_json(f.alt) for s in page.sections for f in s.figures if f.chart is not None}
    files = page.files
    html = published_environment(charts).get_template("reproduction.html.j2").render(page=page, files=sorted(files))
    place(folder, files)
    write_bytes(folder / PAGE, html.encode())
    return folder / PAGE
