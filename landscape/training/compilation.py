"""Runs updates eagerly, or compiled into one graph together with their gradients, including gradients of gradients."""

import itertools
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import torch
from torch import Tensor, nn

from landscape.components.numerics.input_gradients import prepare_to_compile
from landscape.training.gradients_of_update import Gradients, Update

Path = Literal["auto", "eager", "compiled"]
F = TypeVar("F", bound=Callable[..., Any])
_CPU = torch.device("cpu")

CPU_UPDATES, CUDA_UPDATES = 60_000, 20_000
"""The numbers of updates from which compiling pays. It takes 10 to 40 s and saves about 0.5 ms per update of dense networks on a CPU, and
more on a GPU.
"""
VARIANTS = 64
"""The number of compiled variants of one update that a process may keep. Lazy terms make a few, and each further trial makes more."""
KEPT_FUNCTIONS = 36
"""The number of compiled functions after which a process forgets them all, so that `VARIANTS` is not reached. A trial makes three."""
LOOKING_AHEAD = 4
"""An update that looks ahead counts as this many plain ones, because it contains several updates of D, each differentiated twice."""


def cannot_compile(device: torch.device) -> str:
    """Say why updates cannot be compiled here, or return "" if they can."""
    if not hasattr(torch._dynamo.config, "trace_autograd_ops"):
        return f"torch {torch.__version__} does not trace gradients"
    if device.type == "cpu" and not (shutil.which("g++") or shutil.which("clang++")):
        return "no C++ compiler is on the path"
    return ""


def choose(
    asked: Path, device: torch.device, networks: list[nn.Module], updates: int | None, *, looks_ahead: bool
) -> Literal["eager", "compiled"]:
    """Choose how the updates of a trial run. This depends on the config and the machine alone, so a resumed trial runs in the same way.

    On a CPU only dense networks are compiled, because convolutions are already nearly as fast as the processor.
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
    """Compile `function` into one graph, which draws the same random numbers. With `as_cuda_graph` it is replayed as a CUDA graph."""
    torch._dynamo.config.trace_autograd_ops = True
    torch._inductor.config.fallback_random = True
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, VARIANTS)
    if next(_made) % KEPT_FUNCTIONS == KEPT_FUNCTIONS - 1:
        torch.compiler.reset()
    mode = "reduce-overhead" if as_cuda_graph else None
    return cast(F, torch.compile(function, fullgraph=True, dynamic=False, mode=mode))


class _Before:
    """A copy of what an update changes before its gradients are applied: buffers and the states of the random generators."""

    def __init__(self, tensors: Sequence[Tensor], device: torch.device) -> None:
        self._tensors = list(tensors)
        self._kept = [torch.empty_like(tensor) for tensor in self._tensors]
        self._generators = [torch.default_generator]
        if device.type == "cuda":
            index = torch.cuda.current_device() if device.index is None else device.index
            self._generators.append(torch.cuda.default_generators[index])
        self._states: list[Tensor] = []

    @torch.no_grad()
    def keep(self) -> None:
        """Copy what the update is about to change."""
        self._states = [generator.get_state() for generator in self._generators]
        if self._tensors:
            torch._foreach_copy_(self._kept, self._tensors)

    @torch.no_grad()
    def put_back(self) -> None:
        """Undo the changes of an update that failed."""
        for generator, state in zip(self._generators, self._states, strict=True):
            generator.set_state(state)
        if self._tensors:
            torch._foreach_copy_(self._tensors, self._kept)


def with_fallback(
    function: F,
    on_failure: Callable[[str], None],
    *,
    as_cuda_graph: bool = False,
    changes: Sequence[Tensor] = (),
    device: torch.device = _CPU,
) -> F:
    """Return `function` compiled. After its first failure, in the compiler or in the compiled code, it runs eagerly.

    The eager function is called at once after a failure. An error of the function itself therefore occurs again, and is raised.

    Args:
        function: Computes an update from tensors. It changes nothing but `changes` and the random generators.
        on_failure: A function that is told the reason.
        as_cuda_graph: Whether the compiled function is replayed as a CUDA graph.
        changes: The tensors that `function` changes in place. After a failure they are restored before the eager function is called.
        device: The device from whose random generator `function` draws, beside that of the CPU.
    """
    prepare_to_compile(device)
    before = _Before(changes, device)
    current: list[Callable[..., Any]] = []

    def call(*arguments: Any) -> Any:
        if current and current[0] is function:
            return function(*arguments)
        if device.type == "cuda" and torch.cuda.is_current_stream_capturing():
            return current[0](*arguments) if current else function(*arguments)  # If this fails, the recording fails and not the update.
        before.keep()
        try:
            if not current:
                current.append(compiled(function, as_cuda_graph=as_cuda_graph))
            return current[0](*arguments)
        except Exception as error:
            before.put_back()
            reason = one_line(error)
            warnings.warn(f"compiled code failed, the update runs eagerly: {reason}", stacklevel=2)
            on_failure(reason)
            current[:] = [function]
            return function(*arguments)

    return cast(F, call)


def one_line(error: BaseException) -> str:
    """Return the type of `error` and the first line of its message, which may be empty."""
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


@dataclass
class UpdateFunctions:
    """The functions that compute the gradients of updates, eagerly or compiled."""

    of_d: Callable[..., Update]
    of_g: Callable[..., Update]
    of_both: Callable[..., tuple[Update, Update]]
    path: str = "eager"
    """`eager` or `compiled`, with the reason if compiling was not possible."""
    lasting: bool = True
    """Whether outputs keep their values. A compiled update that replays a CUDA graph overwrites its previous outputs."""


def update_functions(
    gradients: Gradients, path: Literal["eager", "compiled"], device: torch.device, *, as_cuda_graphs: bool
) -> UpdateFunctions:
    """Return the functions of `gradients` as `path` says. If compiling is impossible or fails, they are eager and say why."""
    functions = UpdateFunctions(gradients.of_d, gradients.of_g, gradients.of_both)
    if path == "eager":
        return functions
    if reason := cannot_compile(device):
        functions.path = f"eager ({reason})"
        return functions
    functions.path, functions.lasting = "compiled", not as_cuda_graphs
    changes = gradients.changed_in_place()

    def or_eager(update: F, whose: str) -> F:
        def fell_back(reason: str) -> None:
            functions.path += f", but {whose} eager ({reason})"

        return with_fallback(update, fell_back, as_cuda_graph=as_cuda_graphs, changes=changes, device=device)

    functions.of_d, functions.of_g = or_eager(gradients.of_d, "D's updates"), or_eager(gradients.of_g, "G's updates")
    functions.of_both = or_eager(gradients.of_both, "all updates")
    return functions
