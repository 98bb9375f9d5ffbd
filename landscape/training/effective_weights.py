"""Makes all weights that a network computes with at once, for a whole call of the network.

Otherwise layers make them one by one: a spectrally normalized layer divides its weight by an estimate of its largest singular value, and
autocast converts every weight to bfloat16. For all layers together both take only a few operations, and so do their gradients. The values
are those of the layers' own forward methods, up to rounding.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from landscape.components.architectures._layers import SameConv2d, SameConvTranspose2d
from landscape.components.normalizations._reweighted import LAYERS, Reweighted
from landscape.components.normalizations._spectral_stacks import Iterations, Stacks
from landscape.components.normalizations.spectral import SpectralNorm
from landscape.components.numerics.precision import full_precision
from landscape.training.effective_weights_operators import made as made_by_operators

_CONVERTED = frozenset(layer.forward for layer in (*LAYERS, SameConv2d, SameConvTranspose2d))
"""Forward methods that use weight and bias only in one product or convolution, which autocast computes in bfloat16."""
EPSILONS = (1e-18, 1e-6)
"""The range of lower bounds of norms with which layers are iterated together. Larger bounds would change results, as v is not
divided by its norm.
"""

COMPILED_TOGETHER = frozenset({"cuda"})
"""The types of devices on which compiled code makes all weights at once too. On a CPU each layer makes its own there, in code that the
compiler fuses, and the number of operations matters little.
"""


class EffectiveWeights:
    """Makes the weights of each training call of `network`, and puts them where its layers find them.

    It acts through hooks on the network. Neither the network nor its layers refer to it, and copies of the network made before are
    not changed. In evaluation mode, and in code that is compiled for a CPU, each layer makes its own weight.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        modules = list(network.modules())
        self.spectral = _alike([m for m in modules if isinstance(m, SpectralNorm)])
        own = {id(m.layer) for m in modules if isinstance(m, Reweighted)}
        converted = [m for m in modules if type(m).forward in _CONVERTED]
        self.plain = [m for m in converted if id(m) not in own]
        iterated = {id(m.layer) for m in self.spectral}
        self.biased = [m for m in converted if m.bias is not None and (id(m) not in own or id(m) in iterated)]
        self._stacks: Stacks | None = None
        self._ready: deque[list[Tensor]] = deque()
        self._placed: list[tuple[dict[str, Any], str]] = []
        self._replaced: list[tuple[dict[str, Any], str, Any]] = []
        network.register_forward_pre_hook(self._before)
        network.register_forward_hook(self._after, always_call=True)

    @contextmanager
    def for_calls(self, calls: int) -> Iterator[None]:
        """Within this context the weights of the next `calls` of the network are made together, with one power iteration for each call."""
        if self._makes():
            self._ready.extend(self._made(calls))
        try:
            yield
        finally:
            self._ready.clear()

    def _makes(self) -> bool:
        if not self.network.training:
            return False
        return not torch.compiler.is_compiling() or next(self.network.parameters()).device.type in COMPILED_TOGETHER

    def _before(self, network: nn.Module, arguments: Any) -> None:
        if not self._makes():
            return
        weights = self._ready.popleft() if self._ready else self._made(1)[0]
        holders = [(module.layer, "weight") for module in self.spectral]
        if len(weights) > len(holders):
            holders += [(module, "weight") for module in self.plain] + [(module, "bias") for module in self.biased]
        if torch.compiler.is_compiling():
            self._place_in_compiled_code(holders[: len(weights)], weights)
            return
        # An attribute of the instance is found before the parameter of the same name.
        self._placed = [(module.__dict__, name) for module, name in holders[: len(weights)]]
        for (attributes, name), weight in zip(self._placed, weights, strict=True):
            attributes[name] = weight

    def _place_in_compiled_code(self, holders: Sequence[tuple[Any, str]], weights: Sequence[Tensor]) -> None:
        """Put the weights in the place of the parameters, because compilers up to that of torch 2.11 cannot delete from `__dict__`."""
        self._replaced = [(module._parameters, name, module._parameters[name]) for module, name in holders]
        for (parameters, name, _), weight in zip(self._replaced, weights, strict=True):
            parameters[name] = weight
        for module in self.spectral:
            module.is_given = True

    def _after(self, network: nn.Module, arguments: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            for parameters, name, parameter in self._replaced:
                parameters[name] = parameter
            for module in self.spectral:
                module.is_given = False
            self._replaced = []
            return
        for attributes, name in self._placed:
            attributes.pop(name, None)
        self._placed = []

    def _made(self, calls: int) -> list[list[Tensor]]:
        """Return the weights of the spectral layers for each of `calls`. Under autocast, the other weights and the biases follow them."""
        weights = [module.weight for module in self.spectral]
        device = next(self.network.parameters()).device
        half = torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else None
        others = [m.weight for m in self.plain] + [m.bias for m in self.biased] if half is not None else []
        if not weights and not others:
            return [[] for _ in range(calls)]
        if torch.compiler.is_compiling():
            return self._made_by_operators(weights, others, calls, half)
        if weights and (self._stacks is None or not self._stacks.fits(weights)):
            self._stacks = Stacks(weights, [module.axis for module in self.spectral])
        with full_precision(device):
            made = None
            if weights:
                first, us = self.spectral[0], [module.u for module in self.spectral]
                assert self._stacks is not None
                made = self._stacks.iterate(weights, us, calls=calls, iterations=first.iterations, floor=first.epsilon**2)
                self._stacks.store(us, made)
            flat = _Made.apply(self._stacks, made, calls, half, len(weights), *weights, *others)
        n = len(weights) + len(others)
        return [list(flat[k * n : (k + 1) * n]) for k in range(calls)]

    def _made_by_operators(
        self, weights: Sequence[Tensor], others: Sequence[Any], calls: int, half: torch.dtype | None
    ) -> list[list[Tensor]]:
        us, axes = [module.u for module in self.spectral], [module.axis for module in self.spectral]
        iterations, floor = (self.spectral[0].iterations, self.spectral[0].epsilon ** 2) if self.spectral else (1, 0.0)
        flat = made_by_operators(weights, us, others, axes, calls=calls, iterations=iterations, floor=floor, half=half)
        n = len(weights) + len(others)
        return [list(flat[k * n : (k + 1) * n]) for k in range(calls)]


def _alike(layers: list[SpectralNorm]) -> list[SpectralNorm]:
    """Return `layers` if they may be iterated together, which needs equal hyperparameters and one type of numbers, and otherwise none."""
    kinds = {(layer.iterations, layer.epsilon, layer.weight.dtype) for layer in layers}
    return layers if len(kinds) == 1 and EPSILONS[0] <= layers[0].epsilon <= EPSILONS[1] else []


class _Made(torch.autograd.Function):
    """Returns for each call the spectral weights divided by their sigma, then the other weights and biases, all in `half`."""

    @staticmethod
    def forward(
        ctx: Any, stacks: Stacks | None, made: Iterations | None, calls: int, half: torch.dtype | None, spectral: int, *parameters: Tensor
    ) -> tuple[Tensor, ...]:
        ctx.stacks, ctx.made, ctx.calls, ctx.spectral = stacks, made, calls, spectral
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*parameters[:spectral])
        weights, others = list(parameters[:spectral]), list(parameters[spectral:])
        divided = torch._foreach_div(weights * calls, [s for each in made.sigma for s in each]) if made is not None else []
        if half is None:
            return tuple(divided)
        given = [*divided, *others]
        converted = [torch.empty_like(t, dtype=half) for t in given]
        torch._foreach_copy_(converted, given)
        divided, others = converted[: len(divided)], converted[len(divided) :]
        parts = [[*divided[k * spectral : (k + 1) * spectral], *(o.view_as(o) for o in others)] for k in range(calls)]
        return tuple(t for part in parts for t in part)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        n = len(gradients) // ctx.calls
        each = [gradients[k * n : (k + 1) * n] for k in range(ctx.calls)]
        with full_precision(next(g.device for g in gradients if g is not None)):
            weights = ctx.saved_tensors
            spectral = _of_spectral(ctx, weights, [part[: ctx.spectral] for part in each])
            others = _summed([part[ctx.spectral :] for part in each])
        return (None, None, None, None, None, *spectral, *others)


