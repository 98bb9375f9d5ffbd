"""Which trials belong to which row of a published table: `rows.json` beside them, in results/published/<paper>."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from landscape.core.errors import UserError
from landscape.core.files import read_json, write_json
from landscape.results.record import Estimate, same_score
from landscape.results.studies import read_trial
from landscape.results.trial_files import Trial

FOLDER, FILE = "published", "rows.json"


@dataclass(frozen=True)
class RowRun:
    """One setting of one published row as it was run here."""

    key: str
    """`paper/table/row` of the ledger."""
    trials: tuple[str, ...]
    """Digests, one a seed: folders in `trials/`."""
    scores: dict[str, tuple[str, str]]
    """Metric of the ledger -> (name of the protocol with its checkpoint, public name of our score)."""
    variant: str = ""
    """Which of the row's settings, where it has several."""
    share: float = 1.0
    """Of the published length of training."""
    note: str = ""
    """What else differs from the row's setting: then it is no run of the row, but of something beside it."""

    @property
    def paper(self) -> str:
        return self.key.split("/")[0]

    @property
    def identity(self) -> tuple[str, str, float, str]:
        """Two runs with the same one replace each other."""
        return (self.key, self.variant, self.share, self.note)


def paper_folder(results: Path, paper: str) -> Path:
    """Where the trials of `paper` lie."""
    return Path(results) / FOLDER / paper


def read_runs(results: Path) -> list[RowRun]:
    """Every run of a row in `results`, in the order of the papers' names.

    Raises:
        UserError: a file that is not what `remember` writes.
    """
    return [run for path in sorted((Path(results) / FOLDER).glob(f"*/{FILE}")) for run in _read(path)]


def remember(results: Path, runs: Sequence[RowRun]) -> None:
    """Add `runs` to the files of their papers; a run of the same setting replaces the one that is there."""
    for paper in sorted({run.paper for run in runs}):
        path = paper_folder(results, paper) / FILE
        new = {run.identity: run for run in runs if run.paper == paper}
        kept = [run for run in (_read(path) if path.exists() else ()) if run.identity not in new]
        write_json(path, {"rows": [asdict(run) for run in sorted([*kept, *new.values()], key=lambda run: run.identity)]})


def trials_of(results: Path, run: RowRun) -> list[Trial]:
    """The trials of `run` that have ended; UserError where one is damaged."""
    folder = paper_folder(results, run.paper) / "trials"
    return [read_trial(folder / digest) for digest in run.trials if (folder / digest / "record.json").exists()]


def score_of(trial: Trial, protocol: str, score: str) -> Estimate | None:
    """The estimate called `score` under the protocol called `protocol`; None where the trial has none (it diverged, or it failed)."""
    for scores in trial.scores.values():
        if scores.protocol["name"] == protocol:
            return next((e for name, e in scores.estimates.items() if same_score(name, score)), None)
    return None


def _read(path: Path) -> Iterator[RowRun]:
    try:
        for line in read_json(path)["rows"]:
            scores = {metric: (str(protocol), str(score)) for metric, (protocol, score) in line["scores"].items()}
            yield RowRun(**(line | {"trials": tuple(line["trials"]), "scores": scores}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}): move it away and reproduce the paper's rows again, which reads its trials") from None
