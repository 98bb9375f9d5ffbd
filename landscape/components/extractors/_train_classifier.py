"""Train a small classifier: `python -m landscape.components.extractors._train_classifier digits`.

The command makes the classifiers that ship with the package; the extractor `classifier` trains one for other labeled data sets.
"""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from landscape.components.datasets._base import Dataset, Split
from landscape.components.extractors._small_network import ClassifierFacts, SmallClassifier, SmallNetwork, fitted, save_classifier
from landscape.core.errors import UserError
from landscape.core.progress import progress

SHIPPED = Path(__file__).parent / "weights"
VISITS = 300_000
"""The number of training samples shown in total: six epochs of MNIST, which take a few minutes on one core at 28x28."""
LARGEST_INPUT = 32
"""Larger images are reduced to this side for a locally trained classifier, so that its training takes only minutes."""
BATCH = 128
LEARNING_RATE = 3e-3

EVERY = 5
"""Where whole classes are held out, one of so many samples of each class measures the accuracy."""
SMOOTHING = 0.05
"""The label smoothing. Without it the features have heavy tails, whose noise dominates a Frechet distance."""


def train_classifier(
    dataset: Dataset,
    name: str,
    *,
    visits: int = VISITS,
    width: int = 32,
    features: int = 64,
    seed: int = 0,
    shows: bool = False,
) -> tuple[SmallNetwork, ClassifierFacts]:
    """Train a small network on the train split and measure its accuracy on the test split (or else the validation split).

    Where a split holds out whole classes, the network is trained on all splits without every fifth sample of each class, which measure its
    accuracy: a judge must know what the models that it judges have to say without having heard it.

    The same data, seed, number of threads and torch version give the same weights. torch's global generator is left unchanged.

    Args:
        dataset: A data set of labeled images.
        name: The public name of the classifier.
        visits: The number of training samples shown in total.
        width: The number of maps of the first convolution.
        features: The number of features.
        seed: The seed of the training.
        shows: Whether progress is shown on stderr.

    Raises:
        UserError: The data set has no labels, has fewer than two classes, or holds points.
    """
    train, validation, held_out, held_out_name = _parts(dataset, _labeled(dataset))
    channels, height, columns = dataset.shape
    shape = (channels, min(height, LARGEST_INPUT), min(columns, LARGEST_INPUT))
    classes = dataset.classes or int(train.labels.max()) + 1  # type: ignore[union-attr]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallNetwork(shape, classes, width, features)
        images, labels = _inputs(train, shape)
        epochs = max(1, math.ceil(visits / len(images)))
        batch = min(BATCH, max(16, len(images) // 16))
        label = f"landscape: training a classifier of {dataset.name}, once"
        with progress(label, epochs * (len(images) // batch) * batch, shows) as advance:
            _fit(network, images, labels, epochs, batch, advance)
        scale = _calibrate(network, validation if validation.labels is not None else train, shape)
    facts = ClassifierFacts(name=name, shape=shape, classes=classes, width=width, features=features, data_hash=dataset.content_hash)
    accuracy = _accuracy(network, facts, held_out)
    how: dict[str, Any] = {"seed": seed, "epochs": epochs, "batch": BATCH, "learning_rate": LEARNING_RATE, "train_samples": len(images)}
    how |= {"label_smoothing": SMOOTHING, "logit_scale": scale}
    how |= {"threads": torch.get_num_threads(), "torch": torch.__version__}
    return network, replace(facts, accuracy=accuracy, accuracy_split=held_out_name, accuracy_samples=len(held_out), training=how)


_OTHERS = "use protocol quick-photos (extractor 'efficientnet_lite'), or the extractor 'inception' or 'pixels'"


def _labeled(dataset: Dataset) -> Split:
    train = dataset.split("train")
    if train.samples.dim() != 4:
        raise UserError(f"data set {dataset.name!r} holds points: a classifier reads images; use the extractor 'pixels'")
    if train.labels is None:
        raise UserError(f"data set {dataset.name!r} has no labels to train a classifier on: {_OTHERS}")
    if len(torch.unique(train.labels)) < 2:
        raise UserError(f"data set {dataset.name!r} has one class only: {_OTHERS}")
    return train


def _held_out_name(dataset: Dataset) -> str:
    return next((name for name in ("test", "validation") if name in dataset.splits), "train")


def _parts(dataset: Dataset, train: Split) -> tuple[Split, Split, Split, str]:
    """Return what the network is trained on, what its logits are scaled on, what measures its accuracy, and what the last is called."""
    assert train.labels is not None
    others = [split.labels for split in dataset.splits.values() if split.labels is not None]
    if all(bool(torch.isin(labels, train.labels).all()) for labels in others):
        name = _held_out_name(dataset)
        return train, dataset.splits.get("validation", train), dataset.splits[name], name
    whole = dataset.split("all")
    assert whole.labels is not None
    is_held_out = torch.zeros(len(whole), dtype=torch.bool)
    for label in whole.labels.unique():  # type: ignore[no-untyped-call]
        is_held_out[torch.nonzero(whole.labels == label)[EVERY - 1 :: EVERY, 0]] = True
    kept, held_out = (Split(whole.samples[rows], whole.labels[rows]) for rows in (~is_held_out, is_held_out))
    return kept, held_out, held_out, f"every {EVERY}th sample of each class of all splits"


def _inputs(split: Split, shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Return the images of a split as uint8 at the classifier's input size, and their labels."""
    parts = [fitted(part, shape).round().clamp(0, 255).to(torch.uint8) for part in torch.split(split.samples, 4096)]
    assert split.labels is not None
    return torch.cat(parts), split.labels


def _fit(network: SmallNetwork, images: Tensor, labels: Tensor, epochs: int, batch: int, advance: Callable[[int], None]) -> None:
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=steps + 1)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for chosen in torch.split(order[: len(order) // batch * batch], batch):
            _, logits = network(_shifted(images[chosen]))
            loss = cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            advance(len(chosen))
    network.eval()


@torch.no_grad()
def _calibrate(network: SmallNetwork, split: Split, shape: tuple[int, int, int]) -> float:
    """Scale the logits so that their likelihood is best on samples that were not trained on. Return the scale.

    A network trained on smoothed labels is underconfident, and an Inception score depends on the confidence. Scaling leaves the predicted
    classes unchanged.
    """
    network.eval()
    images, labels = _inputs(split, shape)
    logits = torch.cat([network(part)[1] for part in torch.split(images, 1024)])
    scales = torch.logspace(-1, 1, 81, base=4.0)
    # Following the rule of succession, n samples without an error do not show that the error rate is below 1/n.
    doubt = 1 / len(labels)
    best: float = min(scales.tolist(), key=lambda scale: float(cross_entropy(scale * logits, labels, label_smoothing=doubt)))
    network.output.weight.mul_(best)
    network.output.bias.mul_(best)
    return round(best, 4)


def _shifted(images: Tensor) -> Tensor:
    """Move each image by up to 1/14 of its side (1 px at 8x8, 2 px at 28x28). Black comes in from outside."""
    reach = max(1, images.shape[-1] // 14)
    height, width = images.shape[-2:]
    padded = pad(images, (reach, reach, reach, reach))  # [N, C, H + 2 reach, W + 2 reach]
    rows = torch.randint(0, 2 * reach + 1, (len(images), 1)) + torch.arange(height)  # [N, H]
    columns = torch.randint(0, 2 * reach + 1, (len(images), 1)) + torch.arange(width)  # [N, W]
    index = torch.arange(len(images))[:, None, None]
    return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _accuracy(network: nn.Module, facts: ClassifierFacts, held_out: Split) -> float:
    assert isinstance(network, SmallNetwork)
    logits = SmallClassifier(network, facts, torch.device("cpu"))(held_out.samples).logits
    assert logits is not None
    assert held_out.labels is not None
    return float((logits.argmax(1) == held_out.labels).double().mean())


def main(arguments: list[str] | None = None) -> int:
    """Train a classifier, write its files and print its accuracy."""
    from landscape.components.datasets._load import load_dataset

    parser = argparse.ArgumentParser(prog="python -m landscape.components.extractors._train_classifier", description=__doc__)
    parser.add_argument("dataset", help="a labeled data set, at its native resolution")
    parser.add_argument("--data-dir", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--visits", type=int, default=VISITS, help="training samples shown in all")
    given = parser.parse_args(arguments)
    # With one thread the weights are the same on any machine with the same processor and torch, whatever its number of cores.
    torch.set_num_threads(1)
    dataset = load_dataset(given.dataset, data_dir=given.data_dir)
    network, facts = train_classifier(dataset, f"classifier:{given.dataset}", visits=given.visits, shows=True)
    folder = " --data-dir <folder with the IDX files>" if given.data_dir else ""
    command = f"python -m landscape.components.extractors._train_classifier {given.dataset}{folder} --visits {given.visits}"
    facts = save_classifier(network, replace(facts, command=command), given.out / f"{given.dataset}.safetensors")
    print(f"{facts.name}: accuracy {facts.accuracy:.4f} on {facts.accuracy_samples} {facts.accuracy_split} samples, sha256 {facts.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
