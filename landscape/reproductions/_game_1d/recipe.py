"""The game on a line: its data, its networks, and what is measured while it is played."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import xlogy
from scipy.stats import norm
from torch import nn

from landscape.config.trial_config import TrialConfig
from landscape.training.gan import GAN

Values = NDArray[np.float64]


EDGES = np.linspace(-5, 5, 401)


X = (EDGES[1:] + EDGES[:-1]) / 2


REAL = norm.pdf(X)


SAMPLES = 200_000


MARGIN, CENTER, ALONE, TOGETHER = 2.0, 3.0, 20, 40
"""Constants of EBGAN's game.

They are the margin m, the center of the data (away from where G begins), and how often the game is measured while D learns alone and while
both learn.
"""


SHIFT, SCALE = 1.0, 0.7
"""The fixed G maps z ~ N(0, 1) to SHIFT + SCALE z."""


LEVELS = (np.arange(2000) + 0.5) / 2000


QUANTILES = norm.ppf(LEVELS)


def error_of(d: Values, best: Values, fake: Values) -> float:
    """Return the mean |D(x) - best| over real points and points of the density `fake` in equal shares. All are given at X."""
    weight = (REAL + fake) / (REAL + fake).sum()
    return float((weight * np.abs(d - best)).sum())


def value_of(d: Values, fake: Values) -> float:
    """Return the value E_real[log D] + E_fake[log(1 - D)] of the game of 2014."""
    return float((xlogy(REAL, d) + xlogy(fake, 1 - d)).sum() * float(EDGES[1] - EDGES[0]))


@dataclass(frozen=True)
class Snapshot:
    """The game after `step` rounds, evaluated at the points X."""

    step: int
    fake: Values
    """The density of the generated points, estimated from 200,000 of them."""
    learned: Values
    """D(x) after the sigmoid."""
    mapped: Values
    """G(z) at the 2,000 LEVELS of z."""

    @property
    def optimal(self) -> Values:
        """The best D(x) for this G, p_real / (p_real + p_fake)."""
        return REAL / (REAL + self.fake)

    @property
    def distance(self) -> float:
        """The Wasserstein-1 distance of the generated points to the real distribution."""
        return float(np.abs(np.sort(self.mapped) - QUANTILES).mean())

    @property
    def d_error(self) -> float:
        """The mean |D(x) - optimal| over real and generated points in equal shares."""
        return error_of(self.learned, self.optimal, self.fake)

    @property
    def value(self) -> float:
        """The value of the game for the best D, -log 4 + 2 JSD(p_real, p_fake)."""
        return value_of(self.optimal, self.fake)


def game(loss: Any, **changes: Any) -> GAN:
    """Build a small game against N(0, 1) with z uniform in [-1, 1], ready to run.

    Args:
        loss: The loss, in any of its short forms.
        changes: Fields of the configuration that differ.
    """
    from landscape.trial.prepared_trial import prepare

    fields: dict[str, Any] = {
        "dataset": "gaussian_1d",
        "architecture": {"mlp": {"width": 32}},
        "loss": loss,
        "g_normalization": "none",
        "latent": {"dim": 1, "distribution": "uniform"},
        "batch_size": 256,
        "d_optimizer": {"learning_rate": 1e-3},
        "g_optimizer": {"learning_rate": 1e-3},
        "budget": {"amount": 1_000_000},
    }
    config, dataset = prepare(TrialConfig.parse(fields | changes))
    torch.manual_seed(config.seed)
    gan = GAN(config, dataset)
    gan.prepare(torch.device("cpu"))
    return gan


class Affine(nn.Module):
    """A fixed G with a known density: SHIFT + SCALE z."""

    def forward(self, z: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        return SHIFT + SCALE * z


def against_fixed_g(loss: str, steps: int, seed: int = 0) -> Values:
    """Return D(x) on X after `steps` steps against the fixed G, with a learning rate that falls to 0."""
    falling = {"learning_rate": 5e-3, "schedule": {"name": "linear"}}
    gan = game(loss, latent={"dim": 1}, batch_size=1024, d_optimizer=falling, budget={"amount": steps}, seed=seed)
    gan.game.generator = Affine()
    for _ in range(steps):
        gan.rounds.d_step()
    gan.settle()
    return d_on_line(gan)


@torch.no_grad()
def d_on_line(gan: GAN) -> Values:
    """Return D(x) on X after the sigmoid, or NaN if there is no D."""
    if gan.discriminator is None:
        return np.full(len(X), np.nan)
    return np.asarray(gan.discriminator(torch.tensor(X[:, None]).float(), None).logit.double().sigmoid())


@torch.no_grad()
def snapshot(gan: GAN) -> Snapshot:
    """Measure the present state of the game."""
    z = gan.draw_z(SAMPLES, torch.Generator().manual_seed(1))
    counts, _ = np.histogram(gan.sample(z)[:, 0].double().numpy(), EDGES)
    fake = gaussian_filter1d(counts / (SAMPLES * (EDGES[1] - EDGES[0])), 2.0, mode="constant")
    mapped = gan.sample(torch.tensor(2 * LEVELS[:, None] - 1).float())[:, 0].double().numpy()
    return Snapshot(gan.counts.rounds, fake, d_on_line(gan), mapped)


@torch.no_grad()
def accuracy(gan: GAN, n: int = 20_000) -> float:
    """Return the share of real and generated points, in equal numbers, that D classifies correctly."""
    assert gan.discriminator is not None
    real, fake = gan.rounds.stream.next(n).real, gan.generator(gan.draw_z(n), None)
    right = [(gan.discriminator(real, None).logit > 0), (gan.discriminator(fake, None).logit <= 0)]
    return float(torch.cat(right).float().mean())


def snapshots(gan: GAN, steps: tuple[int, ...], run: Callable[[GAN, int], None] = GAN.run_rounds) -> list[Snapshot]:
    """Measure the game before its first round and after each number of rounds in `steps`."""
    found = [snapshot(gan)]
    for step in steps:
        run(gan, step - gan.counts.rounds)
        found.append(snapshot(gan))
    return found


def against_noise(gan: GAN, g_steps: int) -> None:
    """Train G further against a D that is drawn at random before each of its steps and therefore knows nothing."""
    assert gan.discriminator is not None
    layers = [m for m in gan.discriminator.modules() if isinstance(m, nn.Linear)]
    for _ in range(g_steps):
        for layer in layers:
            nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
            nn.init.zeros_(layer.bias)
        gan.rounds.g_step()
    gan.settle()


class Energies(NamedTuple):
    """EBGAN's game after `step` updates of D, measured on 4,096 points of each kind."""

    step: int
    value: float
    """V, the mean of E(x) + max(0, m - E(G(z)))."""
    real: float
    fake: float
    """The mean energies of real and of generated points."""


