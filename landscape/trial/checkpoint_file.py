"""The file of an interrupted trial's state: a safetensors file with tensors and JSON, in which nothing is code."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from landscape.core.errors import UserError
from landscape.core.files import write_bytes

FORMAT, WITHOUT_CHECKSUM = "landscape-checkpoint-2", "landscape-checkpoint-1"


def write(path: Path, tensors: Mapping[str, Tensor], data: Mapping[str, Any], kind: str) -> None:
    """Write tensors and JSON data, whole or not at all. `kind` says what the file is (`resume` or `generator`), which `read` checks."""
    plain = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    text = json.dumps(data, allow_nan=False)
    metadata = {"format": FORMAT, "kind": kind, "data": text, "checksum": _checksum(plain, text)}
    write_bytes(path, save(plain, metadata=metadata))


def _checksum(tensors: Mapping[str, Tensor], text: str) -> str:
    """Return a checksum of the whole content. Nothing else would show a flipped bit in a weight."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return found.hexdigest()


def read(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read the tensors and the data of a file that `write` made.

    Raises:
        UserError: The file is damaged or of another kind. The line names it.
    """
    try:
        content = path.read_bytes()
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        data = json.loads(header["data"])
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is damaged or not a landscape checkpoint: {type(error).__name__}: {error}") from error
    if header.get("format") not in (FORMAT, WITHOUT_CHECKSUM) or header.get("kind") != kind:
        raise UserError(f"{path} is a {header.get('kind')!r} file of format {header.get('format')!r}, expected {kind!r} of {FORMAT!r}")
    if header["format"] == FORMAT and header.get("checksum") != _checksum(tensors, header["data"]):
        raise UserError(f"{path} is damaged: its content does not have the checksum that it names")
    if not isinstance(data, dict):
        raise UserError(f"{path} is damaged: expected a JSON object, found {type(data).__name__}")
    return tensors, data


def random_states(device: torch.device) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the states of all random generators that a trial on `device` may use: torch's (CPU and device), NumPy's and Python's."""
    import random

    import numpy as np

    tensors = {"random.torch": torch.get_rng_state()}
    if device.type == "cuda":
        tensors["random.device"] = torch.cuda.get_rng_state(device)
    name, keys, position, has_gauss, cached = cast(tuple[str, Any, int, int, float], np.random.get_state())
    tensors["random.numpy"] = torch.from_numpy(keys.astype("int64"))
    version, internal, gauss = random.getstate()
    data = {"numpy": [name, int(position), int(has_gauss), float(cached)], "python": [version, list(internal), gauss]}
    return tensors, data


def set_random_states(tensors: Mapping[str, Tensor], data: Mapping[str, Any], device: torch.device) -> None:
    """Restore what `random_states` returned, on whichever GPU the trial is now."""
    import random

    import numpy as np

    torch.set_rng_state(tensors["random.torch"])
    if device.type == "cuda" and "random.device" in tensors:
        torch.cuda.set_rng_state(tensors["random.device"], device)
    kind, position, has_gauss, cached = data["numpy"]
    np.random.set_state((kind, tensors["random.numpy"].numpy().astype("uint32"), position, has_gauss, cached))
    version, internal, gauss = data["python"]
    random.setstate((version, tuple(internal), gauss))


def flatten_optimizer(prefix: str, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return every tensor of an optimizer's state by the name `prefix.index.name`. Numbers become 0-dim tensors."""
    flat = {}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            flat[f"{prefix}.{index}.{name}"] = value if isinstance(value, Tensor) else torch.tensor(value)
    return flat


def unflatten_optimizer(prefix: str, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore what `flatten_optimizer` returned. Learning rates are not restored, because schedules compute them again.

    Moments get the memory layout of their parameters, because a fused update reads both in the order of their memory.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix + "."):
            index, name = key.removeprefix(prefix + ".").split(".", 1)
            like = parameters[int(index)]
            laid_out = torch.empty_like(like, dtype=value.dtype, device=value.device).copy_(value) if value.shape == like.shape else value
            state.setdefault(int(index), {})[name] = laid_out
    whole = optimizer.state_dict()
    whole["state"] = state
    optimizer.load_state_dict(whole)
