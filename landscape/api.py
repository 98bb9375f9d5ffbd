"""Library use without Ray and without a results folder: build, train, evaluate."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.config import Protocol, TrialConfig
from landscape.record import Scores, TrialRecord


def build(config: TrialConfig | Mapping[str, Any], *, data_dir: str | Path | None = None) -> Any:
    """The LightningModule of a config, data loaded, weights initialized from the config's seed; not trained.

    Args:
        config: a TrialConfig or its fields, for example `{"dataset": "digits", "architecture": "dcgan", "loss": "hinge"}`.
        data_dir: where the data set's files lie, for those that need files.

    Returns:
        landscape.gan.GAN: `.generator`, `.discriminator`, `.sample(z)`, `.run_rounds(n)`.
    """
    import torch

    from landscape.gan import GAN
    from landscape.trial import prepare

    pinned, dataset = prepare(_config(config), Path(data_dir) if data_dir else None)
    torch.manual_seed(pinned.seed)
    gan = GAN(pinned, dataset)
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
        UserError: bad input. Divergence is not an error: the record's status says so.
    """
    from landscape import protocols
    from landscape.trial import run_trial

    chosen = protocols.get(protocol) if isinstance(protocol, str) else protocol
    settings = {"data_dir": Path(data_dir) if data_dir else None, "device": device}
    if folder is not None:
        return run_trial(_config(config), chosen, folder=Path(folder), **settings)
    with tempfile.TemporaryDirectory(prefix="landscape-") as temporary:
        return run_trial(_config(config), chosen, folder=Path(temporary), pictures=False, **settings)


def evaluate(real: Any, fake: Any, protocol: Protocol | str = "quick", **options: Any) -> Scores:
    """Scores of any two sets of samples under a protocol; see `landscape.evaluation.evaluate` for what may be given."""
    from landscape import protocols
    from landscape.evaluation import evaluate as core

    return core(real, fake, protocols.get(protocol) if isinstance(protocol, str) else protocol, **options)


def _config(config: TrialConfig | Mapping[str, Any]) -> TrialConfig:
    return config if isinstance(config, TrialConfig) else TrialConfig.parse(config)
