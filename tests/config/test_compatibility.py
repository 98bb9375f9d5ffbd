"""Every pair of components is trained together briefly: a covering array of strength 2 over all axes, at 8x8 and at 32x32."""

import dataclasses
import itertools
import json
import os
import random

import pytest
import torch

import landscape
from landscape.components.architectures._base import ARCHITECTURES, Networks, Output
from landscape.components.architectures._networks import Generator
from landscape.components.datasets._base import Dataset, Split
from landscape.components.datasets._language import Language
from landscape.components.datasets._load import load_dataset
from landscape.components.losses._base import LOSSES
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.tasks._base import TASKS
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.core.locks import locked
from landscape.space.space import Space
from landscape.training.gan import GAN
from landscape.trial.checkpoint_file import read, write
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_trained

AXES = {
    "task": [name for name in TASKS.names() if TASKS[name].facts.condition != "speech"],
    "loss": LOSSES.names(),
    "regularizers": ["none", *REGULARIZERS.names()],
    "d_normalization": NORMALIZATIONS.names(),
    "g_normalization": NORMALIZATIONS.names(),
    "architecture": [name for name in ARCHITECTURES.names() if "speech" not in ARCHITECTURES[name].facts.conditions],
}
"""Speech is made at 64x64 alone, where `tests/components/tasks/test_text_to_speech.py` crosses it with every loss and every term."""
SMALL = {"width": 8, "g_width": 8, "d_width": 8, "hidden": 8}
"""Sizes at which a training step takes milliseconds. An architecture gets those of them that it has."""
OWN = {
    "resnet107": {"width": 3},
    "progressive": {"fmap_base": 32, "fmap_max": 8},
    "srresnet": {"blocks": 1},
    "resnet_translation": {"blocks": 1},
}
"""Further small sizes. The width of `resnet107` counts the maps next to the image; at the other end it has 32 times as many."""
HYPERPARAMETERS = {"weight_clipping": {"bound": 1.0}, "unrolled": {"k": 2}, "content": {"trained_on": "digits"}}
"""If 107 normalized layers, gains included, are clipped at 0.01, no gradient reaches G in float32. Two steps ahead test as much as five."""
SHARDS = 3
"""The number of parts of the 32x32 array, which parallel workers share."""


def config_of(cell, resolution):
    """Return the cell as a configuration, or None if it is undefined."""
    architecture = ARCHITECTURES[cell["architecture"]]
    points = architecture.facts.samples == "points"
    small = {k: v for k, v in SMALL.items() if k in architecture.hyperparameters} | OWN.get(cell["architecture"], {})
    task = TASKS[cell["task"]].facts
    texts = task.condition == "text"
    fields = {
        "dataset": "ring" if points else "stacked_words_digits" if texts else "printed_digits" if task.game == "two_way" else "digits",
        "resolution": None if points else resolution,
        "channels": None if points else 3 if texts or cell["task"] == "colorization" else 1,
        "batch_size": 4,
        "budget": {"amount": 2},
        "latent": {"dim": 6},
    }
    if cell["regularizers"] == "auxiliary_classifier" and cell["task"] == "class_conditional" and "class" in architecture.facts.conditions:
        small = small | {"d_condition": "auxiliary_classifier"}
    regularizer = {"name": cell["regularizers"], "hyperparameters": HYPERPARAMETERS.get(cell["regularizers"], {})}
    try:
        return TrialConfig.parse(fields | cell | {"architecture": {cell["architecture"]: small}, "regularizers": [regularizer]})
    except UndefinedCombinationError:
        return None


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


@pytest.fixture
def covering_array(tmp_path_factory):
    """Return a function that gives the configurations of a covering array. Parallel workers choose its cells once and share them."""

    def covering_array(resolution, strength=2):
        base = tmp_path_factory.getbasetemp()
        # The folder above that of a parallel worker belongs to this run of the tests alone.
        folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        shared = folder / f"covering-array-{resolution}-{strength}.json"
        with locked(shared):
            if not shared.exists():
                shared.write_text(json.dumps(chosen_cells(resolution, strength)))
        return [(cell, config_of(cell, resolution)) for cell in json.loads(shared.read_text())]

    return covering_array


def chosen_cells(resolution, strength):
    """Choose cells greedily until every defined `strength`-tuple of levels occurs in one of them. The choice is deterministic."""
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


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("resolution", "shard", "shards"), [(8, 0, 1), *((32, i, SHARDS) for i in range(SHARDS))])
def test_every_defined_pair_trains_saves_loads_and_samples(covering_array, resolution, shard, shards, tmp_path):
    chosen = covering_array(resolution)[shard::shards]
    failures = []
    for cell, config in chosen:
        try:
            train_save_load_sample(config, tmp_path)
        except Exception as error:
            failures.append(f"{cell}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} of {len(chosen)}:\n" + "\n".join(failures[:20])


@pytest.mark.parametrize("width", [10**12, 2**62, 10**30])
def test_sizes_beyond_any_memory_are_refused_in_one_line(width):
    fields = {"dataset": "digits", "architecture": {"mlp": {"width": width}}, "loss": "hinge", "budget": {"amount": 2}}
    with pytest.raises(UserError, match="more weights than a computer can count: choose smaller sizes"):
        TrialConfig.parse(fields)


@pytest.mark.slow
def test_every_defined_triple_trains(covering_array, tmp_path):
    for cell, config in covering_array(8, strength=3):
        try:
            train_save_load_sample(config, tmp_path)
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
    """Muon's update has no differentiable twin, so that `unrolled` refuses it for D, and for D alone."""
    base = {"dataset": "digits", "loss": "hinge", "architecture": "mlp", "regularizers": "unrolled"}
    muon = {"name": "muon", "momentum": 0.9}
    with pytest.raises(UndefinedCombinationError, match="'unrolled' looks ahead at D's updates, and muon's cannot be"):
        TrialConfig.parse(base | {"d_optimizer": muon})
    assert TrialConfig.parse(base | {"g_optimizer": muon}).g_optimizer.name == "muon"
    assert TrialConfig.parse(base | {"d_optimizer": {"name": "adamw", "weight_decay": 0.1}}).d_optimizer.name == "adamw"
