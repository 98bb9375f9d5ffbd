"""Adaptive augmentation: each change against NumPy or SciPy, how many images are changed, and the rule for p."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from landscape.components.architectures._base import Output
from landscape.components.regularizers import _invertible as changes
from landscape.components.regularizers._base import Critique, Term
from landscape.components.regularizers._recoloring import color_matrices, recolored
from landscape.components.regularizers.adaptive_augmentation import adaptive_augmentation

ALL = ("blit", "geometry", "color", "cutout")
START = {"moved": torch.tensor(0.0), "signs": torch.tensor(0.0), "batches": torch.tensor(0.0)}
ONE = torch.tensor(1.0)
FUNCTIONS = {
    "blit": changes.blitted,
    "geometry": changes.moved_and_scaled,
    "color": lambda images, p: changes.with_colors_changed(images, p, 0.0, 1.0),
    "cutout": lambda images, p: changes.cut_out(images, p, 0.5),
}


def at(moved: float) -> dict[str, torch.Tensor]:
    return START | {"moved": torch.tensor(moved)}


def changed(images, moved, **hyperparameters):
    found = adaptive_augmentation(images, progress=torch.tensor(0.5), bounds=(0.0, 1.0), state=at(moved), **hyperparameters)
    assert isinstance(found, torch.Tensor)
    return found


# Blits.


@pytest.mark.parametrize(("height", "width"), [(16, 16), (8, 16)])
def test_blits_give_exactly_the_pixels_of_numpy(height, width):
    """Every result is a flip, a turn and a move of its image, in this order, and all of them occur, about equally often."""
    torch.manual_seed(0)
    images = torch.rand(1, 1, height, width).expand(6000, 1, height, width)
    found = changes.blitted(images, ONE).numpy()
    tall, wide = height // 8, width // 8
    counts = {}
    for flip, quarter, down, right in itertools.product((0, 1), range(4), range(-tall, tall + 1), range(-wide, wide + 1)):
        if height != width and quarter % 2:
            continue
        image = images[0].numpy()[:, :, :: -1 if flip else 1]
        padded = np.pad(np.rot90(image, quarter, (1, 2)), ((0, 0), (tall, tall), (wide, wide)), mode="reflect")
        expected = padded[:, tall - down : tall - down + height, wide - right : wide - right + width]
        counts[flip, quarter, down, right] = int((found == expected).all((1, 2, 3)).sum())
    assert sum(counts.values()) == 6000
    assert min(counts.values()) > 0
    by_part = [{}, {}, {}, {}]
    for key, count in counts.items():
        for part, value in zip(by_part, key, strict=True):
            part[value] = part.get(value, 0) + count / 6000
    assert by_part[0] == pytest.approx({0: 0.5, 1: 0.5}, abs=0.03)
    turns = {0: 0.75, 2: 0.25} if height != width else dict.fromkeys(range(4), 0.25)
    assert by_part[1] == pytest.approx(turns, abs=0.05)
    # A share in [-1/8, 1/8] of the side, rounded: the outermost moves are half as likely as the others.
    assert by_part[2] == pytest.approx({d: (0.5 if abs(d) == tall else 1) / (2 * tall) for d in range(-tall, tall + 1)}, abs=0.05)


# Colors.


def homogeneous(linear=None, shift=0.0):
    found = np.eye(4)
    found[:3, :3] = np.eye(3) if linear is None else linear
    found[:3, 3] = shift
    return found


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 3.0)])
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_colors_are_the_sources_matrices(channels, low, high):
    """4 x 4 matrices on colors in [-1, 1], one after the other, with turns by SciPy; a gray image has the same value in all three."""
    n = 12
    images = low + (high - low) * torch.rand(n, channels, 4, 5, dtype=torch.float64)
    generator = np.random.default_rng(3)
    brightness, contrast, saturation = 0.2 * generator.normal(size=n), 2 ** generator.normal(size=n), 2 ** generator.normal(size=n)
    flipped, angle = generator.integers(0, 2, n), generator.uniform(-math.pi, math.pi, n)
    drawn = [torch.from_numpy(each.astype(float)) for each in (contrast, flipped, angle, saturation)]
    found = recolored(images, torch.from_numpy(brightness * (high - low) / 2), color_matrices(*drawn), (low + high) / 2)
    axis = np.ones(3) / math.sqrt(3)
    gray = np.outer(axis, axis)
    for i in range(n):
        whole = homogeneous(shift=brightness[i])
        for linear in (
            contrast[i] * np.eye(3),
            np.eye(3) - 2 * gray * flipped[i],
            Rotation.from_rotvec(angle[i] * axis).as_matrix(),
            gray + (np.eye(3) - gray) * saturation[i],
        ):
            whole = homogeneous(linear) @ whole
        x = (images[i].numpy() - low) / (high - low) * 2 - 1
        colors = x.reshape(-1, 3, 20) if channels % 3 == 0 else np.stack([x.reshape(-1, 20)] * 3, 1)
        expected = whole[:3, :3] @ colors + whole[:3, 3:]
        expected = expected if channels % 3 == 0 else expected.mean(1)
        expected = low + (expected.reshape(x.shape) + 1) / 2 * (high - low)
        np.testing.assert_allclose(found[i].numpy(), expected, atol=1e-12)


def test_colors_have_the_papers_distributions():
    """Read off the changed colors of black, of the primary colors, and of a middle gray."""
    torch.manual_seed(4)
    n, middle = 20_000, 0.5
    palette = torch.tensor([[0.5, 0.5, 0.5], [1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]], dtype=torch.float64)
    images = palette.T.reshape(1, 3, 2, 2).expand(n, 3, 2, 2)
    found = changes.with_colors_changed(images, ONE, 0.0, 1.0).reshape(n, 3, 4).numpy() - middle
    linear = (found[:, :, 1:] - found[:, :, :1]) / 0.5
    gain = linear.sum((1, 2)) / 3  # contrast, negative where luma is mirrored
    assert np.log2(np.abs(gain)).std() == pytest.approx(0.5, rel=0.03)
    assert (gain < 0).mean() == pytest.approx(0.5, abs=0.02)
    assert (found[:, :, 0].mean(1) / gain).std() == pytest.approx(0.1, rel=0.03)
    saturation = np.sqrt(np.maximum(((linear**2).sum((1, 2)) - gain**2) / 2, 1e-12)) / np.abs(gain)
    assert np.log2(saturation).std() == pytest.approx(1.0, rel=0.03)
    # The trace of a turn is 1 + 2 cos(angle), of which the axis has 1.
    cosine = (np.trace(linear, axis1=1, axis2=2) - gain) / 2 / np.abs(gain) / saturation
    assert (np.abs(cosine) < math.cos(math.pi / 4)).mean() == pytest.approx(0.5, abs=0.02)


def test_cutout_hides_half_of_each_side_around_a_center_anywhere():
    torch.manual_seed(5)
    images = torch.rand(500, 1, 16, 16) + 1
    hidden = (changes.cut_out(images, ONE, 0.5) == 0.5)[:, 0]
    rows, columns = hidden.any(2).sum(1), hidden.any(1).sum(1)
    assert torch.equal(hidden.sum((1, 2)), rows * columns)
    assert {*rows.tolist(), *columns.tolist()} == {4, 5, 6, 7, 8}
    # All of it lies in the image if the center does, up to half a pixel, between a quarter and three quarters.
    assert (rows == 8).float().mean().item() == pytest.approx(0.5 + 1 / 16, abs=0.06)
    covered = hidden.float().mean(0)
    assert covered[0, 0].item() == pytest.approx((1 / 4 + 1 / 32) ** 2, abs=0.04)
    assert covered[8, 8].item() == pytest.approx(1 / 4, abs=0.06)


# How many images are changed.


@pytest.mark.parametrize("name", ALL)
def test_at_0_images_are_the_same_bit_for_bit(name):
    images = torch.rand(64, 3, 8, 8)
    assert torch.equal(FUNCTIONS[name](images, torch.tensor(0.0)), images)


@pytest.mark.parametrize(("channels", "bounds"), [(1, (0.0, 1.0)), (3, (-1.0, 1.0))])
def test_at_0_the_component_changes_nothing_also_in_half_precision(channels, bounds):
    images = torch.rand(64, channels, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = adaptive_augmentation(images, progress=torch.tensor(0.5), bounds=bounds, state=START, changes=ALL)
        assert torch.equal(seen, images)
        torch.manual_seed(15)
        inside = changed(images, 0.9)
    torch.manual_seed(15)
    assert torch.equal(inside, changed(images, 0.9))
    assert inside.dtype == torch.float32


@pytest.mark.parametrize("p", [0.1, 0.55, 1.3])
@pytest.mark.parametrize(
    ("name", "unchanged"),
    [
        ("blit", lambda p: (1 - p / 2) * (1 - 3 * p / 4) * (1 - p * 15 / 16)),
        ("geometry", lambda p: (1 - p) ** 4),
        ("color", lambda p: (1 - p) ** 4 * (1 - p / 2)),
        ("cutout", lambda p: 1 - p),
    ],
)
def test_the_share_of_images_that_stay_as_they_are(name, unchanged, p):
    """A move by less than half a pixel is none: of 16 pixels, one in four along each axis. Above 1, p is as 1."""
    torch.manual_seed(6)
    images = torch.rand(4000, 3, 16, 16)
    same = (FUNCTIONS[name](images, torch.tensor(p)) == images).flatten(1).all(1).float().mean().item()
    assert same == pytest.approx(unchanged(min(p, 1)), abs=0.025)


def test_gray_images_are_changed_by_brightness_contrast_and_luma_alone():
    torch.manual_seed(7)
    images = torch.rand(4000, 1, 4, 4)
    kept = (FUNCTIONS["color"](images, torch.tensor(0.4)) == images).flatten(1).all(1).float().mean().item()
    assert kept == pytest.approx(0.6**2 * 0.8, abs=0.025)


def test_colors_change_with_a_share_of_p():
    torch.manual_seed(8)
    images = torch.rand(4000, 3, 4, 4)
    same = (changed(images, 0.5, changes=("color",), color_share=0.5) == images).flatten(1).all(1).float().mean().item()
    assert same == pytest.approx(0.75**4 * (1 - 0.125), abs=0.025)


@pytest.mark.parametrize("name", ALL)
def test_each_kind_is_made_where_it_is_asked_for(name):
    images = torch.rand(64, 3, 8, 8)
    torch.manual_seed(9)
    expected = FUNCTIONS[name](images, torch.tensor(0.7))
    torch.manual_seed(9)
    torch.testing.assert_close(changed(images, 0.7, changes=(name,)), expected, rtol=0, atol=0)


def test_gradients_pass_through_all_changes():
    torch.manual_seed(14)
    images = torch.rand(3, 3, 6, 6, dtype=torch.float64, requires_grad=True)

    def value(x):
        torch.manual_seed(10)
        return changed(x, 0.6, changes=ALL).square().sum()

    assert torch.autograd.gradcheck(value, images)
    (slope,) = torch.autograd.grad(value(images), images)
    assert (slope != 0).any()


# The rule for p.


def critique(logits, state, boundary=0.0, progress=0.5):
    nothing = torch.zeros(len(logits), 1, 4, 4)
    outputs = (Output(logits), Output(-logits))
    return Critique(nothing, nothing, *outputs, None, None, torch.tensor(progress), state=state, boundary=boundary)


def judged(logits, state, *, boundary=0.0, progress=0.5, **hyperparameters) -> Term:
    found = adaptive_augmentation(critique(logits, state, boundary, progress), **hyperparameters)
    assert isinstance(found, Term)
    assert found.values is None
    return found


@pytest.mark.parametrize(("boundary", "start", "interval"), [(0.0, 0.0, 4), (0.5, 0.03, 3)])
def test_the_rule_against_a_loop(boundary, start, interval):
    """The released heuristic: after each `interval` batches p moves by their images / `images` toward a mean sign of `target`, at least 0."""
    generator = np.random.default_rng(11)
    batches = [generator.normal(level, 1, 10) for level in [*[2.0] * 13, *[0.2] * 40, *[2.0] * 9]]
    p, signs, expected = start, [], []
    for logits in batches:
        expected.append(p)
        signs.extend(np.sign(logits))
        if len(signs) == interval * 10:
            p = max(p + np.sign(np.mean(signs) - 0.6) * len(signs) / 1000, 0)
            signs = []
    state, found = START, []
    for logits in batches:
        term = judged(torch.from_numpy(logits + boundary).float(), state, boundary=boundary, images=1000, p=start, interval=interval)
        found.append(term.report["augmentation_p"].item())
        state = term.state
    assert found == pytest.approx(expected, abs=1e-5)
    assert max(found) > 0.05
    assert 0 in found
    assert found[-1] > 0


def test_with_the_papers_numbers_p_rises_from_0_to_1_over_500_000_images():
    state = START
    for _ in range(500_000 // 5_000):
        state = judged(torch.ones(5_000), state).state
    assert state["moved"].item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("progress", "hyperparameters", "expected"),
    [
        (0.0, {"final": 0.55, "end": 0.2}, 0.0),
        (0.05, {"final": 0.55, "end": 0.2}, 0.55 * (1 - math.cos(math.pi / 4)) / 2),
        (0.5, {"final": 0.55, "end": 0.2}, 0.55),
        (0.5, {"final": 0.2, "p": 0.6}, 0.4),
        (0.9, {"p": 0.3}, 0.3),
    ],
)
def test_without_a_target_p_follows_the_budget_alone(progress, hyperparameters, expected):
    term = judged(torch.ones(8), START, progress=progress, target=None, interval=1, images=8, **hyperparameters)
    assert term.report["augmentation_p"].item() == pytest.approx(expected, abs=1e-6)
    assert dict(term.state) == START
    torch.manual_seed(12)
    images = torch.rand(3000, 3, 4, 4)
    seen = adaptive_augmentation(
        images, progress=torch.tensor(progress), bounds=(0.0, 1.0), state=START, target=None, changes=("cutout",), **hyperparameters
    )
    assert (seen != images).flatten(1).any(1).float().mean().item() == pytest.approx(expected, abs=0.03)
