"""Changes of what D sees: noise, augmentation and packs; and consistency under such changes."""

from collections import Counter

import numpy as np
import pytest
import torch

from landscape.components.architectures._base import Output
from landscape.components.regularizers import differentiable_augmentation as augmentation
from landscape.components.regularizers._augmentation import flipped, mirrored, shifted
from landscape.components.regularizers._base import Critique
from landscape.components.regularizers.consistency import changed, consistency
from landscape.components.regularizers.instance_noise import instance_noise
from landscape.components.regularizers.packing import packing
from landscape.core.errors import UserError


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 0.4), (0.25, 0.2), (0.5, 0.0), (1.0, 0.0)])
def test_instance_noise_falls_linearly(progress, expected):
    noise = instance_noise(torch.zeros(200, 50), progress=torch.tensor(progress), deviation=0.4, end=0.5)
    assert noise.std().item() == pytest.approx(expected, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)


# Tests of shifts and flips.


def test_shift_by_hand():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    rows, columns = torch.tensor([[1]]), torch.tensor([[-1]])
    moved = shifted(image, rows, columns, mirrored)
    # The move is down by one (the row above the first is, mirrored, the second) and left by one (beyond the last column is the second).
    assert moved[0, 0].tolist() == [[4, 5, 4], [1, 2, 1], [4, 5, 4]]


@pytest.mark.parametrize("shift", [(0, 0), (2, -1), (-3, 3), (4, 4)])
def test_shift_against_numpy_padding(shift):
    images = torch.rand(3, 2, 5, 6)
    rows, columns = (torch.full((3, 1), s) for s in shift)
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (4, 4), (4, 4)), mode="reflect")
    expected = padded[:, :, 4 - shift[0] : 9 - shift[0], 4 - shift[1] : 10 - shift[1]]
    np.testing.assert_array_equal(shifted(images, rows, columns, mirrored).numpy(), expected)


def test_each_image_is_moved_by_itself():
    images = torch.rand(1, 1, 8, 8).expand(64, 1, 8, 8)
    moved = changed(images, 2, flip=True)
    kinds = {tuple(image.flatten().tolist()) for image in moved}
    assert 20 < len(kinds) <= 50  # There are 5 x 5 moves, mirrored or not.
    assert changed(images, 0, flip=False).equal(images)


