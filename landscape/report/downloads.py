"""Makes the files that other programs read: all trials as Parquet, the page's data as JSON, and the study as BibTeX and YAML."""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml

from landscape.core.version import __version__
from landscape.report.study_page import StudyPage
from landscape.report.view import View

STUDY_YAML = "study.yaml"


def downloads(page: StudyPage, data: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the content of each file by its name."""
    assert page.trials is not None
    text = json.dumps({k: v for k, v in data.items() if k != "pictures"}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    files = {"data.json": text.encode(), "study.bib": bibtex(page).encode(), "trials.parquet": _parquet(page.trials.frame)}
    if definition := page.view.study.facts.get("definition"):
        files[STUDY_YAML] = yaml.safe_dump(definition, sort_keys=False, allow_unicode=True).encode()
    return files


def _parquet(frame: pd.DataFrame) -> bytes:
    """Return the frame as a Parquet file. Columns of mixed types become text."""
    plain = frame.copy()
    for column in plain:
        if plain[column].dtype == object:
            plain[column] = [None if v is None or v != v else str(v) for v in plain[column]]
    buffer = io.BytesIO()
    plain.to_parquet(buffer, index=False)
    return buffer.getvalue()


def bibtex(page: StudyPage) -> str:
    """Return a BibTeX entry that names the study, the program that ran it, and the year in which its last trial ended."""
    view, last = page.view, str(page.facts.get("last") or "")
    name = str(page.facts.get("name") or view.study.name)
    key = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "study"
    safe = re.sub(r"([&%$#_{}])", r"\\\1", re.sub(r"[\\~^]", " ", name))
    note = f"{len(view.table.frame)} trials, landscape {_version(view)}"
    fields = {"title": f"{{{safe}}}: a study of GANs", "year": last[:4], "note": note}
    body = ",\n".join(f"  {field} = {{{value}}}" for field, value in fields.items() if value)
    return f"@misc{{landscape-{key},\n{body}\n}}\n"


def _version(view: View) -> str:
    """Return the version of the program that ran the study, or of the one that writes the page if the study does not say it."""
    environment = view.study.facts.get("environment")
    versions = environment.get("versions") if isinstance(environment, Mapping) else None
    found = versions.get("landscape") if isinstance(versions, Mapping) else None
    return str(found or __version__)
