"""The small classifier of a data set as an extractor."""

import warnings
from pathlib import Path

import torch

from landscape.components.datasets._base import Dataset
from landscape.components.extractors._base import EXTRACTORS
from landscape.components.extractors._small_network import SmallClassifier, StackedClassifier, load_classifier, save_classifier
from landscape.core.cache_folder import cache_folder
from landscape.core.errors import UserError
from landscape.core.locks import locked

SHIPPED = Path(__file__).parent / "weights"


@EXTRACTORS.register(
    trained_on="the labels of the data set itself, or of a shipped one",
    sees="what tells the classes of that data set apart; hardly what all of them share",
    network="classifier",
    source="small CNNs trained by landscape.components.extractors._train_classifier",
)
def classifier(
    *, dataset: Dataset | None = None, weights: Path | None = None, device: torch.device | None = None, trained_on: str = ""
) -> SmallClassifier | StackedClassifier:
    """A small CNN: the one shipped for digits or mnist, or one trained on the data set's labels and kept in the cache.

    Args:
        dataset: The data set whose samples it will read.
        weights: A file made by the training command.
        device: The device to run on; the CPU by default.
        trained_on: The name of a shipped classifier, which is used for any data set. `stacked:mnist` applies it to each channel separately.

    Raises:
        UserError: It is not known which classifier to use, there are no labels to train on, or a file is damaged.
    """
    device = device or torch.device("cpu")
    if weights is not None:
        return load_classifier(weights, device)
    if name := trained_on or (dataset.classifier if dataset is not None else ""):
        stacked, _, single = name.rpartition(":")
        if stacked not in ("", "stacked"):
            raise UserError(f"no classifier {name!r}: write the name of a shipped one, or stacked:<name>")
        return StackedClassifier(_shipped(single, device)) if stacked else _shipped(single, device)
    if dataset is None:
        names = ", ".join(repr(f"classifier:{name}") for name in shipped())
        raise UserError(f"extractor 'classifier' needs to know which one: name {names}, give weights, or give a labeled data set")
    return _local(dataset, device)


def shipped() -> list[str]:
    """Return the names of the data sets whose classifier comes with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def _shipped(name: str, device: torch.device) -> SmallClassifier:
    if name not in shipped():
        raise UserError(f"no classifier is shipped for {name!r}: choose from {', '.join(shipped())}, or 'inception', 'pixels'")
    return load_classifier(SHIPPED / f"{name}.safetensors", device)


def _local(dataset: Dataset, device: torch.device) -> SmallClassifier:
    """Return the cached classifier of this data set. If there is none, train it once while other processes wait."""
    from landscape.components.extractors._train_classifier import train_classifier

    name = f"local-{dataset.content_hash[:8]}"
    path = cache_folder() / "classifiers" / f"{name}.safetensors"
    with locked(path):
        if path.with_suffix(".json").is_file():
            try:
                kept = load_classifier(path, device)
            except UserError as error:
                warnings.warn(f"{error}; training it again", stacklevel=3)
            else:
                # The name holds half of the hash, for people to read.
                if kept.facts.data_hash == dataset.content_hash:
                    return kept
        network, facts = train_classifier(dataset, f"classifier:{name}", shows=True)
        save_classifier(network, facts, path)
        return load_classifier(path, device)
