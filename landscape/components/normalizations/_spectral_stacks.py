"""Runs the power iterations of all spectrally normalized layers of a network together, in a few operations for any number of layers.

Each weight is treated as a matrix [rows, columns]. Matrices of similar shape are copied into one stack, padded with zeros, and multiplied
as a batch. Zeros change no product and no norm. The order of a matrix's columns changes neither its singular values nor u, so each weight
is copied in the order in which it lies in memory.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

PADDING = 1 / 3
"""The number of zeros that stacks may hold beside the weights, as a share of the weights' entries."""

ALIGNMENT = 64
"""The number of entries at whose multiples stacks begin in a shared memory, because products of aligned memory are faster."""


class Shape(NamedTuple):
    """The numbers of rows and columns of a weight as a matrix."""

    rows: int
    columns: int


@dataclass(frozen=True)
class _Candidate:
    """Matrices that may share a stack: their positions in the list of weights, and the shape that has room for each of them."""

    members: tuple[int, ...]
    shape: Shape

    @property
    def size(self) -> int:
        return len(self.members) * self.shape.rows * self.shape.columns

    def with_those_of(self, other: "_Candidate") -> "_Candidate":
        shape = Shape(max(self.shape.rows, other.shape.rows), max(self.shape.columns, other.shape.columns))
        return _Candidate(self.members + other.members, shape)


def groups(shapes: Sequence[Shape]) -> list[tuple[int, ...]]:
    """Return which matrices share a stack: as few stacks as possible while zeros stay below `PADDING` of all entries.

    The two groups whose union adds the fewest zeros are joined again and again, as long as the limit allows it.
    """
    found = [_Candidate((i,), shape) for i, shape in enumerate(shapes)]
    size = sum(candidate.size for candidate in found)
    allowed = (1 + PADDING) * size
    while len(found) > 1:
        added, one, other = _cheapest_union(found)
        size += added
        if size > allowed:
            break
        found = [candidate for candidate in found if candidate not in (one, other)] + [one.with_those_of(other)]
    return [candidate.members for candidate in found]


@functools.lru_cache(256)
def _kept_groups(shapes: tuple[Shape, ...]) -> list[tuple[int, ...]]:
    """Return `groups(shapes)`. They are kept because compiled code asks at every update."""
    return groups(shapes)


def _cheapest_union(found: Sequence[_Candidate]) -> tuple[int, _Candidate, _Candidate]:
    """Return the fewest zeros that a union of two groups adds, and the first two groups whose union adds no more.

    A union is made only once it is chosen, because a network of 107 layers has more than 5000 of them at each step.
    """
    measures = [(len(candidate.members), *candidate.shape, candidate.size) for candidate in found]
    cheapest = None
    for i, (count, rows, columns, size) in enumerate(measures):
        for j, (other_count, other_rows, other_columns, other_size) in enumerate(measures[:i]):
            added = (count + other_count) * max(rows, other_rows) * max(columns, other_columns) - size - other_size
            if cheapest is None or added < cheapest[0]:
                cheapest = (added, found[i], found[j])
            if added == 0:
                return cheapest
    assert cheapest is not None
    return cheapest


