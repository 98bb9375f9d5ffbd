"""Padding, zero insertion, pooling, resampling, attention, maxout and blocks compared with explicit loops in NumPy float64."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from landscape.components.architectures._2014 import MaxoutConv, sparse_normal
from landscape.components.architectures._attention import SelfAttention
from landscape.components.architectures._autoencoder import energy
from landscape.components.architectures._layers import Layers, SameConv2d, SameConvTranspose2d, UnpoolConv2d, glorot, halvings, same_padding
from landscape.components.architectures._maxout import Maxout
from landscape.components.architectures._resnet import BlockSpec, PlainShortcut, ThreeByThreeShortcut, mean_pool, repeat_to

# The resampling layer is private to R3GAN. It is imported to compare it with loops by itself.
from landscape.components.architectures.r3gan import _Resample
from landscape.components.normalizations._base import Norm, Normalization

PLAIN = Layers(Normalization())


def numpy_same_conv(x, w, b, stride):
    """Convolve x [N, C, H, H] with w [O, C, k, k]: output y reads the input positions stride * y + t - before."""
    n, _, size, _ = x.shape
    outputs, _, k, _ = w.shape
    out = int(np.ceil(size / stride))
    before = max((out - 1) * stride + k - size, 0) // 2
    y = np.zeros((n, outputs, out, out)) + b[None, :, None, None]
    for i in range(out):
        for j in range(out):
            for s in range(k):
                for t in range(k):
                    r, c = stride * i + s - before, stride * j + t - before
                    if 0 <= r < size and 0 <= c < size:
                        y[:, :, i, j] += x[:, :, r, c] @ w[:, :, s, t].T
    return y


def numpy_same_transposed(x, w, b, stride, size):
    """Compute the gradient of that convolution in its input of `size`, for x [N, I, h, h] and w [I, O, k, k]."""
    n, _, h, _ = x.shape
    _, outputs, k, _ = w.shape
    before = max((int(np.ceil(size / stride)) - 1) * stride + k - size, 0) // 2
    y = np.zeros((n, outputs, size, size)) + b[None, :, None, None]
    for i in range(h):
        for j in range(h):
            for s in range(k):
                for t in range(k):
                    r, c = stride * i + s - before, stride * j + t - before
                    if 0 <= r < size and 0 <= c < size:
                        y[:, :, r, c] += x[:, :, i, j] @ w[:, :, s, t]
    return y


def double(layer):
    layer = layer.double()
    nn.init.normal_(layer.bias)
    return layer


def arrays(layer):
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def close(actual, expected):
    torch.testing.assert_close(actual.detach(), torch.as_tensor(expected), rtol=1e-10, atol=1e-10)


def test_same_padding_of_the_originals():
    assert same_padding(28, 5, 2) == (1, 2)
    assert same_padding(7, 5, 2) == (2, 2)  # This is the step of the 28-pixel DCGAN from 7 to 4.
    assert same_padding(32, 4, 2) == (1, 1)
    assert same_padding(9, 3, 1) == (1, 1)
    assert halvings(28, 4) == [28, 14, 7, 4, 2]


@pytest.mark.parametrize("size", [1, 2, 4, 5, 7])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (4, 2), (5, 2), (1, 1)])
def test_same_convolution(size, kernel, stride):
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    for layer in (double(SameConv2d(3, 2, kernel, stride)), double(PLAIN.conv(3, 2, kernel, stride))):
        close(layer(x), numpy_same_conv(x.numpy(), *arrays(layer), stride))


@pytest.mark.parametrize(
    ("kernel", "stride", "size"), [(5, 2, 8), (5, 2, 7), (4, 2, 8), (4, 2, 7), (3, 2, 7), (3, 2, 8), (3, 1, 5), (5, 2, 1)]
)
def test_same_transposed_convolution(kernel, stride, size):
    x = torch.randn(2, 3, -(-size // stride), -(-size // stride), dtype=torch.float64)
    layer = double(SameConvTranspose2d(3, 2, kernel, stride, size))
    close(layer(x), numpy_same_transposed(x.numpy(), *arrays(layer), stride, size))


@pytest.mark.parametrize("size", [8, 7])
def test_unpooling_convolution_is_zero_insertion_then_convolution(size):
    """The value is put at the top left of each 2x2 block with zeros elsewhere (cut to `size`); then a 3x3 SAME convolution follows."""
    layer = double(UnpoolConv2d(3, 2, size))
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    spread = np.zeros((2, 3, 8, 8))
    spread[:, :, ::2, ::2] = x.numpy()
    weight, bias = arrays(layer)
    kernel = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    close(layer(x), numpy_same_conv(spread[:, :, :size, :size], kernel, bias, 1))


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
def test_mean_pool_averages_what_lies_inside(size):
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    out = (size + 1) // 2
    expected = np.zeros((2, 3, out, out))
    for i in range(out):
        for j in range(out):
            expected[:, :, i, j] = x.numpy()[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean((2, 3))
    close(mean_pool(x), expected)


@pytest.mark.parametrize("size", [6, 5])
def test_repeating(size):
    x = torch.randn(2, 3, 3, 3, dtype=torch.float64)
    close(repeat_to(x, size), x.numpy().repeat(2, 2).repeat(2, 3)[:, :, :size, :size])


class Doubled(Norm):
    """Stands in for a norm. It computes 2 x - 1, which is easy to recognize and does not commute with ReLU."""

    def forward(self, x, z=None):
        return 2 * x - 1


def doubled(x):
    return 2 * x - 1


DOUBLING = Layers(Normalization(follow=lambda channels, spatial: Doubled()))


def conv_of(layer, x):
    return numpy_same_conv(x, *arrays(layer), 1)


def relu(x):
    return np.maximum(x, 0)


def pooled(x):
    return x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean((3, 5))


def randomized(module):
    for parameter in module.double().parameters():
        nn.init.normal_(parameter)
    return module


def test_landscape_down_block():
    """The order is norm, ReLU, 3x3, norm, ReLU, 3x3, pool, with the shortcut 3x3, pool, as in all blocks of the original."""
    for first in (False, True):
        block = randomized(ThreeByThreeShortcut(DOUBLING, BlockSpec(3, 5, 6, 3, "down", "d", first)))
        x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
        h = conv_of(block.conv1, relu(doubled(x.numpy())))
        h = pooled(conv_of(block.conv2, relu(doubled(h))))
        close(block(x), h + pooled(conv_of(block.shortcut, x.numpy())))


def test_landscape_up_block():
    block = randomized(ThreeByThreeShortcut(DOUBLING, BlockSpec(3, 5, 3, 6, "up", "g")))
    x = torch.randn(2, 3, 3, 3, dtype=torch.float64)

    def unpool_conv(layer, value):
        spread = np.zeros((2, 3, 6, 6))
        spread[:, :, ::2, ::2] = value
        weight, bias = arrays(layer)
        return numpy_same_conv(spread, weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], bias, 1)

    h = unpool_conv(block.conv1, relu(doubled(x.numpy())))
    h = conv_of(block.conv2, relu(doubled(h)))
    close(block(x), h + unpool_conv(block.shortcut, x.numpy()))


def test_plain_blocks():
    """The blocks of SNGAN and WGAN-GP have the order of their sources (1x1 after repeating, and before pooling)."""
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    up = randomized(PlainShortcut(DOUBLING, BlockSpec(3, 5, 6, 12, "up", "g"), glorot))
    h = conv_of(up.conv1, relu(doubled(x.numpy())).repeat(2, 2).repeat(2, 3))
    expected = conv_of(up.conv2, relu(doubled(h))) + conv_of(up.shortcut, x.numpy().repeat(2, 2).repeat(2, 3))
    close(up(x), expected)

    down = randomized(PlainShortcut(DOUBLING, BlockSpec(3, 5, 6, 3, "down", "d"), glorot))
    assert down.conv1.out_channels == 3  # D widens in its second convolution.
    h = conv_of(down.conv1, relu(doubled(x.numpy())))
    close(down(x), pooled(conv_of(down.conv2, relu(doubled(h)))) + pooled(conv_of(down.shortcut, x.numpy())))

    first = randomized(PlainShortcut(DOUBLING, BlockSpec(3, 5, 6, 3, "down", "d", first=True), glorot))
    h = conv_of(first.conv2, relu(conv_of(first.conv1, x.numpy())))
    close(first(x), pooled(h) + conv_of(first.shortcut, pooled(x.numpy())))

    same = randomized(PlainShortcut(DOUBLING, BlockSpec(3, 3, 6, 6, "none", "d"), glorot))
    h = conv_of(same.conv2, relu(doubled(conv_of(same.conv1, relu(doubled(x.numpy()))))))
    close(same(x), h + x.numpy())


def test_self_attention():
    """It is the identity at first. With scale 1 it is softmax(q k') v, computed by loops over positions."""
    assert SelfAttention(PLAIN, 16, 4).scale == 0
    layer = randomized(SelfAttention(PLAIN, 16, 4))
    x = torch.randn(2, 16, 4, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.scale.zero_()
    close(layer(x), x.numpy())
    with torch.no_grad():
        layer.scale.fill_(1.0)

    def one_by_one(conv, value):
        return np.einsum("oi,nihw->nohw", conv.weight.detach().numpy()[:, :, 0, 0], value)

    def pool(value):
        return value.reshape(*value.shape[:2], 2, 2, 2, 2).max((3, 5))

    q, k, v = one_by_one(layer.query, x.numpy()), pool(one_by_one(layer.key, x.numpy())), pool(one_by_one(layer.value, x.numpy()))
    assert q.shape[1] == 2
    assert v.shape[1] == 8
    attended = np.zeros((2, 8, 4, 4))
    for n in range(2):
        for i in range(4):
            for j in range(4):
                scores = np.exp([q[n, :, i, j] @ k[n, :, a, b] for a in range(2) for b in range(2)])
                values = [v[n, :, a, b] for a in range(2) for b in range(2)]
                attended[n, :, i, j] = sum(s * value for s, value in zip(scores / scores.sum(), values, strict=True))
    close(layer(x), x.numpy() + one_by_one(layer.output, attended))


def test_maxout_is_the_largest_piece():
    layer = randomized(Maxout(PLAIN, 4, 3, 5))
    x = torch.randn(2, 4, dtype=torch.float64)
    weight, bias = arrays(layer.linear)
    pieces = (x.numpy() @ weight.T + bias).reshape(2, 5, 3)
    close(layer(x), pieces.max(1))


def test_the_gradient_of_maxout_reaches_the_largest_piece_alone():
    layer = randomized(Maxout(PLAIN, 4, 3, 5))
    x = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    weight, bias = arrays(layer.linear)
    largest = (x.detach().numpy() @ weight.T + bias).reshape(2, 5, 3).argmax(1)
    expected = np.stack([sum(weight.reshape(5, 3, 4)[piece, unit] for unit, piece in enumerate(of_sample)) for of_sample in largest])
    (gradient,) = torch.autograd.grad(layer(x).sum(), x)
    close(gradient, expected)
    assert torch.autograd.gradgradcheck(lambda given: layer(given).square(), x)


def test_maxout_convolution_covers_the_edge():
    """33 positions pooled over 4 in steps of 2 become 16: the last window extends over the edge (as in the 2014 networks)."""
    layer = randomized(MaxoutConv(PLAIN, 1, 2, kernel=8, padding=4, pool=4))
    y = layer(torch.randn(1, 1, 32, 32, dtype=torch.float64))
    assert y.shape == (1, 2, 16, 16)
    full = layer.convolution(x := torch.randn(1, 1, 32, 32, dtype=torch.float64)).detach().numpy()
    assert full.shape == (1, 4, 33, 33)
    pieces = np.maximum(full[:, :2], full[:, 2:])
    expected = [[pieces[0, 0, i : i + 4, j : j + 4].max() for j in range(0, 31, 2)] for i in range(0, 31, 2)]
    close(layer(x)[0, 0], np.array(expected))


def test_sparse_initialization():
    weight = torch.empty(40, 300)
    sparse_normal(100)(weight)
    assert ((weight != 0).sum(1) == 100).all()
    assert abs(weight[weight != 0].std() - 1) < 0.05  # There are 4000 draws, so the standard error is 0.011.


def test_r3gan_resampling():
    """Doubling is bilinear interpolation except at the border, where zeros enter. Halving is its transpose divided by four."""
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    up, down = _Resample(nn.functional.conv_transpose2d, 4.0).double(), _Resample(nn.functional.conv2d, 1.0).double()
    smooth = interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    close(up(x)[:, :, 1:-1, 1:-1], smooth[:, :, 1:-1, 1:-1])
    close(up(x)[:, :, 0, 0], x[:, :, 0, 0] * 0.75 * 0.75)
    y = torch.randn(2, 3, 10, 10, dtype=torch.float64)
    close((up(x) * y).sum(), (4 * x * down(y)).sum())
    line = np.array([1, 3, 3, 1]) / 8
    close(down(y)[:, :, 1, 2], np.einsum("i,j,ncij->nc", line, line, y.numpy()[:, :, 1:5, 3:7]))


@pytest.mark.parametrize("kind", ["per_image_norm", "mean_square", "mean_absolute"])
def test_energies(kind):
    error = torch.randn(4, 3, 5, 5)
    flat = error.numpy().astype(np.float64).reshape(4, -1)
    expected = {"per_image_norm": np.linalg.norm(flat, axis=1), "mean_square": (flat**2).mean(1), "mean_absolute": np.abs(flat).mean(1)}
    torch.testing.assert_close(energy(error, kind), torch.as_tensor(expected[kind], dtype=torch.float32))


def test_a_perfect_reconstruction_has_a_gradient():
    error = torch.zeros(2, 3, requires_grad=True)
    energy(error, "per_image_norm").sum().backward()
    assert error.grad.isfinite().all()


def test_energies_against_the_margins_of_the_paper():
    """On 64x64 images in [-1, 1], the mean of squares stays below 4 and thus below any margin. The norm of an ordinary error exceeds 20."""
    worst = torch.full((1, 3, 64, 64), 2.0)
    assert energy(worst, "mean_square").item() == 4.0
    assert energy(0.1 * worst, "per_image_norm").item() == pytest.approx(0.2 * (3 * 64 * 64) ** 0.5)  # 22.2
    assert energy(0.1 * worst, "per_image_norm").item() > 20


# R3GAN is computed as one sum in explicit loops.

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def numpy_halved(x):
    """Filter each channel at every second position, with zeros beyond the border."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    half = x.shape[-1] // 2
    return np.stack(
        [
            np.stack([(padded[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] * FILTER).sum((2, 3)) for j in range(half)], -1)
            for i in range(half)
        ],
        -2,
    )


def numpy_doubled(x):
    """Spread every value by the filter around its place in a map of twice the size, multiplied by four. Values outside the map are lost."""
    n, c, h, _ = x.shape
    y = np.zeros((n, c, 2 * h + 2, 2 * h + 2))
    for i in range(h):
        for j in range(h):
            y[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += 4 * FILTER * x[:, :, i, j, None, None]
    return y[:, :, 1:-1, 1:-1]


def numpy_grouped(x, w):
    """Convolve 3x3 with zeros beyond the border. Each group of outputs sees its own group of inputs."""
    inputs = w.shape[1]
    groups = x.shape[1] // inputs
    outputs = len(w) // groups
    parts = [(x[:, g * inputs : (g + 1) * inputs], w[g * outputs : (g + 1) * outputs]) for g in range(groups)]
    return np.concatenate([numpy_same_conv(a, b, np.zeros(outputs), 1) for a, b in parts], 1)


class NumpyR3GAN:
    """Computes the network from its weights, which it takes one after the other in their order."""

    def __init__(self, network):
        self.weights = [p.detach().numpy() for p in network.parameters()]

    def take(self):
        return self.weights.pop(0)

    def mixed(self, x):
        return np.einsum("oi,nihw->nohw", self.take()[:, :, 0, 0], x)

    def active(self, x):
        y = x + self.take()[:, None, None]
        return np.where(y > 0, y, 0.2 * y)

    def block(self, x):
        return x + self.mixed(self.active(numpy_grouped(self.active(self.mixed(x)), self.take())))


def r3gan_with_random_weights(build):
    torch.manual_seed(1)
    networks = build("r3gan", (3, 8, 8), small=False, widths=(8, 4), blocks=2, group_width=4, expansion=2, latent_dim=5)
    for network in (networks.generator, networks.discriminator):
        for parameter in network.double().parameters():
            nn.init.normal_(parameter, std=0.4)
    return networks


def test_r3gan_generator(build):
    generator = r3gan_with_random_weights(build).generator
    z, it = torch.randn(2, 5, dtype=torch.float64), NumpyR3GAN(generator)
    maps, scales = it.take(), it.take()
    x = it.block(it.block(maps * (z.numpy() @ scales.T)[:, :, None, None]))  # 8 maps of 4x4
    x = it.block(it.block(numpy_doubled(it.mixed(x))))  # 4 maps of 8x8
    expected = (it.mixed(x) + 1) / 2
    assert it.weights == []
    np.testing.assert_allclose(generator(z, None).detach().numpy(), expected, rtol=1e-10, atol=1e-10)


def test_r3gan_discriminator(build):
    discriminator = r3gan_with_random_weights(build).discriminator
    images, it = torch.rand(2, 3, 8, 8, dtype=torch.float64), NumpyR3GAN(discriminator)
    x = it.block(it.block(it.mixed(2 * images.numpy() - 1)))  # 4 maps of 8x8
    x = it.block(it.block(it.mixed(numpy_halved(x))))  # 8 maps of 4x4
    basis, head = it.take(), it.take()
    expected = ((x * basis[:, 0]).sum((2, 3)) @ head.T)[:, 0]
    assert it.weights == []
    np.testing.assert_allclose(discriminator(images, None).logit.detach().numpy(), expected, rtol=1e-10, atol=1e-10)
