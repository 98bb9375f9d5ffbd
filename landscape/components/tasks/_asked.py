"""The conditions of rows that are drawn for pictures and scores, and not for a step of the training."""

import torch
from torch import Tensor

from landscape.components.tasks._base import Rows, Task

ROWS = 1024
"""The number of rows whose conditions are made at once."""


def conditions(
    task: Task, samples: Tensor, inputs: Tensor | None, seed: int, tokens: Tensor | None = None, other: Tensor | None = None
) -> Tensor:
    """Return the conditions that a task makes of rows of a split: images [N, c, h, w] as float32 in [0, 1], or texts [N, L] int64.

    Random draws of the task depend on `seed` and N alone. The state of torch's generator is not changed.

    Args:
        task: The task.
        samples: Images (N, C, H, W) as uint8 levels or float32 in [0, 1].
        inputs: The picture that belongs to each sample, in one of the same forms, if the task reads it.
        seed: The seed of the task's random draws.
        tokens: The text [N, L] or the K texts [N, K, L] of each sample, if the task reads them.
        other: Pictures (M, C, H, W) of the second set of the data, if the task reads them. There is then a condition for each of them, and
            the samples are not read.
    """
    made = []
    samples = samples if other is None else other
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for start in range(0, len(samples), ROWS):
            part = slice(start, start + ROWS)
            pictures, texts = None if inputs is None else as_floats(inputs[part]), None if tokens is None else tokens[part]
            seen = as_floats(samples[part])
            batch = task.batch(Rows(seen, inputs=pictures, tokens=texts, other=None if other is None else seen))
            assert batch.condition is not None
            made.append(batch.condition)
    return torch.cat(made)


def as_floats(images: Tensor) -> Tensor:
    """Return images as float32 in [0, 1]. Floats are returned as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images
