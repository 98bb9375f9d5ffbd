"""A training whose condition is an image: who is called with which image, patches, targets, and what is refused."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.components.architectures._base import ARCHITECTURES, Output
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.losses._base import LOSSES
from landscape.components.tasks._asked import conditions
from landscape.components.tasks._base import Task
from landscape.components.tasks._images import gray_of
from landscape.config.choices import Choice
from landscape.config.compatibility import require_independent_judge
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError
from landscape.training.data_stream import DataStream
from landscape.training.objectives import Adversarial

BASE = {
    "dataset": "digits",
    "task": {"super_resolution": {"factor": 2}},
    "architecture": {"srresnet": {"width": 4, "blocks": 1}},
    "loss": "hinge",
    "batch_size": 4,
    "budget": {"amount": 16},
}
INPAINTING = {"task": {"inpainting": {"place": "random"}}, "architecture": {"unet": {"width": 4}}}
SHAPES = {"super_resolution": (1, 4, 4), "inpainting": (2, 8, 8)}


def parsed(**fields):
    return TrialConfig.parse(BASE | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        INPAINTING,
        {"d_steps_per_round": 2, "order": "g_after_first_d", "reuse_z": True},
        {"order": "simultaneous", "regularizers": ["pixel"]},
        INPAINTING | {"joint_d_call": True, "regularizers": [{"feature_matching": {"match": "rows"}}]},
        {"loss": "relativistic_pairing"},
        {"regularizers": [{"unrolled": {"k": 2}}, "pixel", "feature_matching", "total_variation"]},
        {"regularizers": ["gradient_penalty"]},
    ],
)
def test_every_call_of_both_networks_in_a_round_gets_the_image(fields):
    gan = landscape.build(BASE | fields)
    calls = []
    for network in (gan.generator, gan.discriminator):
        network.register_forward_pre_hook(lambda module, given: calls.append((type(module).__name__, len(given[0]), given[1])))
    gan.run_rounds(1)
    assert {name for name, *_ in calls} == {type(gan.generator).__name__, type(gan.discriminator).__name__}
    for _, samples, condition in calls:
        assert condition.shape == (samples, *SHAPES[gan.config.task.name])
        assert condition.min() >= 0
        assert condition.max() <= 1


def test_generated_samples_keep_the_known_pixels():
    gan = landscape.build(BASE | INPAINTING)
    batch = gan.rounds.stream.next(4)
    made = gan.generator(gan.draw_z(4), batch.condition)
    mask = batch.condition[:, -1:] > 0
    assert 0 < mask.float().mean() < 1
    torch.testing.assert_close(torch.where(mask, 0, made), torch.where(mask, 0, batch.real), rtol=0, atol=0)
    assert not torch.equal(made, batch.real)


@pytest.mark.parametrize("keeps", [False, True])
def test_generated_samples_keep_the_luma_if_they_are_told_to(keeps):
    colors = {"task": {"colorization": {"keep_luma": keeps}}, "architecture": {"unet": {"width": 4}}, "resolution": 8, "channels": 3}
    gan = landscape.build(BASE | colors)
    gan.run_rounds(2)
    condition = gan.rounds.stream.next(4).condition
    with torch.no_grad():
        made = gan.generator(gan.draw_z(4), condition)
    difference = (gray_of(made) - condition).abs().max()
    assert (difference < 1e-6) == keeps
    assert made.std(1).max() > 0.01


class OnePatch(nn.Module):
    """A discriminator whose logits are a map with one patch."""

    def __init__(self, whole):
        super().__init__()
        self.whole = whole

    def forward(self, x, condition=None):
        output = self.whole(x, condition)
        return output._replace(logit=output.logit[:, None])


@pytest.mark.parametrize("loss", [name for name in LOSSES.names() if LOSSES[name].facts.inputs == "logits"])
def test_one_patch_gives_the_losses_of_a_whole_image_bit_for_bit(loss):
    gan = landscape.build({"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": loss, "regularizers": ["r1", "top_k"]})
    game = gan.game
    real, z = gan.rounds.stream.next(8), gan.draw_z(8)
    found = []
    for network in (gan.discriminator, OnePatch(gan.discriminator)):
        game.discriminator = network
        due = game.due(0)
        d = game.d_objective(real, gan.generator(z).detach(), due=due)
        g = game.g_objective(real, z, due=due)
        parameters = [*gan.discriminator.parameters(), *gan.generator.parameters()]
        gradients = [torch.autograd.grad(o.total, parameters, allow_unused=True, materialize_grads=True) for o in (d, g)]
        found.append([d.total, g.total, *gradients[0], *gradients[1]])
    for one, two in zip(*found, strict=True):
        assert torch.equal(one, two)


def test_several_patches_are_judged_each_and_averaged_over_the_sample():
    gan = landscape.build({"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "non_saturating"})
    logits = torch.randn(5, 3), torch.randn(5, 3)
    pair = gan.game._call_loss(*logits)
    expected = np.logaddexp(0, -logits[0].double().numpy()) + np.logaddexp(0, logits[1].double().numpy())
    np.testing.assert_allclose(pair.d.numpy(), expected.mean(1), rtol=1e-6)
    assert pair.g.shape == (5,)


def test_regularizers_see_the_mean_over_the_patches():
    gan = landscape.build(BASE | INPAINTING)
    batch = gan.rounds.stream.next(4)
    output = gan.game.criticize(batch.real, batch.condition)
    assert output.logit.shape[1] > 1
    critique = gan.game._critique(batch, (batch.real, batch.real), (output, output), None)
    torch.testing.assert_close(critique.real_output.logit, output.logit.mean(1), rtol=0, atol=0)
    assert critique.look(batch.real).logit.shape == (4,)
    assert critique.target is batch.real


def test_a_term_on_real_activations_shows_d_real_samples_in_g_steps():
    gan = landscape.build(BASE | {"task": "unconditional", "architecture": {"mlp": {"width": 8}}, "regularizers": ["feature_matching"]})
    assert isinstance(gan.game, Adversarial)
    sizes = []
    gan.discriminator.register_forward_pre_hook(lambda module, given: sizes.append(len(given[0])))
    gan.rounds.g_step()
    assert sizes == [4, 4]
    assert gan.rounds.stream.drawn == 4


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"architecture": {"mlp": {"width": 8}}},
            "'mlp' has no place for the image of task 'super_resolution'; these have: resnet_translation, srresnet, unet",
        ),
        ({"task": "unconditional"}, "'srresnet' takes an image, which task 'unconditional' does not give: choose one of .*inpainting"),
        ({"task": "class_conditional"}, "'srresnet' has no place for the class"),
        ({"loss": "mmd"}, "mmd.* without their conditions"),
        ({"loss": "vae"}, "no encoder can be made"),
        ({"loss": "began"}, "reads energies"),
        ({"task": "colorization"}, "needs color images, these are gray"),
        ({"regularizers": ["packing"]}, "packing shows D several samples as one"),
        ({"regularizers": ["consistency"]}, "'consistency' moves or hides parts of the sample alone"),
        ({"regularizers": ["differentiable_augmentation"]}, "'differentiable_augmentation' moves or hides"),
        ({"regularizers": ["adaptive_augmentation"]}, "'adaptive_augmentation' moves or hides"),
        (
            {"task": "unconditional", "architecture": "mlp", "regularizers": ["pixel"]},
            "'pixel' compares a sample with its target.*inpainting",
        ),
        (
            {"task": "class_conditional", "architecture": "mlp", "regularizers": [{"feature_matching": {"match": "rows"}}]},
            "'feature_matching' compares a sample with its target",
        ),
        ({"task": {"super_resolution": {"factor": 3}}}, "factor=3 does not divide the images' side of 8"),
        ({"task": {"inpainting": {"hole": 0.01}}}, "hole=0.01 of 8 pixels is 0"),
        ({"dataset": "ring"}, "reads images, data set 'ring' holds points|makes images, data set 'ring' holds points"),
        ({"architecture": {"unet": {"depth": 4}}}, "depth=4 halves images with a side of 8 pixels past one pixel"),
        ({"architecture": {"unet": {"d_layers": 2}}}, "d_layers=2 leaves no patch of images with a side of 8 pixels"),
        ({"g_normalization": "conditional_batch"}, "conditional_batch.* reads the class"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_reason(fields, words):
    with pytest.raises(UndefinedCombinationError, match=words) as refusal:
        parsed(**fields)
    assert "\n" not in str(refusal.value)


def test_colors_alone_may_be_augmented_beside_an_image():
    assert parsed(regularizers=[{"differentiable_augmentation": {"policy": ["color"]}}]).regularizers
    assert parsed(regularizers=[{"adaptive_augmentation": {"changes": ["color"]}}]).regularizers


@pytest.mark.parametrize("task", [{"super_resolution": {"factor": 2}}, "inpainting"])
@pytest.mark.parametrize("name", [name for name in ARCHITECTURES.names() if "image" in ARCHITECTURES[name].facts.conditions])
def test_every_image_architecture_trains_on_every_image_task(name, task):
    gan = landscape.build(BASE | {"task": task, "architecture": {name: {"width": 4}}, "regularizers": ["pixel"]})
    before = [p.detach().clone() for p in gan.parameters()]
    gan.run_rounds(2)
    assert all(p.isfinite().all() for p in gan.parameters())
    assert any(not torch.equal(p, old) for p, old in zip(gan.parameters(), before, strict=True))


def test_a_task_with_an_image_is_part_of_the_digest_with_its_hyperparameters():
    digests = {parsed(task={"super_resolution": {"factor": 2, "antialias": antialias}}).digest() for antialias in (True, False)}
    assert len(digests | {parsed(task={"super_resolution": {"factor": 4}}).digest()}) == 3


def test_conditions_of_pictures_and_scores_leave_the_random_generator_alone():
    images = torch.randint(0, 256, (5, 1, 8, 8), dtype=torch.uint8)
    task = Task("inpainting", {"hole": 0.5, "place": "random"})
    state = torch.get_rng_state()
    one, two, other = (conditions(task, images, None, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_output_of_a_discriminator_of_pairs():
    gan = landscape.build(BASE | INPAINTING)
    batch = gan.rounds.stream.next(3)
    output = gan.discriminator(batch.real, batch.condition)
    assert isinstance(output, Output)
    assert output.features.shape == (3, output.maps[-1].shape[1])
    assert all(len(part) == 3 for part in output.maps)


def test_a_flip_hits_the_sample_and_the_picture_that_belongs_to_it():
    samples = torch.randint(0, 256, (64, 1, 4, 4), dtype=torch.uint8)
    stream = DataStream(samples, None, 0, torch.device("cpu"), horizontal_flip=True, task=Task("paired").batch, inputs=255 - samples)
    batch = stream.next(64)
    torch.testing.assert_close(batch.condition, 1 - batch.real)
    order = DataStream(samples, None, 0, torch.device("cpu")).take(64)
    flipped = (batch.real != samples[order] / 255).flatten(1).any(1)
    assert 10 < flipped.sum() < 54
    torch.testing.assert_close(batch.real[flipped].flip(-1), (samples[order] / 255)[flipped])


def test_a_task_on_pairs_refuses_data_with_one_picture_a_row():
    with pytest.raises(UserError, match="task 'paired' needs two pictures a row, data set 'digits' has one: choose data set 'pairs'"):
        landscape.build(BASE | {"task": "paired"})


def test_the_content_term_reads_the_classifier_of_the_data_and_no_score_does_so_too():
    fields = BASE | {"regularizers": ["content"]}
    gan = landscape.build(fields)
    (perception,) = gan.perceptions
    images = torch.rand(3, 1, 8, 8)
    classifier = EXTRACTORS["classifier"].call(hyperparameters={"trained_on": "digits"})
    maps = perception(images)
    torch.testing.assert_close(nn.functional.silu(classifier.network.hidden(maps)), classifier(images * 255).features)
    before = [p.clone() for p in perception.parameters()]
    gan.run_rounds(1)
    assert all(torch.equal(one, two) for one, two in zip(before, perception.parameters(), strict=True))
    assert gan.curves.sums or gan.rounds.state.counts.g_steps == 1
    for extractor, refused in (("classifier", True), ("pixels", False)):
        with pytest.raises(UndefinedCombinationError, match="'content' trains G to please 'classifier'") if refused else nullcontext():
            require_independent_judge(TrialConfig.parse(fields), Choice(name=extractor))
