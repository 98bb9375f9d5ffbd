"""The page of `goodfellow-2014:noise=normal`: the recipe's nets with Gaussian noise beside the recipe, seed by seed."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from landscape.report.formats import number
from landscape.report.reproduction_page import ReproductionPage, Section
from landscape.report.tables import Column, Table
from landscape.reproductions._differences import mean_between
from landscape.reproductions._goodfellow_2014.page import BEST, epochs_figure, facts, seeds_table, validation, value
from landscape.reproductions._goodfellow_2014.recipe import MOVES, UPDATES_PER_EPOCH
from landscape.reproductions._run import FinishedTrial

READING = (
    "The recipe draws z from U[-root 3, root 3], as the last version of the source does. Here z is drawn from N(0, 1), which has the same"
    " variance and is the default of an earlier version. All else is as in the recipe, the seeds included. Both are measured on the"
    " validation images at the same epoch, so that a short training can be held against a longer one, of which it is the beginning.",
)


def page(tested: Sequence[FinishedTrial], recipe: Sequence[FinishedTrial]) -> ReproductionPage:
    """Return the whole page as data.

    Args:
        tested: The trials with Gaussian noise, all of the same length.
        recipe: Trials of the recipe that have ended, at least as long as those.
    """
    epochs = (tested[0].trial.config.rounds or 0) // UPDATES_PER_EPOCH
    paired = pairs(tested, recipe)
    command = f"goodfellow-2014:noise=normal,seeds={len(tested)},epochs={epochs}"
    return ReproductionPage(
        title="Gaussian noise in the nets of the first GAN on MNIST",
        source="Goodfellow et al., Generative Adversarial Nets, 2014",
        verdict=_verdict(paired, epochs),
        sections=(
            Section(f"Log-likelihood of the validation images at epoch {epochs}", READING, (_paired_table(paired),)),
            Section("Log-likelihood of the test images", (), (seeds_table(tested),)),
            Section("Over training", (), (), (epochs_figure([*recipe, *tested]),)),
        ),
        facts=facts(tested, command, "normal"),
    )


def pairs(tested: Sequence[FinishedTrial], recipe: Sequence[FinishedTrial]) -> pd.DataFrame:
    """Return one row for each seed that both have: nats of validation images at the last update of `tested`, and the difference.

    The columns `uniform_test` and `normal_test` hold the nats of test images at the best epoch. The former is NaN if the recipe's trial is
    longer.
    """
    rows = []
    for ours in tested:
        updates = ours.trial.config.rounds or 0
        at_end = validation(ours, updates)
        for theirs in recipe:
            if theirs.trial.config.seed == ours.trial.config.seed and not math.isnan(found := validation(theirs, updates)):
                same = theirs.trial.config.rounds == updates
                rows.append(
                    {
                        "seed": str(ours.trial.config.seed),
                        "uniform": found,
                        "normal": at_end,
                        "difference": at_end - found,
                        "uniform_test": value(theirs, BEST) if same else math.nan,
                        "normal_test": value(ours, BEST),
                    }
                )
                break
    return pd.DataFrame(rows, columns=["seed", "uniform", "normal", "difference", "uniform_test", "normal_test"])


def _verdict(paired: pd.DataFrame, epochs: int) -> str:
    if paired.empty:
        return f"No trial of the recipe that has ended was measured with these seeds at epoch {epochs}: run goodfellow-2014 too."
    center, low, high = mean_between(list(paired["difference"]))
    if not np.isfinite([low, high]).all():
        more = "more than" if abs(center) > MOVES else "not more than"
        return (
            f"Gaussian minus uniform noise at epoch {epochs}: {number(center)} nats from {len(paired)} seed, without an interval;"
            f" that is {more} the {MOVES:g} nats from which on seeds 1 and 2 are run too."
        )
    return f"Gaussian minus uniform noise at epoch {epochs}: {number(center)} nats, 95% interval [{number(low)}, {number(high)}]."


def _paired_table(paired: pd.DataFrame) -> Table:
    columns = (
        Column("seed", "Seed"),
        Column("uniform", "Uniform (nat)", "number"),
        Column("normal", "Gaussian (nat)", "number"),
        Column("difference", "Difference", "number"),
        Column("uniform_test", "Uniform, test images at the best epoch", "number"),
        Column("normal_test", "Gaussian, test images at the best epoch", "number"),
    )
    caption = "The interval above is Student's over the differences of the seeds. Test images need trainings of equal length."
    return Table("noise", "Seed by seed", caption, columns, paired)
