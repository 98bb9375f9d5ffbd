"""A class-conditional training: who is called with which classes, what is refused, and what stays as it was without a condition."""

from dataclasses import replace

import pytest
import torch

import landscape
from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.datasets._load import load_dataset
from landscape.components.losses._base import LOSSES
from landscape.components.tasks._base import TASKS
from landscape.config.conditions import classes_of
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.space.space import Space
from landscape.space.study_files import load_space
from landscape.training.sampling import drawn_classes, make_sampler

BASE = {
    "dataset": "digits",
    "task": "class_conditional",
    "architecture": {"mlp": {"width": 8}},
    "loss": "hinge",
    "batch_size": 8,
    "budget": {"amount": 64},
}
AUXILIARY = {"architecture": {"mlp": {"width": 8, "d_condition": "auxiliary_classifier"}}, "regularizers": ["auxiliary_classifier"]}


def parsed(**fields):
    return TrialConfig.parse(BASE | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"d_steps_per_round": 2, "order": "g_after_first_d", "reuse_z": True},
        {"order": "simultaneous"},
        {"joint_d_call": True},
        {"loss": "relativistic_pairing"},
        {"loss": "vae"},
        {"regularizers": [{"unrolled": {"k": 2}}]},
        {"regularizers": ["gradient_penalty", "consistency"]},
        AUXILIARY,
    ],
)
def test_every_call_of_both_networks_in_a_round_gets_the_condition(fields):
    gan = landscape.build(BASE | fields)
    calls = []

    def spy(module, given):
        calls.append((type(module).__name__, len(given[0]), given[1]))

    for network in (gan.generator, gan.discriminator):
        network.register_forward_pre_hook(spy)
    gan.run_rounds(1)
    assert {name for name, *_ in calls} == {type(gan.generator).__name__, type(gan.discriminator).__name__}
    for _, samples, condition in calls:
        assert condition.dtype == torch.int64
        assert condition.shape == (samples,)


def test_real_and_generated_samples_of_a_step_have_the_same_classes():
    """Penalties between real and generated samples then lie under one class, and the classes follow the shares of the data."""
    gan = landscape.build(BASE)
    seen = []
    gan.discriminator.register_forward_pre_hook(lambda module, given: seen.append(given[1]))
    order, labels = gan.rounds.stream, gan.dataset.split("train").labels
    index = type(order)(order.samples, None, gan.config.seed, torch.device("cpu")).take(8)
    gan.rounds.d_step()
    real, fake = seen
    assert torch.equal(real, fake)
    assert torch.equal(real, labels[index])


def test_steps_of_g_draw_classes_of_their_own():
    gan = landscape.build(BASE)
    before = gan.rounds.stream.drawn
    gan.rounds.g_step()
    assert gan.rounds.stream.drawn - before == 8
    plain = landscape.build(BASE | {"task": "unconditional"})
    plain.rounds.g_step()
    assert plain.rounds.stream.drawn == 0


@pytest.mark.parametrize("loss", LOSSES.names())
def test_every_loss_trains_class_conditionally_or_is_refused_with_the_reason(loss):
    small = {"autoencoder_mlp": {"g_width": 8, "d_width": 8}}
    fields = {"loss": loss} | ({"architecture": small} if LOSSES[loss].facts.inputs == "energies" else {})
    if LOSSES[loss].facts.inputs == "samples":
        with pytest.raises(UndefinedCombinationError, match="without their conditions"):
            parsed(**fields)
        return
    gan = landscape.build(BASE | fields)
    before = [p.detach().clone() for p in gan.parameters()]
    gan.run_rounds(3)
    assert all(p.isfinite().all() for p in gan.parameters())
    moved = {name for (name, p), old in zip(gan.named_parameters(), before, strict=True) if not torch.equal(p, old)}
    assert any("class_table" in name for name in moved)
    assert any("conditioning" in name for name in moved)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"loss": "mmd"}, "mmd.* without their conditions"),
        ({"regularizers": ["packing"]}, "packing shows D several samples as one"),
        ({"architecture": "autoencoder_mlp:d_condition=projection", "loss": "began"}, "reads an energy of D, .*concat"),
        ({"dataset": "swiss_roll", "architecture": "mlp_2d"}, "swiss-roll.* has none"),
        ({"loss": "vae", "architecture": "mlp:d_condition=projection"}, "encoder of D, .*concat"),
        ({"architecture": "mlp:d_condition=auxiliary_classifier"}, "a head that nothing trains"),
        ({"regularizers": ["auxiliary_classifier"]}, "reads the classes that D names"),
        ({"task": "unconditional", "regularizers": ["auxiliary_classifier"]}, "reads the classes that D names"),
        ({"task": "unconditional", "architecture": "mlp:d_condition=concat"}, "d_condition of architecture 'mlp' .* has none"),
        ({"task": "unconditional", "architecture": "mlp:class_embedding=8"}, "class_embedding of architecture 'mlp'"),
        ({"task": "unconditional", "g_normalization": "conditional_batch"}, "conditional_batch.* reads the class"),
        ({"d_normalization": "conditional_batch"}, "no place for 'conditional_batch' normalization in D"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_reason(fields, words):
    with pytest.raises(UndefinedCombinationError, match=words) as refusal:
        parsed(**fields)
    assert "\n" not in str(refusal.value)


def test_an_architecture_that_declares_no_class_refuses_it(monkeypatch):
    """Otherwise two cells of different names would be the same model. Facts cannot be changed publicly after a registration."""
    component = ARCHITECTURES["mlp"]
    monkeypatch.setitem(
        ARCHITECTURES._components, "mlp", replace(component, facts=replace(component.facts, conditions=frozenset({"none"})))
    )
    with pytest.raises(
        UndefinedCombinationError, match="'mlp' has no place for the class of task 'class_conditional'; these have: .*dcgan"
    ):
        parsed()


def test_an_architecture_that_declares_the_class_but_has_no_place_for_it_is_refused(monkeypatch):
    component = ARCHITECTURES["mlp"]
    monkeypatch.setitem(ARCHITECTURES._components, "mlp", replace(component, injected=component.injected - {"condition"}))
    with pytest.raises(UndefinedCombinationError, match="'mlp' declares that it takes the class, .* no keyword `condition`.*takes_class"):
        parsed(architecture={"mlp": {"width": 8}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda labels: None, "the test split of data set 'digits' has no labels"),
        (lambda labels: labels - 1, "labels outside 0 to 9 in its test split"),
        (lambda labels: labels + 1, "labels outside 0 to 9 in its test split"),
    ],
)
def test_the_labels_of_every_split_are_checked_before_the_training(change, words):
    digits = load_dataset("digits")
    test = digits.split("test")
    damaged = replace(digits, splits={**digits.splits, "test": replace(test, labels=change(test.labels))})
    with pytest.raises(UserError, match=words):
        classes_of(parsed().task, damaged)


