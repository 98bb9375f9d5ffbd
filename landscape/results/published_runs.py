"""Records which trials belong to which row of a published table: `rows.json` beside them, in results/published/<paper>."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from landscape.core.errors import UserError
from landscape.core.files import read_json, write_json
from landscape.core.locks import locked
from landscape.results.studies import read_trial
from landscape.results.trial_files import Trial

FOLDER, FILE = "published", "rows.json"
_Identity = tuple[str, str, float, str]


@dataclass(frozen=True)
class RowRun:
    """One setting of one published row, as it was run here."""

    key: str
    """The row of the ledger, as `paper/table/row`."""
    trials: tuple[Annotated[str, Field(pattern="^[0-9a-f]{16}$")], ...]
    """The digests of the trials, one per seed, which are names of folders in `trials/`."""
    scores: dict[str, tuple[str, str]]
    """Maps each metric of the ledger to the protocol's name with its checkpoint and the public name of this project's score."""
    variant: str = ""
    """Which of the row's settings this is, if there are several."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The length of training as a share of the published one."""
    note: str = ""
    """What else differs from the row's setting. If this is not empty, the run is not one of the row but of something similar."""

    @property
    def paper(self) -> str:
        return self.key.split("/")[0]

    @property
    def identity(self) -> _Identity:
        """Identifies the run: of two with the same identity one is kept."""
        return (self.key, self.variant, self.share, self.note)


def paper_folder(results: Path, paper: str) -> Path:
    """Return the folder of the trials of `paper`."""
    return Path(results) / FOLDER / paper


def read_runs(results: Path) -> list[RowRun]:
    """Return every run of a row in `results`, in the order of the papers' names.

    Raises:
        UserError: A file is not of the form that `remember` writes.
    """
    return [run for path in sorted((Path(results) / FOLDER).glob(f"*/{FILE}")) for run in _read(path)]


def remember(results: Path, runs: Sequence[RowRun]) -> None:
    """Add `runs` to the files of their papers. A run replaces an earlier one with the same identity, unless that has its seeds and more.

    Raises:
        UserError: A file is damaged or cannot be written.
    """
    for paper in sorted({run.paper for run in runs}):
        path = paper_folder(results, paper) / FILE
        of_paper = [run for run in runs if run.paper == paper]
        if _with(path, of_paper) == _with(path, []):
            continue  # A finished row can be read where nothing can be written.
        with locked(path, remedy="give another folder with --results"):
            found = _with(path, of_paper)
            write_json(path, {"rows": [asdict(found[identity]) for identity in sorted(found)]})


def _with(path: Path, runs: Sequence[RowRun]) -> dict[_Identity, RowRun]:
    """Return the runs in the file `path`, if there is one, together with `runs`."""
    together = {run.identity: run for run in (_read(path) if path.exists() else ())}
    for run in runs:
        before = together.get(run.identity, run).trials
        together[run.identity] = replace(run, trials=before) if set(run.trials) < set(before) else run
    return together


def trials_of(results: Path, run: RowRun) -> list[Trial]:
    """Return the trials of `run` that have ended.

    Raises:
        UserError: A trial is damaged.
    """
    folder = paper_folder(results, run.paper) / "trials"
    return [read_trial(folder / digest) for digest in run.trials if (folder / digest / "record.json").exists()]


def _read(path: Path) -> Iterator[RowRun]:
    try:
        rows = read_json(path)["rows"]
        yield from TypeAdapter(list[RowRun]).validate_python(rows)
    except (KeyError, TypeError, ValueError, UserError) as error:
        why = f"{error.error_count()} errors in it" if isinstance(error, ValidationError) else error
        raise UserError(f"{path} is damaged ({why}): move it away and reproduce the paper's rows again, which reads its trials") from None
