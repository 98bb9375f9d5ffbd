"""Study files: the default ones, found by name, and a user's own."""

import re
from pathlib import Path

from landscape.core.component_text import parse_component
from landscape.core.errors import unknown
from landscape.core.strict_yaml import read
from landscape.space.space import Space


def folder() -> Path:
    """Return the folder of the default studies, which is in the checkout or in the installed package."""
    here = Path(__file__).resolve().parents[1]
    return next((f for f in (here / "search_spaces", here.parent / "search_spaces") if f.is_dir()), here / "search_spaces")


def available() -> dict[str, Path]:
    """Return the paths of the default studies by name, those of tasks (in the folder `tasks`) among them."""
    return {path.stem: path for path in sorted(folder().rglob("*.yaml"))}


def load_space(study: str | Path, *, dataset: str | None = None) -> Space:
    """Read a study from its file, or the default study of a data set (`digits`, `celeba`, `folder:/path`, `zip:/path.zip`).

    Args:
        study: The path of a YAML file, or the name of a data set.
        dataset: A data set to use instead of the study's own. The study is then named after both.

    Raises:
        UserError: There is no such study, or it contains a mistake. The line gives file and line number.
    """
    text = str(study)
    name, _, path = text.partition(":")
    if dataset is None and name in ("folder", "zip") and path:
        return load_space(available()["folder"], dataset=text)
    if text in available():
        file = available()[text]
    elif text.endswith((".yaml", ".yml")):
        file = Path(study)
    else:
        raise unknown("study (or give the path of a .yaml file)", text, available())
    document = read(file)
    space = Space.parse(document.data, document=document)
    if dataset is None:
        return space
    where = Path(parse_component(dataset).get("hyperparameters", {}).get("path", "")).stem or dataset
    renamed = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{space.name}-{where}").strip("-.")[:100]
    return space.with_changes(dataset=dataset, name=renamed)
