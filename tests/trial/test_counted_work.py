"""The counted work of a round: what a regularizer adds that is not part of every round."""

import pytest

from landscape.config.trial_config import TrialConfig
from landscape.trial.operations import operations

TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "non_saturating", "batch_size": 16, "budget": {"amount": 40}}


def counted(*regularizers, **fields):
    return operations(TrialConfig.parse(TINY | {"regularizers": list(regularizers)} | fields))


@pytest.mark.parametrize("fields", [{}, {"d_steps_per_round": 2}], ids=["one D step", "two D steps"])
def test_a_regularizer_of_every_fourth_step_costs_a_quarter(fields):
    """The first round, in which every regularizer is due, is not the one that is counted, nor is a round in which none is."""
    without, always = counted(**fields), counted("gradient_penalty", **fields)
    assert always > 1.05 * without
    lazy = counted({"name": "gradient_penalty", "every": 4}, **fields)
    assert lazy - without == pytest.approx((always - without) / 4)


def test_what_is_measured_for_learning_curves_is_no_part_of_a_round():
    """A budget of 40 rounds has a point of the learning curves after each of them, a long one seldom has any."""
    assert counted(budget={"amount": 40}) == counted(budget={"amount": 1_000_000})
