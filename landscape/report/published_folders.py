"""Copies the pages of published tables from the results, so that the folder of reports is complete by itself."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from landscape.report.placing import place
from landscape.results.published_runs import FOLDER

SUFFIXES = (".html", ".csv", ".svg", ".png", ".pdf")


@dataclass(frozen=True)
class PublishedPage:
    """One page of a published table, as the index lists it."""

    title: str
    address: str
    """The address relative to the index."""


def published_pages(results_dir: Path, reports_dir: Path) -> list[PublishedPage]:
    """Copy the page of every published table that was run in `results_dir`. Return the pages, the ledger of all numbers first.

    Raises:
        UserError: The folder of the reports cannot be written.
    """
    found = []
    if (reports_dir / FOLDER / "index.html").is_file():
        found.append(PublishedPage("All published numbers, and ours beside them", f"{FOLDER}/index.html"))
    for page in sorted((results_dir / FOLDER).glob("*/index.html")):
        name = page.parent.name
        kept = [p for p in sorted(page.parent.iterdir()) if p.suffix in SUFFIXES and p.is_file() and not p.is_symlink()]
        files = {p.name: p.read_bytes() for p in kept}
        place(reports_dir / FOLDER / name, files)
        found.append(PublishedPage(_title(files["index.html"], name), f"{FOLDER}/{name}/index.html"))
    return found


def _title(page: bytes, name: str) -> str:
    match = re.search(r"<title>(.*?)</title>", page.decode("utf-8", "replace"), flags=re.S)
    return html.unescape(match.group(1)).rpartition(" – ")[0] or name if match else name
