"""The studies of papers: each names its source, reaches all of its cells, holds what its file says, and can be counted before it is run."""

import itertools
import re

import pytest

from landscape.published.numbers import published_numbers
from landscape.published.settings import papers
from landscape.space.study_files import available, load_space
from landscape.sweep.dry_run import dry_run
from landscape.sweep.search.make_searcher import make_searcher
from landscape.sweep.search.plan import Plan
from landscape.sweep.sweep_options import SweepOptions

CELLS = {
    "landscape-losses": 24,
    "landscape-losses-grid": 12,
    "landscape-regularization": 14,
    "landscape-regularization-grid": 7,
    "landscape-simultaneous": 12,
    "landscape-simultaneous-grid": 12,
    "landscape-architectures": 16,
    "landscape-architectures-grid": 8,
    "lucic-wide": 8,
    "lucic-narrow": 8,
    "sngan-settings": 48,
    "ebgan-grid": 13,
    "wgan-gp-architectures": 2,
    "modern": 7,
    "optimizers": 24,
    "mnist-small": 27,
    "cifar10-small": 27,
}


def drawn(space, cell, count=None):
    """The first proposals of a cell, by default all, as the plan of a study hands them out."""
    plan, found = Plan(space, pin=lambda config: config), []
    wanted = space.asks_per_cell(len(space.cells())) if count is None else count
    while len(found) < wanted and (task := plan.propose()) is not None:
        found += [task.assignment] if task.cell is cell else []
    return found


def header_of(name):
    """The comment above a study, as one line."""
    comment = itertools.takewhile(lambda line: line.startswith("#"), available()[name].read_text().splitlines())
    return " ".join(line.removeprefix("#").strip() for line in comment)


LINES = re.compile(r"Lines: ([\w-]+)/([\w-]+): ([\w, -]+)\.")


@pytest.mark.parametrize("name", CELLS)
def test_a_study_names_the_lines_of_its_tables_as_the_ledger_does(name):
    """Each paper whose table a study repeats is named with the identifiers of the published numbers, all of which exist and are its paper's."""
    header, known = header_of(name), published_numbers()
    named = LINES.findall(header)
    assert len(named) == header.count("Lines: ") > 0
    for paper, table, lines in named:
        of_table = {row.row.rpartition("/")[2] for row in known if (row.paper, row.table) == (paper, table)}
        assert set(lines.split(", ")) <= of_table
        assert re.search(r"arXiv:\d{4}\.\d{5}", papers()[paper].paper)[0] in header
        number = re.search(r"\d+a?", table)[0]
        assert re.search(rf"(table|figure)s? (\d+\w* and )?{number}\b", header)


@pytest.mark.parametrize("name", sorted({*CELLS} - {"optimizers", "mnist-small", "cifar10-small"}))
def test_a_study_says_what_is_the_papers_and_what_is_not(name):
    header = header_of(name)
    assert re.search(r"As the papers?: \w", header)
    assert re.search(r"(Other than the papers?: |Not read there, and chosen here: )\w", header)


@pytest.mark.parametrize("name", CELLS)
def test_a_study_names_its_source_and_is_counted(name, tmp_path):
    header = header_of(name)
    assert re.search(r"arXiv:\d{4}\.\d{5}", header)
    assert re.search(r"(table|figure|equation|section)s? \d", header)
    space = load_space(name)
    assert len(space.cells()) == CELLS[name]
    assert space.skipped() == ()
    found = dry_run(space, SweepOptions(results_dir=tmp_path, jobs=2), probes=False)
    assert found.trials == space.asks_per_cell(CELLS[name]) * CELLS[name] * space.seeds
    assert found.confirmations > 0
    assert found.d_steps > 0


@pytest.mark.parametrize("kind", ["losses", "regularization", "simultaneous", "architectures"])
def test_the_landscape_studys_grid_has_24_settings_and_its_search_12_rounds_of_10_for_each_number_of_d_steps(kind):
    grid, search = load_space(f"landscape-{kind}-grid"), load_space(f"landscape-{kind}")
    penalized = next(c for c in grid.cells() if "gradient_penalty.weight" in c.parameters)
    points = 1
    for parameter in penalized.parameters.values():
        points *= len(parameter.grid())
    assert points == 24
    assert (grid.seeds, grid.trials.per_cell) == (5, 24 * 5)
    if kind == "simultaneous":
        assert (search.searcher.name, search.trials.per_cell) == ("random", 24)
    else:
        assert (search.searcher.name, search.batch, search.trials.per_cell) == ("gp-ucb", 10, 12 * 10)
        assert {c.labels["d_steps"]: c.config({}, seed=0).d_steps_per_round for c in search.cells()} == {"1:1": 1, "5:1": 5}
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
    assert {"began.gamma"} == {name for name in by_method["began"] if "began" in name}
    vae = next(c for c in wide.cells() if c.labels["method"] == "vae")
    assert vae.config({}, seed=0).latent.distribution == "normal"
    assert "d_steps_per_round" not in vae.parameters
    defaults = {c.labels["method"]: drawn(wide, c, 1)[0] for c in wide.cells()}
    assert {method: (x["learning_rate"], x["beta1"], x.get("d_steps_per_round")) for method, x in defaults.items()} == {
        **dict.fromkeys(("minimax", "non_saturating"), (5e-5, 0, 1)),
        "least_squares": (2e-4, 0.5, 1),
        "wasserstein clipped": (5e-5, 0.5, 5),
        **dict.fromkeys(("wasserstein penalty", "began"), (1e-4, 0.5, 5)),
        "dragan": (1e-4, 0.5, 1),
        "vae": (5e-5, 0.5, None),
    }
    assert {method for method, x in defaults.items() if x["d_normalization"] == "none"} == {"wasserstein penalty", "began"}


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
