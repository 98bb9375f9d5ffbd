"""Which score ranks the models of a study through one view."""

import pytest

from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.results.record import Estimate, Scores
from landscape.trial.views import ranking

PROTOCOL = varied(get("quick"), metrics=["frechet", "kid"], objective="")


def scores(failures, *names):
    return Scores(PROTOCOL.to_json(), {name: Estimate(1.0, "lower") for name in names}, failures)


def test_the_first_metric_ranks_wherever_its_scores_stand():
    assert ranking(scores({}, "KID[pixels]", "FD[pixels]", "FD_mean[pixels]"), PROTOCOL, "d")[0] == "FD[pixels]"


def test_where_the_first_metric_failed_no_other_one_ranks_in_its_place():
    """Otherwise one model would be ranked by KID among models that are ranked by their Frechet distance."""
    failed = {PROTOCOL.metrics[0].label(): "too few samples"}
    with pytest.raises(UserError, match="too few samples"):
        ranking(scores(failed, "KID[pixels]"), PROTOCOL, "d")
