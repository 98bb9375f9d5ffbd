"""Scores the model that a trial is training or has trained."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from landscape.config.compatibility import packing_degree
from landscape.config.conditions import texts_of
from landscape.config.network_layout import task_of
from landscape.config.protocol import Protocol
from landscape.results.record import Scores
from landscape.training.building import Loss, build_networks
from landscape.training.gan import GAN
from landscape.training.sampling import make_sampler

if TYPE_CHECKING:
    from landscape.components.datasets._base import Dataset
    from landscape.evaluation.model_parts import ModelParts
    from landscape.evaluation.sampling import Sampler
    from landscape.evaluation.splits import RealSamples


@dataclass(frozen=True)
class ModelScores:
    """Scores `gan` under a protocol. Scoring does not change the random generators, and so not the rest of the training either."""

    gan: GAN
    device: torch.device
    raise_out_of_memory: bool
    """Whether a metric that runs out of memory raises an error, as in `EvaluationOptions`."""

    def now(self, protocol: Protocol) -> Scores:
        """Compute the objective of the present weights on samples that no report uses.

        If the protocol selects on the test set, as some papers did, these are the samples of the test set.
        """
        from landscape.evaluation.extraction import EvaluationOptions
        from landscape.evaluation.model_parts import ModelParts
        from landscape.evaluation.models import evaluate_model, select_model, selection_protocol
        from landscape.evaluation.splits import reporting, selection

        network = self.gan.sampler.eval()
        reports = protocol.checkpoint == "best_on_test"
        sampler = self._sampler(network, protocol, reporting if reports else selection)
        options = EvaluationOptions(device=self.device, raise_out_of_memory=self.raise_out_of_memory)
        try:
            with self._forked_random_states():
                if reports:
                    parts = ModelParts(network)
                    return evaluate_model(sampler, self.gan.dataset, selection_protocol(protocol), parts=parts, options=options)
                return select_model(sampler, self.gan.dataset, protocol, generator=network, options=options)
        finally:
            network.train()

    def for_report(self, protocol: Protocol, network: nn.Module) -> Scores:
        """Compute every score of `protocol` for the generator `network`.

        Args:
            protocol: The protocol, whose checkpoint says which weights these are.
            network: The generator, which is left in evaluation mode.

        Raises:
            SamplesError: The samples are not finite.
        """
        from landscape.evaluation import evaluate_model
        from landscape.evaluation.extraction import EvaluationOptions
        from landscape.evaluation.splits import reporting

        network.eval()
        with self._forked_random_states():
            return evaluate_model(
                self._sampler(network, protocol, reporting),
                self.gan.dataset,
                protocol,
                parts=self._parts(network),
                checkpoint=protocol.checkpoint,
                options=EvaluationOptions(device=self.device, raise_out_of_memory=self.raise_out_of_memory),
            )

    def _parts(self, network: nn.Module) -> ModelParts:
        from landscape.evaluation.model_parts import ModelParts

        gan = self.gan
        if not gan.game.has_discriminator or packing_degree(gan.config) > 1:  # Metrics show D single samples, not packs of them.
            return ModelParts(network, gan.draw_z)
        if gan.encoder is not None:  # Metrics show D single samples, not pairs with latent vectors.
            return ModelParts(network, gan.draw_z, encoder=gan.encoder)
        return ModelParts(network, gan.draw_z, gan.discriminator, self._untrained_discriminator, Loss.of(gan.config.loss).boundary())

    def _untrained_discriminator(self) -> nn.Module:
        """Build the discriminator anew, with the weights with which its training began."""
        gan = self.gan
        with self._forked_random_states():
            torch.manual_seed(gan.config.seed)
            data, texts = gan.dataset, texts_of(gan.config.task, gan.dataset)
            networks = build_networks(gan.config, data.shape, gan.classes, data.inputs_shape, texts)
            return networks.discriminator.to(self.device).eval()

    def _sampler(self, network: nn.Module, protocol: Protocol, chosen: Callable[[Dataset, Protocol], RealSamples]) -> Sampler:
        """Return a sampler of `network`. If it is given a condition, it is that of the real samples that the scores compare with."""
        from landscape.evaluation.paired_yardsticks import pairs_for

        if self.gan.condition.kind == "none":
            return make_sampler(network, self.gan.latent, protocol.sampling_batch)
        real = chosen(self.gan.dataset, protocol).samples
        pairs = pairs_for(task_of(self.gan.config.task), real, protocol.seed)
        return make_sampler(network, self.gan.latent, protocol.sampling_batch, real.labels if self.gan.classes else None, pairs)

    def _forked_random_states(self) -> AbstractContextManager[None]:
        return torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])