def test_a_task_that_does_not_exist():
    with pytest.raises(UserError, match="unknown task 'class_conditonal'.*'class_conditional'"):
        parsed(task="class_conditonal")


def test_data_whose_files_hold_no_classes_are_refused_when_they_are_loaded(tmp_path):
    from landscape.results.png_grids import write_png

    for i in range(8):
        write_png(tmp_path / f"{i}.png", torch.zeros(8, 8, 1, dtype=torch.uint8).numpy())
    with pytest.raises(UserError, match="task 'class_conditional' needs the class of each sample, data set 'folder' has none"):
        landscape.build(BASE | {"dataset": f"folder:{tmp_path}", "resolution": 8})


def test_a_study_crosses_tasks_with_losses_and_skips_what_has_no_meaning():
    study = {
        "name": "tasks",
        "dataset": "digits",
        "protocol": "quick",
        "base": {"architecture": {"mlp": {"width": 8}}, "budget": {"amount": 4}},
        "axes": {"task": ["unconditional", "class_conditional"], "loss": ["hinge", "mmd"]},
        "trials": 3,
    }
    space = Space.parse(study)
    assert {(cell.labels["task"], cell.labels["loss"]) for cell in space.cells()} == {
        ("unconditional", "hinge"),
        ("unconditional", "mmd"),
        ("class_conditional", "hinge"),
    }
    (skipped,) = space.skipped()
    assert skipped.labels == {"task": "class_conditional", "loss": "mmd"}
    assert "without their conditions" in skipped.reason


def test_the_embedded_study_has_no_refused_cell():
    space = load_space("digits-conditional")
    assert len(space.cells()) == 6
    assert space.skipped() == ()
    assert all(cell.config({}, seed=0).task.name == "class_conditional" for cell in space.cells())


def test_the_choice_of_how_d_takes_the_class_is_written_out():
    assert parsed().architecture.hyperparameters["d_condition"] == "projection"
    assert parsed(loss="vae").architecture.hyperparameters["d_condition"] == "concat"
    assert "d_condition" not in parsed(task="unconditional").architecture.hyperparameters
    assert TrialConfig.parse(parsed().to_json()) == parsed()


def test_the_task_is_part_of_a_digest_only_where_it_is_not_the_default():
    plain = parsed(task="unconditional")
    assert plain.digest() == TrialConfig.parse({k: v for k, v in BASE.items() if k != "task"}).digest()
    assert "task" not in plain.identity()["config"]
    assert "task" not in plain.identity()["components"]
    digests = {plain.digest(), parsed().digest(), parsed(architecture="mlp:d_condition=concat").digest(), parsed(**AUXILIARY).digest()}
    assert len(digests) == 4
    assert parsed().identity()["components"]["task"] == TASKS["class_conditional"].identity


def test_classes_of_samples_have_the_shares_of_the_pool():
    pool = torch.tensor([0, 0, 1, 2])
    drawn = drawn_classes(pool, 10, torch.Generator().manual_seed(0))
    counts = torch.bincount(drawn)
    assert len(drawn) == 10
    assert torch.equal(torch.bincount(drawn[:8]), 2 * torch.bincount(pool))
    assert (counts - 2 * torch.bincount(pool)).max() <= 2


def test_a_sampler_of_classes_gives_them_beside_the_samples():
    gan = landscape.build(BASE)
    sampler = make_sampler(gan.generator.eval(), gan.latent, classes=torch.arange(10))
    samples, labels = sampler(20, 3)
    again, same = sampler(20, 3, 7)
    assert torch.equal(labels, same)
    torch.testing.assert_close(samples, again)
    assert torch.bincount(labels).tolist() == [2] * 10
    z = torch.randn(20, gan.latent.dim, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(samples, gan.generator(z, labels).detach())


def test_compiled_updates_take_the_condition():
    # A bias before batch norm has no gradient but rounding, which Adam makes a whole step of.
    fields = BASE | {"g_normalization": "none"}
    eager, compiled = landscape.build(fields), landscape.build(fields)
    compiled.prepare(torch.device("cpu"), "compiled")
    for gan in (eager, compiled):
        torch.manual_seed(1)
        gan.run_rounds(2)
    assert compiled.execution == "compiled"
    for one, two in zip(eager.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-5)
