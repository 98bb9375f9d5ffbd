"""Say what early stopping would cost and save in a finished study, from the scores that its trials measured on the way.

`python -m benchmarks.early_stopping STUDY... [--results results] [--orders 200] [--target SCORE]` prints two tables for each study. Its
protocol must have `selection_points` above 1, and nothing may have been stopped early. The first table has the rank correlation over
trials of each quantity at a share of the budget with the final reported score. The second replays the search with the stopping rules of
Optuna: the D steps until a trial that is as good as the best confirmed setting (within the interval of its mean) has been trained to its
end, as the mean over random orders of the trials. The order of a search that learns is no accident, so its figures are those of a random
search over the same trials.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna

from landscape.analysis.answering import answer_of
from landscape.analysis.confirmation_runs import SEARCH, role_of
from landscape.analysis.correlation import rank_correlation
from landscape.analysis.interval import Interval
from landscape.core.errors import UserError
from landscape.report.view import View, view_of
from landscape.results.record import Status, TrialRecord
from landscape.results.studies import read_study, study_folder

OBJECTIVE = "selection_objective"
QUANTITIES = (OBJECTIVE, "sample_diversity", "g_gradient_norm", "g_loss", "d_loss", "d_accuracy_real", "d_accuracy_fake")
"""The curves that are compared with the final score."""
PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    "none": optuna.pruners.NopPruner,
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5),
    "ASHA, a half": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2),
    "ASHA, a quarter": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=4),
}


@dataclass(frozen=True)
class Course:
    """A trial of the search."""

    points: tuple[float, ...]
    """The objective as a cost at each rung, the end included. Diverged trials end before that."""
    curves: Mapping[str, Sequence[tuple[float, float]]]
    final: float
    """The reported score as a cost. It is +inf for a diverged trial."""
    d_steps: float

    def at(self, name: str, share: float) -> float:
        """Return the last value of a curve up to a share of the training, or NaN if there is none."""
        curve = self.curves.get(name, ())
        end = self.d_steps * share * (1 + 1e-9)
        known = [y for x, y in curve if x <= end]
        return known[-1] if known else math.nan


def courses(view: View) -> list[Course]:
    """Return the trials of the search.

    Raises:
        UserError: The trials measured nothing on the way.
    """
    found = []
    for trial in view.study.trials:
        record = trial.record
        if role_of(trial) != SEARCH or record.status not in (Status.COMPLETED, Status.DIVERGED):
            continue
        scores = trial.scores.get(str((view.table.protocol or {}).get("digest")))
        estimate = scores.estimates.get(str(view.score)) if scores else None
        final = math.inf if estimate is None else estimate.value * view.facts.sign
        points = tuple(y * view.facts.sign for _, y in record.curves.get(OBJECTIVE, ()))
        found.append(Course(points, _by_d_steps(record), final, record.counts["d_steps"]))
    if max((len(one.points) for one in found), default=0) < 2:
        raise UserError(f"study {view.study.name}: nothing was measured on the way: give its protocol `selection_points: 8`")
    return found


def _by_d_steps(record: TrialRecord) -> dict[str, list[tuple[float, float]]]:
    """Return the curves over D steps. The objective is recorded over rounds."""
    per_round = record.counts["d_steps"] / max(record.counts["rounds"], 1)
    return {name: [(x * per_round if name == OBJECTIVE else x, y) for x, y in points] for name, points in record.curves.items()}


def correlations(of: Sequence[Course], share: float) -> dict[str, Interval]:
    """Return the rank correlation of each quantity at a share of the budget with the final score, over the trials that have both."""
    found = {}
    for name in QUANTITIES:
        pairs = [(one.at(name, share), one.final) for one in of if math.isfinite(one.final)]
        known = np.array([pair for pair in pairs if math.isfinite(pair[0])]).reshape(-1, 2)
        if len(known):
            found[name] = rank_correlation(known[:, 0], known[:, 1])
    return found


def replay(of: Sequence[Course], target: float, pruner: optuna.pruners.BasePruner) -> tuple[float, bool, float]:
    """Run a search again in the order of `of`. Return the D steps until the target, whether it was reached, and all D steps."""
    rungs = max(len(one.points) for one in of)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    steps, until = 0.0, math.inf
    for one in of:
        trial, stopped = study.ask(), False
        for rung, value in enumerate(one.points, start=1):
            trial.report(value, rung)
            if rung < rungs and trial.should_prune():
                steps, stopped = steps + one.d_steps * rung / len(one.points), True
                break
        if stopped:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            continue
        steps += one.d_steps
        if math.isfinite(one.final):
            study.tell(trial, one.final)
        else:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        if one.final <= target:
            until = min(until, steps)
    return min(until, steps), math.isfinite(until), steps


def shown(interval: Interval) -> str:
    """Return an interval as text."""
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]" if interval.has_interval else interval.absent


def _target(view: View) -> float | None:
    """Return the worse end of the interval of the best confirmed setting, as a cost. None if no setting was confirmed."""
    chosen = answer_of(view.study, view.table, str(view.score)).chosen
    if chosen is None or chosen.mean.low is None or chosen.mean.high is None:
        return None
    return chosen.mean.high if view.facts.sign > 0 else -chosen.mean.low


def report(view: View, orders: int, target: float | None) -> None:
    """Print both tables of one study."""
    of = courses(view)
    rungs = max(len(one.points) for one in of)
    print(f"\n{view.study.name}: {len(of)} trials of the search, {rungs} rungs, final {view.score} on the reporting samples\n")
    shares = [k / rungs for k in range(1, rungs + 1) if rungs % k == 0 or k == rungs - 1]
    print("| share of the budget | " + " | ".join(f"{share:.3g}" for share in shares) + " |")
    print("|---|" + "---|" * len(shares))
    table = [correlations(of, share) for share in shares]
    for name in (name for name in QUANTITIES if any(name in column for column in table)):
        print(f"| {name} | " + " | ".join(shown(column[name]) if name in column else "" for column in table) + " |")
    worst = _target(view) if target is None else target * view.facts.sign
    if worst is None:
        print("\nNo setting was confirmed, so that nothing sets a target: give one by --target.")
        return
    hits = sum(one.final <= worst for one in of)
    print(f"\n{hits} of {len(of)} trials reach the target, a score of {worst * view.facts.sign:.3g}.\n")
    print(
        "| stopping | D steps until such a trial | 5 to 95% of orders | times fewer | orders that never find one | D steps of the search |"
    )
    print("|---|---|---|---|---|---|")
    rng, usual = np.random.default_rng(0), 0.0
    permutations = [rng.permutation(len(of)) for _ in range(orders)]
    for name, make in PRUNERS.items():
        found = np.array([replay([of[i] for i in order], worst, make()) for order in permutations])
        mean, (low, high) = found[:, 0].mean(), np.quantile(found[:, 0], (0.05, 0.95))
        usual = usual or mean
        missed = int((found[:, 1] == 0).sum())
        print(
            f"| {name} | {mean:,.0f} | {low:,.0f} to {high:,.0f} | {usual / mean:.2f} | {missed} of {orders} | {found[:, 2].mean():,.0f} |"
        )


def main() -> None:
    """Print the tables of every study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--target", type=float, help="the score to reach; without it that of the best confirmed setting")
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name in given.studies:
        view = view_of(read_study(study_folder(given.results, name)))
        if view.score is None:
            raise UserError(f"study {name}: nothing was scored")
        report(view, given.orders, given.target)


if __name__ == "__main__":
    main()
