"""Say how often the rules of `landscape.trial.diagnosis` call a healthy trial ill, on the trials of finished studies.

`python -m benchmarks.health STUDY... [--results results]` prints one table. A trial is healthy here if its score is at most twice that of
the best confirmed setting (the geometric mean over its seeds), and bad if it is more than four times that. The score must be a Frechet
distance. Symptoms are found anew from the learning curves, so that the table shows the rules of this version, whatever the records say.
"""

import argparse
from collections import Counter
from pathlib import Path

from landscape.analysis.answering import answer_of
from landscape.analysis.interval import Interval
from landscape.analysis.proportions import share
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.report.view import view_of
from landscape.results.record import HEALTHY
from landscape.results.studies import read_study, study_folder
from landscape.sweep.study_data import request
from landscape.trial.diagnosis import diagnose
from landscape.trial.prepared_trial import prepare

GOOD, BAD = 2.0, 4.0


def graded(folder: Path) -> list[tuple[float, frozenset[str], frozenset[str]]]:
    """Return each completed trial's score as a multiple of the best confirmed one, and its symptoms by the record and by this version.

    Raises:
        UserError: The study has no confirmed setting, or its score is no Frechet distance.
    """
    view, data = view_of(read_study(folder)), {}
    if view.score is None or not view.facts.is_log:
        raise UserError(f"{folder}: the score is no Frechet distance, of which multiples have a meaning")
    chosen = answer_of(view.study, view.table, view.score).chosen
    if chosen is None or chosen.mean.value is None:
        raise UserError(f"{folder}: no setting was confirmed")
    scores = dict(zip(view.table.frame["digest"], view.table.frame[f"score:{view.score}"], strict=True))
    found = []
    for trial in view.study.trials:
        value = float(scores[trial.record.digest])
        if value != value:
            continue
        config = TrialConfig.parse(trial.record.config)
        if request(config) not in data:
            data[request(config)] = prepare(config, None).dataset.split("train").samples
        now = diagnose(trial.record.curves, data[request(config)], trial.scores.values())
        found.append((value / chosen.mean.value, frozenset(trial.record.symptoms), frozenset(now) - {HEALTHY}))
    return found


def _shown(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results"))
    given = parser.parse_args()
    print("| study | trials | with a symptom in their records | with a symptom now | which |")
    print("|---|---|---|---|---|")
    for name in given.studies:
        trials = graded(study_folder(given.results, name))
        for what, kept in (("healthy", [t for t in trials if t[0] <= GOOD]), ("bad", [t for t in trials if t[0] > BAD])):
            then, now = (share(sum(bool(t[i]) for t in kept), len(kept)) for i in (1, 2))
            counts = ", ".join(f"{symptom} {n}" for symptom, n in sorted(Counter(s for t in kept for s in t[2]).items()))
            print(f"| {name}, {what} | {len(kept)} | {_shown(then)} | {_shown(now)} | {counts} |")


if __name__ == "__main__":
    main()
