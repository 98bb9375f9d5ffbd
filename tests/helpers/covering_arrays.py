"""Covering arrays of strength 2 over the axes of a trial: cells in which every defined pair of levels occurs. They are kept in a file.

`python tests/helpers/covering_arrays.py` chooses the cells anew, in minutes, and writes the file. This is needed after a component was
added or removed, or when other pairs than before are defined.
"""

import itertools
import json
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.losses._base import LOSSES
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.tasks._base import TASKS
from landscape.config.trial_config import TrialConfig
from landscape.config.undefined import UndefinedCombinationError

AXES = {
    "task": [name for name in TASKS.names() if TASKS[name].facts.condition != "speech"],
    "loss": LOSSES.names(),
    "regularizers": ["none", *REGULARIZERS.names()],
    "d_normalization": NORMALIZATIONS.names(),
    "g_normalization": NORMALIZATIONS.names(),
    "architecture": [name for name in ARCHITECTURES.names() if "speech" not in ARCHITECTURES[name].facts.conditions],
}
"""Speech is made at 64x64 alone, where `tests/components/tasks/test_text_to_speech.py` crosses it with every loss and every term."""
SMALL = {"width": 8, "g_width": 8, "d_width": 8, "hidden": 8}
"""Sizes at which a training step takes milliseconds. An architecture gets those of them that it has."""
OWN = {
    "resnet107": {"width": 3},
    "resnet19": {"width": 4},
    "mlp_2014": {"width_factor": 0.05},
    "r3gan": {"blocks": 1},
    "progressive": {"fmap_base": 32, "fmap_max": 8},
    "srresnet": {"blocks": 1},
    "resnet_translation": {"blocks": 1},
}
"""Further small sizes. The width of `resnet107` counts the maps next to the image; at the other end it has 32 times as many."""
HYPERPARAMETERS = {"weight_clipping": {"bound": 1.0}, "unrolled": {"k": 2}, "content": {"trained_on": "digits"}}
"""If 107 normalized layers, gains included, are clipped at 0.01, no gradient reaches G in float32. Two steps ahead test as much as five."""
RESOLUTIONS = (8, 32)
FILE = Path(__file__).with_suffix(".json")
RENEW = "run python tests/helpers/covering_arrays.py"
TRIES = 60
"""How many cells are tried before a pair counts as undefined. With 300 the same pairs are found."""
CANDIDATES = 4
COSTS = {
    **dict.fromkeys(("mlp", "mlp_2d", "autoencoder_mlp"), 0.06),
    **{"progressive": 0.15, "gan_cls": 0.2, "resnet_translation": 0.22, "srresnet": 0.25, "unet": 0.25},
    **{"resnet_cifar": 0.3, "r3gan": 0.3, "mlp_2014": 0.4, "resnet_stl": 0.4, "resnet19": 0.6, "resnet107": 3.0},
}
"""About how many seconds two rounds take. Architectures that are not named take 0.12 s."""


def cost_of(cell):
    return COSTS.get(cell[-1], 0.12)


def pairs_of(cell):
    """Return the pairs of levels of a cell, each level with the position of its axis."""
    return set(itertools.combinations(enumerate(cell), 2))


def all_pairs():
    """Return the pairs of levels of different axes."""
    return {pair for axes in itertools.combinations(enumerate(AXES.values()), 2) for pair in itertools.product(*map(levels_of, axes))}


def levels_of(axis):
    position, levels = axis
    return [(position, level) for level in levels]


def config_of(cell, resolution):
    """Return the cell as a configuration, or None if it is undefined."""
    architecture = ARCHITECTURES[cell["architecture"]]
    points = architecture.facts.samples == "points"
    small = {k: v for k, v in SMALL.items() if k in architecture.hyperparameters} | OWN.get(cell["architecture"], {})
    task = TASKS[cell["task"]].facts
    texts = task.condition == "text"
    fields = {
        "dataset": "ring" if points else "stacked_words_digits" if texts else "printed_digits" if task.game == "two_way" else "digits",
        "resolution": None if points else resolution,
        "channels": None if points else 3 if texts or cell["task"] == "colorization" else 1,
        "batch_size": 4,
        "budget": {"amount": 2},
        "latent": {"dim": 6},
    }
    if cell["regularizers"] == "auxiliary_classifier" and cell["task"] == "class_conditional" and "class" in architecture.facts.conditions:
        small = small | {"d_condition": "auxiliary_classifier"}
    regularizer = {"name": cell["regularizers"], "hyperparameters": HYPERPARAMETERS.get(cell["regularizers"], {})}
    try:
        return TrialConfig.parse(fields | cell | {"architecture": {cell["architecture"]: small}, "regularizers": [regularizer]})
    except UndefinedCombinationError:
        return None


class CoveringArray(NamedTuple):
    """A cell is a tuple with a level of each axis, in the order of `AXES`. A pair consists of two levels with the positions of their axes."""

    cells: list
    undefined: set
    """The pairs that occur in no defined cell."""

    def configs(self, resolution, shard=0, shards=1):
        """Return each cell of a part as a dictionary, with its configuration, which is None where the cell is undefined."""
        cells = [dict(zip(AXES, cell, strict=True)) for cell in self.cells[shard::shards]]
        return [(cell, config_of(cell, resolution)) for cell in cells]


