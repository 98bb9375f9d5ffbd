"""Optimizers, schedules and their differentiable twins."""

import copy
import math

import pytest
import torch
from torch import nn

from landscape.config.training_settings import Optimizer, Schedule
from landscape.core.errors import UserError
from landscape.training import functional_optimizers, optimizers, schedules
from landscape.training.scheduled_optimizer import Stepper
from landscape.trial import checkpoint_file

CONFIGS = {
    "adam": Optimizer(name="adam", learning_rate=0.03, beta1=0.5, beta2=0.9),
    "adam without momentum": Optimizer(name="adam", learning_rate=0.03, beta1=0.0, beta2=0.99, epsilon=1e-6),
    "adam with decay": Optimizer(name="adam", learning_rate=0.03, beta1=0.5, beta2=0.9, weight_decay=0.1),
    "adamw": Optimizer(name="adamw", learning_rate=0.03, beta1=0.5, beta2=0.9, weight_decay=0.1),
    "sgd": Optimizer(name="sgd", learning_rate=0.1),
    "sgd with momentum": Optimizer(name="sgd", learning_rate=0.1, momentum=0.7),
    "rmsprop": Optimizer(name="rmsprop", learning_rate=0.01, smoothing=0.9),
    "rmsprop with momentum": Optimizer(name="rmsprop", learning_rate=0.01, momentum=0.5),
}


@pytest.fixture(params=CONFIGS)
def config(request):
    return CONFIGS[request.param]


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def cost_of(net, x):
    return net(x).square().mean()


def reference(config, parameters):
    """Torch's plain implementation, neither fused nor vectorized over parameters."""
    if config.name == "adam":
        betas, decay = (config.beta1, config.beta2), config.weight_decay
        return torch.optim.Adam(parameters, config.learning_rate, betas, config.epsilon, decay, foreach=False, fused=False)
    if config.name == "adamw":
        betas, decay = (config.beta1, config.beta2), config.weight_decay
        return torch.optim.AdamW(parameters, config.learning_rate, betas, config.epsilon, decay, foreach=False, fused=False)
    if config.name == "sgd":
        return torch.optim.SGD(parameters, config.learning_rate, config.momentum, foreach=False, fused=False)
    return torch.optim.RMSprop(parameters, config.learning_rate, config.smoothing, config.epsilon, momentum=config.momentum, foreach=False)


