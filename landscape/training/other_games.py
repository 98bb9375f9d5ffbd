"""Games without a discriminator (matching samples, autoencoding), and the game that each kind of loss plays."""

from collections.abc import Callable, Mapping

from torch import Tensor

from landscape.components.numerics.precision import full_precision
from landscape.components.tasks._base import Batch
from landscape.training.component_calls import pair_of
from landscape.training.objectives import Adversarial, Due, Objective, Parameters


class Matching(Adversarial):
    """A game without discriminator, in which the loss compares real and generated samples directly (MMD)."""

    @property
    def has_discriminator(self) -> bool:
        return False

    def g_objective(self, batch: Batch, z: Tensor, *, due: Due, parameters: Parameters | None = None) -> Objective:
        fake = self.generator(z, batch.condition).float()
        with full_precision(fake.device):
            pair = pair_of(self.loss, batch.real, fake)
        return Objective(pair.g.mean(), {"adversarial": pair.g.mean()}, report=pair.report)


class Autoencoding(Matching):
    """A game with an encoder in the place of the discriminator. Generator and encoder minimize one objective together (VAE).

    `discriminator` is the encoder, which maps samples to a mean and a log variance, each [N, latent].
    """

    def g_objective(self, batch: Batch, z: Tensor, *, due: Due, parameters: Parameters | None = None) -> Objective:
        assert self.discriminator is not None
        mean, log_variance = self.discriminator(batch.real, batch.condition)
        # The reparametrized sample uses z, the round's standard normal draw, as its noise.
        latent = mean.float() + (0.5 * log_variance.float()).exp() * z
        made = self.generator(latent, batch.condition).float()
        pair = pair_of(self.loss, batch.real, made, mean=mean.float(), log_variance=log_variance.float())
        return Objective(pair.g.mean(), {"adversarial": pair.g.mean()}, report=pair.report)


GAMES: Mapping[str, Callable[..., Adversarial]] = {
    "logits": Adversarial,
    "energies": Adversarial,
    "samples": Matching,
    "autoencoding": Autoencoding,
}
