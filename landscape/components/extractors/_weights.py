"""Finds, checks and reads files of weights. Pickled code is never executed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from landscape.core.cache_folder import cache_folder
from landscape.core.downloads import DownloadError, fetch
from landscape.core.errors import UserError
from landscape.core.file_digests import sha256_of
from landscape.core.remote_file import RemoteFile


def checked(path: Path, expected: str, what: str) -> Path:
    """Return `path` if its SHA-256 begins with `expected`.

    Raises:
        UserError: The hash is another one. The line names both.
    """
    found = sha256_of(path, "weights")
    if not found.startswith(expected):
        short = max(16, min(len(expected), 64))
        raise UserError(f"{path} is not {what}: expected SHA-256 {expected[:short]}, found {found[:short]}; fetch the file again")
    return path


def first_existing(candidates: Iterable[Path]) -> Path | None:
    """Return the first of `candidates` that is a file, or None."""
    return next((path for path in candidates if path.is_file()), None)


def already_here(files: Sequence[str]) -> Path | None:
    """The first of `files` in this project's or torch.hub's cache; None where neither has one."""
    folders = (cache_folder() / "weights", Path(torch.hub.get_dir()) / "checkpoints")
    return first_existing(folder / name for folder in folders for name in files)


def found_or_downloaded(files: Sequence[str], remote: RemoteFile, what: str) -> Path:
    """Return one of `files` in the cache of this project or of torch.hub, or else download `remote` into this project's cache.

    Raises:
        UserError: Nothing was found or downloaded. The line says what to fetch and where to put it.
    """
    home, found = cache_folder() / "weights", already_here(files)
    if found is None:
        try:
            fetch([remote], home, what)
        except DownloadError as error:
            target = home / remote.name
            raise UserError(
                f"{what} not found and not downloaded ({error}): fetch {remote.by_hand()} by hand and put it at {target}"
            ) from error
        found = home / remote.name
    return found


def _one_line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__


def read_state(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file by name. The file is a safetensors file or a PyTorch file.

    Raises:
        UserError: The file is missing or damaged, or holds anything but tensors by name.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"cannot read weights {path}: {_one_line(error)[:200]}; give a .safetensors or a PyTorch state dict") from error
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"weights {path} hold {type(state).__name__}, not tensors by name: give a state dict")
    return state


def load_into(network: torch.nn.Module, state: dict[str, Tensor], path: Path | str) -> None:
    """Load `state` into `network`, whose tensors must match exactly.

    Raises:
        UserError: A tensor is missing, superfluous or of the wrong shape. The line names the first one.
    """
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        detail = " ".join(str(error).split("\n")[1:2]).strip() or _one_line(error)
        raise UserError(f"weights {path} do not fit {type(network).__name__}: {detail[:200]}") from error
