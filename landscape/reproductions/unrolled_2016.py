"""Unrolled GAN, Metz et al. 2017: modes of the ring of Gaussians by number of unrolled steps."""

from pathlib import Path

from landscape.core.registry import PositiveInt, Seeds
from landscape.reproductions._base import REPRODUCTIONS
from landscape.reproductions._run import run
from landscape.reproductions._unrolled_2016.recipe import EXPLANATIONS, NOTEBOOK, UNROLLED_STEPS, trial


@REPRODUCTIONS.register(paper="Metz et al. 2017, arXiv:1611.02163; the authors' notebook", table="the 2-D ring (a figure)")
def unrolled_2016(*, results_dir: Path, data_dir: Path | None, seeds: Seeds = 3, steps: PositiveInt = 25_000) -> Path:
    """Modes of a ring of Gaussians at 0, 1, 5 and 10 unrolled steps. It takes about 13 hours on one CPU core.

    Args:
        results_dir: The results folder. Trials that are in its `published/unrolled-2016` are not run again.
        data_dir: Not used, because the points are drawn.
        seeds: The number of seeds, 0, 1, ...
        steps: The number of steps of D and of G, 25,000 in the notebook.
    """
    from landscape.report.reproduction_page import write
    from landscape.reproductions._unrolled_2016.page import page

    folder = Path(results_dir) / "published" / "unrolled-2016"
    rows = [*((NOTEBOOK, k) for k in UNROLLED_STEPS), *EXPLANATIONS]
    trials = [trial(setting, k, seed, steps, data_dir) for seed in range(seeds) for setting, k in rows]
    return write(page(run(trials, folder, data_dir=data_dir)), folder)
