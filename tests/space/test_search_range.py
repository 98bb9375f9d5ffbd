"""A searched parameter: its range or choices, and what it sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.core.errors import UserError
from landscape.space.search_range import Parameter, set_field


@st.composite
def ranges(draw):
    integer, log = draw(st.booleans()), draw(st.booleans())
    low = draw(st.integers(1, 50)) if integer else draw(st.floats(1e-6, 10))
    high = low + draw(st.integers(1, 100)) if integer else low * draw(st.floats(1.01, 1e5))
    return Parameter(min=low, max=high, scaling="log" if log else "linear", integer=integer, points=draw(st.integers(2, 9)))


@given(ranges(), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_every_share_is_held_and_comes_back(parameter, share):
    value = parameter.at(share)
    assert parameter.holds(value)
    assert parameter.at(parameter.share(value)) == pytest.approx(value)
    grid = parameter.grid()
    assert grid
    assert all(parameter.holds(v) or v == pytest.approx(parameter.max) for v in grid)
    assert Parameter.parse(parameter.to_json()) == parameter


def test_values_worked_by_hand():
    rate = Parameter(min=1e-5, max=1e-1, scaling="log", points=5)
    assert rate.at(0.5) == pytest.approx(1e-3)
    assert rate.share(1e-4) == pytest.approx(0.25)
    assert rate.grid() == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    steps = Parameter(min=1, max=5, integer=True, points=5)
    assert [steps.at(s) for s in (0, 0.19, 0.21, 0.5, 0.99, 1)] == [1, 1, 2, 3, 5, 5]
    assert steps.grid() == [1, 2, 3, 4, 5]
    assert Parameter(min=1, max=4, integer=True, points=9).grid() == [1, 2, 3, 4]
    assert not steps.holds(2.5)
    assert not steps.holds(True)
    assert not steps.holds("2")
    assert not steps.holds(6)


def test_integers_are_equally_likely():
    steps = Parameter(min=2, max=6, integer=True)
    counts = np.bincount([steps.at(s) for s in np.linspace(0, 1, 10_001)])[2:]
    assert counts.min() == pytest.approx(counts.max(), rel=0.01)


def test_choices_that_set_several_fields():
    settings_ = [{"d_optimizer.beta1": 0.5, "d_steps_per_round": 5}, {"d_optimizer.beta1": 0.9, "d_steps_per_round": 1}]
    parameter = Parameter(choices=settings_)
    assert parameter.values == ("d_optimizer.beta1=0.5, d_steps_per_round=5", "d_optimizer.beta1=0.9, d_steps_per_round=1")
    assert parameter.fields("setting", parameter.values[1]) == settings_[1]
    assert set(parameter.targets("setting")) == {"d_optimizer.beta1", "d_steps_per_round"}
    assert [parameter.at(s) for s in (0, 0.49, 0.5, 1)] == [parameter.values[i] for i in (0, 0, 1, 1)]


def test_choices_tell_true_from_one():
    parameter = Parameter(choices=[True, False])
    assert parameter.holds(True)
    assert not parameter.holds(1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "either min and max, or choices"),
        ({"min": 1}, "min below max"),
        ({"min": 2, "max": 1}, "min below max"),
        ({"min": 1, "max": 1}, "min below max"),
        ({"min": 0, "max": 1, "scaling": "log"}, "min above 0"),
        ({"min": 0.5, "max": 2, "integer": True}, "whole numbers"),
        ({"min": 0, "max": 1, "choices": [1]}, "either min and max, or choices"),
        ({"choices": [1, 1]}, "differ"),
        ({"choices": [1, {"batch_size": 2}]}, "all of them mappings"),
        ({"choices": [{"batch_size": 2}], "sets": "seed"}, "all of them mappings"),
        ({"min": 0, "max": 1, "scaling": "lg"}, "linear"),
        ({"min": 0, "max": 1, "steps": 3}, "unknown field of Parameter 'steps'"),
        ({"min": "low", "max": 1}, "min='low'"),
    ],
)
def test_mistakes_are_named(data, message):
    with pytest.raises(UserError, match=message):
        Parameter.parse(data)


def test_fields_and_components_are_set_where_they_are():
    data = {
        "loss": {"name": "hinge", "hyperparameters": {}},
        "regularizers": [{"name": "gradient_penalty", "hyperparameters": {}, "every": 1}],
        "latent": None,
    }
    assert set_field(data, "d_optimizer.schedule.final", 0.1)
    assert set_field(data, "latent.dim", 7)
    assert set_field(data, "gradient_penalty.weight", 3.0)
    assert set_field(data, "gradient_penalty.every", 4)
    assert not set_field(data, "dragan.weight", 3.0)
    assert data == {
        "loss": {"name": "hinge", "hyperparameters": {}},
        "regularizers": [{"name": "gradient_penalty", "hyperparameters": {"weight": 3.0}, "every": 4}],
        "latent": {"dim": 7},
        "d_optimizer": {"schedule": {"final": 0.1}},
    }
