"""Count what each row of the ledger costs: the products of one round of its model at full width.

`python -m benchmarks.published` writes landscape/published/costs.csv anew, in minutes. The products are counted on a few samples of noise
and scaled to the batch. For rows of a grid, the middle one of the grid's widths is counted.
"""

import csv
import math
from dataclasses import fields

import torch

from landscape.published.costs import COSTS, Cost
from landscape.published.settings import Setting, settings
from landscape.reproductions._ledger import row_settings
from landscape.trial.operations import operations


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
