"""Dilated convolutions over time that make mels of aligned phones, with a discriminator of patches."""

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks
from landscape.components.architectures._conditioning import ClassTable
from landscape.components.architectures._image_conditions import JudgedPair
from landscape.components.architectures._layers import Added, Chain, FromTanh, Layers, normal
from landscape.components.architectures._networks import required
from landscape.components.architectures._patches import patch_discriminator
from landscape.components.normalizations._base import Normalization
from landscape.components.numerics.mel import BANDS, FRAMES
from landscape.components.tasks._base import UNCONDITIONAL, Condition
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt

DILATIONS = (1, 2, 4, 8)
"""The dilations of the four blocks: G sees 63 frames around each, half a second to either side."""


class GivenSpeech(nn.Module):
    """What G's first layer receives: at each frame the vector of its phone, and behind it z with the vector of the voice.

    Without speech as condition it is z at each frame.
    """

    def __init__(self, condition: Condition, latent_dim: int, phone: int) -> None:
        super().__init__()
        self.takes_speech = condition.kind == "speech"
        self.channels = latent_dim + (phone + condition.size if self.takes_speech else 0)
        """The number of channels that the first layer receives."""
        if self.takes_speech:
            self.phones = ClassTable(condition.vocabulary, phone, init=nn.init.normal_)
            self.voices = ClassTable(condition.voices, condition.size, init=nn.init.normal_)

    def forward(self, z: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """[N, latent] and [N, 1 + frames] int64 -> [N, channels, 1, frames], and z with the vector of the voice."""
        if not self.takes_speech:
            return z[:, :, None, None].expand(-1, -1, 1, FRAMES), z
        tokens = required(condition)
        z = torch.cat([z, self.voices(tokens[:, 0]).to(z.dtype)], 1)
        phones = self.phones(tokens[:, 1:]).to(z.dtype).transpose(1, 2)  # [N, phone, frames]
        return torch.cat([phones, z[:, :, None].expand(-1, -1, phones.shape[2])], 1)[:, :, None], z


class SpeechGenerator(nn.Module):
    """Phones and voice [N, 1 + frames] and z [N, latent] -> mels [N, 1, bands, frames]. The norms receive z and the voice."""

    def __init__(self, given: GivenSpeech, layers: list[nn.Module]) -> None:
        super().__init__()
        self.given, self.layers = given, Chain(layers)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        mels: Tensor = self.layers(*self.given(z, condition))  # [N, bands, 1, frames]
        return mels.transpose(1, 2)


class JudgedSpeech(JudgedPair):
    """What D's first layer receives: a mel as 2x - 1, and beside it a map of the phones and one of the voice.

    Each phone and each voice has a learned column of as many values as there are bands. Without speech as condition it is the mel alone.
    """

    def __init__(self, condition: Condition, channels: int) -> None:
        super().__init__(UNCONDITIONAL, channels)
        self.takes_speech = condition.kind == "speech"
        self.channels = channels + 2 * self.takes_speech
        if self.takes_speech:
            self.phones = ClassTable(condition.vocabulary, BANDS, init=nn.init.normal_)
            self.voices = ClassTable(condition.voices, BANDS, init=nn.init.normal_)

    def forward(self, samples: Tensor, condition: Tensor | None) -> Tensor:
        """[N, C, bands, frames] in [0, 1] and [N, 1 + frames] int64 -> [N, C + 2, bands, frames]."""
        if not self.takes_speech:
            return 2 * samples - 1
        tokens = required(condition)
        phones = self.phones(tokens[:, 1:]).transpose(1, 2)[:, None]  # [N, 1, bands, frames]
        voices = self.voices(tokens[:, 0])[:, None, :, None].expand_as(phones)
        return torch.cat([2 * samples - 1, phones.to(samples.dtype), voices.to(samples.dtype)], 1)


def _refuses(resolution: int) -> str:
    return "" if resolution == BANDS else f"takes mels of {BANDS} bands and {FRAMES} frames, not images of {resolution} pixels"


@ARCHITECTURES.register(
    conditions=frozenset({"speech"}),
    refuses=_refuses,
    channels=frozenset({1}),
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="self_modulated",
    default_g_hyperparameters={"hidden": 0},
    latent=Latent(dim=16, distribution="normal"),
    published={(1, 64, 64): (504_608, 665_857)},
    has_encoder=False,
    paper="this project's own, small, after the residual blocks of GAN-TTS (Binkowski et al. 2020, arXiv:1909.11646)",
)
def mel_conv(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    condition: Condition = UNCONDITIONAL,
    width: PositiveInt = 128,
    phone: PositiveInt = 32,
    voice: PositiveInt = 16,
    kernel: PositiveInt = 3,
    d_width: PositiveInt = 64,
    d_layers: PositiveInt = 2,
) -> Networks:
    """Convolutions over time from the phone of each frame to its mel bands, and a PatchGAN over the mel beside maps of phones and voice.

    G gives each phone a learned vector and puts z and the vector of the voice behind it at every frame. A convolution brings them to
    `width` maps; four residual blocks follow with norm, ReLU, dilated convolution, norm, ReLU, convolution, whose dilations are 1, 2, 4
    and 8; norm, ReLU and a convolution over one frame give the bands, through (tanh + 1) / 2. By default the norms are conditional batch
    norms, whose scale and shift are linear in z and the vector of the voice (`self_modulated` without a hidden layer). D is a PatchGAN,
    of whose input the columns of a frame's phone and of the voice are two channels more. Weights are N(0, 0.02^2).

    Args:
        resolution: The side of the images, 64.
        channels: The channels of the images, 1.
        d_channels: The channels of D's input beside those of the condition.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        condition: The phones and voices.
        width: The number of maps of G.
        phone: The number of values of the vector of a phone in G.
        voice: The number of values of the vector of a voice in G.
        kernel: The frames that a convolution of G sees, an odd number.
        d_width: The number of maps of D's first layer.
        d_layers: The number of halvings in D: patches have 16, 34 or 70 frames and bands for 1, 2 or 3.

    Raises:
        UserError: The kernel is even, or the mels are too small for so many halvings.
    """
    if kernel % 2 == 0:
        raise UserError(f"architecture 'mel_conv': kernel={kernel} has no frame in its middle: choose an odd number")
    g, d = Layers(g_normalization, conv_init=normal), Layers(d_normalization, conv_init=normal)
    given = GivenSpeech(condition, latent_dim, phone)
    layers: list[nn.Module] = [_over_time(g, given.channels, width, kernel)]
    layers += [_block(g, width, kernel, dilation) for dilation in DILATIONS]
    layers += [g.norm(width, 1, FRAMES), nn.ReLU(), _over_time(g, width, BANDS, 1), FromTanh()]
    return Networks(
        SpeechGenerator(given, layers),
        patch_discriminator(d, JudgedSpeech(condition, d_channels), resolution, d_width, d_layers),
    )


def _block(make: Layers, width: int, kernel: int, dilation: int) -> Added:
    return Added(
        [
            *(make.norm(width, 1, FRAMES), nn.ReLU(), _over_time(make, width, width, kernel, dilation)),
            *(make.norm(width, 1, FRAMES), nn.ReLU(), _over_time(make, width, width, kernel)),
        ]
    )


def _over_time(make: Layers, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Module:
    """Return a convolution over the frames of [N, inputs, 1, frames], which keeps their number."""
    reach = dilation * (kernel // 2)
    return make.finish(nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, reach), dilation=(1, dilation)), normal)
