"""Every pair of components is trained together briefly: a covering array of strength 2 over all axes, at 8x8 and at 32x32."""

import dataclasses
import itertools
import random

import pytest
import torch
from helpers import covering_arrays
from helpers.covering_arrays import AXES, RENEW, RESOLUTIONS, CoveringArray, config_of

import landscape
from landscape.components.architectures._base import ARCHITECTURES, Networks, Output
from landscape.components.architectures._networks import Generator
from landscape.components.datasets._base import Dataset, Split
from landscape.components.datasets._language import Language
from landscape.components.datasets._load import load_dataset
from landscape.components.losses._base import LOSSES
from landscape.components.tasks._base import TASKS
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.space.space import Space
from landscape.training import gan as gan_module
from landscape.training.gan import GAN
from landscape.trial.checkpoint_file import read, write
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_trained

SHARDS = {8: 2, 32: 6}
"""The number of parts of each array, by resolution. Parallel workers share them."""


@pytest.fixture
def few_observed(monkeypatch):
    """Points of the learning curves are those of few samples: 64 would take longer than the batches of 4 that are trained on."""
    monkeypatch.setattr(gan_module, "DIVERSITY_SAMPLES", 8)


def dataset_for(config):
    shape = (config.channels, config.resolution, config.resolution) if config.resolution else (2,)
    samples = torch.randint(0, 256, (16, *shape), dtype=torch.uint8) if config.resolution else torch.randn(16, 2)
    bounds = (0.0, 1.0) if config.resolution else None
    inputs, tokens = samples.flip(0) if config.resolution else None, torch.arange(48).view(16, 3) % 4
    return Dataset(
        "made",
        {"train": Split(samples, torch.arange(16) % 4, inputs=inputs, tokens=tokens)},
        other={"train": Split(samples.flip(0)[:13])} if config.resolution else {},
        language=Language(("a", "b", "c"), 3),
        content_hash="0" * 16,
        classes=4,
        bounds=bounds,
    )


def train_save_load_sample(config, folder):
    torch.manual_seed(0)
    dataset = dataset_for(config)
    gan = GAN(config, dataset)
    gan.prepare(torch.device("cpu"))
    networks = {name: network for name in ("generator", "discriminator") if (network := getattr(gan, name)) is not None}
    before = {name: [p.detach().clone() for p in network.parameters()] for name, network in networks.items()}
    gan.run_rounds(2)
    for name, network in networks.items():
        assert not all(map(torch.equal, before[name], network.parameters())), f"the {name} did not move"
    samples = gan.sample(gan.fixed_z[:3])
    assert samples.shape == (3, *dataset.shape)
    assert samples.isfinite().all()
    if config.resolution:
        assert samples.min() >= 0
        assert samples.max() <= 1
    write(folder / "state", gan.state_dict(), {}, "test")
    again = GAN(config, dataset)
    again.prepare(torch.device("cpu"))
    again.load_state_dict(read(folder / "state", "test")[0])
    assert torch.equal(again.sample(gan.fixed_z[:3]), samples)


def faults(array):
    """Say what is wrong with a covering array beside today's axes."""
    pairs, covered = covering_arrays.all_pairs(), {pair for cell in array.cells for pair in covering_arrays.pairs_of(cell)}
    found = {
        "neither in a cell nor known to be undefined": pairs - covered - array.undefined,
        "not pairs of levels of today": (covered | array.undefined) - pairs,
        "in a cell and said to be undefined": covered & array.undefined,
    }
    return [f"{RENEW}: {len(those)} pairs are {what}, such as {min(those)}" for what, those in found.items() if those]


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_pair_is_in_a_cell_or_known_to_be_undefined(resolution):
    assert faults(covering_arrays.read(resolution)) == []


def test_the_parts_of_the_quick_suite_have_every_level():
    arrays = {size: covering_arrays.read(size).cells for size in SHARDS}
    every = {level for cells in arrays.values() for cell in cells for level in enumerate(cell)}
    assert every == {level for size, cells in arrays.items() for cell in cells[:: SHARDS[size]] for level in enumerate(cell)}


