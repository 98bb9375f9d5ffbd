"""Holes of held-out images, filled from the latent vector of an unconditional generator that fits the known pixels best."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from sklearn.neighbors import NearestNeighbors
from torch import nn

from landscape.components.metrics._base import Pairs, SampleSet
from landscape.components.metrics._latent_search import Descent, Fit, best_images, context_weights
from landscape.components.metrics.semantic_inpainting import nearest_images, semantic_inpainting
from landscape.components.tasks._base import Task
from landscape.components.tasks.inpainting import with_hole
from landscape.core.errors import UserError

LINEAR = torch.randn(3, 2 * 6 * 6, generator=torch.Generator().manual_seed(7)) / 20


def linear(z):
    """Two-channel images of 6 x 6 pixels whose values are linear in z [N, 3]."""
    return (z @ LINEAR + 0.5).unflatten(1, (2, 6, 6))


def given(evidence, images, **fields):
    return evidence(real_images=images, **{"latent": lambda n: torch.rand(n, 3) * 2 - 1, "generator": linear, **fields})


def drawn(count, seed=0):
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)) * 1.8 - 0.9


def a_hole(images):
    return with_hole(images, hole=0.5, place="center")


@pytest.mark.parametrize(("shape", "window"), [((9, 7), 7), ((5, 12), 3), ((6, 6), 15), ((4, 4), 1)])
def test_weights_are_the_shares_of_the_hole_in_windows(shape, window):
    mask = (torch.rand(2, 1, *shape, generator=torch.Generator().manual_seed(window)) < 0.4).float()
    expected, reach = np.zeros(mask.shape), window // 2
    for n in range(2):
        for i in range(shape[0]):
            for j in range(shape[1]):
                around = mask[n, 0, max(0, i - reach) : i + reach + 1, max(0, j - reach) : j + reach + 1].numpy()
                expected[n, 0, i, j] = 0 if mask[n, 0, i, j] else around.sum() / around.size
    np.testing.assert_allclose(context_weights(mask, window), expected, atol=1e-6)


def test_the_objective_by_hand():
    z, known = drawn(4), torch.rand(4, 2, 6, 6, generator=torch.Generator().manual_seed(1))
    weights = torch.rand(4, 1, 6, 6, generator=torch.Generator().manual_seed(2))

    def patches(x):
        return x[:, 0, :2, 0] * 5 - 1

    found = Fit(linear, patches, boundary=0.5, weight=0.3).to(known, weights)(z)
    made = linear(z).double()
    context = (weights * ((2 * made - 1) - (2 * known - 1)).abs()).sum((1, 2, 3))
    logits = patches(made) - 0.5
    expected = context + 0.3 * (1 - 1 / (1 + (-logits).exp())).log().mean(1)
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(Fit(linear, weight=0.3).to(known, weights)(z).double(), context, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("bound", [5.0, 0.3])
def test_the_search_reaches_the_optimum_of_a_linear_program(bound):
    """The weighted least absolute deviations of a linear generator, with bounds of z that do and do not hold it back."""
    images = torch.rand(3, 2, 6, 6, generator=torch.Generator().manual_seed(3))
    condition = a_hole(images)
    weights = context_weights(condition[:, -1:], 3)
    limits = torch.full((3,), bound)
    starts = torch.zeros(1, 3, 3)
    made = best_images(Fit(linear), Descent(3000, 0.05, -limits, limits), condition[:, :-1], weights, starts)
    reached = 2 * (weights * (made - condition[:, :-1]).abs()).sum((1, 2, 3))
    for image, w, value in zip(condition[:, :-1], weights, reached, strict=True):
        w = w.expand_as(image).flatten().double().numpy()
        slope, target, size = LINEAR.double().numpy().T, (image.flatten().double() - 0.5).numpy(), image.numel()
        bounds = [(-bound, bound)] * 3 + [(0, None)] * size
        above, below = np.hstack([slope, -np.eye(size)]), np.hstack([-slope, -np.eye(size)])
        best = linprog(np.r_[0, 0, 0, 2 * w], np.vstack([above, below]), np.r_[target, -target], bounds=bounds)
        assert float(value) == pytest.approx(best.fun, rel=2e-3)


def test_the_rate_falls_along_a_line():
    """Where the slope stays the same, each of Adam's steps is as long as its rate."""
    limits = torch.full((2,), 50.0)
    found = Descent(40, 0.5, -limits, limits).minimize(lambda z: z @ torch.tensor([3.0, -0.2]), torch.tensor([[1.0, 2.0]]))
    way = 0.5 * sum(1 - k / 40 for k in range(40))
    torch.testing.assert_close(found, torch.tensor([[1 - way, 2 + way]]))


