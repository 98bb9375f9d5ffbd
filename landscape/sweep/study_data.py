"""The data of a study. They are loaded once by the driver: missing files show at once, and every trial's identity holds their content."""

import json
from collections.abc import Mapping
from pathlib import Path

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.config.digests import hashed_hyperparameters
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.space.space import Space
from landscape.trial.prepared_trial import prepare


class Data:
    """The content hashes of prepared data sets, by what is asked of them. Cells may differ in their resolution."""

    def __init__(self, data_dir: Path | None) -> None:
        self.data_dir = data_dir
        self._hashes: dict[str, str] = {}

    def pin(self, config: TrialConfig) -> TrialConfig:
        """Return `config` with the content hash of its data."""
        key = request(config)
        if key not in self._hashes:
            self._hashes[key] = self.load(config).content_hash
        return config.replace(data_hash=self._hashes[key])

    def load(self, config: TrialConfig) -> Dataset:
        """Return the data set of `config`.

        Raises:
            UserError: It is missing, empty or damaged.
        """
        return prepare(config, self.data_dir).dataset

    def hashes(self, space: Space) -> dict[str, str]:
        """Return the content hash of each data set that the study uses."""
        for cell in space.cells():
            self.pin(cell.config({}, seed=0))
        return dict(self._hashes)

    def check(self, space: Space, before: Mapping[str, str]) -> None:
        """Load the data, and check that they are those with which the study began.

        Raises:
            UserError: They are not, or cannot be loaded.
        """
        now = self.hashes(space)
        for key in now.keys() & before.keys():
            if now[key] != before[key]:
                message = f"the data have changed since study {space.name!r} began ({key}: content {before[key]}, now {now[key]})"
                raise UserError(f"{message}: restore them, or choose another results folder")


def request(config: TrialConfig) -> str:
    """Return a text that says what is asked of a data set. The place of its files is no part of it.

    Hyperparameters are named by the rule of digests, so that a new one, at its default, leaves the texts in kept studies as they are.
    """
    named = hashed_hyperparameters(DATASETS[config.dataset.name], config.dataset.hyperparameters)
    kept = {k: v for k, v in named.items() if k != "path"}
    parts = [config.dataset.name, f"resolution {config.resolution}", f"channels {config.channels or 'as they are'}"]
    return ", ".join(parts + ([json.dumps(kept, sort_keys=True)] if kept else []))
