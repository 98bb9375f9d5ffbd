"""Prepares a trial: loads its data set and puts the hash of the data into its configuration."""

from pathlib import Path
from typing import NamedTuple

from landscape.components.datasets._base import Dataset
from landscape.config.conditions import classes_of, require_inputs, require_wrong, texts_of
from landscape.config.trial_config import TrialConfig
from landscape.config.two_way_game import require_other
from landscape.core.errors import UserError


class PreparedTrial(NamedTuple):
    """A trial that can begin: its loaded data set, and its configuration with the content hash of the data, which is part of its digest."""

    config: TrialConfig
    dataset: Dataset


def prepare(config: TrialConfig, data_dir: Path | None = None) -> PreparedTrial:
    """Load the data set of `config`.

    Args:
        config: A configuration. If it has a `data_hash`, this must be that of the data.
        data_dir: The folder of the data set's files, for data sets that need files.

    Raises:
        UserError: The data are missing or damaged, are not those that the configuration was made for, or lack classes or pictures that the
            task needs.
    """
    from landscape.components.datasets._load import load_dataset

    dataset = load_dataset(
        config.dataset.name, config.dataset.hyperparameters, resolution=config.resolution, channels=config.channels, data_dir=data_dir
    )
    if config.data_hash and config.data_hash != dataset.content_hash:
        message = f"data set {config.dataset.name!r} has content {dataset.content_hash}, the config was made for {config.data_hash}"
        raise UserError(f"{message}: restore those data, or clear data_hash for a new trial")
    require_wrong(config, classes_of(config.task, dataset))  # This refuses data without the classes that the task needs.
    require_inputs(config.task, dataset)
    require_other(config.task, dataset)
    texts_of(config.task, dataset)
    # The hash changes nothing else of the configuration, which has been completed and checked.
    return PreparedTrial(config.model_copy(update={"data_hash": dataset.content_hash}), dataset)
