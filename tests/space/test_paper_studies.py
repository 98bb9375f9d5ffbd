"""The studies of papers: each names its source, reaches all of its cells, holds what its file says, and can be counted before it is run."""

import re

import pytest

from landscape.space.study_files import available, load_space
from landscape.sweep.dry_run import dry_run
from landscape.sweep.sweep_options import SweepOptions

CELLS = {
    "landscape-losses": 12,
    "landscape-losses-grid": 12,
    "landscape-regularization": 7,
    "landscape-regularization-grid": 7,
    "landscape-simultaneous": 12,
    "landscape-simultaneous-grid": 12,
    "landscape-architectures": 8,
    "landscape-architectures-grid": 8,
    "lucic-wide": 6,
    "lucic-narrow": 6,
    "sngan-settings": 42,
    "ebgan-grid": 2,
    "wgan-gp-architectures": 2,
    "modern": 7,
    "optimizers": 20,
    "mnist-small": 27,
    "cifar10-small": 27,
}


@pytest.mark.parametrize("name", CELLS)
def test_a_study_names_its_source_and_is_counted(name, tmp_path):
    text = available()[name].read_text()
    assert re.search(r"arXiv:\d{4}\.\d{5}", text)
    assert re.search(r"(table|figure|equation|section)s? \d", text)
    space = load_space(name)
    assert len(space.cells()) == CELLS[name]
    assert space.skipped() == ()
    found = dry_run(space, SweepOptions(results_dir=tmp_path, jobs=2), probes=False)
    assert found.trials == space.asks_per_cell(CELLS[name]) * CELLS[name] * space.seeds
    assert found.confirmations > 0
    assert found.d_steps > 0


@pytest.mark.parametrize("kind", ["losses", "regularization", "simultaneous", "architectures"])
def test_the_landscape_studys_grid_has_24_settings_and_its_search_12_rounds_of_10_twice(kind):
    grid, search = load_space(f"landscape-{kind}-grid"), load_space(f"landscape-{kind}")
    penalized = next(c for c in grid.cells() if "gradient_penalty.weight" in c.parameters)
    points = 1
    for parameter in penalized.parameters.values():
        points *= len(parameter.grid())
    assert points == 24
    assert (grid.seeds, grid.trials.per_cell) == (5, 24 * 5)
    assert search.trials.per_cell == 2 * 12 * 10
    assert (search.searcher.name, search.batch) == ("gp-ucb", 10)
    assert (search.search["gradient_penalty.weight"].min, search.search["gradient_penalty.weight"].max) == (0.1, 100)
    assert all(s.base["budget"]["amount"] == 100_000 and s.base["batch_size"] == 64 for s in (grid, search))


def test_lucics_phases():
    wide, narrow = load_space("lucic-wide"), load_space("lucic-narrow")
    assert (wide.trials.per_cell, narrow.trials.per_cell) == (100, 50)
    assert wide.confirmation.seeds == narrow.confirmation.seeds == 50
    assert wide.base["budget"]["amount"] == 20 * 50_000 // 64
    by_method = {c.labels["method"]: set(c.parameters) for c in narrow.cells()}
    assert "d_normalization" in by_method["minimax"]
    assert "d_normalization" not in by_method["dragan"]


def test_the_small_studies_are_of_the_size_that_was_asked_for():
    assert load_space("mnist-small").trials.total >= 150
    assert load_space("cifar10-small").trials.total >= 60
