"""Goodfellow et al. 2014, table 1: adversarial nets on MNIST, Parzen-window log-likelihood."""

from pathlib import Path
from typing import Literal

from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt, Seeds
from landscape.reproductions._base import REPRODUCTIONS
from landscape.reproductions._goodfellow_2014.recipe import (
    EPOCHS_BETWEEN,
    FASTER,
    KEY,
    MOMENTUM_EPOCHS,
    NETS,
    NORMAL_NOISE,
    final_momentum,
    trial,
)
from landscape.reproductions._ledger import note
from landscape.reproductions._run import already_run, run


@REPRODUCTIONS.register(paper="Goodfellow et al. 2014, arXiv:1406.2661", table="table 1, MNIST")
def goodfellow_2014(
    *,
    results_dir: Path,
    data_dir: Path | None,
    seeds: Seeds = 3,
    epochs: PositiveInt = 250,
    noise: Literal["uniform", "normal"] = "uniform",
) -> Path:
    """Parzen-window log-likelihood of the 2014 nets on MNIST. It takes about 2 hours per seed on one CPU core.

    Args:
        results_dir: The results folder. Trials that are in its `published/goodfellow-2014` are not run again.
        data_dir: The folder of MNIST's IDX files.
        seeds: The number of seeds, 0, 1, ...
        epochs: The number of epochs of 500 updates each. The source's momentum stops rising at 250 epochs; it names no end of training. A
            shorter training is the beginning of one of 250, and its page gives no verdict. A longer one goes on from there, and its
            page says what the epochs after 250 gain. Either page has a folder of its own, as `published/goodfellow-2014-500-epochs`.
        noise: The distribution of z. `uniform` is that of the source's last version. `normal` runs a variant that differs by its z alone,
            in a folder of its own, `published/goodfellow-2014-normal-noise`, and holds it against trials of the recipe that have ended.
    """
    from landscape.report.reproduction_page import write
    from landscape.reproductions._goodfellow_2014 import longer_page, noise_page
    from landscape.reproductions._goodfellow_2014.page import page

    if epochs > MOMENTUM_EPOCHS and epochs % EPOCHS_BETWEEN:
        raise UserError(f"epochs={epochs}: above {MOMENTUM_EPOCHS} give a multiple of {EPOCHS_BETWEEN}, the epochs that are measured")
    folder = Path(results_dir) / "published" / "goodfellow-2014"
    if noise == "normal":
        own = folder.with_name("goodfellow-2014-normal-noise")
        tested = run([trial(seed, epochs, data_dir, NORMAL_NOISE) for seed in range(seeds)], own, data_dir=data_dir)
        # A long trial of the recipe was measured at the epochs of a short one too.
        lengths = sorted({epochs, MOMENTUM_EPOCHS})
        recipe = already_run([trial(seed, length, data_dir) for seed in range(seeds) for length in lengths if length >= epochs], folder)
        return write(noise_page.page(tested, recipe), own)
    if epochs > MOMENTUM_EPOCHS:
        tested = run([trial(seed, epochs, data_dir) for seed in range(seeds)], folder, data_dir=data_dir)
        note(KEY, tested, Path(results_dir), differs=f"{epochs} epochs in the place of {MOMENTUM_EPOCHS}")
        recipe = already_run([trial(seed, MOMENTUM_EPOCHS, data_dir) for seed in range(seeds)], folder)
        return write(longer_page.page(tested, recipe), folder.with_name(f"goodfellow-2014-{epochs}-epochs"))
    trials = [*(trial(seed, epochs, data_dir) for seed in range(seeds)), trial(0, epochs, data_dir, FASTER)]
    outcomes = run(trials, folder, data_dir=data_dir)
    short = epochs < MOMENTUM_EPOCHS
    # A row of the ledger that is run for a share of its steps keeps the momentum of the whole training, so that it is another training.
    differs = f"{epochs} epochs, with a momentum that rises to {final_momentum(epochs):g}" if short else ""
    note(KEY, [o for o in outcomes if o.trial.row == NETS], Path(results_dir), share=epochs / MOMENTUM_EPOCHS, differs=differs)
    return write(page(outcomes), folder.with_name(f"goodfellow-2014-{epochs}-epochs") if short else folder)
