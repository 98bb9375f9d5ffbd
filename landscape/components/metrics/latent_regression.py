"""How well a network that is trained afterwards infers the latent vectors of a generator."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import normal
from landscape.components.metrics._reconstruction import NAMES, as_networks_see, in_batches, reconstruction_scores
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.core.registry import Positive, PositiveInt
from landscape.results.record import Estimate

Draw = Callable[[int], Tensor]


def explained(z: Tensor, inferred: Tensor) -> tuple[float, float]:
    """Return R^2 of the inferred latent vectors and its standard error over the draws.

    R^2 is 1 - sum |inferred - z|^2 / sum |z - mean z|^2, over draws and coordinates together. It is 0 for the mean in the place of every
    vector and 1 for the vectors themselves. The standard error is that of a ratio of means (delta method).

    Args:
        z: Latent vectors [N, latent].
        inferred: What was inferred of them [N, latent].
    """
    missed = (inferred.double() - z.double()).square().sum(1)
    varied = (z.double() - z.double().mean(0)).square().sum(1)
    share = float(missed.mean() / varied.mean())
    deviation = float((missed - share * varied).std()) / math.sqrt(len(z))
    return 1 - share, deviation / float(varied.mean())


def train_encoder(
    generator: Callable[[Tensor], Tensor], draw: Draw, *, steps: int, batch: int, width: int, learning_rate: float
) -> nn.Sequential:
    """Train a dense network E on pairs (G(z), z) that are drawn anew at every step, and return it. It minimizes |E(G(z)) - z|^2.

    E has two hidden layers of leaky ReLU. Samples are first moved and scaled to mean 0 and variance 1 over all of their values. Adam's rate
    falls along a line to 0.
    """
    with torch.no_grad():
        z = draw(1024)
        first = in_batches(generator, z).flatten(1)
        mean, deviation = first.mean(), first.std().clamp(min=1e-6)
    encoder = nn.Sequential(
        *(nn.Flatten(), _Standardized(mean, deviation)),
        *(nn.Linear(first.shape[1], width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Linear(width, z.shape[1])),
    ).to(z.device)
    optimizer = torch.optim.Adam(encoder.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(steps):
        with torch.no_grad():
            z = draw(batch)
            samples = generator(z).float()
        error = (encoder(samples) - z).square().sum(1).mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        schedule.step()
    return encoder


class _Standardized(nn.Module):
    """Computes (x - mean) / deviation."""

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


@METRICS.register(
    needs=frozenset({"generator", "images"}),
    names=("latent_R2", *NAMES),
    direction="higher",
    paper="Goodfellow et al. 2014, arXiv:1406.2661, section 7, item 2; the ratio as in the log of Donahue et al. 2017's code",
)
def latent_regression(
    evidence: Evidence,
    *,
    steps: PositiveInt = 2000,
    batch: PositiveInt = 128,
    width: PositiveInt = 256,
    learning_rate: Positive = 1e-3,
    held_out: PositiveInt = 2000,
) -> dict[str, Estimate]:
    """Inference of z: a network E is trained on (G(z), z) after the model, and is scored on other draws and on real samples.

    `latent_R2` is the share of the variance of held-out z that E(G(z)) explains. `reconstruction_error` is the mean Euclidean distance
    between held-out real samples x and G(E(x)), which E has never seen. The mean of the real samples in the place of every reconstruction
    gives `reconstruction_mean_image`. `reconstruction_ratio` is the error divided by that of the reconstruction of another real sample.
    The model itself plays no other game for it, so that any model with a generator of latent vectors has these scores.

    Args:
        evidence: The generator, its latent distribution, and the real samples.
        steps: The number of updates of E.
        batch: The number of pairs in an update.
        width: The number of units of each of E's two hidden layers.
        learning_rate: Adam's learning rate at the start.
        held_out: The number of latent vectors on which R^2 is measured.

    Raises:
        UserError: There is no generator, or it is given more than z, or what it makes is not finite.
    """
    generator = in_range(need(evidence.generator, "the generator", "latent_regression"))
    latent = need(evidence.latent, "the latent distribution", "latent_regression")
    real = as_networks_see(on_device(checked(evidence.real.images, "real", "images", "latent_regression"), evidence))
    with torch.random.fork_rng(devices=[real.device] if real.device.type == "cuda" else []), torch.enable_grad():
        torch.manual_seed(evidence.seed)

        def draw(n: int) -> Tensor:
            z: Tensor = latent(n)
            return z.to(real.device)

        encoder = train_encoder(generator, draw, steps=steps, batch=batch, width=width, learning_rate=learning_rate)
        z = draw(held_out)
        inferred = in_batches(lambda part: encoder(generator(part).float()), z)
        value, error = explained(z, inferred)
        order = torch.randperm(len(real)).to(real.device)
    remade = in_batches(generator, in_batches(encoder, real))
    if not bool(inferred.isfinite().all() and remade.isfinite().all()):
        raise UserError("latent_regression: what the generator makes is not finite: its weights or outputs have diverged")
    r2 = Estimate(
        value,
        "higher",
        normal(value, error, (None, 1.0)),
        interval_kind="delta method over held-out latent vectors, given E",
        bounds=(None, 1.0),
        n_fake=held_out,
        note=f"E: two hidden layers of {width}, {steps} steps of {batch} generated samples",
    )
    return {"latent_R2": r2} | reconstruction_scores(real, remade, order)


def in_range(generator: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the generator with images cut to [0, 1], as they are shown and scored."""

    def made(z: Tensor) -> Tensor:
        samples = generator(z)
        return samples.clamp(0, 1) if samples.ndim == 4 else samples

    return made