def test_images_that_the_generator_can_make_are_filled_exactly(evidence):
    images = (linear(drawn(30)) * 255).round()
    found = semantic_inpainting(given(evidence, images, discriminator=None), prior=0, iterations=800, images=20)
    assert found["inpainting_L1"].value < 0.5 / 255
    assert found["inpainting_PSNR"].value > 50
    assert found["inpainting_L1_mean_fill"].value > 0.02
    assert found["inpainting_L1"].n_real == found["inpainting_L1"].n_fake == 20
    assert [e.direction for e in found.values()] == ["lower", "higher", "none", "none"]


def test_scores_and_intervals_by_hand(evidence):
    """The generator makes black images, so that the scores are those of the hole's own values."""
    images = torch.randint(1, 255, (12, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    black = given(evidence, images, generator=lambda z: (0 * z[:, :1, None, None]).expand(-1, 3, 8, 8) - 0.2)
    found = semantic_inpainting(black, prior=0, iterations=2)
    hole = images[:, :, 2:6, 2:6].double().flatten(1).numpy()
    rim = images.double().numpy()
    rim[:, :, 2:6, 2:6] = np.nan
    mean = np.nanmean(rim, (2, 3)).round()[:, :, None]
    fillings = {"": hole, "_mean_fill": hole - np.repeat(mean, 16, 2).reshape(12, -1)}
    for end, difference in fillings.items():
        for name, values in (
            ("inpainting_L1", np.abs(difference).mean(1) / 255),
            ("inpainting_PSNR", 10 * np.log10(255**2 / (difference**2).mean(1))),
        ):
            estimate = found[name + end]
            assert estimate.value == pytest.approx(values.mean(), rel=1e-5)
            reach = 1.96 * values.std(ddof=1) / math.sqrt(12)
            assert estimate.interval == pytest.approx((values.mean() - reach, values.mean() + reach), rel=1e-4)
    assert f"mean fill {found['inpainting_PSNR_mean_fill'].value:.4g}" in found["inpainting_PSNR"].note


def of_hole_alone(z):
    """Gray images whose hole has the brightness sigmoid(z), of which known pixels say nothing."""
    mask = a_hole(torch.zeros(1, 1, 8, 8))[:, -1:]
    return 0.5 + mask * (z[:, :1, None, None].sigmoid() - 0.5)


def test_the_prior_moves_what_the_known_pixels_leave_open(evidence):
    images = torch.full((6, 1, 8, 8), 127.5)
    images[:, :, 2:6, 2:6] = 255

    def scored(sign, prior, **fields):
        given_ = given(evidence, images, generator=of_hole_alone, discriminator=lambda x: sign * (x.mean((1, 2, 3)) - 0.5) * 40, **fields)
        return semantic_inpainting(given_, prior=prior, iterations=150)

    without, bright, dark = (scored(sign, prior)["inpainting_L1"].value for sign, prior in ((1, 0), (1, 1), (-1, 1)))
    assert bright < without - 0.1 < dark - 0.2
    critic = scored(1, 1, boundary=None)
    assert critic["inpainting_L1"].value == without
    assert scored(1, 1, boundary=1000.0)["inpainting_L1"].value == without, "D is certain that all is generated, so that its slope is 0"
    assert "without prior, because this D gives no logit" in critic["inpainting_L1"].note
    assert critic["inpainting_L1"].kind != scored(1, 1)["inpainting_L1"].kind


def test_the_start_that_ends_lowest_is_taken():
    """The known value 0.25 has a local minimum at z near -1 and its best fit at z near 2."""

    def generator(z):
        return (0.5 - 0.1 * (z + 1) ** 2 * (z < 0.5) - 0.25 * (z >= 0.5))[:, :, None, None] + 0 * z[:, :, None, None]

    known, weights, limits = torch.full((2, 1, 1, 1), 0.25), torch.ones(2, 1, 1, 1), torch.tensor([3.0])
    good, bad = torch.tensor([2.0]), torch.tensor([-1.0])
    starts = torch.stack([torch.stack([good, bad]), torch.stack([bad, good])])
    for order in (starts, starts.flip(0)):
        made = best_images(Fit(generator), Descent(3, 0.01, -limits, limits), known, weights, order)
        torch.testing.assert_close(made, known)


def test_what_the_search_is_asked(evidence, monkeypatch):
    asked, draws = {}, []

    def search(fit, descent, known, weights, starts):
        asked.update(fit=fit, descent=descent, known=known, weights=weights, starts=starts)
        return known

    def latent(n):
        draws.append(torch.randn(n, 3))
        return draws[-1]

    monkeypatch.setattr("landscape.components.metrics.semantic_inpainting.best_images", search)
    images = torch.randint(0, 256, (5, 2, 9, 9), dtype=torch.uint8)
    found = semantic_inpainting(
        given(evidence, images, latent=latent), hole=0.7, iterations=12, learning_rate=0.4, restarts=3, prior=0, window=3
    )
    assert (asked["descent"].iterations, asked["descent"].learning_rate) == (12, 0.4)
    assert torch.equal(asked["descent"].low, draws[0].amin(0))
    assert torch.equal(asked["descent"].high, draws[0].amax(0))
    assert asked["starts"].shape == (3, 5, 3)
    assert torch.equal(asked["starts"].flatten(0, 1), draws[1])
    mask = torch.zeros(5, 1, 9, 9)
    mask[:, :, 1:7, 1:7] = 1
    assert torch.equal(asked["weights"], context_weights(mask, 3))
    assert sorted(asked["known"].sum((1, 2, 3)).tolist()) == pytest.approx(sorted((images / 255 * (1 - mask)).sum((1, 2, 3)).tolist()))
    assert found["inpainting_L1"].note.startswith("without prior; 12 steps from 3 draws of z, not blended; mean fill")


def test_the_nearest_image_reads_known_pixels_alone(monkeypatch):
    monkeypatch.setattr("landscape.components.metrics.semantic_inpainting.ROWS", 16)
    generator = torch.Generator().manual_seed(9)
    images = torch.rand(10, 2, 6, 6, generator=generator)
    candidates = torch.randint(0, 256, (50, 2, 6, 6), dtype=torch.uint8, generator=generator)
    condition = a_hole(images)
    rim = (condition[0, -1:] == 0).expand(2, 6, 6).flatten()
    index = NearestNeighbors(n_neighbors=1).fit(candidates.flatten(1)[:, rim] / 255).kneighbors(images.flatten(1)[:, rim])[1][:, 0]
    found = nearest_images(condition[:, :-1], condition[:, -1:], candidates)
    torch.testing.assert_close(found, candidates[index].float() / 255)


def test_training_images_are_a_yardstick(evidence):
    images = torch.randint(0, 256, (9, 2, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))
    found = semantic_inpainting(given(evidence, images, train=SampleSet(images=images)), prior=0, iterations=2)
    assert found["inpainting_L1_nearest"].value == 0
    assert "; nearest training image 0" in found["inpainting_L1"].note


def networks():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        generator = nn.Sequential(nn.Linear(3, 72), nn.BatchNorm1d(72), nn.Sigmoid(), nn.Unflatten(1, (2, 6, 6)))
        return generator.eval(), nn.Sequential(nn.Flatten(), nn.Linear(72, 1), nn.Flatten(0)).eval()


def test_the_same_scores_again_and_nothing_is_changed(evidence):
    generator, discriminator = networks()
    weights = [{name: value.clone() for name, value in network.state_dict().items()} for network in (generator, discriminator)]
    images = torch.randint(0, 256, (20, 2, 6, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(6))
    whole = given(evidence, images, generator=generator, discriminator=discriminator, seed=3)
    state, before = torch.get_rng_state(), images.clone()
    with torch.no_grad():
        first = semantic_inpainting(whole, iterations=20, images=12)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(5)
    assert semantic_inpainting(whole, iterations=20, images=12) == first
    other = semantic_inpainting(replace(whole, seed=4), iterations=20, images=12)
    assert other["inpainting_L1_mean_fill"].value != first["inpainting_L1_mean_fill"].value, "other images are drawn"
    assert len(semantic_inpainting(whole, iterations=2, images=500)) == 4
    assert semantic_inpainting(whole, iterations=2, images=500)["inpainting_L1"].n_real == 20
    assert torch.equal(images, before)
    for network, kept in zip((generator, discriminator), weights, strict=True):
        assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())
        assert all(p.grad is None and p.requires_grad for p in network.parameters())


def test_batches_do_not_change_the_search(monkeypatch):
    generator, discriminator = networks()
    condition = a_hole(torch.rand(7, 2, 6, 6, generator=torch.Generator().manual_seed(8)))
    fit, limits = Fit(generator, discriminator, 0.0, 0.1), torch.ones(3)
    arguments = condition[:, :-1], context_weights(condition[:, -1:], 7), drawn(14).unflatten(0, (2, 7))
    whole = best_images(fit, Descent(30, 0.1, -limits, limits), *arguments)
    monkeypatch.setattr("landscape.components.metrics._latent_search.BATCH", 3)
    torch.testing.assert_close(best_images(fit, Descent(30, 0.1, -limits, limits), *arguments), whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("fields", "hyperparameters", "reason"),
    [
        ({"generator": None}, {}, "needs the generator"),
        ({}, {}, r"needs the discriminator \(or prior=0\)"),
        ({"images": torch.rand(9, 3)}, {"prior": 0}, r"fills holes of images, not samples of shape \(3,\)"),
        ({"pairs": Pairs(Task("inpainting"), torch.zeros(4, 3, 6, 6))}, {}, "a generator without condition, not of task 'inpainting'"),
        ({}, {"prior": 0, "window": 4}, "window=4 has no pixel in its center"),
        ({}, {"prior": 0, "hole": 0.01}, "hole=0.01 of 6 pixels is 0"),
        ({"generator": lambda z: linear(z) / 0}, {"prior": 0, "iterations": 2}, "what the networks give is not finite"),
        ({"discriminator": lambda x: x.sum((1, 2, 3)) * math.nan}, {"iterations": 2}, "what the networks give is not finite"),
    ],
)
def test_bad_input(evidence, fields, hyperparameters, reason):
    images = fields.pop("images", torch.rand(4, 2, 6, 6) * 255)
    with pytest.raises(UserError, match=reason):
        semantic_inpainting(given(evidence, images, **fields), **hyperparameters)


def test_a_generator_without_gradients_is_refused(evidence):
    generator, discriminator = networks()
    whole = given(evidence, torch.rand(4, 2, 6, 6) * 255, discriminator=discriminator)
    for made in (torch.no_grad()(generator), lambda z: generator(z.detach())):
        with pytest.raises(UserError, match="gradients, which do not pass through this generator"):
            semantic_inpainting(replace(whole, generator=made), iterations=2)
