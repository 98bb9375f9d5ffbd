"""The shares of training, held-out and generated samples that the discriminator classifies correctly."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._intervals import wilson
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.results.record import Estimate

BATCH = 256


def called_real(discriminator: Callable[[Tensor], Tensor], samples: Tensor) -> Tensor:
    """Return whether D's logit [N] for each sample is at least 0. Images are levels in [0, 255], which D sees in [0, 1]."""
    verdicts = []
    with torch.no_grad():
        for batch in torch.split(samples, BATCH):
            shown = batch.float() / 255 if batch.ndim == 4 else batch.float()
            logits = discriminator(shown)
            if not bool(torch.isfinite(logits).all()):
                raise UserError("discriminator_accuracy: the discriminator's logits hold NaN or infinity: its weights have diverged")
            verdicts.append(logits >= 0)
    return torch.cat(verdicts)


@METRICS.register(
    needs=frozenset({"images", "train", "discriminator"}),
    names=("D_accuracy_train", "D_accuracy_test", "D_accuracy_fake"),
    direction="none",
    paper="compare_gan's accuracy task; Goodfellow et al. 2014, section 4.1",
)
def discriminator_accuracy(evidence: Evidence) -> dict[str, Estimate]:
    """Share of training and of held-out real samples that D calls real (logit >= 0), and of generated ones that it does not.

    If the share of training samples is far above that of test samples, D overfits. If test and generated samples are near one half, D no
    longer tells them apart. For a critic whose loss has no special value at zero (Wasserstein, energies), 0 is no natural threshold.

    Args:
        evidence: Images or points of the real, the generated and the training set, and the discriminator.

    Raises:
        UserError: There is no discriminator or no training set, or logits are not finite.
    """
    discriminator = need(evidence.discriminator, "the discriminator", "discriminator_accuracy")
    train = need(evidence.train, "the training set", "discriminator_accuracy")
    found = {}
    for name, whose, samples in (("train", "training", train), ("test", "real", evidence.real), ("fake", "generated", evidence.fake)):
        images = on_device(checked(samples.images, whose, "images", "discriminator_accuracy", minimum=1), evidence)
        real = called_real(discriminator, images)
        right = int((~real if name == "fake" else real).sum())
        found[f"D_accuracy_{name}"] = Estimate(
            right / len(images),
            "none",
            wilson(right, len(images)),
            interval_kind="Wilson over samples, given the discriminator",
            bounds=(0.0, 1.0),
            n_real=None if name == "fake" else len(images),
            n_fake=len(images) if name == "fake" else None,
        )
    return found
