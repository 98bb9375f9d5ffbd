"""An update of a network moves every weight by its own gradient, whatever the memory layout of either."""

import pytest
import torch
from helpers.tiny_trials import BASE, needed_by, trial_of

import landscape
from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.regularizers._base import REGULARIZERS
from landscape.config.training_settings import Optimizer
from landscape.training.scheduled_optimizer import Stepper

IMAGES = {"architecture": {"dcgan": {"width": 4}}, "resolution": 16, "channels": 3}
OPTIMIZERS = {
    "adam": Optimizer(name="adam", learning_rate=0.01),
    "sgd": Optimizer(name="sgd", learning_rate=0.1, momentum=0.9),
    "rmsprop": Optimizer(name="rmsprop", learning_rate=0.01),
}


def plain(config, weights):
    """torch's loops over single weights, which read strides."""
    if config.name == "adam":
        return torch.optim.Adam(weights, config.learning_rate, (config.beta1, config.beta2), config.epsilon, foreach=False, fused=False)
    if config.name == "sgd":
        return torch.optim.SGD(weights, config.learning_rate, config.momentum, foreach=False, fused=False)
    return torch.optim.RMSprop(weights, config.learning_rate, config.smoothing, config.epsilon, foreach=False)


def check(optimizer="adam", **fields):
    """Three updates of D with gradients as its loss gives them, beside plain ones on weights that lie as their indices run."""
    gan = landscape.build(BASE | fields)
    config = OPTIMIZERS[optimizer]
    # Networks that grow update the weights of their present layers alone.
    stepper = Stepper(config, dict(gan.rounds.d_stepper.parameters), None)
    expected = [p.detach().clone(memory_format=torch.contiguous_format) for p in gan.rounds.d_parameters]
    reference = plain(config, expected)
    for _ in range(3):
        update = gan.rounds.gradients.of_d(gan.rounds.stream.next(4), gan.draw_z(4), gan.game.due(0))
        for weight, gradient in zip(expected, update.gradients, strict=True):
            weight.grad = None if gradient is None else gradient.clone(memory_format=torch.contiguous_format)
        reference.step()
        stepper.apply(update.gradients)
    for (name, mine), theirs in zip(stepper.parameters.items(), expected, strict=True):
        torch.testing.assert_close(mine.detach().contiguous(), theirs, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("name", sorted(REGULARIZERS))
def test_every_regularizer(name):
    if name == "pulling_away":
        check(loss="margin_energy", architecture={"autoencoder": {"width": 4, "code_width": 8}}, resolution=32, regularizers=[name])
    else:
        check(**IMAGES | needed_by(name), regularizers=[name])


@pytest.mark.usefixtures("without_flite")
@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"resnet107"}))
def test_every_architecture_under_a_penalty(name):
    check(**trial_of(name), regularizers=["r1"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("normalization", ["none", "spectral", "weight", "layer"])
def test_every_optimizer(optimizer, normalization):
    check(optimizer, **IMAGES, regularizers=["r1"], d_normalization=normalization)
