"""The version of this package and of the packages that it depends on."""

import importlib.metadata

__version__ = "0.1.0"

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "ray", "optuna", "scikit-learn", "torch-fidelity", "numpy", "pandas", "matplotlib")
"""Packages whose versions results depend on. Every record lists them, and `landscape doctor` shows them."""


def installed(package: str) -> str | None:
    """Return the installed version of a package, or None if it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
