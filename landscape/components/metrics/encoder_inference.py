"""How well the encoder of a joint game infers latent vectors, and what its features say about classes."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, SampleSet, need
from landscape.components.metrics._intervals import normal, wilson
from landscape.components.metrics._reconstruction import as_networks_see, in_batches, reconstruction_scores
from landscape.components.metrics._samples import checked, on_device
from landscape.components.metrics.latent_regression import explained, in_range
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

BATCH = 256


def nearest_labels(known: Tensor, labels: Tensor, asked: Tensor) -> Tensor:
    """Return the label [M] of the nearest of the `known` features [N, F], by Euclidean distance, for each of the `asked` [M, F]."""
    nearest = [torch.cdist(part, known).argmin(1).cpu() for part in torch.split(asked, BATCH)]
    return labels[torch.cat(nearest)]


@METRICS.register(
    needs=frozenset({"generator", "encoder", "images", "train"}),
    names=("encoder_error", "encoder_mean_image", "encoder_ratio", "encoder_R2", "encoder_1NN", "pixels_1NN"),
    paper="Donahue et al. 2017, arXiv:1605.09782, section 4.1; reconstruction errors as in the log of its code",
)
def encoder_inference(evidence: Evidence, *, held_out: PositiveInt = 2000) -> dict[str, Estimate]:
    """Inference by the model's own encoder E: reconstructions G(E(x)) of held-out samples, R^2 of z, and nearest neighbors in E's features.

    `encoder_error`, `encoder_mean_image` and `encoder_ratio` are what `latent_regression` calls reconstruction scores, with E in the place
    of a network that was trained afterwards; `encoder_R2` is the share of the variance of z that E(G(z)) explains. `encoder_1NN` is the
    share of held-out samples whose nearest training sample in the features before E's last layer has the same class, and `pixels_1NN` the
    same of the pixels. Data without classes have neither of the two.

    Args:
        evidence: The generator, its latent distribution, the encoder, and the images and labels of the real and of the training set.
        held_out: The number of latent vectors on which R^2 is measured.

    Raises:
        UserError: The model has no encoder, or what its networks give is not finite.
    """
    encoder = need(evidence.encoder, "the encoder of a model of task inference", "encoder_inference")
    generator = in_range(need(evidence.generator, "the generator", "encoder_inference"))
    latent = need(evidence.latent, "the latent distribution", "encoder_inference")
    real = as_networks_see(on_device(checked(evidence.real.images, "real", "images", "encoder_inference"), evidence))
    with torch.random.fork_rng(devices=[real.device] if real.device.type == "cuda" else []):
        torch.manual_seed(evidence.seed)
        z = latent(held_out).to(real.device)
        order = torch.randperm(len(real)).to(real.device)
    inferred, remade = in_batches(lambda part: encoder(generator(part)), z), in_batches(generator, in_batches(encoder, real))
    if not bool(inferred.isfinite().all() and remade.isfinite().all()):
        raise UserError("encoder_inference: what the networks give is not finite: their weights or outputs have diverged")
    value, error = explained(z, inferred)
    found = reconstruction_scores(real, remade, order, "encoder")
    found["encoder_R2"] = Estimate(
        value,
        "higher",
        normal(value, error, (None, 1.0)),
        interval_kind="delta method over held-out latent vectors, given the networks",
        bounds=(None, 1.0),
        n_fake=held_out,
    )
    return found | _neighbors(evidence, real)


def _vectors(network: Callable[[Tensor], Tensor], samples: Tensor) -> Tensor:
    """Return what `network` gives for samples, as vectors [N, F]."""
    return in_batches(lambda x: network(x).flatten(1), samples)


def _neighbors(evidence: Evidence, real: Tensor) -> dict[str, Estimate]:
    """Return the accuracies of the nearest neighbor in E's features and in pixels, if both sets have labels."""
    train: SampleSet = need(evidence.train, "the training set", "encoder_inference")
    labels = (train.labels, evidence.real.labels)
    if labels[0] is None or labels[1] is None:
        return {}
    known = as_networks_see(on_device(checked(train.images, "training", "images", "encoder_inference"), evidence))
    features: dict[str, Callable[[Tensor], Tensor]] = {
        "encoder_1NN": need(evidence.encoder_features, "the features of the encoder", "encoder_inference"),
        "pixels_1NN": lambda x: x,
    }
    found = {}
    for name, of in features.items():
        learned, tested = _vectors(of, known), _vectors(of, real)
        right = int((nearest_labels(learned, labels[0].cpu(), tested) == labels[1].cpu()).sum())
        found[name] = Estimate(
            right / len(real),
            "higher" if name == "encoder_1NN" else "none",
            wilson(right, len(real)),
            interval_kind="Wilson over tested samples, given the networks",
            bounds=(0.0, 1.0),
            n_real=len(real),
            note=f"among {len(known)} training samples",
        )
    return found