def train(net, optimizer, steps=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        optimizer.zero_grad()
        cost_of(net, torch.randn(5, 3, generator=generator, dtype=torch.float64)).backward()
        optimizer.step()


@pytest.mark.parametrize("tensor_rate", [False, True])
def test_steps_as_torchs_plain_implementation(config, tensor_rate):
    ours, theirs = network(), None
    theirs = copy.deepcopy(ours)
    train(ours, optimizers.build(config, list(ours.parameters()), tensor_rate=tensor_rate))
    train(theirs, reference(config, theirs.parameters()))
    for left, right in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(left, right)


def test_channels_last_weights_meet_their_own_gradients():
    """A fused kernel walks memory: weight, gradient and moments must share one layout."""
    config = CONFIGS["adam"]
    plain = nn.Conv2d(4, 6, 3)
    last = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    x = torch.randn(2, 4, 5, 5)
    for net in (plain, last):
        optimizer = optimizers.build(config, list(net.parameters()))
        for _ in range(3):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(plain.weight, last.weight, rtol=1e-4, atol=1e-4)


MUON = Optimizer(name="muon", learning_rate=0.02, beta1=0.5, beta2=0.9, momentum=0.95, weight_decay=0.1)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_muon_is_torchs_on_kernels_as_matrices_and_adamw_on_the_rest(layout):
    """A kernel is the matrix of its first dimension by the others, in the order in which they lie in memory."""

    def matrix(tensor):
        ordered = tensor.permute(0, 2, 3, 1) if tensor.ndim == 4 and layout is torch.channels_last else tensor
        return ordered.detach().clone().flatten(1)

    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2)).to(memory_format=layout)
    kernels, biases = (net[0].weight, net[2].weight), (net[0].bias, net[2].bias)
    matrices, vectors = [nn.Parameter(matrix(p)) for p in kernels], [nn.Parameter(p.detach().clone()) for p in biases]
    ours = optimizers.build(MUON, list(net.parameters()))
    muon = torch.optim.Muon(matrices, lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(vectors, 0.02, (0.5, 0.9), weight_decay=0.1)
    for _ in range(3):
        ours.zero_grad()
        net(torch.randn(6, 3, 4, 4).to(memory_format=layout)).square().mean().backward()
        for mine, theirs in zip(kernels, matrices, strict=True):
            theirs.grad = matrix(mine.grad)
        for mine, theirs in zip(biases, vectors, strict=True):
            theirs.grad = mine.grad.clone()
        for optimizer in (ours, muon, adamw):
            optimizer.step()
    for mine, theirs in zip(kernels, matrices, strict=True):
        torch.testing.assert_close(matrix(mine), theirs.detach())
    for mine, theirs in zip(biases, vectors, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_muon_goes_on_from_a_checkpoint_as_if_it_had_not_stopped():
    nets = [nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(12, 1)) for _ in range(2)]
    first, again = (optimizers.build(MUON, list(net.parameters())) for net in nets)
    batches = torch.randn(4, 5, 2, 3, 3)

    def train_on(net, optimizer, chosen):
        for x in chosen:
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()

    train_on(nets[0], first, batches[:2])
    nets[1].load_state_dict(nets[0].state_dict())
    kept = {name: value.clone() for name, value in checkpoint_file.flatten_optimizer("d", first).items()}
    checkpoint_file.unflatten_optimizer("d", again, kept)
    for net, optimizer in zip(nets, (first, again), strict=True):
        train_on(net, optimizer, batches[2:])
    for left, right in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.equal(left, right)


def test_muon_follows_a_schedule():
    """The rate is that of the step, for kernels and for the rest."""
    net = nn.Linear(3, 2)
    config = Optimizer(name="muon", learning_rate=0.1, schedule=Schedule(name="linear", final=0.0))
    stepper = Stepper(config, dict(net.named_parameters()), total_steps=2)
    gradients = [torch.ones_like(p) for p in net.parameters()]
    moved = []
    for _ in range(3):
        before = [p.detach().clone() for p in net.parameters()]
        stepper.apply(gradients)
        moved.append([float((p - q).detach().norm()) for p, q in zip(net.parameters(), before, strict=True)])
    for first, second, third in zip(*moved, strict=True):
        assert second == pytest.approx(first / 2, rel=0.1)
        assert third == 0


SCHEDULE_FREE = Optimizer(name="schedule_free", learning_rate=0.02, beta1=0.6, beta2=0.9, epsilon=1e-6, weight_decay=0.1)


def by_the_paper(start, gradients, config):
    """y and x after these gradients, from the formulas of arXiv:2405.15682 with sums over all steps, in float64 and without the optimizer's state.

    Gradients do not depend on y here, so that z can be summed up beside it.
    """
    y, values = start.double(), [start.double()]
    for t, gradient in enumerate(gradients, start=1):
        square = sum((1 - config.beta2) * config.beta2 ** (t - s) * g.double() ** 2 for s, g in enumerate(gradients[:t], start=1))
        deviation = (square / (1 - config.beta2**t)).sqrt() + config.epsilon
        values.append(values[-1] - config.learning_rate * (gradient.double() / deviation + config.weight_decay * y))
        x = torch.stack(values[1:]).mean(0)
        y = (1 - config.beta1) * values[-1] + config.beta1 * x
    return y, x


@pytest.mark.parametrize("beta1", [0.0, 0.6])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_schedule_free_is_the_papers_and_goes_on_from_a_checkpoint(beta1, layout):
    config = SCHEDULE_FREE.model_copy(update={"beta1": beta1})
    weights = [nn.Parameter(torch.randn(2, 3, 2, 2).to(memory_format=layout)) for _ in range(2)]
    start, gradients = weights[0].detach().clone(), list(torch.randn(7, 2, 3, 2, 2))
    first, again = (optimizers.build(config, [weight]) for weight in weights)

    def train_on(weight, optimizer, chosen):
        for gradient in chosen:
            weight.grad = gradient.to(memory_format=layout)
            optimizer.step()
            # A gradient is read again for its norm.
            assert torch.equal(weight.grad, gradient)

    train_on(weights[0], first, gradients[:4])
    weights[1].data.copy_(weights[0].data)
    kept = {name: value.clone() for name, value in checkpoint_file.flatten_optimizer("g", first).items()}
    checkpoint_file.unflatten_optimizer("g", again, kept)
    for weight, optimizer in zip(weights, (first, again), strict=True):
        train_on(weight, optimizer, gradients[4:])
    assert torch.equal(*weights)
    y, x = by_the_paper(start, gradients, config)
    torch.testing.assert_close(weights[0].detach().double(), y, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(first.state[weights[0]]["x"].double(), x, rtol=1e-5, atol=1e-6)
    assert float((x - y).abs().max()) > 1e-3


def test_what_a_decay_says():
    """AdamW is a subclass of Adam in torch, and the direct update is Adam's alone."""
    weight = nn.Parameter(torch.ones(2))
    assert optimizers.FusedAdam.of(optimizers.build(CONFIGS["adamw"], [weight])) is None
    for wrong, said in (
        ({"name": "adamw"}, "adamw without weight_decay is adam"),
        ({"name": "sgd", "weight_decay": 0.1}, "weight_decay is used not by sgd"),
        ({"name": "muon", "beta1": 1.0}, "muon needs beta1 and beta2 below 1"),
        ({"name": "muon", "final_beta2": 0.5}, "final_beta2 is used not by muon"),
        ({"name": "schedule_free", "beta2": 1.0}, "schedule_free needs beta1 and beta2 below 1"),
        ({"name": "schedule_free", "momentum": 0.5}, "momentum is used not by schedule_free"),
        ({"name": "schedule_free", "schedule": Schedule(name="linear")}, "in the place of a schedule: leave schedule out"),
    ):
        with pytest.raises(ValueError, match=said):
            Optimizer(**wrong)


def test_adam_first_step_by_hand():
    """The first step of Adam moves each weight by the rate against the sign of its gradient."""
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = optimizers.build(Optimizer(learning_rate=0.1), [weight])
    (weight * torch.tensor([3.0, -0.5])).sum().backward()
    optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.tensor([0.9, -1.9]))


# Schedules


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(), [1, 1, 1, 1, 1]),
        (Schedule(name="linear", final=0.0), [1, 0.75, 0.5, 0.25, 0]),
        (Schedule(name="linear", final=0.5, start=0.5), [1, 1, 1, 0.75, 0.5]),
        (Schedule(name="cosine", final=0.0), [1, 0.5 + 0.25 * 2**0.5, 0.5, 0.5 - 0.25 * 2**0.5, 0]),
        (Schedule(name="cosine", final=0.2), [1, 0.2 + 0.8 * (0.5 + 0.25 * 2**0.5), 0.6, 0.2 + 0.8 * (0.5 - 0.25 * 2**0.5), 0.2]),
        (Schedule(name="linear", final=0.5, end=0.5), [1, 0.75, 0.5, 0.5, 0.5]),
        (Schedule(name="cosine", final=0.2, start=0.25, end=0.75), [1, 1, 0.6, 0.2, 0.2]),
        (Schedule(name="step", decay=0.5, drops=4), [1, 0.5, 0.25, 0.125, 0.0625]),
        (Schedule(name="step", decay=0.1, drops=1, start=0.5), [1, 1, 1, 0.1, 0.1]),
        (Schedule(name="exponential", decay=0.9), [1, 0.9**25, 0.9**50, 0.9**75, 0.9**100]),
        (Schedule(name="exponential", decay=0.99, final=0.5), [1, 0.99**25, 0.99**50, 0.5, 0.5]),
        (Schedule(name="exponential", decay=0.9, start=0.5), [1, 1, 1, 0.9**25, 0.9**50]),
    ],
)
def test_rates_at_quarters_of_the_budget(schedule, expected):
    assert [schedules.rate_multiplier(schedule, step, 100) for step in (0, 25, 50, 75, 100)] == pytest.approx(expected)


