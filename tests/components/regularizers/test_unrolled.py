"""Unrolled D: its steps are those of the optimizer, and the gradient in G through them is exact."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from landscape.components.architectures._base import Output
from landscape.components.losses._base import LOSSES
from landscape.components.regularizers._base import REGULARIZERS, Critique, Unrolling
from landscape.components.regularizers.unrolled import unrolled
from landscape.config.training_settings import Optimizer
from landscape.config.trial_config import TrialConfig
from landscape.training import functional_optimizers, optimizers
from landscape.training.gan import GAN
from landscape.training.gradients_of_update import Update
from landscape.trial.prepared_trial import prepare

OPTIMIZERS = {
    "adam": Optimizer(learning_rate=0.1, beta1=0.5, beta2=0.9),
    "sgd": Optimizer(name="sgd", learning_rate=0.5),
    "momentum": Optimizer(name="sgd", learning_rate=0.3, momentum=0.6),
    "rmsprop": Optimizer(name="rmsprop", learning_rate=0.05, smoothing=0.9),
}


class Game:
    """A tiny smooth game in float64: G is a linear map, D a network with one hidden layer, and the losses are those of 2014."""

    def __init__(self, config):
        torch.manual_seed(5)
        self.d = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Flatten(0)).double()
        self.real, self.z = torch.randn(6, 2, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
        self.config, self.parameters = config, dict(self.d.named_parameters())
        self.optimizer = optimizers.build(config, list(self.parameters.values()))
        self.weight = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
        for _ in range(2):  # The optimizer has then taken some steps.
            self.real_step(self.weight.detach())

    def d_loss(self, parameters, weight):
        real, fake = (functional_call(self.d, dict(parameters), (x,)) for x in (self.real, self.z @ weight))
        return (nn.functional.softplus(-real) + nn.functional.softplus(fake)).mean()

    def real_step(self, weight):
        self.optimizer.zero_grad()
        self.d_loss(self.parameters, weight).backward()
        self.optimizer.step()

    def ahead(self, weight, k):
        view = functional_optimizers.functional_view(
            self.config, functional_optimizers.state_of(self.optimizer, self.config, self.parameters)
        )
        return unrolled(Unrolling(self.d, lambda p: self.d_loss(p, weight), **view), k=k)

    def g_loss(self, weight, k):
        fake = functional_call(self.d, self.ahead(weight, k), (self.z @ weight,))
        return nn.functional.softplus(-fake).mean()


@pytest.fixture(params=OPTIMIZERS)
def game(request):
    return Game(OPTIMIZERS[request.param])


@pytest.mark.parametrize("k", [0, 1, 5, 10])
def test_gradient_through_the_unrolled_steps_against_finite_differences(game, k):
    assert torch.autograd.gradcheck(lambda weight: game.g_loss(weight, k), (game.weight,), eps=1e-6, atol=1e-8, rtol=1e-4)


@pytest.mark.parametrize("k", [1, 5])
def test_parameters_ahead_are_where_d_would_really_be(game, k):
    ahead = game.ahead(game.weight, k)
    for _ in range(k):
        game.real_step(game.weight.detach())
    for name, parameter in game.parameters.items():
        torch.testing.assert_close(ahead[name], parameter)


def test_no_steps_is_plain_training(game):
    plain = nn.functional.softplus(-game.d(game.z @ game.weight)).mean()
    torch.testing.assert_close(game.g_loss(game.weight, 0), plain)
    expected = torch.autograd.grad(plain, game.weight)
    torch.testing.assert_close(torch.autograd.grad(game.g_loss(game.weight, 0), game.weight), expected)


def test_second_term_of_the_gradient_is_there():
    """The gradient differs from that of G against D fixed at its future weights. The difference is the part through D's reaction."""
    game = Game(OPTIMIZERS["sgd"])
    whole = torch.autograd.grad(game.g_loss(game.weight, 5), game.weight)[0]
    frozen = {name: p.detach() for name, p in game.ahead(game.weight, 5).items()}
    partial_loss = nn.functional.softplus(-functional_call(game.d, frozen, (game.z @ game.weight,))).mean()
    part = torch.autograd.grad(partial_loss, game.weight)[0]
    assert (whole - part).norm() > 0.01 * part.norm()


def test_a_parameter_that_the_loss_does_not_use_stays():
    game = Game(OPTIMIZERS["adam"])
    game.d.register_parameter("spare", nn.Parameter(torch.ones(2, dtype=torch.float64)))
    game.parameters = dict(game.d.named_parameters())
    ahead = game.ahead(game.weight, 2)
    assert ahead["spare"].tolist() == [1, 1]
    assert REGULARIZERS["unrolled"].facts.site == "around_g"