def _of_spectral(ctx: Any, weights: Sequence[Tensor], given: Sequence[Sequence[Tensor | None]]) -> Sequence[Tensor | None]:
    """Return the gradients with respect to the spectral layers' weights. It is None for a layer that no call used."""
    if not weights:
        return []
    used = [any(part[i] is not None for part in given) for i in range(len(weights))]
    if not any(used):
        return [None] * len(weights)
    filled = [[torch.zeros_like(w) if g is None else g for g, w in zip(part, weights, strict=True)] for part in given]
    if not torch.is_grad_enabled():
        found = ctx.stacks.gradients(weights, ctx.made, filled)
    else:  # The gradients will be differentiated again, so they are computed by operations that autograd records.
        found = ctx.stacks.differentiable_gradients(weights, ctx.made, filled)
    return [gradient if yes else None for gradient, yes in zip(found, used, strict=True)]


def _summed(given: Sequence[Sequence[Tensor | None]]) -> list[Tensor | None]:
    """Return the sum over calls of gradients with respect to converted parameters, in float32."""
    if torch.is_grad_enabled():
        return [
            sum(g.float() for g in entries if g is not None) if any(g is not None for g in entries) else None
            for entries in zip(*given, strict=True)
        ]
    present = [[(i, g) for i, g in enumerate(part) if g is not None] for part in given]
    flat = [g for part in present for _, g in part]
    if not flat:
        return [None] * len(given[0])
    full = [torch.empty_like(g, dtype=torch.float32) for g in flat]
    torch._foreach_copy_(full, flat)
    total: list[Tensor | None] = [None] * len(given[0])
    into, more = [], []
    for (i, _), gradient in zip((entry for part in present for entry in part), full, strict=True):
        if (so_far := total[i]) is None:
            total[i] = gradient
        else:
            into.append(so_far)
            more.append(gradient)
    if into:
        torch._foreach_add_(into, more)
    return total
