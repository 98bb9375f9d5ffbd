"""Count what each row of the ledger costs: the products of one round of its model at full width.

`python -m benchmarks.published` writes landscape/published/costs.csv anew, in minutes. The products are counted on a few samples of noise
and scaled to the batch. For rows of a grid, the middle one of the grid's widths is counted.
"""

import csv
import math
from dataclasses import fields

import torch

from benchmarks.components import products
from landscape.components.datasets._base import DATASETS, Dataset, Split
from landscape.config.compatibility import packing_degree
from landscape.config.trial_config import TrialConfig
from landscape.published.costs import COSTS, Cost
from landscape.published.settings import Setting, settings
from landscape.reproductions._ledger import row_settings
from landscape.training.gan import GAN

FEWEST = 2


def noise(config: TrialConfig, count: int) -> Dataset:
    """Return samples of noise with the shape that `config` trains on."""
    facts = DATASETS[config.dataset.name].facts
    generator = torch.Generator().manual_seed(0)
    if facts.samples == "points":
        assert facts.shape is not None
        return Dataset("noise", {"train": Split(torch.randn(count, *facts.shape, generator=generator))}, content_hash="0" * 16, bounds=None)
    channels = config.channels or (facts.shape[0] if facts.shape else 3)
    shape = (count, channels, config.resolution or 32, config.resolution or 32)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return Dataset("noise", {"train": Split(images)}, content_hash="0" * 16, bounds=(0.0, 1.0))


def operations(config: TrialConfig) -> float:
    """Return the multiplications and additions of one round at the batch sizes of `config`."""
    batch = FEWEST * packing_degree(config)
    # The small batches keep the ratio of G's batch size to D's.
    few = config.replace(batch_size=batch, g_batch_size=round(batch * (config.g_batch_size or config.batch_size) / config.batch_size))
    gan = GAN(few, noise(few, 4 * batch))
    gan.prepare(torch.device("cpu"), "eager")
    gan.run_rounds(1)
    return products(gan) * config.batch_size / batch


def cost_of(setting: Setting) -> Cost:
    """Return the cost of all settings of a row. For a grid it is the middle setting's cost times the number of settings."""
    number = math.prod(map(len, (setting.grid or {}).values()))
    if setting.grid:
        setting = setting.model_copy(update={"grid": {name: [values[len(values) // 2]] for name, values in setting.grid.items()}})
    found = [s.config for s in row_settings(setting)]
    rounds = [config.rounds or 0 for config in found]
    total = sum(operations(config) * n for config, n in zip(found, rounds, strict=True))
    return Cost(setting.key, number * len(found), round(sum(rounds) / len(rounds)), number * total / 1e15)


def main() -> None:
    """Count the products of every row that can be run, and write the file."""
    torch.set_num_threads(1)
    with COSTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(Cost)])
        for setting in settings().values():
            if setting.expressible:
                cost = cost_of(setting)
                writer.writerow([cost.key, cost.settings, cost.rounds, f"{cost.petaflop:.4g}"])
                file.flush()


if __name__ == "__main__":
    main()
