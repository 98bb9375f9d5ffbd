"""How networks read a text: learned vectors of words, convolutions over neighboring words, and the mean over the text."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

from landscape.components.architectures._conditioning import ClassTable
from landscape.components.architectures._layers import Layers, fan_in_normal
from landscape.components.architectures._networks import required
from landscape.components.tasks._base import Condition

KEEPS_SCALE = fan_in_normal(2**0.5)
"""Initial weights behind which a leaky ReLU passes on the mean square of its inputs."""


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
    The initial weights keep the scale of the words, N(0, 1), through the convolutions.
    """

    def __init__(self, condition: Condition, sizes: TextSizes) -> None:
        super().__init__()
        self.words = ClassTable(condition.vocabulary, sizes.word, init=nn.init.normal_)
        # A dense layer on three neighbors is a convolution over them, and takes a fraction of its time on texts of a few words.
        layers = [nn.Linear(3 * inputs, sizes.text) for inputs in (sizes.word, sizes.text)]
        for layer in layers:
            KEEPS_SCALE(layer.weight)
        self.layers = nn.ModuleList(layers)

    def forward(self, tokens: Tensor) -> Tensor:
        is_word = (tokens > 0)[..., None].float()  # [N, L, 1]
        x = self.words(tokens) * is_word  # [N, L, word]
        for layer in self.layers:
            before, after = pad(x, (0, 0, 1, 0))[:, :-1], pad(x, (0, 0, 0, 1))[:, 1:]
            x = leaky_relu(layer(torch.cat([before, x, after], 2)), 0.2) * is_word
        vectors: Tensor = x.sum(1) / is_word.sum(1).clamp(min=1)
        return vectors


class GivenText(nn.Module):
    """The text in the form in which a network uses it: its vector, through a dense layer and leaky ReLU 0.2.

    Its values begin at about the scale of a latent vector. At a standard deviation of 0.02 for the weights, as the convolutions of images
    have it, they would be less than a tenth of that, and both networks would begin almost without a text. The initial weights of the dense
    layer make up for most of what the mean over words takes. Without a text as condition the vector has no values.
    """

    def __init__(self, condition: Condition, sizes: TextSizes, make: Layers, outputs: int) -> None:
        super().__init__()
        self.size = outputs if condition.kind == "text" else 0
        """The number of values of the vector."""
        if self.size:
            self.encoder = TextEncoder(condition, sizes)
            self.dense = make.dense(sizes.text, outputs, init=fan_in_normal(2.0))

    def forward(self, samples: Tensor, tokens: Tensor | None) -> Tensor:
        """Samples [N, ...] and tokens [N, L] int64 -> [N, size], in the precision of the samples."""
        if not self.size:
            return samples.new_zeros(len(samples), 0)
        vectors: Tensor = leaky_relu(self.dense(self.encoder(required(tokens))), 0.2)
        return vectors.to(samples.dtype)


def spread(vectors: Tensor, maps: Tensor) -> Tensor:
    """Return maps [N, C, h, w] with vectors [N, c], repeated at every position, as further channels: [N, C + c, h, w]."""
    return torch.cat([maps, vectors[:, :, None, None].expand(-1, -1, *maps.shape[2:])], 1)
