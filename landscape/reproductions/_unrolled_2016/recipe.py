"""The ring of the Unrolled GAN paper: settings, trials and scores."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.reproductions._run import FinishedTrial, PlannedTrial

UNROLLED_STEPS = (0, 1, 5, 10)


NOTEBOOK_STEPS = 5
"""What the authors' notebook takes."""


PROTOCOL = "pacgan-2018"


# Written before anything was run. Neither the paper nor the notebook states a number for the ring: what they show is a figure.
PUBLISHED_MODES, PUBLISHED_QUALITY = 7.6 / 8, 0.356
"""Unrolled GAN on a ring of 8 modes, VEEGAN's table 1: another implementation, ring and (unstated) number of steps."""


MODES_MARGIN, QUALITY_MARGIN = 1 / 8, 0.15


LEAST_GAIN = 1.0
"""Modes that 10 unrolled steps must find beyond plain training for the paper's figure to be confirmed."""


@dataclass(frozen=True)
class Setting:
    """What a row trains, beside its number of unrolled steps."""

    name: str
    preset: str
    """Of the networks."""
    ring: Literal["unrolled", "unrolled_notebook"]
    order: str

    def row(self, k: int) -> str:
        """How a table names it at `k` unrolled steps."""
        return f"{self.name}, k = {k}"


NOTEBOOK = Setting("notebook", "unrolled_notebook", "unrolled_notebook", "simultaneous")


IN_TURN = Setting("notebook, updates in turn", "unrolled_notebook", "unrolled_notebook", "g_first")


PAPER = Setting("paper's appendix, updates in turn", "unrolled_paper", "unrolled", "g_first")


EXPLANATIONS = (*((IN_TURN, k) for k in UNROLLED_STEPS), (PAPER, 0), (PAPER, 10))
"""What could make a difference between the notebook's setting and the paper's figure: the order of the updates; networks and ring."""


def trial(setting: Setting, k: int, seed: int, steps: int, data_dir: Path | None) -> PlannedTrial:
    """A setting at `k` unrolled steps; `NOTEBOOK` is the authors' demonstration, which takes k = 5.

    The notebook computes both updates in one call, from one batch, one draw of z and the weights before it (whether a weight is read
    before or after its update there is left to chance). Its ring draws new points for ever, ours from 100,000. In turn, G's update comes
    first, from the D that D's own update starts from, and D's has a batch and a draw of its own.
    """
    from landscape.trial.run_trial import prepare

    config = TrialConfig.parse(
        {
            "dataset": {"ring": {"preset": setting.ring}},
            "architecture": {"mlp_2d": {"preset": setting.preset}},
            "loss": "minimax",
            # Looking no step ahead is plain training: at once, both gradients then come from one pass.
            "regularizers": [{"unrolled": {"k": k}}] if k or setting.order != "simultaneous" else [],
            "order": setting.order,
            "batch_size": 512,
            "d_optimizer": {"learning_rate": 1e-4, "beta1": 0.5},
            "g_optimizer": {"learning_rate": 1e-3, "beta1": 0.5},
            "budget": {"amount": steps, "unit": "d_steps"},
            "seed": seed,
        }
    )
    return PlannedTrial(setting.row(k), prepare(config, data_dir).config, protocols.get(PROTOCOL))


def score(outcome: FinishedTrial, name: str) -> float:
    """A score of a finished trial; NaN where it has none (it diverged, or no point was near a mode)."""
    found = outcome.scores.get(PROTOCOL)
    return found.estimates[name].value if found is not None and name in found.estimates else math.nan
