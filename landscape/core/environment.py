"""Describes where a result was made: versions, device, threads and commit. Every record contains this description."""

import functools
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape.core.errors import UserError
from landscape.core.version import PACKAGES, __version__, installed

if TYPE_CHECKING:
    import torch


@functools.cache
def versions() -> dict[str, str]:
    """Return the installed versions of the packages that results depend on. Missing packages are left out."""
    found = {"landscape": __version__, "python": platform.python_version()}
    return found | {package: version for package in PACKAGES if (version := installed(package)) is not None}


@functools.cache
def git_commit() -> str:
    """Return the commit of the checkout that this package runs from.

    The text ends with `+changes` if tracked files differ from the commit, and is empty outside a checkout.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        run = functools.partial(subprocess.run, cwd=root, capture_output=True, text=True, timeout=10, check=True)
        commit = run(["git", "rev-parse", "HEAD"]).stdout.strip()
        changed = run(["git", "status", "--porcelain", "--untracked-files=no"]).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit + ("+changes" if changed else "")


def describe(device: Any = None, **more: Any) -> dict[str, Any]:
    """Return the environment as plain data, extended by `more`.

    Args:
        device: A `torch.device`, or None where torch plays no part.
        more: Further entries, which replace those of the same name.
    """
    described: dict[str, Any] = {
        "versions": versions(),
        "git_commit": git_commit(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
    }
    if device is not None:
        import torch

        cuda = device.type == "cuda"
        described["device"] = torch.cuda.get_device_name(device) if cuda else f"cpu ({platform.processor() or platform.machine()})"
        described["threads"] = torch.get_num_threads()
        allowed = {"products": torch.backends.cuda.matmul.allow_tf32, "convolutions": torch.backends.cudnn.allow_tf32}
        described["tf32"] = [what for what, yes in allowed.items() if cuda and yes]
    return described | more


def resolve_device(name: str) -> "torch.device":
    """Return the device called `auto` (a GPU if there is one), `cpu`, `cuda` or `cuda:1`.

    Raises:
        UserError: The name is unknown, or there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device {name!r} is not known: use auto, cpu or cuda") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError("device 'cuda' was asked for, and torch sees none: use --device cpu, or install a driver")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"device {name!r} was asked for, and the last that torch sees is cuda:{torch.cuda.device_count() - 1}: choose another"
        )
    return device
