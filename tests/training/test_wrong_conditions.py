"""Conditions that do not belong to real samples: which they are, and what `mismatch` makes of them under every task that shows D a condition."""

import numpy as np
import pytest
import torch

import landscape
from landscape.components.losses._base import LOSSES
from landscape.components.tasks._wrong import wrong_conditions
from landscape.config.conditions import require_wrong
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError
from landscape.core.errors import UserError

BASE = {
    "dataset": "digits",
    "loss": "non_saturating",
    "regularizers": [{"mismatch": {"weight": 0.3}}],
    "batch_size": 6,
    "budget": {"amount": 4},
}
OF_CLASSES = {"task": "class_conditional", "architecture": {"mlp": {"width": 8}}}
CONCATENATED = {"task": "class_conditional", "architecture": {"mlp": {"width": 8, "d_condition": "concat"}}}
ENLARGING = {"task": {"super_resolution": {"factor": 2}}, "architecture": {"srresnet": {"width": 4, "d_width": 4, "blocks": 1}}}
FILLING = {"task": {"inpainting": {"place": "random"}}, "architecture": {"unet": {"width": 4}}}
OF_ENERGIES = {"task": "class_conditional", "architecture": {"autoencoder_mlp": {}}}
LOGITS, ENERGIES = ([name for name in LOSSES.names() if LOSSES[name].facts.inputs == inputs] for inputs in ("logits", "energies"))
CROSSINGS = [
    *((loss, OF_CLASSES) for loss in LOGITS),
    *((loss, OF_ENERGIES) for loss in ENERGIES),
    *(("non_saturating", fields) for fields in (CONCATENATED, ENLARGING, FILLING)),
    ("relativistic_pairing", ENLARGING),
]


@pytest.mark.parametrize(
    ("conditions", "classes"),
    [(torch.randint(0, 3, (40,)), 3), (torch.randint(0, 2, (40, 1, 2, 2)).float(), 0), (torch.randint(0, 2, (40, 3)), 0)],
)
def test_a_wrong_condition_is_that_of_another_row_and_never_the_right_one(conditions, classes):
    rows, seen = conditions.reshape(40, -1), set()
    for _ in range(30):
        wrong = wrong_conditions(conditions, classes)
        assert wrong.dtype == conditions.dtype
        assert wrong.shape == conditions.shape
        assert (wrong.reshape(40, -1) != rows).any(1).all()
        seen |= {tuple(row) for row in wrong.reshape(40, -1).tolist()}
    assert seen == {tuple(row) for row in rows.tolist()}


def test_where_all_rows_have_the_same_condition_another_one_stands():
    assert wrong_conditions(torch.tensor([3, 3]), 10).tolist() == [4, 4]
    assert wrong_conditions(torch.tensor([9, 9]), 10).tolist() == [0, 0]
    assert wrong_conditions(torch.ones(2, 1, 2, 2), 0).abs().sum() == 0


@pytest.mark.parametrize(("loss", "fields"), CROSSINGS)
def test_the_loss_of_d_is_the_mixture_of_gan_cls(loss, fields):
    gan = landscape.build(BASE | fields | {"loss": loss})
    game, batch = gan.game, gan.rounds.stream.next(6)
    gan.discriminator.eval()
    fake = game.fakes(batch, gan.draw_z(6)).detach()
    outputs = [game.criticize(*of).logit for of in ((batch.real, batch.condition), (fake, batch.condition), (batch.real, batch.wrong))]
    real, generated, wrong = (output.flatten(1).mean(1) if output.ndim > 1 else output for output in outputs)
    assert not torch.equal(real, wrong)
    expected = 0.7 * game._call_loss(outputs[0], outputs[1]).d.mean() + 0.3 * game._call_loss(real, wrong).d.mean()
    if outputs[0].ndim > 1:  # The term is on the mean logit of a sample, the loss on each patch.
        expected = game._call_loss(outputs[0], outputs[1]).d.mean()
        expected = expected + 0.3 * (game._call_loss(real, wrong).d - game._call_loss(real, generated).d).mean()
    torch.testing.assert_close(game.d_objective(batch, fake, due=("mismatch",)).total, expected)
    if loss == "non_saturating" and fields in (OF_CLASSES, CONCATENATED):  # Algorithm 1 of the paper in NumPy.
        r, f, w = (values.detach().double().numpy() for values in (real, generated, wrong))
        by_hand = np.logaddexp(0, -r) + 0.3 * np.logaddexp(0, w) + 0.7 * np.logaddexp(0, f)
        np.testing.assert_allclose(expected.item(), by_hand.mean(), rtol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        OF_CLASSES,
        OF_CLASSES | {"order": "simultaneous"},
        OF_CLASSES | {"regularizers": ["mismatch", {"unrolled": {"k": 1}}]},
        ENLARGING,
        FILLING,
    ],
)
def test_every_call_of_d_gets_the_right_condition_but_that_of_the_term_alone(fields):
    gan = landscape.build(BASE | {"joint_d_call": False} | fields)
    calls, batches, stream = [], [], gan.rounds.stream
    drawn = stream.next
    stream.next = lambda size: batches.append(drawn(size)) or batches[-1]
    gan.discriminator.register_forward_pre_hook(lambda module, given: calls.append(given))
    gan.run_rounds(1)
    assert batches
    shown_wrong = 0
    for samples, condition in calls:
        (batch,) = (b for b in batches if torch.equal(condition, b.condition) or torch.equal(condition, b.wrong))
        if torch.equal(condition, batch.wrong):
            shown_wrong += 1
            assert torch.equal(samples, batch.real)
    assert shown_wrong >= 1
    assert shown_wrong < len(calls) / 2


@pytest.mark.parametrize("fields", [OF_CLASSES, ENLARGING])
def test_without_the_term_nothing_is_drawn_for_it(fields):
    gan = landscape.build(BASE | fields | {"regularizers": []})
    before = torch.get_rng_state()
    assert gan.rounds.stream.next(6).wrong is None
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"architecture": "mlp"}, "task 'unconditional' shows it none: choose one of class_conditional"),
        ({"task": "inference", "architecture": "mlp"}, "task 'inference' shows it none"),
        (
            {"task": "unpaired", "dataset": "printed_digits", "architecture": ENLARGING["architecture"]},
            "task 'unpaired' shows it none",
        ),
        (
            OF_CLASSES
            | {"architecture": {"mlp": {"d_condition": "auxiliary_classifier"}}, "regularizers": ["mismatch", "auxiliary_classifier"]},
            "with d_condition=auxiliary_classifier the logit reads none: choose d_condition=projection or concat",
        ),
    ],
)
def test_it_is_refused_where_d_reads_no_condition(fields, reason):
    with pytest.raises(UndefinedCombinationError, match=reason):
        TrialConfig.parse(BASE | fields)


def test_data_of_one_class_have_no_wrong_one():
    config = TrialConfig.parse(BASE | OF_CLASSES)
    require_wrong(config, 2)
    with pytest.raises(UserError, match="shows D wrong classes, data set 'digits' has one class: leave it out"):
        require_wrong(config, 1)
    require_wrong(config.replace(regularizers=[]), 1)
