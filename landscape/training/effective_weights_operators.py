"""Operators that make the weights of a network inside of compiled code, where the compiler takes each of them as one call.

The compiler would make kernels of its own for every layer, so that compiled code would have more of them than eager code. The operators
run the same few operations as eager updates do. They keep no memory between calls, because a recording may own it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from landscape.components.normalizations._spectral_stacks import Iterations, Stacks
from landscape.components.numerics.precision import full_precision


def made(
    weights: Sequence[Tensor],
    us: Sequence[Tensor],
    others: Sequence[Tensor],
    axes: Sequence[int],
    *,
    calls: int,
    iterations: int,
    floor: float,
    half: torch.dtype | None,
) -> Sequence[Tensor]:
    """Return the weights of each call, as `EffectiveWeights` does: the spectral layers' and the others', call after call.

    Args:
        weights: The weights of the spectral layers.
        us: Their u, which are updated in place.
        others: Weights and biases that are only converted.
        axes: The dimension of each of `weights` that counts the rows of its matrix.
        calls: The number of calls of the network.
        iterations: The number of power iterations for each call.
        floor: The lower bound of the length by which u is divided.
        half: The type of all results, or None for that of `weights`.
    """
    with torch.no_grad():
        found = torch.ops.landscape.iterate(weights, us, axes, calls, iterations, floor) if weights else []
        if weights:
            torch.ops.landscape.store(us, weights, found, axes, calls)
    result: Sequence[Tensor] = torch.ops.landscape.effective_weights(weights, others, found, axes, calls, half)
    return result


def _flat(found: Iterations) -> list[Tensor]:
    return [*found.u, *found.v, *(s for each in found.sigma for s in each), *(s for each in found.length for s in each)]


def _unflat(found: Sequence[Tensor], calls: int, layers: int) -> Iterations:
    """Undo `_flat`."""
    if not found:
        return Iterations([], [], [[] for _ in range(calls)], [[] for _ in range(calls)])
    numbers = calls * layers
    vectors, sigma, length = found[: -2 * numbers], found[-2 * numbers : -numbers], found[-numbers:]
    half = len(vectors) // 2
    by_call = [[list(part[k * layers : (k + 1) * layers]) for k in range(calls)] for part in (sigma, length)]
    return Iterations(list(vectors[:half]), list(vectors[half:]), *by_call)


@torch.library.custom_op("landscape::iterate", mutates_args=())
def _iterate(
    weights: Sequence[Tensor], us: Sequence[Tensor], axes: Sequence[int], calls: int, iterations: int, floor: float
) -> list[Tensor]:
    with full_precision(weights[0].device):
        return _flat(Stacks(weights, axes).iterate(weights, us, calls=calls, iterations=iterations, floor=floor))


@_iterate.register_fake
def _(weights: Sequence[Tensor], us: Sequence[Tensor], axes: Sequence[int], calls: int, iterations: int, floor: float) -> list[Tensor]:
    numbers = [[w.new_empty(()) for w in weights] for _ in range(calls)]
    more = [[w.new_empty(()) for w in weights] for _ in range(calls)]
    return _flat(Iterations(*Stacks(weights, axes).vectors(calls), numbers, more))


@torch.library.custom_op("landscape::store", mutates_args=("us",))
def _store(us: Sequence[Tensor], weights: Sequence[Tensor], found: Sequence[Tensor], axes: Sequence[int], calls: int) -> None:
    Stacks(weights, axes).store(us, _unflat(found, calls, len(weights)))


@_store.register_fake
def _(us: Sequence[Tensor], weights: Sequence[Tensor], found: Sequence[Tensor], axes: Sequence[int], calls: int) -> None:
    return None


@torch.library.custom_op("landscape::effective_weights", mutates_args=())
def _effective_weights(
    weights: Sequence[Tensor], others: Sequence[Tensor], found: Sequence[Tensor], axes: Sequence[int], calls: int, half: torch.dtype | None
) -> list[Tensor]:
    sigma = _unflat(found, calls, len(weights)).sigma
    divided = torch._foreach_div(list(weights) * calls, [s for each in sigma for s in each]) if weights else []
    if half is None:
        return list(divided)
    n = len(weights)
    given = [t for k in range(calls) for t in (*divided[k * n : (k + 1) * n], *others)]
    converted = [torch.empty_like(t, dtype=half) for t in given]
    torch._foreach_copy_(converted, given)
    return converted


@_effective_weights.register_fake
def _(
    weights: Sequence[Tensor], others: Sequence[Tensor], found: Sequence[Tensor], axes: Sequence[int], calls: int, half: torch.dtype | None
) -> list[Tensor]:
    return [torch.empty_like(t, dtype=half) for t in [*weights, *others] * calls]


@torch.library.custom_op("landscape::effective_weights_gradients", mutates_args=())
def _gradients(
    weights: Sequence[Tensor],
    found: Sequence[Tensor],
    axes: Sequence[int],
    calls: int,
    given: Sequence[Tensor],
    others: Sequence[Tensor],
    owners: Sequence[int],
) -> list[Tensor]:
    """Return the gradients with respect to `weights`, if there are any `given`, and the sums of `others` by owner.

    Args:
        weights: The weights of the spectral layers.
        found: What `iterate` returned.
        axes: The dimension of each weight that counts rows.
        calls: The number of calls.
        given: The gradients with respect to the normalized weights, call after call.
        others: Gradients with respect to converted parameters.
        owners: The number of the parameter of each of `others`, in ascending order.
    """
    spectral: list[Tensor] = []
    n = len(weights)
    device = (*given, *others)[0].device
    with full_precision(device):
        if given:
            by_call = [given[k * n : (k + 1) * n] for k in range(calls)]
            spectral = Stacks(weights, axes).gradients(weights, _unflat(found, calls, n), by_call)
        full = [torch.empty_like(g, dtype=torch.float32) for g in others]
        if full:
            torch._foreach_copy_(full, list(others))
        firsts = [i for i, owner in enumerate(owners) if i == 0 or owners[i - 1] != owner]
        for later in range(1, calls):
            into = [(i, i + later) for i in firsts if i + later < len(owners) and owners[i + later] == owners[i]]
            if into:
                torch._foreach_add_([full[i] for i, _ in into], [full[j] for _, j in into])
    return [*spectral, *(full[i] for i in firsts)]


@_gradients.register_fake
def _(
    weights: Sequence[Tensor],
    found: Sequence[Tensor],
    axes: Sequence[int],
    calls: int,
    given: Sequence[Tensor],
    others: Sequence[Tensor],
    owners: Sequence[int],
) -> list[Tensor]:
    firsts = [i for i, owner in enumerate(owners) if i == 0 or owners[i - 1] != owner]
    return [*(torch.empty_like(w) for w in weights if given), *(torch.empty_like(others[i], dtype=torch.float32) for i in firsts)]


def _keep(ctx: Any, inputs: Any, output: Any) -> None:
    weights, others, found, ctx.axes, ctx.calls, ctx.half = inputs
    ctx.spectral, ctx.others = len(weights), len(others)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*weights, *found)


def _backward(ctx: Any, gradients: Sequence[Tensor | None]) -> tuple[Any, ...]:
    n, calls = ctx.spectral, ctx.calls
    weights, found = list(ctx.saved_tensors[:n]), list(ctx.saved_tensors[n:])
    parts = [gradients[k * len(gradients) // calls : (k + 1) * len(gradients) // calls] for k in range(calls)]
    used = [any(part[i] is not None for part in parts) for i in range(n)]
    given = [torch.zeros_like(w) if g is None else g for part in parts for w, g in zip(weights, part[:n], strict=True)] if any(used) else []
    entries = [(i, part[n + i]) for i in range(ctx.others) for part in parts]
    present = [(i, g) for i, g in entries if g is not None]
    of_others: list[Tensor | None] = [None] * ctx.others
    if torch.is_grad_enabled():  # The gradients will be differentiated again, so they are computed by operations that autograd records.
        of_weights = (
            Stacks(weights, ctx.axes).differentiable_gradients(
                weights, _unflat(found, calls, n), [given[k * n : (k + 1) * n] for k in range(calls)]
            )
            if given
            else []
        )
        for i, gradient in present:
            so_far, full = of_others[i], gradient.float()
            of_others[i] = full if so_far is None else so_far + full
    else:
        owners = [i for i, _ in present]
        both = (
            torch.ops.landscape.effective_weights_gradients(weights, found, ctx.axes, calls, given, [g for _, g in present], owners)
            if given or present
            else []
        )
        of_weights = both[: len(weights)] if given else []
        for owner, total in zip(dict.fromkeys(owners), both[len(of_weights) :], strict=True):
            of_others[owner] = total
    of_spectral = [g if yes else None for g, yes in zip(of_weights, used, strict=True)] if given else [None] * n
    return of_spectral, of_others, [None] * len(found), None if ctx.axes else [], None, None


_effective_weights.register_autograd(_backward, setup_context=_keep)
