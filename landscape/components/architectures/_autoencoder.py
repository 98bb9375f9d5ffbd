"""Discriminators that reconstruct: the energy of a sample is how badly an autoencoder does."""

from collections.abc import Iterable
from typing import Literal

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._layers import Chain

EnergyKind = Literal["per_image_norm", "mean_square", "mean_absolute"]


def energy(error: Tensor, kind: EnergyKind) -> Tensor:
    """Energies [N] of reconstruction errors [N, ...].

    `per_image_norm`: Euclidean norm over the whole image, sqrt(1e-12 + sum of squares); the EBGAN paper's, with which its margins bind.
    `mean_square`: mean over pixels of the squared error; bounded by 4 on images in [-1, 1], below any margin of the paper. `mean_absolute`:
    mean over pixels of the absolute error; BEGAN's.
    """
    flat = error.flatten(1).float()
    if kind == "per_image_norm":
        return (flat.square().sum(1) + 1e-12).sqrt()
    return flat.square().mean(1) if kind == "mean_square" else flat.abs().mean(1)


class AutoencoderDiscriminator(nn.Module):
    """Output(energy [N] >= 0, the encoder's code [N, F]). Inputs are rescaled to `scale` x + `shift` first, and compared there."""

    def __init__(
        self, encoder: Iterable[nn.Module], decoder: Iterable[nn.Module], kind: EnergyKind, *, scale: float = 1.0, shift: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = Chain(encoder), Chain(decoder)
        self.kind, self.scale, self.shift = kind, scale, shift

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        target = self.scale * x + self.shift
        code = self.encoder(target)
        return Output(energy(self.decoder(code) - target, self.kind), code.flatten(1))

    def reconstruct(self, x: Tensor) -> Tensor:
        """The autoencoder's picture of samples in [0, 1], in the same range and shape."""
        reconstruction: Tensor = self.decoder(self.encoder(self.scale * x + self.shift))
        return (reconstruction - self.shift) / self.scale
