"""Measure whether bf16 costs quality: the same models and seeds in fp32 and bf16, and the interval of their paired difference.

`python -m benchmarks.precision FOLDER [--data-dir DIR] [--seeds 20] [--only NAME]` trains one model of each of the embedded studies of
digits and MNIST, one process per core, and prints one table. Trials that are done in FOLDER are not run again, and an interrupted one is
continued.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.stats import ttest_1samp

from benchmarks.metrics import machine
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.reproductions._run import FinishedTrial, PlannedTrial, run
from landscape.results.record import Status
from landscape.space import study_files
from landscape.trial.prepared_trial import prepare

STUDIES = {"digits": 4, "mnist": 16}
"""The embedded studies, and the width of the network that is taken from each."""
LEARNING_RATE = 2e-3
PRECISIONS = ("fp32", "bf16")
SCORES = ("FD[classifier:{}]", "KID[classifier:{}]", "recall[classifier:{}]")


def trial(name: str, precision: str, seed: int, data_dir: Path | None) -> PlannedTrial:
    """Plan a trial of the convolutional model of the study `name`, with the non-saturating loss and batch norm in G."""
    chosen = study_files.load_space(name)
    adam = {"learning_rate": LEARNING_RATE}
    changed = {
        "dataset": name,
        "architecture": {"infogan": {"width": STUDIES[name]}},
        "loss": "non_saturating",
        "g_normalization": "batch",
        "precision": precision,
        "seed": seed,
        "d_optimizer": chosen.base["d_optimizer"] | adam,
        "g_optimizer": chosen.base["g_optimizer"] | adam,
    }
    config = TrialConfig.parse(chosen.base | changed)
    return PlannedTrial(f"{name}, {precision}", prepare(config, data_dir).config, chosen.protocol)


def line(name: str, score: str, pairs: dict[str, list[FinishedTrial]]) -> str:
    """Return one row: means over seeds, and the interval of the mean difference of each seed's two scores.

    The interval is Student's t with a Bonferroni correction over all rows.
    """
    score, protocol = score.format(name), study_files.load_space(name).protocol.name
    values = {p: np.array([o.scores[protocol].estimates[score].value for o in pairs[p]]) for p in PRECISIONS}
    difference = values["bf16"] - values["fp32"]
    low, high = ttest_1samp(difference, 0).confidence_interval(1 - 0.05 / len(SCORES) / len(STUDIES))
    verdict = "decided" if low > 0 or high < 0 else "no decided difference"
    means = " | ".join(f"{each.mean():.4g} ({each.std(ddof=1):.2g})" for each in values.values())
    return f"| {name} | {score} | {means} | {difference.mean():+.3g} | {low:+.3g} to {high:+.3g} | {verdict} |"


def main() -> None:
    """Train the models and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="keeps the trials")
    parser.add_argument("--data-dir", type=Path, help="where MNIST's files lie")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=list(STUDIES), choices=list(STUDIES))
    given = parser.parse_args()
    rows = []
    for name in given.only:
        trials = [trial(name, precision, seed, given.data_dir) for seed in range(given.seeds) for precision in PRECISIONS]
        outcomes = run(trials, given.folder, data_dir=given.data_dir)
        pairs = {p: outcomes[i :: len(PRECISIONS)] for i, p in enumerate(PRECISIONS)}
        for each in outcomes:
            if each.record.status is not Status.COMPLETED:
                raise UserError(f"{each.trial.row}, seed {each.trial.config.seed}: {each.record.status.value} ({each.record.reason})")
        rows += [line(name, score, pairs) for score in SCORES]
    print(f"{machine()}; {given.seeds} seeds, standard deviation over them in brackets, 95% intervals together (Bonferroni)\n")
    print("| data | score | fp32 | bf16 | mean difference | interval | |", "|---|---|---|---|---|---|---|", *rows, sep="\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
