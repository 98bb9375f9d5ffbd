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