@pytest.mark.parametrize("name", ["gradient_penalty", "r2", "r1_r2", "roth"])
def test_penalties_ahead_see_d_alone(name):
    """D's future weights depend on the fakes. The slope of D at a fake must not include this dependence."""
    game = Game(OPTIMIZERS["sgd"])

    def d_loss(parameters, fake):
        def critic(x):
            return Output(functional_call(game.d, dict(parameters), (x,)))

        torch.manual_seed(3)
        critique = Critique(game.real, fake, critic(game.real), critic(fake), critic, critic, torch.tensor(0.0), bounds=None)
        return (critic(fake).logit - critic(game.real).logit + REGULARIZERS[name].function(critique)).mean()

    fake = game.z @ game.weight  # All steps use one tensor, as in the module.
    view = functional_optimizers.functional_view(game.config, functional_optimizers.state_of(game.optimizer, game.config, game.parameters))
    ahead = unrolled(Unrolling(game.d, lambda parameters: d_loss(parameters, fake), **view), k=3)
    for _ in range(3):
        game.optimizer.zero_grad()
        d_loss(game.parameters, fake.detach()).backward()
        game.optimizer.step()
    for key, parameter in game.parameters.items():
        torch.testing.assert_close(ahead[key], parameter)


@pytest.mark.parametrize(("loss", "whole"), [("minimax", True), ("wasserstein", True), ("absolute_error", True), ("non_saturating", False)])
def test_looking_ahead_g_of_a_zero_sum_game_answers_to_the_whole_value(loss, whole):
    """D's future weights depend on G at the real samples too. The test compares with a hand-written unrolled step of SGD."""
    torch.manual_seed(2)
    config = {"dataset": "gaussian_1d", "architecture": {"mlp": {"width": 3, "depth": 1}}, "loss": loss, "latent": {"dim": 1}}
    config |= {"regularizers": [{"unrolled": {"k": 1}}], "d_optimizer": {"name": "sgd", "learning_rate": 0.5}, "budget": {"amount": 9}}
    gan = GAN(*prepare(TrialConfig.parse(config)))
    gan.prepare(torch.device("cpu"))
    batch, z = gan.rounds.stream.next(16), gan.draw_z(16)
    found = gan.rounds.gradients.of_g(batch, z, (), gan.rounds.next_d()).gradients

    function, names = LOSSES[loss].function, [name for name, _ in gan.discriminator.named_parameters()]
    now = {name: p.detach().requires_grad_() for name, p in gan.discriminator.named_parameters()}
    fake = gan.generator(z, None)

    def pair(parameters):
        return function(*(functional_call(gan.discriminator, parameters, (x, None)).logit for x in (batch.real, fake)))

    gradients = torch.autograd.grad(pair(now).d.mean(), list(now.values()), create_graph=True)
    ahead = pair({name: now[name] - 0.5 * g for name, g in zip(names, gradients, strict=True)})
    wanted = -ahead.d.mean() if whole else ahead.g.mean()
    torch.testing.assert_close(found, torch.autograd.grad(wanted, gan.rounds.g_parameters, retain_graph=True))
    if whole:  # The real samples contribute to the value.
        without = torch.autograd.grad(ahead.g.mean(), gan.rounds.g_parameters)
        assert max(float((a - b).abs().max()) for a, b in zip(found, without, strict=True)) > 1e-5


@pytest.mark.slow
def test_compiled_look_ahead_is_the_eager_one():
    config = {"dataset": "ring", "architecture": {"mlp_2d": {"preset": "unrolled_notebook", "width": 8}}, "loss": "minimax"}
    config |= {"regularizers": [{"unrolled": {"k": 2}}], "latent": {"dim": 4}, "budget": {"amount": 20}}
    weights = []
    for execution in ("eager", "compiled"):
        prepared = prepare(TrialConfig.parse(config))
        torch.manual_seed(3)
        gan = GAN(*prepared)
        gan.prepare(torch.device("cpu"), execution)
        gan.run_rounds(20)
        assert gan.execution == execution
        weights.append(torch.cat([p.detach().flatten() for p in gan.parameters()]))
    torch.testing.assert_close(*weights, rtol=1e-4, atol=1e-5)


AHEAD = {
    "lazy terms": {"regularizers": [{"name": "r1", "every": 2}, "unrolled"]},
    "lazy weights": {"regularizers": [{"name": "l2", "every": 3}, "unrolled"]},
    "weight clipping": {"regularizers": [{"weight_clipping": {"bound": 0.05}}, "unrolled"], "loss": "wasserstein"},
    "averages": {"regularizers": ["lecam", "unrolled"]},
    "power iterations": {"regularizers": ["unrolled"], "d_normalization": "spectral"},
    "running statistics": {"regularizers": ["unrolled"], "d_normalization": "batch"},
    "a falling rate": {"regularizers": [{"unrolled": {"k": 1}}], "schedule": {"name": "linear"}},
    "both at once": {"regularizers": ["unrolled"], "order": "simultaneous"},
    "a state of the loss": {"regularizers": ["unrolled"], "loss": {"began": {"gain": 0.5}}, "architecture": "autoencoder_mlp"},
    "layers that are not grown yet": {
        "regularizers": ["unrolled"],
        "architecture": {"progressive": {"fmap_base": 32, "fmap_max": 4}},
        "budget": {"amount": 200},
    },
    "column norms": {
        "regularizers": ["unrolled"],
        "architecture": {"mlp_2014": {"preset": "tfd_pretrain", "width_factor": 0.01}},
        "d_optimizer": {"name": "sgd", "learning_rate": 30.0},
    },
}


