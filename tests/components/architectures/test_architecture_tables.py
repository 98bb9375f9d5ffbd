"""The order of layers equals that of the sources' tables. Each network is written with one line per layer."""

import pytest
from torch import nn

from landscape.components.architectures._2014 import MaxoutConv, UntiedBias
from landscape.components.architectures._layers import FromTanh, Recenter, SameConv2d, SameConvTranspose2d
from landscape.components.architectures._maxout import Maxout
from landscape.components.normalizations._base import Norm, Normalization
from landscape.components.tasks._base import Condition


class Marker(Norm):
    """Marks the place of a norm."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels

    def forward(self, x, z=None):
        return x


MARKING = Normalization(follow=lambda channels, spatial: Marker(channels))


def kernel(layer):
    rows, columns = layer.kernel_size
    return f"{rows}" if rows == columns else f"{rows}x{columns}"


def dilated(layer):
    return f" dilated {layer.dilation[1]}" if layer.dilation[1] > 1 else ""


DESCRIBE = {
    Marker: lambda m: f"norm {m.channels}",
    Maxout: lambda m: f"maxout {m.linear.in_features} {m.linear.out_features // m.pieces} of {m.pieces}",
    MaxoutConv: lambda m: (
        f"maxout conv {m.convolution.kernel_size[0]} {m.convolution.in_channels} {m.convolution.out_channels // 2} of 2, pool {m.pool}/2"
    ),
    UntiedBias: lambda m: f"bias {tuple(m.bias.shape)}",
    Recenter: lambda m: f"{m.scale:g} x {m.shift:+g}",
    FromTanh: lambda m: "(tanh + 1) / 2",
    nn.Linear: lambda m: f"dense {m.in_features} {m.out_features}" + ("" if m.bias is not None else " no bias"),
    SameConvTranspose2d: lambda m: f"transposed {m.kernel_size[0]}/{m.stride[0]} {m.in_channels} {m.out_channels} to {m.size}",
    nn.ConvTranspose2d: lambda m: f"transposed {m.kernel_size[0]}/{m.stride[0]} {m.in_channels} {m.out_channels}",
    SameConv2d: lambda m: f"conv {m.kernel_size[0]}/{m.stride[0]} {m.in_channels} {m.out_channels}",
    nn.Conv2d: lambda m: f"conv {kernel(m)}/{m.stride[0]} {m.in_channels} {m.out_channels}" + dilated(m),
    nn.LeakyReLU: lambda m: f"lrelu {m.negative_slope:g}",
    nn.ReLU: lambda m: "relu",
    nn.PReLU: lambda m: f"prelu {m.num_parameters}",
    nn.PixelShuffle: lambda m: f"shuffle {m.upscale_factor}",
    nn.Tanh: lambda m: "tanh",
    nn.Sigmoid: lambda m: "sigmoid",
    nn.Dropout: lambda m: f"dropout {m.p:g}",
    nn.Flatten: lambda m: "flatten",
    nn.Unflatten: lambda m: f"reshape {tuple(m.unflattened_size)}",
}
WHOLE = (Marker, Maxout, MaxoutConv)
CONDITIONS = {
    "mel_conv": Condition("speech", size=16, shape=(65,), vocabulary=41, voices=4),
    "gan_cls": Condition("text", shape=(6,), vocabulary=14),
    "unet": Condition("image", shape=(3, 256, 256)),
    "srresnet": Condition("image", shape=(3, 24, 24)),
    "resnet_translation": Condition("image", shape=(3, 128, 128)),
}


def lines(module):
    for kind, text in DESCRIBE.items():
        if isinstance(module, kind):
            return [text(module)]
    return [line for child in module.children() for line in lines(child)]


def table(text):
    return [line.strip() for part in text.strip().splitlines() for line in part.split(";")]


TABLES = {
    ("dcgan", None, (3, 64, 64)): (
        """dense 128 8192; reshape (512, 4, 4); norm 512; relu; transposed 5/2 512 256 to 8; norm 256; relu
        transposed 5/2 256 128 to 16; norm 128; relu; transposed 5/2 128 64 to 32; norm 64; relu; transposed 5/2 64 3 to 64
        (tanh + 1) / 2""",
        """conv 5/2 3 64; lrelu 0.2; conv 5/2 64 128; norm 128; lrelu 0.2; conv 5/2 128 256; norm 256; lrelu 0.2
        conv 5/2 256 512; norm 512; lrelu 0.2; flatten; dense 8192 1""",
    ),
    ("sndcgan", "landscape", (3, 32, 32)): (
        """dense 128 8192; norm 8192; relu; reshape (512, 4, 4); transposed 4/2 512 256 to 8; norm 256; relu
        transposed 4/2 256 128 to 16; norm 128; relu; transposed 4/2 128 64 to 32; norm 64; relu; transposed 3/1 64 3 to 32
        (tanh + 1) / 2""",
        """2 x -1; conv 3/1 3 64; lrelu 0.1; conv 4/2 64 128; norm 128; lrelu 0.1; conv 3/1 128 128; norm 128; lrelu 0.1
        conv 4/2 128 256; norm 256; lrelu 0.1; conv 3/1 256 256; norm 256; lrelu 0.1; conv 4/2 256 512; norm 512; lrelu 0.1
        conv 3/1 512 512; norm 512; lrelu 0.1; flatten; dense 8192 1""",
    ),
    ("sndcgan", "sngan", (3, 48, 48)): (
        """dense 128 18432; reshape (512, 6, 6); transposed 4/2 512 256 to 12; norm 256; relu; transposed 4/2 256 128 to 24
        norm 128; relu
        transposed 4/2 128 64 to 48; norm 64; relu; transposed 3/1 64 3 to 48; (tanh + 1) / 2""",
        """2 x -1; conv 3/1 3 64; lrelu 0.1; conv 4/2 64 64; norm 64; lrelu 0.1; conv 3/1 64 128; norm 128; lrelu 0.1
        conv 4/2 128 128; norm 128; lrelu 0.1; conv 3/1 128 256; norm 256; lrelu 0.1; conv 4/2 256 256; norm 256; lrelu 0.1
        conv 3/1 256 512; norm 512; lrelu 0.1; flatten; dense 18432 1""",
    ),
    ("infogan", None, (1, 28, 28)): (
        """dense 64 1024; norm 1024; lrelu 0.2; dense 1024 6272; norm 6272; lrelu 0.2; reshape (128, 7, 7)
        transposed 4/2 128 64 to 14; norm 64; lrelu 0.2; transposed 4/2 64 1 to 28; sigmoid""",
        """conv 4/2 1 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2; flatten; dense 6272 1024; norm 1024; lrelu 0.2
        dense 1024 1""",
    ),
    ("mlp_2014", "mnist", (1, 28, 28)): (
        "dense 100 1200; norm 1200; relu; dense 1200 1200; norm 1200; relu; dense 1200 784; reshape (1, 28, 28); sigmoid",
        """flatten; dropout 0.2; maxout 784 240 of 5; norm 240; dropout 0.5; maxout 240 240 of 5; norm 240; dropout 0.5; dense 240 1""",
    ),
    ("mlp_2014", "tfd", (1, 48, 48)): (
        """dense 100 8000; norm 8000; relu; dense 8000 100; norm 100; sigmoid; dense 100 8000; norm 8000; relu
        dense 8000 8000; norm 8000; sigmoid; dense 8000 2304; reshape (1, 48, 48); sigmoid""",
        """flatten; dropout 0.2; maxout 2304 1200 of 5; norm 1200; dropout 0.5; maxout 1200 1200 of 5; norm 1200; dropout 0.5
        dense 1200 1""",
    ),
    ("mlp_2014", "cifar10", (3, 32, 32)): (
        "dense 100 8000; norm 8000; relu; dense 8000 8000; norm 8000; sigmoid; dense 8000 3072; reshape (3, 32, 32); 0.25 x +0.5",
        """4 x -2; flatten; dropout 0.2; maxout 3072 1600 of 5; norm 1600; dropout 0.5; maxout 1600 1600 of 5; norm 1600; dropout 0.5
        dense 1600 1""",
    ),
    ("mlp_2014", "cifar10_conv", (3, 32, 32)): (
        """dense 100 8000; norm 8000; relu; dense 8000 8000; norm 8000; sigmoid; reshape (80, 10, 10)
        transposed 5/3 80 3; bias (3, 32, 32); 0.25 x +0.5""",
        """4 x -2; dropout 0.2; maxout conv 8 3 32 of 2, pool 4/2; norm 32; dropout 0.5
        maxout conv 8 32 32 of 2, pool 4/2; norm 32; dropout 0.5; maxout conv 5 32 192 of 2, pool 2/2; norm 192; dropout 0.5
        flatten; maxout 4800 500 of 5; norm 500; dropout 0.5; dense 500 1""",
    ),
    ("mlp_2d", "pacgan", (2,)): (
        """dense 2 400 no bias; norm 400; relu; dense 400 400 no bias; norm 400; relu; dense 400 400 no bias; norm 400; relu
        dense 400 400 no bias; norm 400; relu; dense 400 2""",
        "maxout 2 200 of 5; norm 200; maxout 200 200 of 5; norm 200; maxout 200 200 of 5; norm 200; dense 200 1",
    ),
    ("mlp_2d", "unrolled_notebook", (2,)): (
        "dense 256 128; norm 128; tanh; dense 128 128; norm 128; tanh; dense 128 2",
        "dense 2 128; norm 128; tanh; dense 128 128; norm 128; tanh; dense 128 1",
    ),
    ("mlp_2d", "unrolled_paper", (2,)): (
        "dense 256 128; norm 128; relu; dense 128 128; norm 128; relu; dense 128 2",
        "0.25 x +0; dense 2 128; norm 128; relu; dense 128 1",
    ),
    ("mlp_2d", "wgan_gp", (2,)): (
        "dense 2 512; norm 512; relu; dense 512 512; norm 512; relu; dense 512 512; norm 512; relu; dense 512 2",
        "dense 2 512; norm 512; relu; dense 512 512; norm 512; relu; dense 512 512; norm 512; relu; dense 512 1",
    ),
    ("stacked_mnist", "unrolled", (3, 28, 28)): (
        """dense 256 1024; reshape (64, 4, 4); norm 64; relu; transposed 3/2 64 32 to 7; norm 32; relu
        transposed 3/2 32 16 to 14; norm 16; relu
        transposed 3/2 16 8 to 28; norm 8; relu; conv 3/1 8 3; (tanh + 1) / 2""",
        """2 x -1; conv 3/2 3 4; norm 4; lrelu 0.3; conv 3/2 4 8; norm 8; lrelu 0.3; conv 3/2 8 16; norm 16; lrelu 0.3; flatten
        dense 256 1""",
    ),
    ("autoencoder", "ebgan", (3, 64, 64)): (
        """dense 100 16384; reshape (1024, 4, 4); transposed 4/2 1024 512 to 8; norm 512; relu; transposed 4/2 512 256 to 16
        norm 256; relu
        transposed 4/2 256 128 to 32; norm 128; relu; transposed 4/2 128 3 to 64; (tanh + 1) / 2""",
        """conv 4/2 3 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2; conv 4/2 128 128; norm 128; lrelu 0.2
        transposed 4/2 128 128 to 16; norm 128; lrelu 0.2; transposed 4/2 128 64 to 32; norm 64; lrelu 0.2
        transposed 4/2 64 3 to 64; norm 3; tanh""",
    ),
    ("autoencoder", "began", (1, 28, 28)): (
        """dense 64 1024; norm 1024; lrelu 0.2; dense 1024 6272; norm 6272; lrelu 0.2; reshape (128, 7, 7)
        transposed 4/2 128 64 to 14; norm 64; lrelu 0.2; transposed 4/2 64 1 to 28; sigmoid""",
        """conv 4/2 1 64; lrelu 0.2; conv 4/2 64 128; flatten; dense 6272 64; norm 64; lrelu 0.2
        dense 64 6272; norm 6272; lrelu 0.2; reshape (128, 7, 7); transposed 4/2 128 64 to 14; norm 64; lrelu 0.2
        transposed 4/2 64 1 to 28; sigmoid""",
    ),
    ("autoencoder_mlp", None, (1, 32, 32)): (
        """dense 100 1600; norm 1600; relu; dense 1600 1600; norm 1600; relu; dense 1600 1600; norm 1600; relu
        dense 1600 1600; norm 1600; relu; dense 1600 1024; reshape (1, 32, 32); sigmoid""",
        "flatten; dense 1024 1024; norm 1024; relu; dense 1024 1024; reshape (1, 32, 32); sigmoid",
    ),
    ("mlp", None, (1, 8, 8)): (
        "dense 64 128; norm 128; relu; dense 128 128; norm 128; relu; dense 128 64; reshape (1, 8, 8); sigmoid",
        "2 x -1; flatten; dense 64 128; norm 128; lrelu 0.2; dense 128 128; norm 128; lrelu 0.2; dense 128 1",
    ),
    # The U-Net of pix2pix at 256 pixels: 3 + 8 channels of the image and of z, skips double the inputs of the way up.
    ("unet", None, (3, 256, 256)): (
        """conv 4/2 11 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2; conv 4/2 128 256; norm 256; lrelu 0.2; conv 4/2 256 512; norm 512
        lrelu 0.2; conv 4/2 512 512; norm 512; lrelu 0.2; conv 4/2 512 512; norm 512; lrelu 0.2; conv 4/2 512 512; norm 512
        lrelu 0.2; conv 4/2 512 512
        relu; transposed 4/2 512 512 to 2; norm 512; dropout 0.5; relu; transposed 4/2 1024 512 to 4; norm 512; dropout 0.5
        relu; transposed 4/2 1024 512 to 8; norm 512; dropout 0.5; relu; transposed 4/2 1024 512 to 16; norm 512
        relu; transposed 4/2 1024 256 to 32; norm 256; relu; transposed 4/2 512 128 to 64; norm 128
        relu; transposed 4/2 256 64 to 128; norm 64; relu; transposed 4/2 128 3 to 256; (tanh + 1) / 2""",
        """conv 4/2 6 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2; conv 4/2 128 256; norm 256; lrelu 0.2
        conv 4/1 256 512; norm 512; lrelu 0.2; conv 4/1 512 1""",
    ),
    ("srresnet", None, (3, 96, 96)): (
        "conv 9/1 11 64; prelu 1;"
        + "conv 3/1 64 64; norm 64; prelu 1; conv 3/1 64 64; norm 64;" * 16
        + """conv 3/1 64 64; norm 64; conv 3/1 64 256; shuffle 2; prelu 1; conv 3/1 64 256; shuffle 2; prelu 1
        conv 9/1 64 3; (tanh + 1) / 2""",
        """conv 3/1 6 64; lrelu 0.2; conv 3/2 64 64; norm 64; lrelu 0.2; conv 3/1 64 128; norm 128; lrelu 0.2; conv 3/2 128 128; norm 128
        lrelu 0.2; conv 3/1 128 256; norm 256; lrelu 0.2; conv 3/2 256 256; norm 256; lrelu 0.2; conv 3/1 256 512; norm 512; lrelu 0.2
        conv 3/2 512 512; norm 512; lrelu 0.2; flatten; dense 18432 1024; lrelu 0.2; dense 1024 1""",
    ),
    # Behind the encoders of texts, whose layers come first in the list of each network.
    ("gan_cls", None, (3, 64, 64)): (
        """dense 14 32 no bias; dense 96 128; dense 384 128; dense 128 256; dense 356 16384; reshape (1024, 4, 4); norm 1024
        conv 1/1 1024 256; norm 256; relu; conv 3/1 256 256; norm 256; relu; conv 3/1 256 1024; norm 1024; relu
        transposed 4/2 1024 512 to 8; norm 512
        conv 1/1 512 128; norm 128; relu; conv 3/1 128 128; norm 128; relu; conv 3/1 128 512; norm 512; relu
        transposed 4/2 512 256 to 16; norm 256; relu; transposed 4/2 256 128 to 32; norm 128; relu
        transposed 4/2 128 3 to 64; (tanh + 1) / 2""",
        """dense 14 32 no bias; dense 96 128; dense 384 128; dense 128 256; 2 x -1; conv 4/2 3 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2
        conv 4/2 128 256; norm 256; lrelu 0.2; conv 4/2 256 512; norm 512; lrelu 0.2
        conv 1/1 768 512; norm 512; lrelu 0.2; dense 8192 1""",
    ),
    # Behind the tables of phones and voices, which come first in the list of each network. A kernel has one row and three columns.
    ("mel_conv", None, (1, 64, 64)): (
        "dense 41 32 no bias; dense 4 16 no bias; conv 1x3/1 64 128;"
        + "".join(
            f"norm 128; relu; conv 1x3/1 128 128{wide}; norm 128; relu; conv 1x3/1 128 128;"
            for wide in ("", " dilated 2", " dilated 4", " dilated 8")
        )
        + "norm 128; relu; conv 1/1 128 64; (tanh + 1) / 2",
        """dense 41 64 no bias; dense 4 64 no bias; conv 4/2 3 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2
        conv 4/1 128 256; norm 256; lrelu 0.2; conv 4/1 256 1""",
    ),
    ("resnet_translation", None, (3, 128, 128)): (
        "conv 7/1 3 64; norm 64; relu; conv 3/2 64 128; norm 128; relu; conv 3/2 128 256; norm 256; relu;"
        + "conv 3/1 256 256; norm 256; relu; conv 3/1 256 256; norm 256;" * 6
        + """transposed 3/2 256 128; norm 128; relu; transposed 3/2 128 64; norm 64; relu; conv 7/1 64 3; (tanh + 1) / 2""",
        """conv 4/2 6 64; lrelu 0.2; conv 4/2 64 128; norm 128; lrelu 0.2; conv 4/2 128 256; norm 256; lrelu 0.2
        conv 4/1 256 512; norm 512; lrelu 0.2; conv 4/1 512 1""",
    ),
    ("mlp", None, (2,)): (
        "dense 64 128; norm 128; relu; dense 128 128; norm 128; relu; dense 128 2; reshape (2,)",
        "dense 2 128; norm 128; lrelu 0.2; dense 128 128; norm 128; lrelu 0.2; dense 128 1",
    ),
}


@pytest.mark.parametrize(("name", "preset", "shape"), TABLES, ids=lambda value: str(value).replace(" ", ""))
def test_layers_in_order(build, on_meta, name, preset, shape):
    with on_meta:
        given = {"condition": CONDITIONS[name]} if name in CONDITIONS else {}
        networks = build(name, shape, g=MARKING, d=MARKING, small=False, **given, **({"preset": preset} if preset else {}))
    generator, discriminator = TABLES[name, preset, shape]
    assert lines(networks.generator) == table(generator)
    assert lines(networks.discriminator) == table(discriminator)


def block_lines(module):
    """Return lines in which blocks are written as `scale inputs outputs`, and everything else as usual."""
    kind = type(module).__name__
    if kind in ("ThreeByThreeShortcut", "PlainShortcut"):
        outputs = module.conv2.out_channels
        moved = "down" if getattr(module, "pools", False) or getattr(module, "scale", "") == "down" else ""
        moved = moved or ("up" if "Unpool" in type(module.conv1).__name__ or getattr(module, "scale", "") == "up" else "keep")
        shortcut = "=" if isinstance(module.shortcut, nn.Identity) else str(module.shortcut.kernel_size[0])
        return [f"{moved} {module.conv1.in_channels} {outputs} {shortcut}" + (" first" if getattr(module, "first", False) else "")]
    if kind == "Pool":
        return ["sum" if module.sums else "mean"]
    if kind == "SelfAttention":
        return [f"attention {module.query.in_channels}"]
    for described, text in DESCRIBE.items():
        if isinstance(module, described):
            return [text(module)]
    return [line for child in module.children() for line in block_lines(child)]


RESNETS = {
    ("resnet_cifar", "landscape", (3, 32, 32)): (
        "dense 128 4096; reshape (256, 4, 4); up 256 256 3; up 256 256 3; up 256 256 3; norm 256; relu; conv 3/1 256 3; sigmoid",
        "down 3 128 3; down 128 128 3; keep 128 128 3; keep 128 128 3; relu; mean; dense 128 1",
    ),
    ("resnet_cifar", "sngan", (3, 32, 32)): (
        "dense 128 4096; reshape (256, 4, 4); up 256 256 1; up 256 256 1; up 256 256 1; norm 256; relu; conv 3/1 256 3; (tanh + 1) / 2",
        "2 x -1; down 3 128 1 first; down 128 128 1; keep 128 128 =; keep 128 128 =; relu; sum; dense 128 1 no bias",
    ),
    ("resnet_cifar", "wgan_gp", (3, 32, 32)): (
        "dense 128 2048; reshape (128, 4, 4); up 128 128 1; up 128 128 1; up 128 128 1; norm 128; relu; conv 3/1 128 3; (tanh + 1) / 2",
        "2 x -1; down 3 128 1 first; down 128 128 1; keep 128 128 =; keep 128 128 =; relu; mean; dense 128 1",
    ),
    ("resnet_stl", "landscape", (3, 48, 48)): (
        "dense 128 18432; reshape (512, 6, 6); up 512 256 3; up 256 128 3; up 128 64 3; norm 64; relu; conv 3/1 64 3; sigmoid",
        "down 3 64 3; down 64 128 3; down 128 256 3; down 256 512 3; keep 512 1024 3; relu; mean; dense 1024 1",
    ),
    ("resnet_stl", "sngan", (3, 48, 48)): (
        "dense 128 18432; reshape (512, 6, 6); up 512 256 1; up 256 128 1; up 128 64 1; norm 64; relu; conv 3/1 64 3; (tanh + 1) / 2",
        "2 x -1; down 3 64 1 first; down 64 128 1; down 128 256 1; down 256 512 1; keep 512 1024 1; relu; sum; dense 1024 1 no bias",
    ),
    ("resnet19", None, (3, 128, 128)): (
        """dense 128 8192; reshape (512, 4, 4); up 512 512 3; up 512 256 3; up 256 256 3; up 256 128 3; up 128 64 3
        norm 64; relu; conv 3/1 64 3; sigmoid""",
        "down 3 64 3; down 64 128 3; down 128 256 3; down 256 256 3; down 256 512 3; down 512 512 3; relu; mean; dense 512 1",
    ),
    ("resnet19", None, (3, 32, 32)): (
        """dense 128 8192; reshape (512, 4, 4); up 512 512 3; up 512 256 3; up 256 256 3; keep 256 128 3; keep 128 64 3
        norm 64; relu; conv 3/1 64 3; sigmoid""",
        "down 3 64 3; down 64 128 3; down 128 256 3; down 256 256 3; down 256 512 3; down 512 512 3; relu; mean; dense 512 1",
    ),
}


@pytest.mark.parametrize(("name", "preset", "shape"), RESNETS, ids=lambda value: str(value).replace(" ", ""))
def test_blocks_in_order(build, on_meta, name, preset, shape):
    with on_meta:
        networks = build(name, shape, g=MARKING, d=MARKING, small=False, **({"preset": preset} if preset else {}))
    generator, discriminator = RESNETS[name, preset, shape]
    assert block_lines(networks.generator) == table(generator)
    assert block_lines(networks.discriminator) == table(discriminator)


def test_resnet107_has_five_blocks_a_stage(build, on_meta):
    with on_meta:
        networks = build("resnet107", (3, 128, 128), g=MARKING, d=MARKING, small=False)
    g, d = ["dense 128 8192", "reshape (512, 4, 4)"], ["conv 3/1 3 16"]
    for c in (512, 256, 128, 64, 32, 16):
        g += [f"keep {c} {c} 3"] * 5 + ([f"up {c} {c // 2} 3"] if c > 16 else [])
    for c in (16, 32, 64, 128, 256, 512):
        d += [f"keep {c} {c} 3"] * 5 + ([f"down {c} {2 * c} 3"] if c < 512 else [])
    assert block_lines(networks.generator) == [*g, "conv 3/1 16 3", "sigmoid"]
    assert block_lines(networks.discriminator) == [*d, "flatten", "dense 8192 1"]


def test_attention_follows_the_chosen_maps(build, on_meta):
    """Attention follows the last block of G, and the first block of D, whose maps have that size."""
    with on_meta:
        networks = build("resnet_cifar", (3, 32, 32), small=False, attention_resolution=8)
    assert block_lines(networks.generator)[2:5] == ["up 256 256 3", "attention 256", "up 256 256 3"]
    assert block_lines(networks.discriminator)[:4] == ["down 3 128 3", "down 128 128 3", "attention 128", "keep 128 128 3"]
