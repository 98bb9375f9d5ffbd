"""The version of this package, and of those that it stands on."""

import importlib.metadata

__version__ = "0.1.0"

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "ray", "optuna", "scikit-learn", "torch-fidelity", "numpy", "pandas", "matplotlib")
"""Packages whose versions results depend on: they stand in every record, and `landscape doctor` shows them."""


def installed(package: str) -> str | None:
    """The installed version of a package; None where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