def test_the_2014_recipe():
    """pylearn2: the rate divided by 1.000004 at each update, momentum from 0.5 to 0.7 linearly over the first 250 epochs."""
    config = Optimizer(
        name="sgd",
        learning_rate=0.1,
        momentum=0.5,
        final_momentum=0.7,
        momentum_saturation=0.5,
        schedule=Schedule(name="exponential", decay=1 / 1.000004, final=1e-5),
    )
    weight = nn.Parameter(torch.zeros(1))
    optimizer = optimizers.build(config, [weight])
    seen = []
    for step in (0, 1, 62_500, 125_000, 250_000):
        schedules.schedule(optimizer, config, step, 250_000)
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
    rates = [0.1 / 1.000004**step for step in (0, 1, 62_500, 125_000, 250_000)]
    assert [rate for rate, _ in seen] == pytest.approx(rates)
    assert [momentum for _, momentum in seen] == pytest.approx([0.5, 0.5 + 0.2 / 125_000, 0.6, 0.7, 0.7])


def test_momentum_that_starts_at_zero():
    config = Optimizer(name="sgd", learning_rate=1.0, momentum=0.0, final_momentum=0.5)
    weight = nn.Parameter(torch.zeros(1))
    optimizer = optimizers.build(config, [weight])
    for step in range(3):
        schedules.schedule(optimizer, config, step, 2)  # momentum 0, 1/4, 1/2
        weight.grad = torch.ones(1)
        optimizer.step()
    # Velocities 1, 1, 1.5: torch keeps none while the momentum is 0.
    assert weight.item() == pytest.approx(-(1 + 1 + 1.5))


