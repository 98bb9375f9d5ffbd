"""The control of every claim of conditioning: a model is given the conditions of other rows, and is scored as if they were its own.

The set of samples stays as good as it was, so that a score that reads the condition falls to chance if the model is what makes it good. If
it does not fall, the score would be as good without the condition.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Pairs
from landscape.components.tasks._base import Task
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.core.errors import UserError
from landscape.evaluation.sampling import RowSampler, Sampler
from landscape.results.record import Scores
from landscape.results.score_names import EXCHANGED

EXCHANGE_SEED = 700_000
"""A number that is added to the protocol's seed, from which the order of the conditions is drawn."""


def in_circle(n: int, seed: int) -> Tensor:
    """Return for each of n rows the row whose condition it is given, [n] int64: one random circle through all, so that none keeps its own.

    A row may be given an equal condition of another row, such as the same class, as often as that comes by chance.
    """
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return torch.empty_like(order).index_copy_(0, order, order.roll(1))


@dataclass(frozen=True)
class OfOtherRows:
    """A sampler whose i-th sample is made under the condition of another row, while the i-th condition, by which it is scored, stays."""

    sampler: RowSampler
    seed: int

    @property
    def pairs(self) -> Pairs:
        """The conditions in their own order."""
        return self.sampler.pairs

    def __call__(self, n: int, seed: int) -> Tensor:
        """Return n samples under the conditions of other rows."""
        return self.of_rows(torch.arange(n) % len(self.pairs.conditions), seed)

    def of_rows(self, rows: Tensor, seed: int) -> Tensor:
        """Return a sample under the condition of another row than each of `rows` [n] int64."""
        return self.sampler.of_rows(in_circle(len(self.pairs.conditions), self.seed)[rows], seed)


def of_other_rows(sampler: Sampler, seed: int) -> Sampler:
    """Return a sampler that makes the same samples, but says of each that it was asked for under the condition of another row."""
    if isinstance(sampler, RowSampler):
        return OfOtherRows(sampler, seed)

    def exchanged(n: int, block_seed: int) -> Tensor | tuple[Tensor, Tensor]:
        made = sampler(n, block_seed)
        assert isinstance(made, tuple)
        samples, labels = made
        return samples, labels[in_circle(n, seed + block_seed)]

    return exchanged


def under_exchange(protocol: Protocol, task: Task) -> Protocol:
    """Return `protocol` with those of its metrics that read the conditions of generated samples.

    Raises:
        UserError: The task gives its samples no conditions, has no right answer to one, or no metric of the protocol reads them.
    """
    if task.facts.condition == "none":
        raise UserError(f"task {task.name!r} has no conditions that could be exchanged: choose a model of a task with a condition")
    if task.facts.game == "two_way":
        raise UserError(
            f"in task {task.name!r} no picture of one set belongs to a picture of the other, so that nothing is paired that could be "
            "exchanged: look at content_kept instead"
        )
    needs = {m.name: METRICS[m.name].facts.needs for m in protocol.metrics}
    reading = [m.to_json() for m in protocol.metrics if needs[m.name] & {"labels", "pairs"} and "draws" not in needs[m.name]]
    if not reading:
        known = "class_accuracy" if task.facts.condition == "class" else "psnr" if task.facts.has_target else "word_accuracy"
        raise UserError(
            f"no metric of protocol {protocol.name!r} reads the conditions that would be exchanged: add one, such as --metrics {known}"
        )
    return varied(protocol, metrics=reading)


def named(scores: Scores) -> Scores:
    """Return scores under exchanged conditions by names of their own, so that none can be taken for the model's score."""
    return replace(
        scores,
        estimates={EXCHANGED + name: estimate for name, estimate in scores.estimates.items()},
        failures={EXCHANGED + name: reason for name, reason in scores.failures.items()},
    )
