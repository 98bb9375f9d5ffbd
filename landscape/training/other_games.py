"""Games without a discriminator (matching samples, autoencoding), the joint game, and the game that each task and loss play."""

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from landscape.components.architectures._joint import paired
from landscape.components.losses._base import LossPair
from landscape.components.numerics.precision import full_precision
from landscape.components.regularizers._base import Critique
from landscape.components.tasks._base import Batch
from landscape.training.component_calls import Parameters, pair_of
from landscape.training.game import Due, Objective
from landscape.training.objectives import Adversarial
from landscape.training.two_way import TwoWay


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


class Joint(Adversarial):
    """The game of BiGAN: D tells pairs (x, E(x)) from pairs (G(z), z), and G and an encoder E learn together to make them alike.

    G and E minimize D's loss with its two arguments exchanged (equation 4 of the paper for the non-saturating loss), so that every loss on
    logits plays it. D sees a pair as one vector, and so do all terms that evaluate D.
    """

    @property
    def g_networks(self) -> tuple[nn.Module, ...]:
        assert self.encoder is not None
        return (self.generator, self.encoder)

    @property
    def g_sees_real(self) -> bool:
        return True

    def reals(self, batch: Batch) -> Tensor:
        assert self.encoder is not None
        return paired(batch.real, self.encoder(batch.real).float())

    def fakes(self, batch: Batch, z: Tensor) -> Tensor:
        return paired(super().fakes(batch, z), z)

    def _of_g(self, critique: Critique, batch: Batch, z: Tensor) -> Critique:
        """Return `critique` with G's samples alone in the place of the pairs that D sees, as terms on them have them in every game."""
        assert critique.made is not None
        values = batch.real[0].numel()
        return replace(critique, made=critique.made[:, :values].reshape(-1, *batch.real.shape[1:]))

    def _pair_of_g(self, real: Tensor, fake: Tensor, known: LossPair | None = None) -> LossPair:
        exchanged = self._call_loss(fake, real)
        assert exchanged.d is not None
        return LossPair(d=None, g=exchanged.d)


GAMES: Mapping[tuple[str, str], type[Adversarial]] = {
    ("single", "logits"): Adversarial,
    ("single", "energies"): Adversarial,
    ("single", "samples"): Matching,
    ("single", "autoencoding"): Autoencoding,
    ("joint", "logits"): Joint,
    ("two_way", "logits"): TwoWay,
}
"""The game by what the task declares (`TaskFacts.game`) and by what the loss reads (`LossFacts.inputs`)."""