def test_r3gans_beta2():
    """0.9 to 0.99 along half a cosine over the burn-in, which here is half of the budget."""
    config = Optimizer(beta1=0.0, beta2=0.9, final_beta2=0.99, beta2_saturation=0.5)
    optimizer = optimizers.build(config, [nn.Parameter(torch.zeros(1))])
    seen = []
    for step in (0, 10, 25, 40, 50, 100):
        schedules.schedule(optimizer, config, step, 100)
        seen.append(optimizer.param_groups[0]["betas"])
    quarter = 0.5 * (1 - math.cos(math.pi / 5))
    assert [beta1 for beta1, _ in seen] == [0.0] * 6
    assert [beta2 for _, beta2 in seen] == pytest.approx([0.9, 0.9 + 0.09 * quarter, 0.945, 0.99 - 0.09 * quarter, 0.99, 0.99])


def test_a_look_ahead_takes_the_beta2_of_its_step():
    config = Optimizer(learning_rate=0.1, beta1=0.0, beta2=0.5, final_beta2=0.9)
    parameter = nn.Parameter(torch.ones(1, dtype=torch.float64))
    stepper = Stepper(config, {"w": parameter}, 2)
    stepper.apply([torch.full_like(parameter, 3.0)])
    view = functional_optimizers.functional_view(config, stepper.state())
    ahead, _ = view["optimizer_step"]({"w": parameter}, {"w": torch.ones_like(parameter)}, view["moments"])
    # Halfway beta2 is 0.7: the mean square is 0.7 * (0.5 * 9) + 0.3, corrected by 1 - 0.7^2.
    expected = parameter.item() - 0.1 / (math.sqrt((0.7 * 4.5 + 0.3) / (1 - 0.7**2)) + 1e-8)
    assert ahead["w"].item() == pytest.approx(expected, abs=1e-12)
    stepper.apply([torch.ones_like(parameter)])
    assert parameter.item() == pytest.approx(expected, abs=1e-12)


