"""The library without Ray and without a results folder: build, train, evaluate."""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.results.record import Scores, TrialRecord


def build(config: TrialConfig | Mapping[str, Any], *, data_dir: str | Path | None = None) -> Any:
    """Build the LightningModule of a configuration. The data are loaded and the weights are initialized, but nothing is trained.

    Args:
        config: A TrialConfig or its fields, for example `{"dataset": "digits", "architecture": "dcgan", "loss": "hinge"}`.
        data_dir: The folder of the data set's files, for data sets that need files.

    Returns:
        A `landscape.training.gan.GAN` on the CPU, with `.generator`, `.discriminator`, `.sample(z)` and `.run_rounds(n)`. The weights are
        drawn with the configuration's seed.

    Raises:
        UserError: The configuration is not valid, or the data cannot be loaded.
    """
    import torch

    from landscape.training.gan import GAN
    from landscape.trial.prepared_trial import prepare

    prepared = prepare(_config(config), Path(data_dir) if data_dir else None)
    torch.manual_seed(prepared.config.seed)
    gan = GAN(*prepared)
    gan.prepare(torch.device("cpu"))
    return gan


def train(
    config: TrialConfig | Mapping[str, Any],
    protocol: Protocol | str | None = "default",
    *,
    folder: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
) -> TrialRecord:
    """Train one model and score it.

    Args:
        config: A TrialConfig or its fields.
        protocol: The protocol to score the model under, or its name. `default` chooses by the data and the task: `quick`, `quick-classes`,
            `quick-photos`, `quick-points`, or the protocol of the task. With None the model is not scored.
        folder: Where record, scores, pictures and generator are stored. Without it, only the record is returned and nothing is kept.
        data_dir: The folder of the data set's files, for data sets that need files.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.

    Returns:
        The record. If training diverges, this is not an error: the record's status says so.

    Raises:
        UserError: The input is not valid, or the protocol cannot be applied to these data or on this machine.
    """
    from landscape.config import protocols
    from landscape.config.network_layout import task_of
    from landscape.evaluation import require_scorable
    from landscape.evaluation.default_protocol import default_training_protocol
    from landscape.trial.prepared_trial import prepare
    from landscape.trial.run_trial import run_trial

    prepared = prepare(_config(config), Path(data_dir) if data_dir else None)
    name = default_training_protocol(prepared.dataset, task_of(prepared.config.task)) if protocol == "default" else protocol
    chosen = protocols.get(name) if isinstance(name, str) else name
    if chosen is not None:
        for note in require_scorable(prepared.dataset, chosen, border=task_of(prepared.config.task).border):
            warnings.warn(note, stacklevel=2)
    if folder is not None:
        return run_trial(prepared, chosen, folder=Path(folder), device=device)
    with tempfile.TemporaryDirectory(prefix="landscape-") as temporary:
        return run_trial(prepared, chosen, folder=Path(temporary), pictures=False, device=device)


def evaluate(real: Any, fake: Any, protocol: Protocol | str | None = None, **options: Any) -> Scores:
    """Compute the scores of any two sets of samples under a protocol, with their intervals.

    Args:
        real: Images (N, C, H, W) or (N, H, W, C), uint8 or float in [0, 1], or points (N, D), as an array or tensor; or anything else that
            `landscape.evaluation.evaluate` accepts.
        fake: The same for the generated samples.
        protocol: A Protocol or the name of one. None chooses by `real`, as the command line does: `quick` for a data set with a classifier,
            `quick-points` for points, `quick-photos` for color images on a machine without Inception's weights, and `given` otherwise.
        options: `aids` and `options` of `landscape.evaluation.evaluate`.

    Raises:
        UserError: A set is empty, too small for the protocol, not finite or not comparable with the other, or weights are missing or wrong.
    """
    from landscape.components.datasets._base import Dataset
    from landscape.config import protocols
    from landscape.evaluation import evaluate as core
    from landscape.evaluation.default_protocol import default_protocol
    from landscape.evaluation.given import as_given

    if protocol is None:
        protocol = default_protocol(real if isinstance(real, Dataset) else as_given(real, "real"))
    return core(real, fake, protocols.get(protocol) if isinstance(protocol, str) else protocol, **options)


def _config(config: TrialConfig | Mapping[str, Any]) -> TrialConfig:
    return config if isinstance(config, TrialConfig) else TrialConfig.parse(config)
