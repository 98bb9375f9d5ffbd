"""A plain LightningModule with Lightning's defaults, as a careful user would write a GAN by hand. This project is compared with it."""

import copy
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, TensorDataset

from landscape.training.gan import GAN


class PlainGAN(pl.LightningModule):
    """A GAN with manual optimization that logs its losses at every step."""

    def __init__(self, gan: GAN) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.discriminator = copy.deepcopy(gan.generator), copy.deepcopy(gan.discriminator)
        self.like = gan

    def configure_optimizers(self) -> Any:
        config = self.like.config
        return [
            torch.optim.Adam(network.parameters(), o.learning_rate, (o.beta1, o.beta2))
            for network, o in ((self.discriminator, config.d_optimizer), (self.generator, config.g_optimizer))
        ]

    def training_step(self, batch: tuple[Tensor], index: int) -> None:
        (real,) = batch
        d_optimizer, g_optimizer = self.optimizers()
        fake = self.generator(self.like.draw_z(len(real))).detach()
        d_loss = softplus(-self.discriminator(real).logit).mean() + softplus(self.discriminator(fake).logit).mean()
        d_optimizer.zero_grad()
        self.manual_backward(d_loss)
        d_optimizer.step()
        g_loss = softplus(-self.discriminator(self.generator(self.like.draw_z(len(real)))).logit).mean()
        g_optimizer.zero_grad()
        self.manual_backward(g_loss)
        g_optimizer.step()
        self.log_dict({"d_loss": d_loss, "g_loss": g_loss})


def plain_loop(gan: GAN, rounds: int) -> Callable[[], None]:
    """Return a function that fits `rounds` steps with logger, checkpoint and data loader at their defaults.

    Only the progress bar is off, because it floods a log.
    """
    warnings.filterwarnings("ignore", module="pytorch_lightning.*")
    samples = gan.rounds.stream.samples
    data = TensorDataset(samples.float() / 255 if samples.dtype == torch.uint8 else samples)
    loader = DataLoader(data, batch_size=gan.config.batch_size, shuffle=True, drop_last=True)
    module, folder = PlainGAN(gan), tempfile.mkdtemp(prefix="landscape-bench-")

    def loop() -> None:
        trainer = pl.Trainer(
            max_steps=2 * rounds, accelerator="cpu", default_root_dir=folder, enable_progress_bar=False, enable_model_summary=False
        )
        trainer.fit(module, loader)

    return loop
