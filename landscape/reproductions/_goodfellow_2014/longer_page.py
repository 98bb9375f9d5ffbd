"""The page of `goodfellow-2014:epochs=500` and other long trainings: the recipe beyond the end that was set for it, seed by seed."""

import math
from collections.abc import Sequence

import pandas as pd

from landscape.core.wording import plural
from landscape.report.formats import number
from landscape.report.reproduction_page import ReproductionPage, Section
from landscape.report.tables import Column, Table
from landscape.reproductions._differences import mean_between
from landscape.reproductions._goodfellow_2014.page import BEST, epochs_figure, facts, seeds_table, validation, value
from landscape.reproductions._goodfellow_2014.recipe import MOMENTUM_EPOCHS, PUBLISHED, UPDATES_PER_EPOCH
from landscape.reproductions._run import FinishedTrial

_READING = (
    f"The source names no end of training. Here the recipe ends after {MOMENTUM_EPOCHS} epochs, where its momentum stops rising, while its"
    " learning rate falls on. A longer training begins with the same updates, so that its first part can be held against the recipe's"
    " trials of the same seeds. Rounding on another machine can set them apart, because a game between two networks amplifies it.",
)


def page(tested: Sequence[FinishedTrial], recipe: Sequence[FinishedTrial]) -> ReproductionPage:
    """Return the whole page as data.

    Args:
        tested: The long trials, all of the same length.
        recipe: Those trials of the recipe that have ended.
    """
    epochs = (tested[0].trial.config.rounds or 0) // UPDATES_PER_EPOCH
    gained = gains(tested, recipe)
    return ReproductionPage(
        title=f"The nets of the first GAN on MNIST after {epochs} epochs",
        source="Goodfellow et al., Generative Adversarial Nets, 2014",
        verdict=_verdict(gained, epochs),
        sections=(
            Section(f"What {epochs} epochs gain", _READING, (_table(gained, epochs),)),
            Section("Log-likelihood of the test images", (), (seeds_table(tested),)),
            Section("Over training", (), (), (epochs_figure(tested),)),
        ),
        facts=facts(tested, f"goodfellow-2014:seeds={len(tested)},epochs={epochs}"),
    )


def gains(tested: Sequence[FinishedTrial], recipe: Sequence[FinishedTrial]) -> pd.DataFrame:
    """Return one row for each long trial.

    `recipe` and `early` hold the nats of the validation images after `MOMENTUM_EPOCHS` epochs, of the recipe's trial with this seed (NaN
    without one) and of the long trial. `late` holds those at its end, `gain` the difference of the last two, `test` the nats of the test
    images at its best epoch, and `missing` what those are below the published value.
    """
    ends = {o.trial.config.seed: validation(o, MOMENTUM_EPOCHS * UPDATES_PER_EPOCH) for o in recipe}
    rows = []
    for outcome in tested:
        early, late = (validation(outcome, n) for n in (MOMENTUM_EPOCHS * UPDATES_PER_EPOCH, outcome.trial.config.rounds or 0))
        test = value(outcome, BEST)
        seed = outcome.trial.config.seed
        row = {"seed": str(seed), "recipe": ends.get(seed, math.nan), "early": early, "late": late}
        rows.append(row | {"gain": late - early, "test": test, "missing": PUBLISHED - test})
    return pd.DataFrame(rows)


def _verdict(gained: pd.DataFrame, epochs: int) -> str:
    center, low, high = mean_between(list(gained["gain"]))
    without = f" from {plural(len(gained), 'seed')}, without an interval"
    between = f", 95% interval [{number(low)}, {number(high)}]" if math.isfinite(low) and math.isfinite(high) else without
    missing = number(float(gained["missing"].mean()))
    return (
        f"From epoch {MOMENTUM_EPOCHS} to epoch {epochs} the validation images gain {number(center)} nats{between}."
        f" Of the published value {missing} nats are missing then."
    )


def _table(gained: pd.DataFrame, epochs: int) -> Table:
    columns = (
        Column("seed", "Seed"),
        Column("recipe", f"Recipe, epoch {MOMENTUM_EPOCHS} (nat)", "number"),
        Column("early", f"Epoch {MOMENTUM_EPOCHS} (nat)", "number"),
        Column("late", f"Epoch {epochs} (nat)", "number"),
        Column("gain", "Gain", "number"),
        Column("test", "Test images at the best epoch", "number"),
        Column("missing", "Missing", "number"),
    )
    caption = f"Nats of the validation images, and in the last two columns of the test images. Published: {PUBLISHED:g} on test images."
    return Table("longer", "Seed by seed", caption, columns, gained)
