"""A study of six cells in memory, with its confirmation runs: what the answer and the findings are tested on."""

import itertools
import math
from pathlib import Path

import numpy as np

from landscape.analysis.answering import design_of
from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.results.studies import Study
from landscape.results.trial_files import Trial

AXES = {"loss": ["hinge", "minimax", "wasserstein"], "d_normalization": ["none", "spectral"], "architecture": ["mlp"]}
EFFECT = {"hinge": 0.0, "minimax": 0.05, "wasserstein": 0.9, "none": 0.5, "spectral": 0.0, "mlp": 0.0}
SCORE = "FD[pixels]"


def trial(labels, role, *, rate, seed, cost, ask=None, repeat=0, status=Status.COMPLETED) -> Trial:
    cell_id = " / ".join(labels.values())
    study = {"cell": labels, "cell_id": cell_id, "role": role, "repeat": repeat, "assignment": {"rate": rate}}
    study |= {} if ask is None else {"ask": ask}
    setting = f"{cell_id} {rate}"
    record = TrialRecord(
        digest=f"{setting} {seed}",
        setting_digest=setting,
        run_digest=setting,
        config={"seed": seed},
        status=status,
        study=study,
        seconds={"training": 10.0},
    )
    protocol = {"name": "quick", "digest": "p"}
    estimates = {SCORE: Estimate(math.exp(cost), "lower", bounds=(0.0, None))}
    return Trial(record, {"p": Scores(protocol, estimates)} if status is Status.COMPLETED else {}, Path())


def study_of(*, seeds=5, spread=0.1, diverges=(), confirmation=None, undone=()) -> Study:
    """Six cells with two settings each; the settings that the design chooses, trained on `seeds` fresh seeds."""
    rng = np.random.default_rng(3)
    cells = [dict(zip(AXES, levels, strict=True)) for levels in itertools.product(*AXES.values())]
    trials = []
    for ask, (labels, rate) in enumerate(itertools.product(cells, (0.1, 0.2))):
        cost = 2 + sum(EFFECT[level] for level in labels.values()) + rate
        trials.append(trial(labels, "search", rate=rate, seed=ask, cost=cost, ask=ask))
    facts = {"objective": SCORE, "protocol": {"name": "quick"}, "confirmation": {"seeds": 5} | (confirmation or {})}
    study = Study("toy", Path(), facts, tuple(trials))
    for key in design_of(study, tuple(AXES), SCORE).settings:
        labels = dict(zip(AXES, key[0].split(" / "), strict=True))
        for repeat in range(0 if undone and set(undone) & set(labels.values()) else seeds):
            lost = bool(set(diverges) & set(labels.values()))
            cost = 2 + sum(EFFECT[level] for level in labels.values()) + rng.normal(0, spread)
            status = Status.DIVERGED if lost else Status.COMPLETED
            how = {"rate": dict(key[1])["rate"], "seed": 1000 + repeat, "cost": cost, "repeat": repeat, "status": status}
            trials.append(trial(labels, "confirmation", **how))
    return Study("toy", Path(), facts, tuple(trials))
