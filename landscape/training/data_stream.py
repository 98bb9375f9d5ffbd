"""Training data on the device. Counts alone decide which samples each step sees, so that a resumed trial sees the same samples."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.tasks._base import Batch, Rows
from landscape.components.tasks._wrong import wrong_conditions
from landscape.components.tasks.unconditional import unconditional
from landscape.config.choices import Choice
from landscape.config.network_layout import task_of

PLAIN = Choice(name="unconditional")
OTHER_SEED = 500_009
"""A number that is added to the seed of the permutations of a second set of pictures."""


@dataclass
class DataStream:
    """An endless sequence of batches, cut from permutations of the training set that follow one another.

    The permutation of epoch e depends on the seed and e alone, and the position is the number of samples drawn. Images are kept as uint8,
    on the device if they fit, and become float32 in [0, 1] batch by batch. Points are used as they are. The task makes a batch of the rows
    that were drawn. A second set of pictures has permutations of its own, at the same position.
    """

    samples: Tensor
    labels: Tensor | None
    """The labels [N] int64 beside the samples, or None if the task reads none."""
    seed: int
    device: torch.device
    horizontal_flip: bool = False
    dequantize: bool = False
    stack: int = 1
    """How many of `samples` are drawn for one training sample and stacked as channels (stacked MNIST on the fly)."""
    task: Callable[[Rows], Batch] = unconditional
    drawn: int = 0
    """How many of `samples` have been drawn so far, which is the whole state of the stream."""
    fed: Tensor | None = None
    """The memory that holds the indices of the next samples while rounds are recorded."""
    inputs: Tensor | None = None
    """The pictures uint8 [N, c, h, w] beside the samples, or None if the task reads none."""
    tokens: Tensor | None = None
    """The texts [N, L] or [N, K, L] int64 beside the samples, or None if the task reads none."""
    other: Tensor | None = None
    """The second set of pictures, uint8 [M, c, H, W], or None if the task reads none."""
    with_wrong: bool = False
    """Whether each batch has wrong conditions, which are then those of other rows unless the task makes them itself."""
    classes: int = 0
    """The number of classes that wrong conditions may be of; 0 if the conditions are no classes."""

    def __post_init__(self) -> None:
        where = self.samples.device
        self._orders = [_Order(len(self.samples), self.seed, where)]
        if self.other is not None:
            self._orders.append(_Order(len(self.other), self.seed + OTHER_SEED, where))

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        *,
        seed: int,
        device: torch.device,
        horizontal_flip: bool,
        dequantize: bool,
        task: Choice = PLAIN,
        with_wrong: bool = False,
    ) -> "DataStream":
        """Return a stream of the training split, on the device if it takes less than half of the memory that this process may use there."""
        split, bound = dataset.split("train"), task_of(task)
        reads = bound.reads
        samples = split.samples if split.parts is None else split.parts
        labels, inputs = split.labels if "labels" in reads else None, split.inputs if "inputs" in reads else None
        tokens = split.tokens if "tokens" in reads else None
        other = dataset.other["train"].samples if "other" in reads else None
        stack = split.samples.shape[1] // samples.shape[1] if split.parts is not None else 1
        if device.type == "cuda":
            # The free memory does not decide, because a resumed trial must have its data in the same place.
            index = torch.cuda.current_device() if device.index is None else device.index
            whole = torch.cuda.get_device_properties(index).total_memory
            pictures = sum(part.nbytes for part in (samples, inputs, other) if part is not None)
            if pictures < whole * torch.cuda.get_per_process_memory_fraction(index) / 2:
                samples, labels = samples.to(device), None if labels is None else labels.to(device)
                inputs, tokens, other = (None if part is None else part.to(device) for part in (inputs, tokens, other))
        classes = (dataset.classes or 0) if bound.facts.condition == "class" else 0
        stream = cls(
            samples, labels, seed, device, horizontal_flip, dequantize, stack, bound.batch, inputs=inputs, tokens=tokens, other=other
        )
        return replace(stream, with_wrong=with_wrong, classes=classes)

    def next(self, size: int) -> Batch:
        """Return the batch that the task makes of the next `size` training samples, on the device."""
        index, of_other = self.take(size * self.stack), None
        if self.other is not None:
            index, of_other = index // len(self.other), index % len(self.other)
        samples = self.samples[index].to(self.device, non_blocking=True)
        labels, tokens = (None if part is None else part[index].to(self.device, non_blocking=True) for part in (self.labels, self.tokens))
        if self.stack > 1:
            samples = samples.reshape(size, -1, *samples.shape[2:])  # [size, stack * c, H, W]
        inputs = () if self.inputs is None else (self.inputs[index].to(self.device, non_blocking=True),)
        seen, *pictures = self._as_networks_see(samples, *inputs)
        other = None if self.other is None else self._as_networks_see(self.other[of_other].to(self.device, non_blocking=True))[0]
        batch = self.task(Rows(seen, labels, pictures[0] if pictures else None, tokens, other))
        if not self.with_wrong or batch.wrong is not None or batch.condition is None:
            return batch
        return replace(batch, wrong=wrong_conditions(batch.condition, self.classes))

    def take(self, size: int) -> Tensor:
        """Return the next indices [size] int64, in the memory of the samples.

        They are slices of consecutive permutations. Each permutation is moved there as a whole, so that no step waits for it. With a second
        set of M pictures, the index i of a sample and j of such a picture are together one number, i * M + j.
        """
        if self.fed is not None:
            index, self.fed = self.fed[:size], self.fed[size:]
            return index
        index, *of_other = (order.slice(self.drawn, size) for order in self._orders)
        self.drawn += size
        return index * self._orders[1].n + of_other[0] if of_other else index

    def _as_networks_see(self, samples: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return samples, and the pictures that belong to them, as float32. A flip acts on both."""
        if samples.dtype != torch.uint8:
            return samples, *inputs
        images = samples.float()
        images = (images + torch.rand_like(images)).div_(256) if self.dequantize else images.div_(255)
        seen = (images, *(each.float().div_(255) for each in inputs))
        if self.horizontal_flip:
            flipped = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
            seen = tuple(torch.where(flipped, each.flip(-1), each) for each in seen)
        return seen


class _Order:
    """The endless sequence of the indices of n rows, which consists of permutations."""

    def __init__(self, n: int, seed: int, device: torch.device) -> None:
        self.n, self._seed, self._epoch = n, seed, -1
        self._permutation = torch.empty(0, dtype=torch.long, device=device)

    def slice(self, start: int, size: int) -> Tensor:
        """Return the indices [size] int64 from position `start` on."""
        parts = []
        while size:
            epoch, position = divmod(start, self.n)
            if epoch != self._epoch:
                generator = torch.Generator().manual_seed((self._seed * 1_000_003 + epoch) % 2**63)
                self._epoch, self._permutation = epoch, torch.randperm(self.n, generator=generator).to(self._permutation.device)
            parts.append(self._permutation[position : position + size])
            start += len(parts[-1])
            size -= len(parts[-1])
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def mean_sample(dataset: Dataset, chunk: int = 4096) -> Tensor:
    """Return the mean of the training samples as networks see them: [C, H, W] in [0, 1], or [D]."""
    samples = dataset.split("train").samples
    total = torch.stack([part.double().sum(0) for part in torch.split(samples, chunk)]).sum(0)
    return (total / len(samples) / (255 if samples.dtype == torch.uint8 else 1)).float()
