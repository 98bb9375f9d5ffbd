"""Training data on the device. Counts alone decide which samples each step sees, so that a resumed trial sees the same samples."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.tasks._base import Batch, Rows
from landscape.components.tasks.unconditional import unconditional
from landscape.config.choices import Choice
from landscape.config.network_layout import task_of

PLAIN = Choice(name="unconditional")


@dataclass
class DataStream:
    """An endless sequence of batches, cut from permutations of the training set that follow one another.

    The permutation of epoch e depends on the seed and e alone, and the position is the number of samples drawn. Images are kept as uint8,
    on the device if they fit, and become float32 in [0, 1] batch by batch. Points are used as they are. The task makes a batch of the rows
    that were drawn.
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
    """The texts [N, L] int64 beside the samples, or None if the task reads none."""

    def __post_init__(self) -> None:
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.long)

    @classmethod
    def of(
        cls, dataset: Dataset, *, seed: int, device: torch.device, horizontal_flip: bool, dequantize: bool, task: Choice = PLAIN
    ) -> "DataStream":
        """Return a stream of the training split, on the device if it takes less than half of the memory that this process may use there."""
        split, bound = dataset.split("train"), task_of(task)
        reads = bound.facts.reads
        samples = split.samples if split.parts is None else split.parts
        labels, inputs = split.labels if "labels" in reads else None, split.inputs if "inputs" in reads else None
        tokens = split.tokens if "tokens" in reads else None
        stack = split.samples.shape[1] // samples.shape[1] if split.parts is not None else 1
        if device.type == "cuda":
            # The free memory does not decide, because a resumed trial must have its data in the same place.
            index = torch.cuda.current_device() if device.index is None else device.index
            whole = torch.cuda.get_device_properties(index).total_memory
            if samples.nbytes + (0 if inputs is None else inputs.nbytes) < whole * torch.cuda.get_per_process_memory_fraction(index) / 2:
                samples, labels = samples.to(device), None if labels is None else labels.to(device)
                inputs, tokens = (None if part is None else part.to(device) for part in (inputs, tokens))
        return cls(samples, labels, seed, device, horizontal_flip, dequantize, stack, bound.batch, inputs=inputs, tokens=tokens)

    def next(self, size: int) -> Batch:
        """Return the batch that the task makes of the next `size` training samples, on the device."""
        index = self.take(size * self.stack)
        samples = self.samples[index].to(self.device, non_blocking=True)
        labels, tokens = (None if part is None else part[index].to(self.device, non_blocking=True) for part in (self.labels, self.tokens))
        if self.stack > 1:
            samples = samples.reshape(size, -1, *samples.shape[2:])  # [size, stack * c, H, W]
        inputs = () if self.inputs is None else (self.inputs[index].to(self.device, non_blocking=True),)
        seen, *pictures = self._as_networks_see(samples, *inputs)
        return self.task(Rows(seen, labels, pictures[0] if pictures else None, tokens))

    def take(self, size: int) -> Tensor:
        """Return the next indices [size] int64, in the memory of the samples.

        They are slices of consecutive permutations. Each permutation is moved there as a whole, so that no step waits for it.
        """
        if self.fed is not None:
            index, self.fed = self.fed[:size], self.fed[size:]
            return index
        parts, n = [], len(self.samples)
        while size:
            epoch, position = divmod(self.drawn, n)
            if epoch != self._epoch:
                generator = torch.Generator().manual_seed((self.seed * 1_000_003 + epoch) % 2**63)
                self._epoch, self._order = epoch, torch.randperm(n, generator=generator).to(self.samples.device)
            parts.append(self._order[position : position + size])
            self.drawn += len(parts[-1])
            size -= len(parts[-1])
        return parts[0] if len(parts) == 1 else torch.cat(parts)

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


def mean_sample(dataset: Dataset, chunk: int = 4096) -> Tensor:
    """Return the mean of the training samples as networks see them: [C, H, W] in [0, 1], or [D]."""
    samples = dataset.split("train").samples
    total = torch.stack([part.double().sum(0) for part in torch.split(samples, chunk)]).sum(0)
    return (total / len(samples) / (255 if samples.dtype == torch.uint8 else 1)).float()