def test_a_missing_cell_a_new_level_and_a_removed_one_are_noticed(monkeypatch):
    array = covering_arrays.read(8)
    (fault,) = faults(CoveringArray(array.cells[1:], array.undefined))
    assert "neither in a cell" in fault
    wrong = next(iter(covering_arrays.pairs_of(array.cells[0])))
    (fault,) = faults(CoveringArray(array.cells, array.undefined | {wrong}))
    assert fault.endswith(f"1 pairs are in a cell and said to be undefined, such as {wrong}")
    monkeypatch.setitem(AXES, "loss", [*AXES["loss"], "new"])
    (fault,) = faults(array)
    assert "neither in a cell" in fault
    assert "'new'" in fault
    monkeypatch.setitem(AXES, "loss", AXES["loss"][1:-1])
    (fault,) = faults(array)
    assert "not pairs of levels of today" in fault


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_no_cell_with_a_pair_said_to_be_undefined_is_found(resolution):
    """The search starts from the cells of the file, so that what each level needs is known."""
    array, chooser = covering_arrays.read(resolution), covering_arrays.Chooser(resolution)
    assert all(chooser.is_defined(cell) for cell in array.cells)
    assert array.undefined - chooser.undefined(array.undefined) == set()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("resolution", "shard"),
    # One part of each is in the quick suite. All parts together have every pair; `.ci/run` trains them all.
    [pytest.param(size, i, marks=[pytest.mark.slow] if i else []) for size, parts in SHARDS.items() for i in range(parts)],
)
def test_every_defined_pair_trains_saves_loads_and_samples(resolution, shard, few_observed, tmp_path):
    chosen = covering_arrays.read(resolution).configs(resolution, shard, SHARDS[resolution])
    failures = []
    for cell, config in chosen:
        try:
            assert config is not None, f"the cell is undefined: {RENEW}"
            train_save_load_sample(config, tmp_path)
        except Exception as error:
            failures.append(f"{cell}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} of {len(chosen)}:\n" + "\n".join(failures[:20])


@pytest.mark.parametrize("width", [10**12, 2**62, 10**30])
def test_sizes_beyond_any_memory_are_refused_in_one_line(width):
    fields = {"dataset": "digits", "architecture": {"mlp": {"width": width}}, "loss": "hinge", "budget": {"amount": 2}}
    with pytest.raises(UserError, match="more weights than a computer can count: choose smaller sizes"):
        TrialConfig.parse(fields)


def filled(target, rng):
    """Return a cell with the levels of `target`, in which the architecture takes the condition of the task."""
    cell = {}
    for name, levels in AXES.items():
        if name == "task" and "architecture" in target:
            levels = [t for t in levels if TASKS[t].facts.condition in ARCHITECTURES[target["architecture"]].facts.conditions]
        if name == "architecture":
            levels = [a for a in levels if TASKS[cell["task"]].facts.condition in ARCHITECTURES[a].facts.conditions]
        cell[name] = target.get(name) or rng.choice(levels)
    return cell


def chosen_cells(resolution, strength):
    """Choose cells greedily until every `strength`-tuple of levels that is easily found occurs in one. The choice is deterministic."""
    rng = random.Random(resolution)
    names = list(AXES)
    missing = {
        tuple(zip(group, levels, strict=True))
        for group in itertools.combinations(names, strength)
        for levels in itertools.product(*(AXES[n] for n in group))
    }
    groups = list(itertools.combinations(names, strength))

    def tuples(cell):
        return {tuple((n, cell[n]) for n in group) for group in groups}

    chosen = []
    while missing:
        target = dict(rng.choice(sorted(missing)))
        best = None
        for _ in range(40):
            cell = filled(target, rng)
            gain = len(tuples(cell) & missing)
            if best is not None and gain <= best[0]:
                continue
            if config_of(cell, resolution) is not None:
                best = (gain, cell)
                if gain >= 6:
                    break
        if best is None:
            missing.discard(tuple((n, target[n]) for n in names if n in target))
            continue
        chosen.append(best[1])
        missing -= tuples(best[1])
    return chosen


@pytest.mark.slow
def test_every_defined_triple_trains(tmp_path):
    for cell in chosen_cells(8, strength=3):
        try:
            train_save_load_sample(config_of(cell, 8), tmp_path)
        except Exception as error:
            raise AssertionError(str(cell)) from error


def test_every_refusal_is_one_line_with_a_reason():
    for name in ARCHITECTURES.names():
        for loss in LOSSES.names():
            try:
                TrialConfig.parse({"dataset": "digits", "architecture": name, "loss": loss})
            except UserError as error:
                assert "\n" not in str(error)
                assert len(str(error)) > 20


@pytest.fixture
def plain():
    """An architecture as a user might first write it: D gives no features and sees one sample at a time."""

    def plain(*, shape: tuple[int, ...], latent_dim: int) -> Networks:
        """Two dense layers."""
        generator = Generator([torch.nn.Linear(latent_dim, 64), torch.nn.Sigmoid(), torch.nn.Unflatten(1, shape)])
        return Networks(generator, Plain())

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = torch.nn.Linear(64, 1)

        def forward(self, x, condition=None):
            return Output(self.dense(x.flatten(1)).flatten())

    ARCHITECTURES.names()
    ARCHITECTURES.register(samples="any")(plain)
    yield "plain"
    # The registry has no public way to remove one component, which only tests need.
    del ARCHITECTURES._components["plain"]


def test_what_an_architecture_of_ones_own_lacks_is_named(plain):
    fields = {"dataset": "digits", "architecture": plain, "loss": "hinge", "budget": {"amount": 4}, "batch_size": 8}
    landscape.build(fields).run_rounds(2)
    with pytest.raises(UndefinedCombinationError, match="'plain' names none of d_channels, .*packs"):
        TrialConfig.parse(fields | {"regularizers": [{"packing": {"degree": 2}}]})
    gan = landscape.build(fields | {"regularizers": ["pulling_away"]})
    with pytest.raises(UserError, match="pulling_away reads features, D gives none: .*has_features=False"):
        gan.run_rounds(1)


def test_a_discriminator_built_on_a_network_is_not_scored_through_it(plain, monkeypatch, tmp_path):
    """G was trained to please that network, so the cell is skipped in a study and neither trained nor scored alone."""
    component = ARCHITECTURES[plain]
    # A component's facts cannot be changed publicly after its registration.
    monkeypatch.setitem(
        ARCHITECTURES._components,
        plain,
        dataclasses.replace(component, facts=dataclasses.replace(component.facts, pretrained=frozenset({"classifier"}))),
    )
    config = TrialConfig.parse({"dataset": "digits", "architecture": plain, "loss": "hinge", "budget": {"amount": 1}, "batch_size": 8})
    with pytest.raises(UndefinedCombinationError, match="'plain' is built on 'classifier', through which the protocol scores"):
        prepare_and_run(config, protocols.get("quick"), folder=tmp_path / "trial")
    assert not (tmp_path / "trial").exists()
    study = {
        "name": "own-judge",
        "dataset": "digits",
        "base": {"budget": {"amount": 1}},
        "axes": {"architecture": [plain, "mlp"], "loss": ["hinge"]},
    }
    space = Space.parse(study | {"protocol": "quick", "trials": 2})
    assert [cell.labels["architecture"] for cell in space.cells()] == ["mlp"]
    assert [skipped.labels["architecture"] for skipped in space.skipped()] == [plain]
    # A score through any other network is allowed.
    assert len(Space.parse(study | {"protocol": "quick-pixels", "trials": 2}).cells()) == 2
    record = prepare_and_run(config, protocols.varied(protocols.get("quick-pixels"), metrics=["kid"]), folder=tmp_path / "trial")
    assert record.status.value == "completed"
    with pytest.raises(UndefinedCombinationError, match="built on 'classifier'"):
        evaluate_trained(load_dataset("digits"), load_trained(tmp_path / "trial"), protocols.get("quick"))


def test_a_look_ahead_needs_an_optimizer_that_can_be_looked_ahead_of():
    """The updates of Muon and of Schedule-Free have no differentiable twin, so that `unrolled` refuses them for D, and for D alone."""
    base = {"dataset": "digits", "loss": "hinge", "architecture": "mlp", "regularizers": "unrolled"}
    muon = {"name": "muon", "momentum": 0.9}
    for optimizer in (muon, {"name": "schedule_free"}):
        with pytest.raises(UndefinedCombinationError, match=f"'unrolled' looks ahead at D's updates, and {optimizer['name']}'s cannot be"):
            TrialConfig.parse(base | {"d_optimizer": optimizer})
    assert TrialConfig.parse(base | {"g_optimizer": muon}).g_optimizer.name == "muon"
    assert TrialConfig.parse(base | {"d_optimizer": {"name": "adamw", "weight_decay": 0.1}}).d_optimizer.name == "adamw"


def test_weights_that_an_optimizer_computes_from_others_are_neither_averaged_twice_nor_clipped():
    free = {"name": "schedule_free"}
    base = {"dataset": "digits", "loss": "wasserstein", "architecture": "mlp"}
    with pytest.raises(UndefinedCombinationError, match="keeps an average of G's weights itself: leave ema out"):
        TrialConfig.parse(base | {"g_optimizer": free, "ema": {"decay": 0.9}})
    assert TrialConfig.parse(base | {"d_optimizer": free, "ema": {"decay": 0.9}}).ema is not None
    with pytest.raises(UndefinedCombinationError, match="'weight_clipping' changes D's weights, and schedule_free computes them"):
        TrialConfig.parse(base | {"d_optimizer": free, "regularizers": "weight_clipping"})
    assert TrialConfig.parse(base | {"g_optimizer": free, "regularizers": "weight_clipping"}).g_optimizer.name == "schedule_free"
    for side in "DG":
        fields = {"dataset": "digits", "architecture": "mlp_2014", "loss": "non_saturating", f"{side.lower()}_optimizer": free}
        with pytest.raises(UserError, match=f"the weights of {side} are bounded after each update"):
            landscape.build(fields)
