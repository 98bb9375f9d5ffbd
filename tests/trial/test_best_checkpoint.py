"""Which weights count as the best: by the protocol's own objective, whatever else its metric measures."""

import pytest
import torch

from landscape.results.record import Estimate, Scores
from landscape.trial.best_checkpoint import Selected


@pytest.mark.parametrize(("objective", "chosen"), [("recall[classifier]", 2.0), ("precision[classifier]", 1.0), ("spread", 1.0)])
def test_weights_are_chosen_by_the_objective(objective, chosen):
    selected = Selected()
    for step, precision, recall, spread in ((1, 0.9, 0.1, 1.0), (2, 0.2, 0.8, 2.0)):
        names = {"precision[classifier:digits]": (precision, "higher"), "recall[classifier:digits]": (recall, "higher")}
        names["spread"] = (spread, "lower")
        estimates = {name: Estimate(value, direction) for name, (value, direction) in names.items()}
        network = torch.nn.Linear(1, 1)
        torch.nn.init.constant_(network.weight, step)
        selected.offer(Scores({"objective": objective}, estimates), step, network)
    assert selected.state["weight"].item() == chosen
    assert len(selected.points) == 2


def test_a_score_that_is_not_there_is_no_point():
    selected = Selected()
    selected.offer(Scores({"objective": "recall"}, {"precision": Estimate(1.0, "higher")}), 1, torch.nn.Linear(1, 1))
    assert selected.points == []
    assert selected.state is None


def test_the_distance_from_the_best_weights_so_far_is_a_share_of_their_norm():
    selected, network = Selected(), torch.nn.Linear(2, 1, bias=False)
    for step, (weights, value) in enumerate([([3.0, 4.0], 2.0), ([3.0, 1.0], 3.0), ([6.0, 8.0], 1.0), ([6.0, 3.0], 5.0)]):
        network.weight.data = torch.tensor([weights])
        selected.offer(Scores({"objective": "FD"}, {"FD": Estimate(value, "lower")}), step, network)
    # From (3, 4) to (3, 1) it is 3 of 5, and from (6, 8) to (6, 3) it is 5 of 10.
    assert selected.distances == [(0.0, 0.0), (1.0, 0.6), (2.0, 0.0), (3.0, 0.5)]
