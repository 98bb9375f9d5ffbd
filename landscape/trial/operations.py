"""Counts the work of training: the multiplications and additions in the matrix products and convolutions of a round."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from landscape.components.datasets._base import DATASETS, Dataset, Split
from landscape.config.compatibility import packing_degree
from landscape.config.trial_config import TrialConfig
from landscape.training.cuda_graph_blocks import period
from landscape.training.gan import GAN

CLASSES = 10
"""The number of classes of noise. A layer that takes the class has few products beside the others, however many classes there are."""
FEWEST = 2
"""The number of samples in a batch while products are counted. The counts are in proportion to the size of the batch."""


class Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts multiplications and additions in matrix products and convolutions as they run.

    Torch's own counter hooks modules, which gradients of gradients do not allow.
    """

    total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function and count its products."""
        out = function(*args, **(kwargs or {}))
        if (formula := flop_registry.get(function._overloadpacket)) is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def products(gan: GAN) -> float:
    """Count the multiplications and additions of a round of a prepared model.

    A regularizer that is due at every k-th step only is no part of most rounds. So the rounds of one whole period are run, after which
    the same regularizers are due again, and the mean over them is returned. What learning curves measure between rounds does not count.
    """
    rounds = period(gan.config)
    with Counter() as counter:  # type: ignore[no-untyped-call]
        for _ in range(rounds):
            gan.rounds.grow()
            gan.rounds.play()
    gan.settle()
    return float(counter.total / rounds)


def noise(config: TrialConfig, count: int) -> Dataset:
    """Return `count` samples of noise of the shape that `config` trains on: [count, dimension] points or [count, C, H, W] images."""
    facts = DATASETS[config.dataset.name].facts
    generator, labels = torch.Generator().manual_seed(0), torch.arange(count) % CLASSES
    if facts.samples == "points":
        assert facts.shape is not None
        points = torch.randn(count, *facts.shape, generator=generator)
        return Dataset("noise", {"train": Split(points, labels)}, content_hash="0" * 16, classes=CLASSES, bounds=None)
    channels = config.channels or (facts.shape[0] if facts.shape else 3)
    side = config.resolution or (facts.shape[1] if facts.shape else 32)
    images = torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8, generator=generator)
    parts = {"train": Split(images, labels)}
    return Dataset("noise", parts, content_hash="0" * 16, other=parts, classes=CLASSES, bounds=(0.0, 1.0))


def operations(config: TrialConfig) -> float:
    """Return the multiplications and additions of a round at the batch sizes of `config`, as a mean over the period of its regularizers."""
    g_batch = config.g_batch_size or config.batch_size
    # The few samples keep the ratio of G's batch to D's, and both networks see at least two, which batch norm needs.
    batch = FEWEST * packing_degree(config) * max(1, round(config.batch_size / g_batch))
    few = config.replace(batch_size=batch, g_batch_size=max(FEWEST, round(batch * g_batch / config.batch_size)))
    gan = GAN(few, noise(few, 4 * batch))
    gan.prepare(torch.device("cpu"), "eager")
    gan.run_rounds(1)
    return sum(share * products(gan) for share in _phases(gan)) * config.batch_size / batch


def _phases(gan: GAN) -> Iterator[float]:
    """Put the training at the beginning of each phase of networks that grow, and yield the share of the budget that the phase has."""
    rounds = gan.rounds
    if not rounds.growth:
        yield 1.0
        return
    for begin, end in rounds.growth.phases():
        # A long budget, so that all rounds that are counted belong to the phase.
        rounds.total = 1_000_000
        rounds.state.counts.rounds = math.ceil(begin * rounds.total)
        yield end - begin
