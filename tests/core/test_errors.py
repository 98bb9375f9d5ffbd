"""Tests of the error for a name that does not exist."""

from landscape.core.errors import UserError, unknown


def test_suggests_the_nearest_and_lists_the_valid_sorted():
    error = unknown("loss", "wasserstien", ["wasserstein", "hinge"])
    assert isinstance(error, UserError)
    assert str(error) == "unknown loss 'wasserstien': did you mean 'wasserstein'? choose from hinge, wasserstein"


def test_no_suggestion_where_nothing_is_near():
    assert str(unknown("loss", "zzz", ["hinge"])) == "unknown loss 'zzz': choose from hinge"


def test_empty_registry():
    assert str(unknown("loss", "x", [])) == "unknown loss 'x': choose from nothing (none is registered)"
