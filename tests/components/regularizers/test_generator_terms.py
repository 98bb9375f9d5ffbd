"""Terms of G's loss, and terms of D's loss that have a state."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.components.architectures._base import Output
from landscape.components.regularizers._base import Critique, Translation
from landscape.components.regularizers.auxiliary_classifier import auxiliary_classifier
from landscape.components.regularizers.content import content
from landscape.components.regularizers.cycle import cycle
from landscape.components.regularizers.drift import drift
from landscape.components.regularizers.feature_matching import feature_matching
from landscape.components.regularizers.identity import identity
from landscape.components.regularizers.lecam import lecam
from landscape.components.regularizers.pixel import pixel
from landscape.components.regularizers.pulling_away import pulling_away
from landscape.components.regularizers.top_k import top_k
from landscape.components.regularizers.total_variation import total_variation
from landscape.core.errors import UserError


def critique(*, logits=None, features=None, progress=0.0, g_loss=None, state=None):
    n = 4 if g_loss is None else len(g_loss)
    real, fake = logits or (torch.zeros(n), torch.zeros(n))
    samples = torch.zeros(n, 2)
    outputs = Output(real), Output(fake, features)
    return Critique(
        samples, samples, *outputs, lambda x: outputs[0], lambda x: outputs[0], torch.tensor(progress), g_loss=g_loss, state=state or {}
    )


def test_drift_by_hand():
    penalty = drift(critique(logits=(torch.tensor([2.0, -3.0, 0.0, 10.0]), torch.ones(4))), weight=0.5)
    assert penalty.tolist() == [2, 4.5, 0, 50]


# Tests of the pulling-away term.


def test_pulling_away_against_a_double_loop():
    features = torch.randn(5, 7, dtype=torch.float64)
    rows = features.numpy()
    total = sum(
        (rows[i] @ rows[j] / (np.linalg.norm(rows[i]) * np.linalg.norm(rows[j]))) ** 2 for i, j in itertools.permutations(range(5), 2)
    )
    assert pulling_away(critique(features=features), weight=0.1).item() == pytest.approx(0.1 * total / 20, rel=1e-12)


def test_pulling_away_by_hand():
    assert pulling_away(critique(features=torch.eye(4)), weight=1.0).item() == 0
    assert pulling_away(critique(features=torch.ones(4, 3)), weight=1.0).item() == pytest.approx(1)
    assert pulling_away(critique(features=torch.tensor([[1.0, 0.0], [1.0, 1.0]])), weight=1.0).item() == pytest.approx(0.5)


def test_pulling_away_counts_signs_alike():
    assert pulling_away(critique(features=torch.tensor([[1.0], [-1.0]])), weight=1.0).item() == pytest.approx(1)


# Tests of top-k.


@pytest.mark.parametrize(("progress", "k"), [(0.0, 8), (0.25, 6), (0.5, 4), (1.0, 4)])
def test_top_k_leaves_the_mean_of_the_best(progress, k):
    """k / N is 0.5^(progress / 0.5), but at least 0.5: k is 8, then 8 / sqrt 2 = 5.66 rounded to 6, then 4."""
    losses = torch.tensor([5.0, 1.0, 4.0, 2.0, 8.0, 3.0, 7.0, 6.0], requires_grad=True)
    value = top_k(critique(g_loss=losses, progress=progress), smallest=0.5, end=0.5)
    total = losses.mean() + value
    assert total.item() == pytest.approx(np.mean(range(1, k + 1)), rel=1e-6)
    (gradient,) = torch.autograd.grad(total, losses)
    torch.testing.assert_close(gradient, torch.where(losses <= k, 1 / k, 0.0), rtol=1e-6, atol=1e-7)


def test_top_k_keeps_at_least_one():
    losses = torch.tensor([2.0, 1.0, 3.0])
    value = top_k(critique(g_loss=losses, progress=1.0), smallest=0.0, end=0.5)
    assert (losses.mean() + value).item() == pytest.approx(1.0)


# Tests of LeCam.


def test_lecam_two_steps_by_hand():
    state = {name: torch.tensor(0.0) for name in ("real", "fake", "share")}
    first = torch.tensor([2.0, 4.0]), torch.tensor([-1.0, 1.0])
    # After one batch the unbiased averages are the means of the batch: 3 and 0.
    value, state, _ = lecam(critique(logits=first, state=state), weight=1.0, decay=0.75)
    torch.testing.assert_close(value, torch.tensor([2.0**2 + (3 + 1.0) ** 2, 4.0**2 + (3 - 1.0) ** 2]))
    second = torch.tensor([7.0, 7.0]), torch.tensor([2.0, 2.0])
    # The average of real outputs is (0.75 0.25 3 + 0.25 7) / (0.75 0.25 + 0.25) = 37/7, that of fake ones 2 0.25 / 0.4375 = 8/7.
    value, *_ = lecam(critique(logits=second, state=state), weight=0.5, decay=0.75)
    real_anchor, fake_anchor = 37 / 7, 8 / 7
    torch.testing.assert_close(value, torch.full((2,), 0.5 * ((7 - fake_anchor) ** 2 + (2 - real_anchor) ** 2)))


def test_lecam_released_form_is_one_sided():
    state = {name: torch.tensor(0.0) for name in ("real", "fake", "share")}
    # The real outputs are below the fakes' anchor 0, and the fake ones are above the real anchor -4.
    logits = torch.tensor([-5.0, -3.0]), torch.tensor([0.0, 0.0])
    assert lecam(critique(logits=logits, state=state), form="code").values.tolist() == [0, 0]


def test_lecam_anchors_are_held_fixed():
    state = {name: torch.tensor(0.0) for name in ("real", "fake", "share")}
    real, fake = torch.tensor([1.0, 3.0], requires_grad=True), torch.tensor([0.0, 0.0], requires_grad=True)
    lecam(critique(logits=(real, fake), state=state), weight=1.0).values.sum().backward()
    torch.testing.assert_close(real.grad, 2 * real.detach())  # The derivative is that of (real - 0)^2.
    torch.testing.assert_close(fake.grad, 2 * (fake.detach() - 2))


def test_auxiliary_classifier_by_hand():
    """Minus the log of the softmax at the label: of the real samples in D's loss, and of the generated ones in G's."""
    generator = torch.Generator().manual_seed(2)
    real, fake = (torch.randn(5, 3, generator=generator) for _ in range(2))
    labels = torch.tensor([0, 1, 2, 0, 1])
    logits = torch.zeros(5)
    seen = critique(logits=(logits, logits))
    seen = replace(seen, real_output=Output(logits, None, real), fake_output=Output(logits, None, fake), condition=labels)
    for found, scores in ((seen, real), (replace(seen, g_loss=logits), fake)):
        exponents = np.exp(scores.double().numpy())
        expected = -np.log(exponents[np.arange(5), labels.numpy()] / exponents.sum(1))
        np.testing.assert_allclose(auxiliary_classifier(found, weight=2.0).numpy(), 2 * expected, rtol=1e-5)


def test_auxiliary_classifier_weighs_the_two_losses_apart():
    logits, scores = torch.zeros(2), torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    output = Output(logits, None, scores)
    in_d = replace(critique(logits=(logits, logits)), real_output=output, fake_output=output, condition=torch.tensor([0, 1]))
    in_g = replace(in_d, g_loss=logits)
    assert torch.equal(auxiliary_classifier(in_d, weight=2.0, g_weight=0.5), auxiliary_classifier(in_d, weight=2.0))
    assert torch.equal(auxiliary_classifier(in_g, weight=2.0, g_weight=0.5), auxiliary_classifier(in_g, weight=0.5))
    assert torch.equal(auxiliary_classifier(in_g, weight=2.0, g_weight=0.0), torch.zeros(2))


def test_auxiliary_classifier_needs_the_classes():
    with pytest.raises(UserError, match="d_condition=auxiliary_classifier"):
        auxiliary_classifier(critique())


# Tests of terms that compare with targets.


def beside_targets(made, target, **outputs):
    whole = critique(g_loss=torch.zeros(len(made)))
    return replace(whole, made=torch.from_numpy(made), target=torch.from_numpy(target), **outputs)


@pytest.mark.parametrize(("norm", "of"), [("l1", np.abs), ("l2", np.square)])
def test_pixel_against_numpy(norm, of):
    made, target = np.random.default_rng(0).random((2, 4, 3, 5, 6))
    expected = 7 * of(made - target).mean((1, 2, 3))
    np.testing.assert_allclose(pixel(beside_targets(made, target), weight=7, norm=norm).numpy(), expected, rtol=1e-12)


def test_total_variation_against_numpy():
    made = np.random.default_rng(0).random((4, 3, 5, 6))
    expected = 2 * ((np.diff(made, axis=2) ** 2).mean((1, 2, 3)) + (np.diff(made, axis=3) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(total_variation(beside_targets(made, made), weight=2).numpy(), expected, rtol=1e-12)
    assert total_variation(beside_targets(np.full((2, 1, 4, 4), 0.3), made), weight=2).tolist() == [0, 0]


@pytest.mark.parametrize("maps", [True, False])
@pytest.mark.parametrize("match", ["means", "rows"])
def test_feature_matching_against_numpy(match, maps):
    draw = np.random.default_rng(0).standard_normal
    real, fake = ([draw((4, 6)), draw((4, 2, 3, 3))] if maps else [draw((4, 6))] for _ in range(2))
    outputs = [Output(torch.zeros(4), torch.from_numpy(a[0]), maps=tuple(map(torch.from_numpy, a)) if maps else None) for a in (real, fake)]
    given = replace(critique(g_loss=torch.zeros(4)), real_output=outputs[0], fake_output=outputs[1])
    pairs = [(a.reshape(4, -1), b.reshape(4, -1)) for a, b in zip(real, fake, strict=True)]
    if match == "means":
        expected = 3 * np.mean([np.square(a.mean(0) - b.mean(0)).mean() for a, b in pairs])
    else:
        expected = 3 * np.mean([np.abs(a - b).mean(1) for a, b in pairs], axis=0)
    np.testing.assert_allclose(feature_matching(given, weight=3, match=match).numpy(), expected, rtol=1e-6)


def test_content_against_numpy():
    made, target = np.random.default_rng(0).random((2, 4, 3, 2, 2))
    weights = np.random.default_rng(1).random((12, 5))
    expected = 2 * np.square((made - target).reshape(4, 12) @ weights).mean(1)
    found = content(beside_targets(made, target), perceive=lambda x: x.flatten(1) @ torch.from_numpy(weights), weight=2)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_terms_name_what_they_lack():
    with pytest.raises(UserError, match="content compares a generated sample with its target"):
        content(critique(g_loss=torch.zeros(4)), perceive=torch.flatten)
    with pytest.raises(UserError, match="pixel compares a generated sample with its target"):
        pixel(critique(g_loss=torch.zeros(4)))
    with pytest.raises(UserError, match="feature_matching reads features, D gives none"):
        feature_matching(critique(g_loss=torch.zeros(4)))


# Tests of the terms of a two-way game.


def test_cycle_and_identity_against_numpy():
    a, b, made = (torch.rand(4, 3, 5, 5, dtype=torch.float64) for _ in range(3))
    way = Translation(a, b, there=lambda x: x.square() - 0.1, back=lambda x: (2 * x).sin())
    given = replace(critique(), made=made, translation=way)
    mean = (1, 2, 3)
    expected = 7 * np.abs(np.sin(2 * made.numpy()) - a.numpy()).mean(mean)
    np.testing.assert_allclose(cycle(given, weight=7.0).numpy(), expected, rtol=1e-12)
    expected = 3 * np.abs(b.numpy() ** 2 - 0.1 - b.numpy()).mean(mean)
    np.testing.assert_allclose(identity(given, weight=3.0).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("term", [cycle, identity])
def test_terms_of_two_ways_need_both(term):
    with pytest.raises(UserError, match=f"{term.__name__} needs a generator .*choose a task with a two-way game"):
        term(critique())