def laid_out(slot: Tensor, weight: Tensor, axis: int) -> Tensor:
    """Return `slot` [..., at least rows, at least columns] as a view in the shape of `weight`: [..., *weight.shape].

    Rows lie along `axis`, and columns lie in the order of the memory of `weight`.

    Args:
        slot: The place of a weight's matrix, or a vector of its columns as a matrix of one row.
        weight: The weight, of which only shape and strides are read.
        axis: The dimension of `weight` that counts rows. If `slot` has a single row, the view has size 1 there.
    """
    others = sorted((d for d in range(weight.ndim) if d != axis), key=lambda d: -weight.stride()[d])
    columns = [weight.shape[d] for d in others]
    rows = min(weight.shape[axis], slot.shape[-2])
    lead = slot.ndim - 2
    cut = slot[..., :rows, : weight.numel() // weight.shape[axis]]
    place = {axis: lead} | {d: lead + 1 + i for i, d in enumerate(others)}
    return cut.view(*cut.shape[:-1], *columns).permute(*range(lead), *(place[d] for d in range(weight.ndim)))


def zeros(like: Tensor, shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
    """Return zeros of these shapes, of the type and on the device of `like`. They lie in one memory, which one operation fills."""
    sizes = [math.prod(shape) for shape in shapes]
    room = [-(-size // ALIGNMENT) * ALIGNMENT for size in sizes]
    parts = torch.split(like.new_zeros(sum(room)), room)
    return [part[:size].view(shape) for part, size, shape in zip(parts, sizes, shapes, strict=True)]


@dataclass(frozen=True)
class Iterations:
    """The result of power iterations: vectors by stack, and numbers by call and layer."""

    u: list[Tensor]
    """For each stack the new u of each call, of length 1: [calls, layers, padded rows]."""
    v: list[Tensor]
    """For each stack W'u of the u before, not yet divided by its length: [calls, layers, padded columns]."""
    sigma: list[list[Tensor]]
    """The estimate of the largest singular value (0-dim): u' W v / |v|, which equals |W v| / |v|."""
    length: list[list[Tensor]]
    """|W v| (0-dim), which equals sigma |v|."""


class Stacks:
    """The memory in which the layers of one network are iterated together and their gradients are taken.

    Args:
        weights: The layers' weights. Their values are copied anew at each use, while their shapes and strides stay.
        axes: The dimension of each weight that counts the rows of its matrix.
    """

    def __init__(self, weights: Sequence[Tensor], axes: Sequence[int]) -> None:
        self._like = weights[0].detach().new_empty(0)
        self._layouts = [torch.empty_strided(w.shape, w.stride(), device="meta") for w in weights]
        self._axes = tuple(axes)
        shapes = [Shape(w.shape[axis], w.numel() // w.shape[axis]) for w, axis in zip(weights, axes, strict=True)]
        self._rows = [shape.rows for shape in shapes]
        self._groups = _kept_groups(tuple(shapes))
        order = [i for members in self._groups for i in members]
        self._place = [order.index(i) for i in range(len(order))]
        self._sizes = [Shape(*(max(sizes) for sizes in zip(*(shapes[i] for i in members), strict=True))) for members in self._groups]
        self._gradients: dict[int, list[Tensor]] = {}

    @functools.cached_property
    def _memory(self) -> tuple[list[Tensor], list[Tensor]]:
        """Zeros for the matrices [layers, 1, rows, columns] and the first u [layers, rows] of each stack."""
        starts = [(len(m), size.rows) for m, size in zip(self._groups, self._sizes, strict=True)]
        found = zeros(self._like, [*self._shapes(1), *starts])
        return found[: len(starts)], found[len(starts) :]

    @property
    def _matrices(self) -> list[Tensor]:
        return self._memory[0]

    @property
    def _start(self) -> list[Tensor]:
        return self._memory[1]

    @functools.cached_property
    def _slots(self) -> list[Tensor]:
        return [slot[0] for slot in self._as_weights(self._matrices)]

    def fits(self, weights: Sequence[Tensor]) -> bool:
        """Return whether `weights` have the shapes, strides, type and device of the weights that this memory was made for."""
        return len(weights) == len(self._layouts) and all(
            new.stride() == old.stride() and new.shape == old.shape and new.dtype == self._like.dtype and new.device == self._like.device
            for new, old in zip(weights, self._layouts, strict=True)
        )

    def _shapes(self, calls: int) -> list[tuple[int, ...]]:
        """Return the shape of each stack for so many calls: [layers, calls, rows, columns]."""
        return [(len(m), calls, *size) for m, size in zip(self._groups, self._sizes, strict=True)]

    def _by_layer(self, stacks: Sequence[Tensor]) -> list[Tensor]:
        """Return the part of `stacks` [layers, ...] that belongs to each layer, in the order of the layers."""
        rows = [row for stack in stacks for row in stack.unbind()]
        return [rows[place] for place in self._place]

    def _by_call(self, stacks: Sequence[Tensor], calls: int) -> list[Tensor]:
        """Return the parts of `stacks` [layers, calls, ...]: first those of every layer's first call, and so on."""
        found = [entry.unbind() for entry in self._by_layer(stacks)]
        return [entry[k] for k in range(calls) for entry in found]

    def _as_weights(self, stacks: Sequence[Tensor]) -> list[Tensor]:
        """Return the part of `stacks` [layers, ..., rows, columns] of each layer as a view in its weight's shape: [..., *weight.shape]."""
        return [laid_out(*each) for each in zip(self._by_layer(stacks), self._layouts, self._axes, strict=True)]

    def _cut(self, vectors: Sequence[Tensor]) -> list[Tensor]:
        """Return the rows that each layer has from `vectors` [layers, padded rows]."""
        return [vector[:n] for vector, n in zip(self._by_layer(vectors), self._rows, strict=True)]

    def vectors(self, calls: int) -> tuple[list[Tensor], list[Tensor]]:
        """Return memory for u and v as `Iterations` has them."""
        u = [self._like.new_empty(calls, len(m), size.rows) for m, size in zip(self._groups, self._sizes, strict=True)]
        v = [self._like.new_empty(calls, len(m), size.columns) for m, size in zip(self._groups, self._sizes, strict=True)]
        return u, v

    @torch.no_grad()
    def iterate(self, weights: Sequence[Tensor], us: Sequence[Tensor], *, calls: int, iterations: int, floor: float) -> Iterations:
        """Run the power iterations of all layers from the stored u.

        Args:
            weights: The weights of the layers.
            us: The stored u [rows] of each layer.
            calls: How often the network will be called with these weights. Each call continues where the call before it ended.
            iterations: The number of iterations for each call, one or more.
            floor: The lower bound of the length |W W'u| by which u is divided.
        """
        torch._foreach_copy_([*self._slots, *self._cut(self._start)], [*weights, *us])
        matrices = [stack[:, 0] for stack in self._matrices]
        u, v = self.vectors(calls)
        made = Iterations(u, v, [], [])
        before = self._start
        for k in range(calls):
            us_now, vs_now = [stack[k] for stack in u], [stack[k] for stack in v]
            rows, columns = self._by_layer(us_now), self._by_layer(vs_now)
            for _ in range(iterations):
                for matrix, u_before, u_now, v_now in zip(matrices, before, us_now, vs_now, strict=True):
                    torch.bmm(u_before.unsqueeze(1), matrix, out=v_now.unsqueeze(1))
                    torch.bmm(matrix, v_now.unsqueeze(2), out=u_now.unsqueeze(2))
                norms = torch._foreach_norm([*rows, *columns])
                lengths = torch._foreach_clamp_min(norms[: len(rows)], floor)
                torch._foreach_div_(rows, lengths)
                before = us_now
            made.sigma.append(list(torch._foreach_div(norms[: len(rows)], norms[len(rows) :])))
            made.length.append(list(lengths))
        return made

    @torch.no_grad()
    def store(self, us: Sequence[Tensor], made: Iterations) -> None:
        """Write the u [rows] of each layer after the last call to `us`."""
        torch._foreach_copy_(list(us), self._cut([u[-1] for u in made.u]))

    @torch.no_grad()
    def gradients(self, weights: Sequence[Tensor], made: Iterations, given: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Return the gradients with respect to the weights W, given those with respect to the normalized weights W / sigma of every call.

        With u and v held fixed, dL/dW is the sum over calls of G / sigma - <G / sigma, W> / (sigma |v|) u v', where G is a call's gradient.

        Args:
            weights: The weights of the layers, as they were iterated.
            made: The result of `iterate`.
            given: The gradient G of each call and each layer.
        """
        calls = len(given)
        if calls not in self._gradients:
            self._gradients[calls] = zeros(self._like, self._shapes(calls))
        stacks = self._gradients[calls]
        slots = self._as_weights(stacks)
        into = [slot[k] for k in range(calls) for slot in slots]
        torch._foreach_copy_([*self._slots, *into], [*weights, *(g for each in given for g in each)])
        torch._foreach_div_(self._by_call(stacks, calls), [sigma for each in made.sigma for sigma in each])
        pairs = zip(stacks, self._matrices, strict=True)
        products = [torch.bmm(stack.flatten(2), matrix.flatten(1).unsqueeze(2)) for stack, matrix in pairs]  # [layers, calls, 1]
        torch._foreach_div_(self._by_call(products, calls), [length for each in made.length for length in each])
        total = [stack[:, 0] for stack in stacks]
        for k in range(1, calls):
            torch._foreach_add_(total, [stack[:, k] for stack in stacks])
        for whole, u, v, share in zip(total, made.u, made.v, products, strict=True):
            whole.baddbmm_(u.permute(1, 2, 0) * share.transpose(1, 2), v.transpose(0, 1), alpha=-1)
        gradients = [torch.empty_like(weight) for weight in weights]
        torch._foreach_copy_(gradients, [slot[0] for slot in slots])
        return gradients

    def differentiable_gradients(self, weights: Sequence[Tensor], made: Iterations, given: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Return the same as `gradients`, by operations that autograd records."""
        found = [torch.zeros_like(w) for w in weights]
        for call, part in enumerate(given):
            for i, direction in enumerate(self.directions(made, call)):
                sigma, gradient = (weights[i] * direction).sum(), part[i].to(weights[i].dtype)
                found[i] = found[i] + gradient / sigma - (gradient * weights[i]).sum() / sigma.square() * direction
        return found

    def directions(self, made: Iterations, call: int) -> list[Tensor]:
        """Return the derivative of sigma with respect to each layer's weight at one call: u v' / |v| in the weight's shape."""
        found = []
        rows, columns = self._by_layer([u[call] for u in made.u]), self._by_layer([v[call] for v in made.v])
        for i, (layout, axis) in enumerate(zip(self._layouts, self._axes, strict=True)):
            u = rows[i][: self._rows[i]].view([-1 if d == axis else 1 for d in range(layout.ndim)])
            found.append(u * laid_out((columns[i] / torch.linalg.vector_norm(columns[i])).unsqueeze(0), layout, axis))
        return found
