"""Tasks whose condition is an image: the images that they make, and their baselines."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.tasks._base import TASKS, Rows, Task, completed
from landscape.components.tasks._images import as_picture, gray_of, with_luma
from landscape.components.tasks.inpainting import inpainting, mean_fill
from landscape.components.tasks.super_resolution import bicubic, super_resolution
from landscape.core.errors import UserError

IMAGE_TASKS = [name for name in TASKS.names() if TASKS[name].facts.condition == "image"]
UNPAIRED = {"unpaired"}
"""Tasks whose conditions have no right answer."""


@pytest.fixture
def images():
    """Levels of 8 bits, float32 in [0, 1], [4, 3, 16, 16]."""
    return torch.randint(0, 256, (4, 3, 16, 16), generator=torch.Generator().manual_seed(0)) / 255


def bound(name):
    return Task(name, TASKS[name].complete({}))


@pytest.mark.parametrize("name", IMAGE_TASKS)
def test_declares_a_target_a_baseline_and_protocols(name, images):
    task = bound(name)
    assert task.facts.has_target == (name not in UNPAIRED)
    assert task.facts.protocols
    batch = task.batch(Rows(images, inputs=images, other=images))
    assert batch.real is images
    assert batch.condition.dtype == torch.float32
    assert batch.condition.min() >= 0
    assert batch.condition.max() <= 1
    made = task.baseline(batch.condition, (3, 16, 16))
    assert made.shape == images.shape
    torch.testing.assert_close(made * 255, (made * 255).round(), atol=1e-3, rtol=0)
    assert as_picture(batch.condition, (3, 16, 16), has_mask=task.facts.has_mask).shape == images.shape


@pytest.mark.parametrize("name", IMAGE_TASKS)
def test_the_shape_of_the_condition_is_known_before_any_data(name, images):
    state = torch.get_rng_state()
    shape = bound(name).condition_shape((3, 16, 16))
    assert torch.equal(torch.get_rng_state(), state)
    assert shape == bound(name).batch(Rows(images, inputs=images, other=images)).condition.shape[1:]


@pytest.mark.parametrize("factor", [2, 4])
def test_small_images_are_pillows_with_the_wide_filter(images, factor):
    side = 16 // factor
    small = super_resolution(Rows(images), factor=factor, antialias=True).condition
    for image, levels in zip(images, small, strict=True):
        picture = Image.fromarray((image * 255).byte().permute(1, 2, 0).numpy()).resize((side, side), Image.Resampling.BICUBIC)
        difference = np.abs((levels * 255).permute(1, 2, 0).numpy() - np.asarray(picture, dtype=float))
        assert difference.max() <= 1.01  # Pillow rounds after each of its two passes.


def test_small_images_are_levels_and_the_filter_is_part_of_the_task(images):
    wide, narrow = (super_resolution(Rows(images), factor=2, antialias=antialias).condition for antialias in (True, False))
    torch.testing.assert_close(wide * 255, (wide * 255).round(), atol=1e-4, rtol=0)
    assert (wide - narrow).abs().mean() > 0.02


def test_bicubic_enlarges_what_is_flat_exactly():
    flat = torch.full((1, 1, 4, 4), 51 / 255)
    torch.testing.assert_close(bicubic(flat, (1, 8, 8)), torch.full((1, 1, 8, 8), 51 / 255))


def test_a_hole_in_the_center(images):
    condition = inpainting(Rows(images), hole=0.5, place="center").condition
    mask = torch.zeros(16, 16)
    mask[4:12, 4:12] = 1
    assert torch.equal(condition[:, 3], mask.expand(4, -1, -1))
    assert torch.equal(condition[:, :3], images * (1 - mask))
    assert torch.equal(completed(torch.ones_like(images), condition), torch.where(mask > 0, 1.0, images))


def test_random_holes_come_from_torchs_generator(images):
    def mask(seed):
        torch.manual_seed(seed)
        return inpainting(Rows(images.repeat(20, 1, 1, 1)), hole=0.25, place="random").condition[:, 3]

    assert torch.equal(mask(1), mask(1))
    drawn = mask(2)
    assert (drawn.sum((1, 2)) == 16).all()
    assert len({tuple(part.flatten().tolist()) for part in drawn}) > 20
    assert drawn[:, 0, 0].any()
    assert drawn[:, -1, -1].any()


def test_mean_fill_has_the_mean_of_the_known_pixels(images):
    condition = inpainting(Rows(images), hole=0.5, place="center").condition
    filled = mean_fill(condition, (3, 16, 16))
    known = condition[:, 3:] == 0
    for image, made, outside in zip(images, filled, known, strict=True):
        mean = image[:, outside[0]].mean(1)
        torch.testing.assert_close(made[:, 8, 8], (mean * 255).round() / 255)
        assert torch.equal(made[:, outside[0]], image[:, outside[0]])


def test_colorization_gives_the_luma_in_levels(images):
    batch = Task("colorization").batch(Rows(images))
    torch.testing.assert_close(batch.condition * 255, (gray_of(images) * 255).round(), atol=1e-4, rtol=0)
    baseline = Task("colorization").baseline(batch.condition, (3, 16, 16))
    assert torch.equal(baseline[:, 0], baseline[:, 2])
    torch.testing.assert_close(TASKS["colorization"].facts.measured(baseline), batch.condition)


def test_a_pair_is_passed_on_and_its_copy_is_the_baseline(images):
    inputs = images.flip(0)
    batch = Task("paired").batch(Rows(images, inputs=inputs))
    assert batch.real is images
    assert batch.condition is inputs
    assert torch.equal(Task("paired").baseline(inputs, (3, 16, 16)), inputs)
    torch.testing.assert_close(
        Task("paired").baseline(inputs[:, :1, ::2, ::2], (3, 16, 16))[:, 1, 2:4, 2:4], inputs[:, :1, 2, 2, None].expand(-1, 2, 2)
    )


def test_gray_is_the_luma_of_pillow(images):
    picture = Image.fromarray((images[0] * 255).byte().permute(1, 2, 0).numpy()).convert("L")
    assert np.abs(gray_of(images)[0, 0].numpy() * 255 - np.asarray(picture, dtype=float)).max() < 1


@pytest.mark.parametrize(
    ("task", "shape", "words"),
    [
        (Task("super_resolution", {"factor": 3, "antialias": True}), (1, 16, 16), "factor=3 does not divide the images' side of 16"),
        (Task("inpainting", {"hole": 0.99, "place": "center"}), (1, 16, 16), "leaves a hole and a rim"),
        (Task("super_resolution", {"factor": 2, "antialias": True}), (2,), "reads images, not samples of shape"),
        (Task("inpainting", {"hole": 0.5, "place": "center"}), (2,), "reads images, not samples of shape"),
        (Task("colorization"), (1, 16, 16), "needs color images, these are gray"),
        (Task("colorization"), (2,), "reads images, not samples of shape"),
        (Task("paired"), (2,), "reads images, not samples of shape"),
    ],
)
def test_samples_that_a_task_cannot_use(task, shape, words):
    with pytest.raises(UserError, match=words):
        task.condition_shape(shape)


def test_colors_get_the_luma_that_is_wanted_and_keep_their_hue(images):
    luma = gray_of(images.flip(0))
    made = with_luma(images, luma)
    assert made.min() >= -1e-6
    assert made.max() <= 1 + 1e-6
    torch.testing.assert_close(gray_of(made), luma, atol=1e-6, rtol=0)
    before, after = images - gray_of(images), made - luma
    share = (before * after).sum(1) / (before * before).sum(1)
    assert ((share >= 0) & (share <= 1 + 1e-6)).all()
    torch.testing.assert_close(after, share[:, None] * before, atol=1e-6, rtol=0)
    assert 0.05 < (share > 1 - 1e-6).float().mean() < 0.95


def test_a_color_that_fits_is_moved_and_one_that_does_not_is_made_paler():
    """Red (1, 0, 0) has luma .299: at luma .2, the red .901 and the others -.099 fit by 2/3 of the difference, by hand."""
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    torch.testing.assert_close(with_luma(red, torch.full((1, 1, 1, 1), 0.299)), red)
    share = 0.2 / 0.299
    expected = torch.tensor([0.2 + share * 0.701, 0, 0]).view(1, 3, 1, 1)
    torch.testing.assert_close(with_luma(red, torch.full((1, 1, 1, 1), 0.2)), expected)


@pytest.mark.parametrize("luma", [0.0, 0.4, 1.0])
def test_gray_colors_have_finite_gradients(luma):
    colors = torch.full((1, 3, 1, 1), 0.5, requires_grad=True)
    made = with_luma(colors, torch.full((1, 1, 1, 1), luma))
    torch.testing.assert_close(made, torch.full((1, 3, 1, 1), luma), atol=1e-6, rtol=0)
    (gradient,) = torch.autograd.grad(made[0, 0, 0, 0], colors)
    assert gradient.isfinite().all()
    if luma == 0.4:
        torch.testing.assert_close(gradient.flatten(), torch.tensor([1 - 0.299, -0.587, -0.114]))


def test_what_is_asked_is_the_same_whether_the_luma_is_kept_or_not():
    kept = Task("colorization", {"keep_luma": True})
    assert kept.question == bound("colorization").question == "colorization"
    assert kept.keeps is with_luma
    assert bound("colorization").keeps is None
