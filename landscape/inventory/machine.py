"""Describes this machine: versions, devices, compiler, memory, disk and weights. Nothing is started or downloaded."""

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

from landscape.core.cpu_count import cores
from landscape.core.version import PACKAGES, __version__, installed

MISSING = "missing: run `make setup`, or pip install it"


def examine(results_dir: Path) -> dict[str, dict[str, Any]]:
    """Return sections of findings as plain data, which `landscape doctor` prints.

    Args:
        results_dir: The results folder whose disk is described. It need not exist.
    """
    return {
        "landscape": {"version": __version__, "python": platform.python_version(), "executable": sys.executable},
        "machine": _machine(results_dir),
        "packages": {name: installed(name) or MISSING for name in PACKAGES},
        "devices": _devices(),
        "compiler": _compiler(),
        "weights": _weights(),
        "ray": _ray(),
    }


def _machine(results_dir: Path) -> dict[str, Any]:
    import psutil

    memory = psutil.virtual_memory()
    existing = next(folder for folder in (results_dir.resolve(), *results_dir.resolve().parents) if folder.exists())
    return {
        "system": platform.platform(),
        "cores": cores(),
        "memory_gib": round(memory.total / 2**30, 1),
        "memory_free_gib": round(memory.available / 2**30, 1),
        "disk_free_gib": round(shutil.disk_usage(existing).free / 2**30, 1),
        "results": f"{results_dir} ({'writable' if os.access(existing, os.W_OK) else 'not writable: choose another with --results'})",
    }


def _devices() -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {"cpu_threads": torch.get_num_threads(), "mkl": bool(torch.backends.mkl.is_available())}  # type: ignore[no-untyped-call]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found[f"cuda:{index}"] = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    if torch.cuda.device_count() == 0:
        found["cuda"] = "none found: trials run on the CPU"
    return found


def _compiler() -> dict[str, str]:
    """Look for a C++ compiler. `torch.compile` needs one on the CPU; without one, training runs eagerly."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    return {"c++": compiler or "none found: compiled training is off, eager training works"}


def _weights() -> dict[str, str]:
    from landscape.components.extractors.classifier import SHIPPED, shipped
    from landscape.core.cache_folder import cache_folder

    found = {f"classifier:{name}": f"shipped ({SHIPPED / name}.safetensors)" for name in shipped()}
    named = os.environ.get("LANDSCAPE_INCEPTION_WEIGHTS")
    found["LANDSCAPE_INCEPTION_WEIGHTS"] = (named if Path(named).is_file() else f"{named}: no such file") if named else "not set"
    folder = cache_folder()
    kept = (path for pattern in ("weights/**/*", "classifiers/**/*") for path in sorted(folder.glob(pattern)))
    found |= {path.name: str(path) for path in kept if path.suffix in (".pth", ".safetensors")}
    return found


def _ray() -> dict[str, str]:
    address = os.environ.get("RAY_ADDRESS")
    return {"address": address if address else "not set: sweeps start Ray on this machine"}
