"""Builds trials for the tests of the analysis."""

from pathlib import Path

from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.results.trial_files import Trial


def trial(digest, value=None, *, direction="lower", protocol="p", status=Status.COMPLETED, cell=None, role="search", setting=None, **study):
    cell = {"loss": "hinge"} if cell is None else cell
    config = {"loss": {"name": cell.get("loss", ""), "hyperparameters": {}}, "budget": {"amount": 400, "unit": "d_steps"}, "seed": 1}
    record = TrialRecord(
        digest=digest,
        setting_digest=setting or digest,
        run_digest="r",
        config=config,
        status=status,
        seconds={"training": 2.0, "evaluation": 1.0},
        counts={"d_steps": 400},
        study={"cell": cell, "role": role, "ask": 0} | study,
    )
    scores = {}
    if value is not None:
        estimate = Estimate(value, direction, (value - 1, value + 1))
        scores[protocol] = Scores(protocol={"name": protocol, "digest": protocol}, estimates={"FD[x]": estimate})
    return Trial(record, scores, Path("nowhere"))
