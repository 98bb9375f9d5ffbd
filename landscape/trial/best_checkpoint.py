"""Keeps the weights of a training that are the best on the selection samples."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from landscape.config.protocol import Protocol
from landscape.results.record import Scores
from landscape.results.score_names import same_score


@dataclass
class Selected:
    """The best weights so far on the selection samples, and the objective at every point."""

    points: list[tuple[float, float]] = field(default_factory=list)
    state: dict[str, torch.Tensor] | None = None
    value: float = math.inf
    distances: list[tuple[float, float]] = field(default_factory=list)
    """How far the weights at every point were from the best ones until then, as a share of the norm of these. It is 0 for the best."""

    def offer(self, scores: Scores, rounds: int, network: torch.nn.Module) -> None:
        """Keep the weights of `network` if the objective is better than any before. A score that could not be computed is no point."""
        wanted = str(scores.protocol["objective"])
        estimate = next((found for name, found in scores.estimates.items() if same_score(name, wanted)), None)
        if estimate is None:
            return
        self.points.append((float(rounds), estimate.value))
        cost = estimate.value if estimate.direction == "lower" else -estimate.value
        if cost < self.value:
            self.value, self.state = cost, {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
        if self.state is not None:
            self.distances.append((float(rounds), _distance(network, self.state)))


def _distance(network: torch.nn.Module, best: Mapping[str, torch.Tensor]) -> float:
    """Return |weights - best| / |best| over all parameters of `network`."""
    weights = {name: weight.detach().cpu().double() for name, weight in network.named_parameters()}
    apart = sum(float((weight - best[name]).square().sum()) for name, weight in weights.items())
    return math.sqrt(apart / max(sum(float(best[name].double().square().sum()) for name in weights), 1e-300))


def of_checkpoint(protocol: Protocol, which: str) -> Protocol:
    """Return `protocol` as it scores the checkpoint `which`.

    The protocol's own name stands for the checkpoint that it prescribes, which for some published protocols is the best one on the test
    set. Any other checkpoint is scored under another protocol, `NAME/last` or `NAME/best_on_selection`, with a digest of its own.
    """
    if protocol.checkpoint == which:
        return protocol
    return Protocol.parse(protocol.to_json() | {"name": f"{protocol.name}/{which}", "checkpoint": which})


def spaced(total: int | None, n: int) -> set[int]:
    """Return `n` evenly spaced rounds, which include the last one, or none if the budget is not known in rounds."""
    return {total * k // n for k in range(1, n + 1)} - {0} if total and n else set()
