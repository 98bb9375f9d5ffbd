"""How an update runs: eager, or compiled into one graph with its gradients (double backward included)."""

import itertools
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import torch
from torch import nn

from landscape.training.gradients_of_update import Gradients, Update

Path = Literal["auto", "eager", "compiled"]
F = TypeVar("F", bound=Callable[..., Any])

CPU_UPDATES, CUDA_UPDATES = 60_000, 20_000
"""Updates from which compiling pays: it takes 10 to 40 s and saves about 0.5 ms an update (dense nets on a CPU), more on a GPU."""
VARIANTS = 64
"""Of one update that may lie compiled in a process: lazy terms make a few, the hyperparameters of every further trial more."""
KEPT_FUNCTIONS = 36
"""Compiled functions of a process before all are forgotten, so that `VARIANTS` is not reached: three a trial, each of a few variants."""
LOOKING_AHEAD = 4
"""One update that looks ahead counts as this many plain ones: it holds several of D's updates, each differentiated twice."""


def cannot_compile(device: torch.device) -> str:
    """Why updates cannot be compiled here; "" where they can."""
    if not hasattr(torch._dynamo.config, "trace_autograd_ops"):
        return f"torch {torch.__version__} does not trace gradients"
    if device.type == "cpu" and not (shutil.which("g++") or shutil.which("clang++")):
        return "no C++ compiler is on the path"
    return ""


def choose(
    asked: Path, device: torch.device, networks: list[nn.Module], updates: int | None, *, looks_ahead: bool
) -> Literal["eager", "compiled"]:
    """The path for a trial; a function of the config and the machine alone, so that a resumed trial takes the same one.

    On a CPU only dense networks gain: convolutions already run near the limit.
    """
    if asked != "auto":
        return asked
    if updates is None:
        return "eager"
    if looks_ahead:
        updates *= LOOKING_AHEAD
    if device.type == "cuda":
        return "compiled" if updates >= CUDA_UPDATES else "eager"
    convolutional = any(isinstance(m, nn.modules.conv._ConvNd) for network in networks for m in network.modules())
    return "compiled" if updates >= CPU_UPDATES and not convolutional else "eager"


_made = itertools.count()


def compiled(function: F, *, as_cuda_graph: bool = False) -> F:
    """`function` as one compiled graph, `as_cuda_graph` replayed as one of its own. It draws the same random numbers as the eager one."""
    torch._dynamo.config.trace_autograd_ops = True
    torch._inductor.config.fallback_random = True
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, VARIANTS)
    if next(_made) % KEPT_FUNCTIONS == KEPT_FUNCTIONS - 1:
        torch.compiler.reset()
    mode = "reduce-overhead" if as_cuda_graph else None
    return cast(F, torch.compile(function, fullgraph=True, dynamic=False, mode=mode))


_COMPILER_ERRORS = (
    torch._dynamo.exc.TorchDynamoException,
    torch._dynamo.exc.FailOnRecompileLimitHit,
    torch._inductor.exc.InductorError,
)


def with_fallback(function: F, on_failure: Callable[[str], None], *, as_cuda_graph: bool = False) -> F:
    """`function` compiled; where the compiler fails on it, the eager one from then on, with the reason told."""
    current: list[Callable[..., Any]] = [compiled(function, as_cuda_graph=as_cuda_graph)]

    def call(*arguments: Any) -> Any:
        if current[0] is function:
            return function(*arguments)
        state = torch.get_rng_state()
        try:
            return current[0](*arguments)
        except _COMPILER_ERRORS as error:
            if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
                raise  # the recording fails, not the update
            torch.set_rng_state(state)
            reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            warnings.warn(f"compiling failed, the update runs eagerly: {reason}", stacklevel=2)
            on_failure(reason)
            current[0] = function
            return function(*arguments)

    return cast(F, call)


@dataclass
class UpdateFunctions:
    """The updates' gradients as they run: eager or compiled."""

    of_d: Callable[..., Update]
    of_g: Callable[..., Update]
    of_both: Callable[..., tuple[Update, Update]]
    path: str = "eager"
    """`eager` or `compiled`, and why not otherwise."""
    lasting: bool = True
    """Whether outputs keep their values: a compiled update that replays a CUDA graph writes over its last outputs."""


def update_functions(
    gradients: Gradients, path: Literal["eager", "compiled"], device: torch.device, *, as_cuda_graphs: bool
) -> UpdateFunctions:
    """The functions of `gradients` as `path` says; eager, with the reason, where nothing can be compiled or the compiler fails."""
    functions = UpdateFunctions(gradients.of_d, gradients.of_g, gradients.of_both)
    if path == "eager":
        return functions
    if reason := cannot_compile(device):
        functions.path = f"eager ({reason})"
        return functions
    functions.path, functions.lasting = "compiled", not as_cuda_graphs

    def or_eager(update: F, whose: str) -> F:
        def fell_back(reason: str) -> None:
            functions.path += f", but {whose} eager ({reason})"

        return with_fallback(update, fell_back, as_cuda_graph=as_cuda_graphs)

    functions.of_d, functions.of_g = or_eager(gradients.of_d, "D's updates"), or_eager(gradients.of_g, "G's updates")
    functions.of_both = or_eager(gradients.of_both, "all updates")
    return functions
