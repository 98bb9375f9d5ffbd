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
"""The number of unrolled steps in the authors' notebook."""


PROTOCOL = "pacgan-2018"


# These values were written before anything was run. Neither the paper nor the notebook gives a number for the ring; they show a figure.
PUBLISHED_MODES, PUBLISHED_QUALITY = 7.6 / 8, 0.356
"""The values of Unrolled GAN on a ring of 8 modes in VEEGAN's table 1.

They come from another implementation, another ring and a number of steps that is not stated.
"""


MODES_MARGIN, QUALITY_MARGIN = 1 / 8, 0.15


LEAST_GAIN = 1.0
"""How many modes more than plain training 10 unrolled steps must find to confirm the paper's figure."""


@dataclass(frozen=True)
class Setting:
    """What a row trains, apart from its number of unrolled steps."""

    name: str
    preset: str
    """The preset of the networks."""
    ring: Literal["unrolled", "unrolled_notebook"]
    order: str

    def row(self, k: int) -> str:
        """Return the name that tables use for this setting at `k` unrolled steps."""
        return f"{self.name}, k = {k}"


NOTEBOOK = Setting("notebook", "unrolled_notebook", "unrolled_notebook", "simultaneous")


IN_TURN = Setting("notebook, updates in turn", "unrolled_notebook", "unrolled_notebook", "g_first")


PAPER = Setting("paper's appendix, updates in turn", "unrolled_paper", "unrolled", "g_first")


EXPLANATIONS = (*((IN_TURN, k) for k in UNROLLED_STEPS), (PAPER, 0), (PAPER, 10))
"""What could explain a difference between the notebook's setting and the paper's figure.

The candidates are the order of the updates, and the networks and the ring.
"""


def trial(setting: Setting, k: int, seed: int, steps: int, data_dir: Path | None) -> PlannedTrial:
    """Plan one trial of a setting at `k` unrolled steps. `NOTEBOOK` is the authors' demonstration, which uses k = 5.

    The notebook computes both updates in one call, from one batch, one draw of z and the weights before the call. (Whether a weight is read
    there before or after its update is left to chance.) Its ring draws new points endlessly; this project's draws from 100,000 points. With
    updates in turn, G's update comes first, from the same D from which D's own update starts, and D's update has a batch and a draw of its
    own.
    """
    from landscape.trial.prepared_trial import prepare

    config = TrialConfig.parse(
        {
            "dataset": {"ring": {"preset": setting.ring}},
            "architecture": {"mlp_2d": {"preset": setting.preset}},
            "loss": "minimax",
            # Looking zero steps ahead is plain training. With simultaneous updates both gradients then come from one pass.
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
    """Return a score of a finished trial.

    It is NaN if the trial does not have it, because it diverged or no point was near a mode.
    """
    found = outcome.scores.get(PROTOCOL)
    return found.estimates[name].value if found is not None and name in found.estimates else math.nan
