"""Library use without Ray and without a results folder: build, train, evaluate."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.results.record import Scores, TrialRecord


def build(config: TrialConfig | Mapping[str, Any], *, data_dir: str | Path | None = None) -> Any:
    """The LightningModule of a config, data loaded, weights initialized from the config's seed; not trained.

    Args:
        config: a TrialConfig or its fields, for example `{"dataset": "digits", "architecture": "dcgan", "loss": "hinge"}`.
        data_dir: where the data set's files lie, for those that need files.

    Returns:
        landscape.training.gan.GAN: `.generator`, `.discriminator`, `.sample(z)`, `.run_rounds(n)`.
    """
    import torch

    from landscape.training.gan import GAN
    from landscape.trial.run_trial import prepare

    prepared = prepare(_config(config), Path(data_dir) if data_dir else None)
    torch.manual_seed(prepared.config.seed)
    gan = GAN(*prepared)
    gan.prepare(torch.device("cpu"))
    return gan


def train(
    config: TrialConfig | Mapping[str, Any],
    protocol: Protocol | str | None = "quick",
    *,
    folder: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
) -> TrialRecord:
    """Train one model and score it. With a `folder` its record, scores, pictures and generator stay there; else only the record returns.

    Raises:
        UserError: bad input, a protocol that these data or this machine cannot carry out. Divergence is not an error: the record's status
            says so.
    """
    from landscape.config import protocols
    from landscape.evaluation import require_scorable
    from landscape.trial.run_trial import prepare, run_trial

    chosen = protocols.get(protocol) if isinstance(protocol, str) else protocol
    prepared = prepare(_config(config), Path(data_dir) if data_dir else None)
    if chosen is not None:
        require_scorable(prepared.dataset, chosen)
    if folder is not None:
        return run_trial(prepared, chosen, folder=Path(folder), device=device)
    with tempfile.TemporaryDirectory(prefix="landscape-") as temporary:
        return run_trial(prepared, chosen, folder=Path(temporary), pictures=False, device=device)


def evaluate(real: Any, fake: Any, protocol: Protocol | str | None = None, **options: Any) -> Scores:
    """Scores of any two sets of samples under a protocol, with their intervals.

    Args:
        real: images (N, C, H, W) or (N, H, W, C), uint8 or float in [0, 1], points (N, D), as array or tensor; or what
            `landscape.evaluation.evaluate` takes beside them.
        fake: likewise.
        protocol: a Protocol or the name of one. None: by `real`, as the command line chooses: `quick` for a data set with a classifier,
            `quick-points` for points, else `given`.
        options: `aids` and `options` of `landscape.evaluation.evaluate`.

    Raises:
        UserError: sets that are empty, too small for the protocol, not finite, or not comparable; weights missing or wrong.
    """
    from landscape.components.datasets._base import Dataset
    from landscape.config import protocols
    from landscape.evaluation import evaluate as core
    from landscape.evaluation.given import as_given
    from landscape.evaluation.loading import default_protocol

    if protocol is None:
        protocol = default_protocol(real if isinstance(real, Dataset) else as_given(real, "real"))
    return core(real, fake, protocols.get(protocol) if isinstance(protocol, str) else protocol, **options)


def _config(config: TrialConfig | Mapping[str, Any]) -> TrialConfig:
    return config if isinstance(config, TrialConfig) else TrialConfig.parse(config)