def test_flip_is_for_half_of_the_images():
    images = torch.rand(400, 1, 2, 4)
    mirrored_images = flipped(images)
    same = (mirrored_images == images).flatten(1).all(1)
    turned = (mirrored_images == images.flip(-1)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert same.float().mean().item() == pytest.approx(0.5, abs=0.1)


# Tests of consistency.


def critique(critic, real, fake):
    def wrapped(x):
        return Output(critic(x))

    return Critique(real, fake, wrapped(real), wrapped(fake), wrapped, wrapped, torch.tensor(0.0))


def test_consistency_of_a_critic_that_cannot_see_the_changes_is_free():
    real, fake = (torch.rand(4, 3, 8, 8).mean((2, 3), keepdim=True).expand(4, 3, 8, 8) for _ in range(2))
    assert consistency(critique(lambda x: x.sum((1, 2, 3)), real, fake), fake_weight=10.0).abs().max() < 1e-5


def test_consistency_by_hand():
    """The critic reads the left column only. The images are 1 on the left and 0 elsewhere, so that it reads 0 instead of 8 after a flip."""
    real = torch.zeros(64, 1, 8, 8)
    real[..., 0] = 1
    fake = 2 * real
    look = critique(lambda x: x[..., 0].sum((1, 2)), real, fake)
    values = consistency(look, weight=10.0, shift=0)
    assert set(values.tolist()) == {0.0, 640.0}
    both = consistency(look, weight=10.0, fake_weight=1.0, shift=0)
    assert set(both.tolist()) <= {0.0, 640.0, 256.0, 896.0}
    assert 256.0 in both.tolist()
    assert set(consistency(look, weight=10.0, shift=0, flip=False).tolist()) == {0.0}


def test_gradients_of_consistency_pass_through_both_logits():
    """A critic w x with w = 1: the penalty (w x - w T(x))^2 has the slope 2 w (x - T(x))^2 in w; with one logit held it would have half."""
    weight = torch.ones((), requires_grad=True)
    real = torch.zeros(64, 1, 8, 8)
    real[..., 0] = 1
    fake = 2 * real
    penalty = consistency(critique(lambda x: weight * x[..., 0].sum((1, 2)), real, fake), weight=1.0, fake_weight=0.0, shift=0)
    (slope,) = torch.autograd.grad(penalty.sum(), weight, retain_graph=True)
    assert penalty.sum() > 0
    assert slope.item() == pytest.approx(2 * penalty.sum().item())
    both = consistency(critique(lambda x: weight * x[..., 0].sum((1, 2)), real, fake), weight=0.0, fake_weight=1.0, shift=0)
    (slope,) = torch.autograd.grad(both.sum(), weight)
    assert slope.item() == pytest.approx(2 * both.sum().item())


def test_consistency_refuses_a_shift_as_large_as_the_image():
    images = torch.rand(2, 1, 4, 4)
    with pytest.raises(UserError, match="choose at most 3"):
        consistency(critique(lambda x: x.sum((1, 2, 3)), images, images), shift=4)


# Tests of differentiable augmentation.


def test_color_in_the_papers_range():
    """The released code's changes work on [-1, 1]. The test transforms [0, 1] there and back."""
    images = torch.rand(5, 3, 4, 4, dtype=torch.float64)
    torch.manual_seed(2)
    ours = augmentation.recolored(images, span=1.0)
    torch.manual_seed(2)
    brightness, saturation, contrast = (torch.rand(5, 1, 1, 1, dtype=torch.float64).numpy() for _ in range(3))
    x = 2 * images.numpy() - 1
    x = x + (brightness - 0.5)
    x = (x - x.mean(1, keepdims=True)) * (2 * saturation) + x.mean(1, keepdims=True)
    mean = x.mean((1, 2, 3), keepdims=True)
    x = (x - mean) * (contrast + 0.5) + mean
    np.testing.assert_allclose(ours.numpy(), (x + 1) / 2, rtol=1e-12, atol=1e-12)


def test_translation_moves_every_image_and_fills_with_the_middle():
    images = torch.rand(300, 2, 16, 16) + 1  # All pixels are above the fill value.
    moved = augmentation.translated(images, 0.125, 0.5)
    rows = set()
    for image, result in zip(images, moved, strict=True):
        known = (result != 0.5).all(0)
        top, left = (int(torch.argmax(known.any(axis).int())) for axis in (1, 0))
        height, width = int(known.any(1).sum()), int(known.any(0).sum())
        assert height >= 14
        assert width >= 14
        down = top if top else height - 16
        right = left if left else width - 16
        part = image[:, max(-down, 0) : 16 + min(-down, 0), max(-right, 0) : 16 + min(-right, 0)]
        torch.testing.assert_close(result[:, top : top + height, left : left + width], part, rtol=0, atol=0)
        rows.add(down)
    assert rows == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("side", [8, 7, 6, 5])  # half of them, rounded: 4, 4, 3, 3
def test_cutout_hides_a_rectangle_centered_anywhere(side):
    images = torch.ones(2000, 1, side, side)
    hidden = augmentation.cut_out(images, 0.5, 0.25) == 0.25
    size = int(side * 0.5 + 0.5)
    heights, widths = (hidden.any(axis).sum((1, 2)) for axis in (3, 2))
    assert (hidden.sum((1, 2, 3)) == heights * widths).all()  # The hidden area is a full rectangle.
    # For an even size the released code draws the center from 0..side (it is between pixels), and for an odd size from 0..side - 1.
    starts = range(-(size // 2), side - size % 2 - size // 2 + 1)
    expected = {(max(start, 0), min(start + size, side) - max(start, 0)) for start in starts}
    for axis, extents in ((3, heights), (2, widths)):
        firsts = hidden.any(axis).squeeze(1).int().argmax(1)
        seen = Counter(zip(firsts.tolist(), extents.tolist(), strict=True))
        assert set(seen) == expected
        assert min(seen.values()) > 0.7 * len(images) / len(expected)
    assert set(augmentation.cut_out(images, 0.0, 0.25).unique().tolist()) == {1.0}


def test_policy_chooses_the_changes():
    images = torch.rand(16, 3, 8, 8)
    call = augmentation.differentiable_augmentation
    color = call(images, bounds=(0.0, 1.0), policy=("color",))
    assert not (color == 0.5).any()
    hole = call(images, bounds=(0.0, 1.0), policy=("cutout",))
    assert ((hole == images) | (hole == 0.5)).all()
    torch.manual_seed(6)
    first = call(images, bounds=(0.0, 1.0), policy=("cutout", "color"))
    torch.manual_seed(6)
    torch.testing.assert_close(call(images, bounds=(0.0, 1.0), policy=("color", "cutout")), first, rtol=0, atol=0)


def test_augmentation_passes_exact_gradients():
    images = torch.rand(2, 1, 6, 6, dtype=torch.float64, requires_grad=True)

    def value(x):
        torch.manual_seed(3)
        return augmentation.differentiable_augmentation(x, bounds=(0.0, 1.0)).square().sum()

    assert torch.autograd.gradcheck(value, (images,))


# Tests of packs.


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_packing_stacks_channels(degree):
    images = torch.rand(12, 3, 4, 4)
    packed = packing(images, degree=degree)
    assert packed.shape == (12 // degree, 3 * degree, 4, 4)
    for row in range(12 // degree):
        torch.testing.assert_close(packed[row], torch.cat(list(images[row * degree : (row + 1) * degree])), rtol=0, atol=0)
    assert packing(torch.rand(12, 2), degree=degree).shape == (12 // degree, 2 * degree)


def test_packing_refuses_a_remainder():
    with pytest.raises(UserError, match="does not divide into packs of 4"):
        packing(torch.rand(6, 2), degree=4)
