"""Trains with a plugin, in a process that ends afterwards."""

import warnings
from pathlib import Path
from typing import Any

import torch

import landscape
from landscape.config.protocol import Protocol
from landscape.core.registry import load_plugin


def use(file: Path, folder: Path, config: dict[str, Any], protocol: dict[str, Any]) -> None:
    """Load the plugin and train with it, in the process that calls this."""
    warnings.simplefilter("error", FutureWarning)
    torch.set_num_threads(1)
    load_plugin(str(file))
    fields = {"architecture": "mlp", "dataset": "digits", "loss": "hinge", "budget": {"amount": 3}} | config
    record = landscape.train(fields, Protocol.parse({"name": "p", "n_real": 64, "n_fake": 64} | protocol), folder=folder)
    assert record.status == "completed", record.reason