@torch.no_grad()
def energies(gan: GAN) -> Energies:
    """Measure the present state of EBGAN's game."""
    assert gan.discriminator is not None
    real, fake = (gan.discriminator(x, None).logit for x in (gan.rounds.stream.next(4096).real, gan.generator(gan.draw_z(4096), None)))
    value = real.mean() + (MARGIN - fake).clamp(min=0).mean()
    return Energies(gan.counts.d_steps, float(value), float(real.mean()), float(fake.mean()))


def energy_game(rounds: int, seed: int = 0) -> list[Energies]:
    """Play EBGAN's game for (about) `rounds` updates of D. D learns alone for the first third, then both learn."""
    each = max(rounds // (ALONE + TOGETHER), 1)
    autoencoder = {"autoencoder_mlp": {"g_layers": 3, "g_width": 32, "d_width": 32}}
    data = {"gaussian_1d": {"center": CENTER}}
    gan = game({"margin_energy": {"margin": MARGIN}}, architecture=autoencoder, dataset=data, seed=seed)
    found = [energies(gan)]
    for _ in range(ALONE):
        for _ in range(each):
            gan.rounds.d_step()
        found.append(energies(gan))
    gan.settle()
    for _ in range(TOGETHER):
        gan.run_rounds(each)
        found.append(energies(gan))
    return found


@dataclass(frozen=True)
class Played:
    """The results of every game that the page shows."""

    fixed: dict[str, Values]
    """D(x) by loss, trained against the fixed G."""
    adversarial: list[Snapshot]
    absolute: list[Snapshot]
    decay: list[tuple[int, float, float]]
    """(G steps, distance, accuracy of D). From `turned` on, D is noise."""
    turned: int
    direct: list[Snapshot]
    indirect: list[Snapshot]
    energy: list[Energies]
    """EBGAN's game: once before, `ALONE` times while D learns alone, `TOGETHER` times while both learn."""


def play(rounds: int) -> Played:
    """Play all games, `rounds` rounds each, with seed 0."""
    steps = tuple(max(rounds * share // 40, 1) for share in (1, 4, 12, 40))
    many_d = {"d_steps_per_round": 5}
    smooth = {"regularizers": [{"r1": {"gamma": 0.1}}]}
    every = range(rounds // 20, rounds + 1, rounds // 20)
    return Played(
        fixed={loss: against_fixed_g(loss, rounds // 2) for loss in ("minimax", "absolute_error")},
        adversarial=snapshots(game("non_saturating", **many_d), steps),
        absolute=snapshots(game("absolute_error", **many_d, **smooth), steps),
        decay=_decay(game("non_saturating"), rounds),
        turned=rounds,
        direct=snapshots(game("mmd", batch_size=128), tuple(every)),
        indirect=snapshots(game("non_saturating", batch_size=128), tuple(every)),
        energy=energy_game(rounds),
    )


def _decay(gan: GAN, rounds: int) -> list[tuple[int, float, float]]:
    found = []
    for run in (GAN.run_rounds, against_noise):
        for _ in range(20):
            run(gan, rounds // 20)
            found.append((gan.counts.g_steps, snapshot(gan).distance, accuracy(gan)))
    return found
