"""The networks of a two-way game: a generator and a discriminator for each of its two directions."""

from torch import Tensor, nn

from landscape.components.architectures._base import Networks, Output


class BothGenerators(nn.Module):
    """Two generators, `there` from pictures of A to pictures of B and `back` from B to A. The module itself is the former."""

    def __init__(self, there: nn.Module, back: nn.Module) -> None:
        super().__init__()
        self.there, self.back = there, back

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """[N, latent] and pictures of A -> pictures of B, both [N, C, H, W] in [0, 1]."""
        made: Tensor = self.there(z, condition)
        return made


class BothDiscriminators(nn.Module):
    """Two discriminators of pictures alone, `there` of pictures of B and `back` of pictures of A. The module itself is the former."""

    def __init__(self, there: nn.Module, back: nn.Module) -> None:
        super().__init__()
        self.there, self.back = there, back

    def forward(self, samples: Tensor, condition: Tensor | None = None) -> Output:
        """Pictures [N, C, H, W] in [0, 1] -> Output. There is no condition."""
        output: Output = self.there(samples)
        return output


def both_ways(there: Networks, back: Networks) -> Networks:
    """Return the networks of a two-way game from those of each direction."""
    return Networks(BothGenerators(there.generator, back.generator), BothDiscriminators(there.discriminator, back.discriminator))
