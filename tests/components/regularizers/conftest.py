"""A small discriminator and generator, and the arguments with which regularizers are called."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.components.architectures._base import Output
from landscape.components.regularizers._base import REGULARIZERS, Critique, Term, Translation, Unrolling
from landscape.config.training_settings import Optimizer
from landscape.training import functional_optimizers, optimizers

N, SHAPE = 8, (3, 8, 8)


class Discriminator(nn.Module):
    """A smooth network, so that finite differences hold. It has a bias, a norm and a convolution, so that kernels can be told from the
    rest.
    """

    def __init__(self, channels=3):
        super().__init__()
        self.convolution = nn.Conv2d(channels, 5, 3, 2, 1)
        self.norm = nn.GroupNorm(1, 5)
        self.hidden = nn.Linear(5 * 16, 6)
        self.output = nn.Linear(6, 1)
        self.register_buffer("classes", torch.linspace(0, 20, 24).sin().view(6, 4))

    def forward(self, x, condition=None):
        features = torch.tanh(self.hidden(torch.tanh(self.norm(self.convolution(x))).flatten(1)))
        return Output(self.output(features).squeeze(1), features, features @ self.classes)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.output = nn.Linear(4, 3 * 8 * 8)

    def forward(self, z, condition=None):
        return self.output(z).sigmoid().view(-1, *SHAPE)


def values_of(found: Tensor | Term) -> Tensor:
    """Return the values of a term with or without a state."""
    return found.values if isinstance(found, Term) else found


class Bench:
    """Calls a regularizer at the site that it declares, as the training module does."""

    def __init__(self, dtype=torch.float32):
        torch.manual_seed(11)
        self.d, self.g = Discriminator().to(dtype), Generator().to(dtype)
        self.real = torch.rand(N, *SHAPE, dtype=dtype)
        self.z = torch.randn(N, 4, dtype=dtype)
        self.progress = torch.tensor(0.25)
        self.labels = torch.arange(N) % 4

    def state(self, name) -> dict[str, Tensor]:
        return {key: torch.tensor(value) for key, value in REGULARIZERS[name].facts.state.items()}

    def critique(self, *, generator_step=False, real=None, fake=None, **extra) -> Critique:
        real = self.real if real is None else real
        fake = self.g(self.z) if fake is None else fake
        fake = fake if generator_step else fake.detach()
        outputs = self.d(real), self.d(fake)
        if generator_step:
            extra["g_loss"] = nn.functional.softplus(-outputs[1].logit)
            extra |= {"made": fake, "target": self.real, "translation": self.translation()}
        extra.setdefault("condition", self.labels.to(real.device))
        extra |= {"wrong": extra["condition"].flip(0), "judge": self.judge, "d_loss": lambda r, f: nn.functional.softplus(-r) + f.exp()}
        return Critique(real, fake, *outputs, critic=self.d, look=self.d, progress=self.progress, **extra)

    def translation(self) -> Translation:
        """One direction of a two-way game, in which both generators add to a picture what G makes of z."""
        made = self.g(self.z)
        return Translation(self.real.flip(0), self.real, lambda x: x / 2 + made / 3, lambda x: x * made)

    def judge(self, points: Tensor, condition: Tensor) -> Output:
        """D's output with a logit that depends on the condition."""
        output = self.d(points)
        return output._replace(logit=output.logit * (1 + condition))

    def given(self, name) -> dict:
        """Return what the owner of the game offers a regularizer besides."""
        return {"perceive": lambda images: images.flatten(1).sin()} if REGULARIZERS[name].facts.perceives else {}

    def term(self, name, **hyperparameters) -> Tensor:
        """Return the value of a loss term, the fakes changed by an input regularizer, or D's parameters after any other regularizer."""
        component = REGULARIZERS[name]
        call, site = component.function, component.facts.site
        if site in ("d_term", "g_term"):
            critique = replace(self.critique(generator_step=site == "g_term"), state=self.state(name))
            return values_of(call(critique, **self.given(name), **hyperparameters))
        if site == "on_inputs":
            return self.seen(name, self.g(self.z), **hyperparameters)
        if site == "around_g":
            return nn.utils.parameters_to_vector(call(self.unrolling(), **hyperparameters).values())
        result = call(self.d, **hyperparameters)
        return result if site == "d_weights" else nn.utils.parameters_to_vector(self.d.parameters())

    def seen(self, name, samples, **hyperparameters) -> Tensor:
        component = REGULARIZERS[name]
        # Not at the start, at which changes that are made with a probability are made to none.
        state = {key: torch.ones((), device=samples.device) for key in component.facts.state}
        offered = {"progress": self.progress, "bounds": (0.0, 1.0), "state": state}
        names = component.function.__annotations__
        return component.function(samples, **{k: v for k, v in offered.items() if k in names}, **hyperparameters)

    def unrolling(self, config: Optimizer | None = None) -> Unrolling:
        config = config or Optimizer(learning_rate=0.05)
        parameters = dict(self.d.named_parameters())
        fake = self.g(self.z)

        def d_loss(replaced):
            real_output, fake_output = (functional_call(self.d, dict(replaced), (x,)) for x in (self.real, fake))
            return (nn.functional.softplus(-real_output.logit) + nn.functional.softplus(fake_output.logit)).mean()

        view = functional_optimizers.functional_view(
            config, functional_optimizers.state_of(optimizers.build(config, list(parameters.values())), config, parameters)
        )
        return Unrolling(self.d, d_loss, **view)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def precise() -> Bench:
    """The same bench in float64."""
    return Bench(torch.float64)


@pytest.fixture
def make_bench():
    return Bench
