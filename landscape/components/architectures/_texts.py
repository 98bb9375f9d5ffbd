"""How networks read a text: learned vectors of words, convolutions over neighboring words, and the mean over the text."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from landscape.components.architectures._conditioning import ClassTable
from landscape.components.architectures._layers import Layers
from landscape.components.architectures._networks import required
from landscape.components.tasks._base import Condition


class TextSizes(NamedTuple):
    """The sizes of a text encoder."""

    word: int
    """The number of values of the vector of a word."""
    text: int
    """The number of values of the vector of a text."""


class TextEncoder(nn.Module):
    """Texts [N, L] int64 -> vectors [N, sizes.text].

    Each word has a learned vector. Two convolutions over three neighboring words with leaky ReLU 0.2 follow, so that "red" may be joined to
    its digit, and then the mean over the words of the text. Tokens 0 behind its end count as zeros and are left out of the mean.
    """

    def __init__(self, condition: Condition, sizes: TextSizes) -> None:
        super().__init__()
        self.words = ClassTable(condition.vocabulary, sizes.word, init=nn.init.normal_)
        self.convolutions = nn.ModuleList(nn.Conv1d(inputs, sizes.text, 3, padding=1) for inputs in (sizes.word, sizes.text))

    def forward(self, tokens: Tensor) -> Tensor:
        is_word = (tokens > 0)[:, None].float()  # [N, 1, L]
        x = self.words(tokens).transpose(1, 2) * is_word  # [N, word, L]
        for convolution in self.convolutions:
            x = leaky_relu(convolution(x), 0.2) * is_word
        vectors: Tensor = x.sum(2) / is_word.sum(2).clamp(min=1)
        return vectors


class GivenText(nn.Module):
    """The text in the form in which a network uses it: its vector, through a dense layer and leaky ReLU 0.2.

    Without a text as condition the vector has no values.
    """

    def __init__(self, condition: Condition, sizes: TextSizes, make: Layers, outputs: int) -> None:
        super().__init__()
        self.size = outputs if condition.kind == "text" else 0
        """The number of values of the vector."""
        if self.size:
            self.encoder, self.dense = TextEncoder(condition, sizes), make.dense(sizes.text, outputs)

    def forward(self, samples: Tensor, tokens: Tensor | None) -> Tensor:
        """Samples [N, ...] and tokens [N, L] int64 -> [N, size], in the precision of the samples."""
        if not self.size:
            return samples.new_zeros(len(samples), 0)
        vectors: Tensor = leaky_relu(self.dense(self.encoder(required(tokens))), 0.2)
        return vectors.to(samples.dtype)


def spread(vectors: Tensor, maps: Tensor) -> Tensor:
    """Return maps [N, C, h, w] with vectors [N, c], repeated at every position, as further channels: [N, C + c, h, w]."""
    return torch.cat([maps, vectors[:, :, None, None].expand(-1, -1, *maps.shape[2:])], 1)