def test_a_tensor_rate_is_filled_in_place():
    config = Optimizer(learning_rate=0.5, schedule=Schedule(name="linear"))
    optimizer = optimizers.build(config, [nn.Parameter(torch.zeros(1))], tensor_rate=True)
    rate = optimizer.param_groups[0]["lr"]
    schedules.schedule(optimizer, config, 25, 100)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(0.375)


@pytest.mark.parametrize(
    "config",
    [
        Optimizer(schedule=Schedule(name="linear")),
        Optimizer(schedule=Schedule(name="cosine")),
        Optimizer(schedule=Schedule(name="exponential", decay=0.9, start=0.1)),
        Optimizer(name="sgd", final_momentum=0.9),
        Optimizer(final_beta2=0.99),
    ],
)
def test_a_share_of_unknown_steps_is_refused(config):
    optimizer = optimizers.build(config, [nn.Parameter(torch.zeros(1))])
    with pytest.raises(UserError, match="give a budget in steps or images"):
        schedules.schedule(optimizer, config, 3, None)


def test_exponential_needs_no_total():
    assert schedules.rate_multiplier(Schedule(name="exponential", decay=0.5), 3, None) == 0.125


# Differentiable steps


def functional_losses(config, net, x, steps):
    """Parameters after `steps` updates, made by the functional twin from the optimizer's present state."""
    optimizer = optimizers.build(config, list(net.parameters()))
    train(net, optimizer, steps=3)
    parameters = dict(net.named_parameters())
    view = functional_optimizers.functional_view(config, functional_optimizers.state_of(optimizer, config, parameters))
    ahead, moments = {k: p.detach().requires_grad_(True) for k, p in parameters.items()}, view["moments"]
    for _ in range(steps):
        loss = cost_of(lambda y, ahead=ahead: torch.func.functional_call(net, ahead, (y,)), x)
        gradients = dict(zip(ahead, torch.autograd.grad(loss, ahead.values(), create_graph=True), strict=True))
        ahead, moments = view["optimizer_step"](ahead, gradients, moments)
    return optimizer, ahead, moments


def test_functional_steps_are_the_optimizers_own(config):
    net, x = network(), torch.randn(5, 3, dtype=torch.float64)
    optimizer, ahead, moments = functional_losses(config, net, x, steps=3)
    for _ in range(3):
        optimizer.zero_grad()
        cost_of(net, x).backward()
        optimizer.step()
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(ahead[name], parameter)
    kept = functional_optimizers.functional_view(config, functional_optimizers.state_of(optimizer, config, dict(net.named_parameters())))[
        "moments"
    ]
    assert set(kept) == set(moments)
    for name, value in kept.items():
        if config.momentum > 0 or not name.startswith("momentum_buffer"):  # without momentum torch keeps no buffer
            torch.testing.assert_close(moments[name].to(value.dtype), value)


def test_functional_steps_differentiate_exactly(config):
    """d loss after three updates / d data, against central differences in float64."""
    net = network()
    optimizer = optimizers.build(config, list(net.parameters()))
    train(net, optimizer, steps=2)
    parameters = {k: p.detach().clone() for k, p in net.named_parameters()}
    view = functional_optimizers.functional_view(config, functional_optimizers.state_of(optimizer, config, dict(net.named_parameters())))
    probe = torch.randn(4, 3, dtype=torch.float64)

    def after(x):
        ahead, moments = {k: p.clone().requires_grad_(True) for k, p in parameters.items()}, view["moments"]
        for _ in range(3):
            loss = cost_of(lambda y, ahead=ahead: torch.func.functional_call(net, ahead, (y,)), x)
            gradients = dict(zip(ahead, torch.autograd.grad(loss, ahead.values(), create_graph=True), strict=True))
            ahead, moments = view["optimizer_step"](ahead, gradients, moments)
        return torch.func.functional_call(net, ahead, (probe,)).square().mean()

    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(after, (x,), eps=1e-6, atol=1e-7, rtol=1e-5)