def whole_game(regularizers, schedule=None, **fields):
    """Return a GAN that has run 3 rounds, with SGD for D."""
    optimizer = {"name": "sgd", "learning_rate": 0.005, "momentum": 0.5, "schedule": schedule or {}}
    config = {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "minimax", "regularizers": regularizers}
    config |= {"d_optimizer": optimizer, "batch_size": 8, "budget": {"amount": 20}} | fields
    torch.manual_seed(4)
    gan = GAN(*prepare(TrialConfig.parse(config)))
    gan.prepare(torch.device("cpu"))
    gan.run_rounds(3)
    return gan


@pytest.mark.parametrize("name", AHEAD)
def test_d_ahead_is_where_its_own_updates_would_take_it_and_d_stays(name):
    gan = whole_game(**AHEAD[name])
    (choice,) = (r for r in gan.config.regularizers if r.name == "unrolled")
    batch, z = gan.rounds.stream.next(8), gan.draw_z(8)
    before = {key: value.clone() for key, value in gan.discriminator.state_dict().items()}
    states = {key: value.clone() for key, value in gan.states.state_dict().items()}
    torch.manual_seed(6)  # The seed decides the dropout.
    ahead = gan.rounds.gradients.look_ahead(batch, z, gan.rounds.next_d())
    for now, then in ((gan.discriminator.state_dict(), before), (gan.states.state_dict(), states)):
        assert [key for key in then if not torch.equal(now[key], then[key])] == []
    fake = gan.generator(z, None).detach()
    torch.manual_seed(6)
    for _ in range(choice.hyperparameters["k"]):
        objective = gan.game.d_objective(batch, fake, due=gan.game.due(gan.counts.d_steps))
        gan.rounds._apply_d(Update.of(objective, gan.rounds.d_parameters, torch.tensor(1.0)))
    for key, value in gan.discriminator.state_dict().items():
        torch.testing.assert_close(ahead.get(key, before[key]), value, msg=lambda text, key=key: f"{key}: {text}")
    assert any(not torch.equal(ahead[key], before[key]) for key, _ in gan.discriminator.named_parameters() if key in ahead)


def test_clipped_ahead_passes_no_gradient_where_it_was_cut():
    gan = whole_game(["weight_clipping"])
    start = {"a": torch.tensor([0.002, 0.5, -0.5], requires_grad=True)}
    found = gan.game._after_d_update(start)["a"]
    assert found.tolist() == pytest.approx([0.002, 0.01, -0.01])
    assert torch.autograd.grad(found.sum(), start["a"])[0].tolist() == [1, 0, 0]


def test_updates_at_once_share_batch_draw_and_weights():
    """As in the notebook's single call, D learns from the samples of the G that has not moved yet, and G from D ahead of that."""
    gan = whole_game(["unrolled"], order="simultaneous")
    batch, z = gan.rounds.stream.next(8), gan.draw_z(8)
    d, g = gan.rounds.gradients.of_both(batch, z, (), gan.rounds.next_d())
    objective = gan.game.d_objective(batch, gan.generator(z, None).detach(), due=())
    torch.testing.assert_close(d.gradients, Update.of(objective, gan.rounds.d_parameters, torch.tensor(1.0)).gradients)
    torch.testing.assert_close(g.gradients, gan.rounds.gradients.of_g(batch, z, (), gan.rounds.next_d()).gradients)


def test_terms_of_g_tell_samples_apart_by_d_of_the_sample_alone():
    """In the whole value that G minimizes when it looks ahead, the term of the i-th real sample does not concern the i-th fake sample."""
    gan = whole_game([{"top_k": {"smallest": 0.5, "end": 0.01}}, "unrolled"], loss="wasserstein")
    gan.game.progress.fill_(1.0)
    batch, z = gan.rounds.stream.next(8), gan.draw_z(8)
    ahead = gan.rounds.gradients.look_ahead(batch, z, gan.rounds.next_d())
    terms = gan.game.g_objective(batch, z, due=("top_k",), parameters=ahead).terms
    real, fake = (functional_call(gan.discriminator, ahead, (x, None)).logit for x in (batch.real, gan.generator(z, None)))
    torch.testing.assert_close(terms["adversarial"], (real - fake).mean())
    torch.testing.assert_close(terms["top_k"], -fake.topk(4).values.mean() + fake.mean())
