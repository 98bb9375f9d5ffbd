"""The page of a published table that was run again: ours beside theirs, figures, how it was run."""

from dataclasses import dataclass
from pathlib import Path

from landscape.core.files import write_bytes
from landscape.report.build import PAGE, published_environment
from landscape.report.placing import place
from landscape.report.study_figures import Drawn
from landscape.report.tables import Table


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Drawn, ...] = ()


@dataclass(frozen=True)
class ReproductionPage:
    """One page before it is written."""

    title: str
    source: str
    verdict: str
    """What came out, in a sentence or two."""
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """How it was run: name and text."""

    @property
    def files(self) -> dict[str, bytes]:
        """What lies beside the page."""
        files: dict[str, bytes] = {}
        for section in self.sections:
            files |= {f"{table.name}.csv": table.csv() for table in section.tables}
            for figure in section.figures:
                files |= figure.files
                files[f"figure_{figure.name}.csv"] = figure.frame.to_csv(index=False, lineterminator="\n", float_format="%.6g").encode()
        return files


def write(page: ReproductionPage, folder: Path) -> Path:
    """Write `page` into `folder` as index.html, with its tables as CSV and its figures as SVG and PNG; returns the page.

    Raises:
        UserError: the folder cannot be written.
    """
    charts = {f.name: f.chart.to_json(f.alt) for s in page.sections for f in s.figures if f.chart is not None}
    files = page.files
    html = published_environment(charts).get_template("reproduction.html.j2").render(page=page, files=sorted(files))
    place(folder, files)
    write_bytes(folder / PAGE, html.encode())
    return folder / PAGE
