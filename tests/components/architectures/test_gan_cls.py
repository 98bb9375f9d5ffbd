"""How the networks of GAN-CLS take a text: at which scale it arrives, and the two places where D may take it."""

import pytest
import torch
from torch.nn.functional import conv1d, leaky_relu

from landscape.components.architectures._texts import TextEncoder, TextSizes
from landscape.components.tasks._base import Condition

CONDITION = Condition("text", shape=(6,), vocabulary=14)
SIZES = {"width": 8, "text": 64, "encoded": 64, "word": 32}


def texts(n):
    digits = torch.randint(4, 14, (n, 3), generator=torch.Generator().manual_seed(0))
    return torch.stack([torch.tensor([1, 2, 3]).expand(n, 3), digits], 2).reshape(n, 6)


@pytest.fixture
def networks(build):
    def built(**given):
        torch.manual_seed(0)
        return build("gan_cls", (3, 8, 8), small=False, condition=CONDITION, **SIZES | given)

    return built


def test_a_text_begins_at_about_the_scale_of_a_latent_vector(networks):
    """With the weights of the convolutions of images, N(0, 0.02^2), its mean square would be 0.006, beside 1 of z."""
    made, tokens = networks(), texts(400)
    for network in (made.generator, made.discriminator):
        vectors = network.text(torch.zeros(400, 1), tokens).detach()
        assert 0.4 < vectors.square().mean().sqrt() < 1.6
        # Texts differ from one another at that scale too.
        assert 0.2 < vectors.std(0).mean() < 1.6


def test_a_text_is_read_by_convolutions_over_neighboring_words():
    """Texts of four, one and no words, against torch's convolutions. What stands behind the end counts as zeros."""
    encoder, tokens = TextEncoder(CONDITION, TextSizes(3, 5)), torch.tensor([[1, 4, 2, 9, 0, 0], [7, 0, 0, 0, 0, 0], [0] * 6])
    found = encoder(tokens)
    for row, words in ((0, 4), (1, 1)):
        x = encoder.words(tokens[row : row + 1, :words]).transpose(1, 2)  # [1, C, words]
        for layer in encoder.layers:
            kernel = layer.weight.unflatten(1, (3, -1)).transpose(1, 2)  # [out, C, 3]
            x = leaky_relu(conv1d(x, kernel, layer.bias, padding=1), 0.2)
        torch.testing.assert_close(found[row], x.mean(2)[0])
    assert not found[2].any()


def test_a_projection_is_the_inner_product_of_text_and_features(networks):
    d, tokens, samples = networks(d_text="projection").discriminator, texts(5), torch.rand(5, 3, 8, 8)
    output = d(samples, tokens)
    vectors = d.text(samples, tokens)
    expected = (output.features * (d.head.weight + vectors @ d.projection.weight.T)).sum(1) + d.head.bias
    torch.testing.assert_close(output.logit, expected)
    # The features are those of the image alone, and the logit is not.
    other = d(samples, tokens.roll(1, 0))
    assert torch.equal(other.features, output.features)
    assert (other.logit != output.logit).all()


def test_the_maps_of_the_source_see_the_text_and_have_no_projection(networks):
    d, tokens, samples = networks().discriminator, texts(5), torch.rand(5, 3, 8, 8)
    assert not torch.equal(d(samples, tokens).features, d(samples, tokens.roll(1, 0)).features)
    assert not [name for name, _ in d.named_parameters() if "projection" in name]


def test_what_a_projection_changes_in_the_number_of_weights(networks):
    """The 1x1 convolution from 4 maps loses the 64 values of the text, and the 64 values have a vector of 4 x 4 x 4 features each."""
    maps, projection = (sum(p.numel() for p in networks(d_text=way).discriminator.parameters()) for way in ("maps", "projection"))
    assert projection - maps == 64 * 4 * 16 - 64 * 4


def test_a_projection_is_under_the_normalization_of_d(networks):
    d = networks(d="spectral", d_text="projection").discriminator
    assert "SpectralNorm" in {type(module).__name__ for module in d.projection.modules()}
