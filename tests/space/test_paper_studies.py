"""The studies of papers: each names its source, reaches all of its cells, holds what its file says, and can be counted before it is run."""

import itertools
import re

import pytest

from landscape.space.study_files import available, load_space
from landscape.sweep.dry_run import dry_run
from landscape.sweep.search.make_searcher import make_searcher
from landscape.sweep.search.plan import Plan
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
    "ebgan-grid": 13,
    "wgan-gp-architectures": 2,
    "modern": 7,
    "optimizers": 24,
    "mnist-small": 27,
    "cifar10-small": 27,
}


def drawn(space, cell, count=None):
    """The first proposals of a cell, by default all, as the plan of a study asks for them: all cells in turn."""
    plan, cells = Plan(space, pin=lambda config: config), space.cells()
    made = range(space.asks_per_cell(len(cells)) if count is None else count)
    asks = [next(a for a in range(n * len(cells), (n + 1) * len(cells)) if cells[plan.cell_of(a)] is cell) for n in made]
    return [plan._group(a).searcher.ask(a, n, cell.parameters) for n, a in enumerate(asks)]


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


def test_ebgans_grids_are_enumerated_and_a_sixteenth_of_each_is_a_part_of_both():
    space = load_space("ebgan-grid")
    points = {"ebgan": set(), "gan": set()}
    for cell in space.cells():
        searcher = make_searcher(space.searcher, 5)
        for n in range(space.trials.per_cell):
            config = cell.config(searcher.ask(n, n, cell.parameters), seed=0).to_json()
            optimizers = tuple((config[o]["name"], config[o]["learning_rate"]) for o in ("d_optimizer", "g_optimizer"))
            nets = tuple(sorted(config["architecture"]["hyperparameters"].items()))
            points[cell.labels["method"].split(",")[0]].add((nets, optimizers))
    assert {name: len(found) for name, found in points.items()} == {"ebgan": 512, "gan": 6144}
    assert {o for _, o in points["ebgan"]} == {(("adam", 1e-3),) * 2}
    pairs = itertools.product(["adam", "sgd"], ["adam", "sgd"], [0.01, 0.001, 0.0001])
    assert {o for _, o in points["gan"]} == {((d, rate), (g, rate)) for d, g, rate in pairs}
    assert {(dict(n)["g_depth"] + 1, dict(n)["d_depth"] + 1) for n, _ in points["gan"]} == set(itertools.product(range(2, 6), repeat=2))
    assert space.with_changes(trials=416).asks_per_cell(13) == 512 // 16


def test_both_objectives_get_the_same_200_architectures():
    space = load_space("wgan-gp-architectures")
    assert space.trials.per_cell == 200
    configs = [[cell.config(a, seed=0) for a in drawn(space, cell)] for cell in space.cells()]
    nets, norms = [[[getattr(c, f).to_json() for c in cell] for cell in configs] for f in ("architecture", "d_normalization")]
    assert nets[0] == nets[1]
    assert [c.g_normalization for c in configs[0]] == [c.g_normalization for c in configs[1]]
    assert [{n["name"] for n in cell} for cell in norms] == [{"none", "batch"}, {"none", "layer"}]
    assert [n["name"] == "none" for n in norms[0]] == [n["name"] == "none" for n in norms[1]]
    assert {(n["name"], c.d_optimizer.weight_decay) for n, c in zip(norms[1], configs[1], strict=True)} == {("none", 0.0), ("layer", 1e-3)}
    assert len({str(x) for x in zip(*nets, strict=True)}) > 190


def test_the_small_studies_are_of_the_size_that_was_asked_for():
    assert load_space("mnist-small").trials.total >= 150
    assert load_space("cifar10-small").trials.total >= 60
