"""Makes rows of the ledger small: an eighth of the width, three steps, data of noise, and scores of a few samples."""

import math

import torch

from landscape.components.datasets._base import DATASETS, Dataset, Split
from landscape.config.compatibility import packing_degree
from landscape.config.protocols import varied

NARROWER, STEPS = 8, 3
OWN_WIDTHS = {"mlp_2d": {"width": 400}, "stacked_mnist": {"width": {"unrolled": 8, "pacgan": 64}}, "mlp_2014": {"width_factor": 1.0}}
"""Widths whose default is None or not a whole number. They are those of the source, by preset if presets differ."""
SAMPLES = 20
"""Two of each class, which a distance within classes needs."""


def narrowed(config):
    """Return `config` with networks of an eighth of the width, for three rounds with small batches."""
    name, given = config.architecture.name, dict(config.architecture.hyperparameters)
    widths = {n: v for n, v in given.items() if n.endswith("width") and n != "group_width" and isinstance(v, int)}
    for own, value in OWN_WIDTHS.get(name, {}).items():
        if own not in widths:
            widths[own] = value[given["preset"]] if isinstance(value, dict) else value
    assert widths, f"{name} names no width"
    given |= {n: v / NARROWER if isinstance(v, float) else max(v // NARROWER, 1) for n, v in widths.items()}
    batch = 4 * packing_degree(config)
    ratio = (config.g_batch_size or config.batch_size) / config.batch_size
    per_round = {"d_steps": config.d_steps_per_round, "g_steps": config.g_steps_per_round, "images": config.d_steps_per_round * batch}
    return config.replace(
        architecture={"name": name, "hyperparameters": given},
        batch_size=batch,
        g_batch_size=math.ceil(batch * ratio),
        budget={"amount": STEPS * per_round[config.budget.unit], "unit": config.budget.unit},
    )


def few_samples(protocol):
    """Return `protocol` with few samples, and with the embedded classifier in place of the 2015 network."""
    metrics = [m.to_json() for m in protocol.metrics]
    for metric in metrics:
        given = metric["hyperparameters"]
        given |= {"splits": 1} if "splits" in given else {}
        given |= {"subset_size": 4, "subsets": 2} if "subset_size" in given else {}
        given |= {"k": 2} if "k" in given else {}
    extractor = {"name": "classifier", "hyperparameters": {"trained_on": "digits"}}
    kept = {} if protocol.extractor.name != "inception" else {"extractor": extractor, "objective": ""}
    selection = {"selection_points": min(protocol.selection_points, STEPS), "checkpoint": "last"}
    return varied(protocol, metrics=metrics, n_real=SAMPLES, n_fake=SAMPLES, averaging_runs=1, **selection, **kept)


def noise(config):
    """Return a data set of noise in the shape of the one that `config` names. Data sets of points are drawn as usual."""
    component = DATASETS[config.dataset.name]
    if component.facts.samples == "points":
        return component.function(**config.dataset.hyperparameters | {"points": 400, "held_out": 100})
    channels = config.channels or (component.facts.shape[0] if component.facts.shape else 3)
    shape = (channels, config.resolution, config.resolution)
    generator = torch.Generator().manual_seed(0)
    splits = {
        split: Split(torch.randint(0, 256, (n, *shape), dtype=torch.uint8, generator=generator), torch.arange(n) % 10)
        for split, n in (("train", 64), ("validation", SAMPLES), ("test", SAMPLES))
    }
    classifier = {"mnist": "mnist", "stacked_mnist": "stacked:mnist"}.get(component.name, "digits")
    return Dataset(component.name, splits, content_hash="0" * 16, classes=10, bounds=(0.0, 1.0), classifier=classifier)