def test_a_dead_weight_stays_differentiable():
    """A weight whose gradient is exactly 0 has second moment 0, where the square root has no derivative."""
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    data = torch.tensor([3.0, 0.0], requires_grad=True)
    for config in (CONFIGS["adam"], CONFIGS["rmsprop"]):
        parameter = nn.Parameter(weight.detach().clone())
        view = functional_optimizers.functional_view(
            config, functional_optimizers.state_of(optimizers.build(config, [parameter]), config, {"w": parameter})
        )
        (gradient,) = torch.autograd.grad((weight * data).square().sum(), weight, create_graph=True)
        ahead, _ = view["optimizer_step"]({"w": weight}, {"w": gradient}, view["moments"])
        found = torch.autograd.grad(ahead["w"].sum(), (weight, data))
        assert all(torch.isfinite(g).all() for g in found)
        assert math.isclose(ahead["w"][1].item(), 2.0)


def test_moments_before_the_first_step_are_zero():
    parameter = nn.Parameter(torch.ones(2))
    for config in CONFIGS.values():
        moments = functional_optimizers.functional_view(
            config, functional_optimizers.state_of(optimizers.build(config, [parameter]), config, {"w": parameter})
        )["moments"]
        assert set(moments) == {f"{m}/w" for m in functional_optimizers.MOMENTS[config.name]}
        assert moments
        assert all(not value.any() for value in moments.values())


def _two_adams(decay: float = 0.0) -> tuple[list[torch.Tensor], torch.optim.Optimizer, list[torch.Tensor], torch.optim.Optimizer]:
    torch.manual_seed(0)
    first = [torch.randn(5, 3), torch.randn(7)]
    second = [p.clone() for p in first]
    config = Optimizer(learning_rate=1e-2, beta1=0.5, beta2=0.9, weight_decay=decay)
    return first, optimizers.build(config, first), second, optimizers.build(config, second)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_direct_adam_equals_the_optimizers_own_step_to_the_bit(decay: float) -> None:
    ours, direct_optimizer, theirs, optimizer = _two_adams(decay)
    direct = optimizers.FusedAdam.of(direct_optimizer)
    assert direct is not None
    for i in range(6):
        gradients = [torch.randn_like(p) for p in theirs]
        for parameters, chosen in ((ours, direct_optimizer), (theirs, optimizer)):
            if parameters is theirs or not direct.step(gradients):
                assert parameters is theirs or i == 0  # only the first step, which makes the state, is the optimizer's
                for p, g in zip(parameters, gradients, strict=True):
                    p.grad = g
                chosen.step()
        if i == 3:  # as when a checkpoint is loaded: the state is replaced
            direct_optimizer.load_state_dict(copy.deepcopy(direct_optimizer.state_dict()))
    assert len(ours) == 2
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert [float(direct_optimizer.state[p]["step"]) for p in ours] == [6.0, 6.0]


def test_direct_adam_leaves_missing_gradients_to_the_optimizer() -> None:
    ours, optimizer, _, _ = _two_adams()
    direct = optimizers.FusedAdam.of(optimizer)
    assert direct is not None
    for p in ours:
        p.grad = torch.ones_like(p)
    optimizer.step()
    assert not direct.step([torch.ones(5, 3), None])
    assert optimizers.FusedAdam.of(optimizers.build(Optimizer(name="sgd"), ours)) is None