def read(resolution):
    """Return the covering array of the file."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))[str(resolution)]
    position = {axis: i for i, axis in enumerate(AXES)}
    undefined = set()
    for one, others in kept["undefined"].items():
        axis, level = one.split()
        undefined |= {((position[axis], level), (position[name], other)) for name, text in others.items() for other in text.split()}
    return CoveringArray([tuple(cell.split()) for cell in kept["cells"]], undefined)


def write(arrays):
    """Write covering arrays by resolution: cells, and for each level the levels of later axes with which it has no defined cell."""
    names, kept = list(AXES), {}
    for resolution, array in arrays.items():
        undefined = defaultdict(lambda: defaultdict(list))
        for (i, level), (j, other) in sorted(array.undefined):
            undefined[f"{names[i]} {level}"][names[j]].append(other)
        lists = {one: {axis: " ".join(levels) for axis, levels in others.items()} for one, others in undefined.items()}
        kept[resolution] = {"cells": [" ".join(cell) for cell in sorted(array.cells)], "undefined": lists}
    FILE.write_text(json.dumps(kept, indent=0) + "\n", encoding="utf-8")


class Chooser:
    """Finds the pairs that are defined at one resolution, and cells in which all of them occur. What it finds is deterministic."""

    def __init__(self, resolution):
        self.resolution = resolution
        self.rng = random.Random(resolution)
        self.axes = list(AXES.values())
        self.known = {}
        self.by_level = defaultdict(list)
        """The defined cells found so far, by each of their levels."""
        self.witnesses = {}
        """The first defined cell found for each pair."""

    def is_defined(self, cell):
        if cell not in self.known:
            self.known[cell] = config_of(dict(zip(AXES, cell, strict=True)), self.resolution) is not None
            if self.known[cell]:
                for level in enumerate(cell):
                    self.by_level[level].append(cell)
                for pair in pairs_of(cell):
                    self.witnesses.setdefault(pair, cell)
        return self.known[cell]

    def crossed(self, pair):
        """Return a cell with `pair`. Its other levels come from defined cells with one level of the pair, and some from anywhere."""
        donors = [self.rng.choice(self.by_level[level]) for level in pair if self.by_level[level]]
        anywhere = 0.15 if donors else 1
        fixed = dict(pair)
        return tuple(
            fixed.get(i) or (self.rng.choice(axis) if self.rng.random() < anywhere else self.rng.choice(donors)[i])
            for i, axis in enumerate(self.axes)
        )

    def found(self, pair):
        """Return whether a defined cell with `pair` is known or found in `TRIES` tries."""
        return pair in self.witnesses or any(self.is_defined(self.crossed(pair)) for _ in range(TRIES))

    def undefined(self, pairs):
        """Return those of `pairs` for which no defined cell is found, however often the search is repeated with the cells found before."""
        left, before = sorted(pairs), -1
        while len(self.witnesses) > before:
            before = len(self.witnesses)
            left = [pair for pair in left if not self.found(pair)]
        return set(left)

    def choose(self):
        """Return cells in which every pair found occurs. Costly architectures come first, because they then stand in no more than they need."""
        missing, chosen = set(self.witnesses), []
        for target in sorted(missing, key=lambda pair: (-max(COSTS.get(level, 0) for _, level in pair), pair)):
            if target in missing:
                candidates = [self.filled(target, missing) for _ in range(CANDIDATES)]
                chosen.append(max(candidates, key=lambda cell: self.gain(cell, missing)))
                missing -= pairs_of(chosen[-1])
        return needed(chosen)

    def gain(self, cell, missing):
        """Return the number of missing pairs that a cell adds for its cost."""
        return len(pairs_of(cell) & missing) / cost_of(cell)

    def filled(self, target, missing):
        """Return a defined cell with the pair `target`: the one known for it, changed axis by axis as long as that gains most."""
        cell = self.witnesses[target]
        free = [i for i in range(len(self.axes)) if i not in dict(target)]
        self.rng.shuffle(free)
        for i in free:
            changed = [(*cell[:i], level, *cell[i + 1 :]) for level in self.axes[i]]
            ranked = sorted(((self.gain(other, missing), self.rng.random(), other) for other in changed), reverse=True)
            cell = next(
                other for _, _, other in ranked if other == cell or (pairs_of(other) <= self.witnesses.keys() and self.is_defined(other))
            )
        return cell


def needed(chosen):
    """Return the cells without those all of whose pairs occur in others. The costliest are left out first."""
    counts, kept = Counter(pair for cell in chosen for pair in pairs_of(cell)), []
    for cell in sorted(chosen, key=cost_of, reverse=True):
        if all(counts[pair] > 1 for pair in pairs_of(cell)):
            counts.subtract(pairs_of(cell))
        else:
            kept.append(cell)
    return kept


def chosen(resolution):
    """Choose a covering array."""
    chooser = Chooser(resolution)
    undefined = chooser.undefined(all_pairs())
    return CoveringArray(chooser.choose(), undefined)


if __name__ == "__main__":
    write({resolution: chosen(resolution) for resolution in RESOLUTIONS})
