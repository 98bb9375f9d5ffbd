"""Discriminators that are autoencoders: the energy of a sample is the error of its reconstruction."""

from collections.abc import Iterable
from typing import Literal

from torch import Tensor, nn

from landscape.components.architectures._base import Output
from landscape.components.architectures._layers import Chain
from landscape.components.architectures._networks import Conditioning, required

EnergyKind = Literal["per_image_norm", "mean_square", "mean_absolute"]


def energy(error: Tensor, kind: EnergyKind) -> Tensor:
    """Return the energies [N] of reconstruction errors [N, ...].

    - `per_image_norm`: The Euclidean norm over the whole image, sqrt(1e-12 + sum of squares). It is the EBGAN paper's, whose margins it can
    reach.
    - `mean_square`: The mean over pixels of the squared error. On images in [-1, 1] it is at most 4, which is below any margin of the
    paper.
    - `mean_absolute`: The mean over pixels of the absolute error. It is BEGAN's.
    """
    flat = error.flatten(1).float()
    if kind == "per_image_norm":
        return (flat.square().sum(1) + 1e-12).sqrt()
    return flat.square().mean(1) if kind == "mean_square" else flat.abs().mean(1)


class AutoencoderDiscriminator(nn.Module):
    """Returns Output(energy [N] >= 0, the encoder's code [N, F]).

    Inputs are first rescaled to `scale` x + `shift`, and are compared with their reconstructions in that scale. `conditioning`, which
    `takes_class` sets, shows the encoder the class of a sample.
    """

    def __init__(
        self, encoder: Iterable[nn.Module], decoder: Iterable[nn.Module], kind: EnergyKind, *, scale: float = 1.0, shift: float = 0.0
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = Chain(encoder), Chain(decoder)
        self.kind, self.scale, self.shift = kind, scale, shift
        self.conditioning: Conditioning | None = None

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Output:
        target = self.scale * x + self.shift
        if self.conditioning is None:
            code = self.encoder(target)
            return Output(energy(self.decoder(code) - target, self.kind), code.flatten(1))
        code = self.encoder(self.conditioning.see(target, required(condition)))
        # The decoder makes what the encoder sees; of that the sample alone is compared, and not the map of its class.
        reconstruction = self.decoder(code)[:, : target.shape[1]]
        return Output(energy(reconstruction - target, self.kind), code.flatten(1))
