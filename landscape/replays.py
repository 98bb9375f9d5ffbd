"""Rounds that are recorded once and replayed: on a GPU, one CUDA graph holds a block of whole rounds and the host only feeds and reads it.

A graph repeats kernels with the addresses and the numbers of its recording. So all that changes from one replay to the next lies in memory
at fixed places and is filled in before it: which samples are drawn, the share of the budget spent, the learning rates. What a round leaves
(weights, moments, running statistics, the position of the random generator) the replay leaves too; what the host counts is added after it.
"""

import contextlib
import copy
import gc
import math
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from landscape.curves import has_point, least_interval

if TYPE_CHECKING:
    from landscape.gan import GAN

Record = Callable[[Callable[[], None], torch.device], Callable[[], None]]
"""From work on a device to what repeats it, on the same memory; recording does not run it."""

WARM_UP = 3
"""Rounds run one by one before a recording: optimizers get their state, libraries choose their kernels."""
MOST_ROUNDS = 16
"""Of a block: beyond them the host's share of a round is small already, and recording takes longer."""


_FAILED: list[torch.cuda.CUDAGraph] = []
"""Recordings that broke off: the allocator may still hold their addresses."""


def cuda_graph(work: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """`work` as one CUDA graph on `device`. Should recording it fail, stream and random generator are as before."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    pool = torch.cuda.graph_pool_handle()
    with torch.cuda.device(device):
        current = torch.cuda.current_stream()
        # A graph of an earlier model that is collected now would end this recording.
        gc.collect()
        gc.disable()
        try:
            with torch.cuda.graph(graph, pool=pool, stream=stream):
                work()
        except BaseException:
            _FAILED.append(graph)
            with contextlib.suppress(RuntimeError):
                # Up to torch 2.12 memory went on being taken for the recording, and full memory was no longer given back.
                torch._C._cuda_endAllocateToPool(stream.device.index, pool)
            torch.cuda.set_stream(current)
            # Some versions of torch leave the generator in the state of a recording; a copy of it is not.
            generator = torch.cuda.default_generators[stream.device.index]
            generator.graphsafe_set_state(generator.clone_state())
            raise
        finally:
            gc.enable()
    replay: Callable[[], None] = graph.replay
    return replay


def period(gan: "GAN") -> int:
    """Rounds after which the same regularizers are due again."""
    per_round = (gan.config.d_steps_per_round, gan.config.g_steps_per_round)
    return math.lcm(*(r.every // math.gcd(r.every, n) for r in gan.regularizers for n in per_round))


def block_size(gan: "GAN") -> int:
    """Rounds of a block: a multiple of `period` that fits between two points of the learning curves; 0 where there is none."""
    apart, step = least_interval(gan.total_rounds), period(gan)
    blocks = max(math.ceil(apart / MOST_ROUNDS), 1)
    return apart // blocks // step * step or (step if step <= apart else 0)


def cannot_replay(gan: "GAN") -> str:
    """Why rounds cannot be recorded; "" where they can."""
    for optimizer in (gan.config.d_optimizer, gan.config.g_optimizer):
        if optimizer.final_momentum is not None or optimizer.final_beta2 is not None:
            return f"{'momentum' if optimizer.final_beta2 is None else 'beta2'} changes with every step"
    if gan.stream.samples.device.type != gan.device.type:
        return "the samples do not fit on the device"
    if not block_size(gan):
        return "too few rounds between two points of the learning curves"
    return ""


class Replays:
    """Blocks of `gan`'s rounds; `record` makes the first one into what repeats it."""

    def __init__(self, gan: "GAN", record: Record) -> None:
        self.gan, self.size = gan, block_size(gan)
        self._record, self._period = record, period(gan)
        self._steppers = [s for s in (gan.d_stepper, gan.g_stepper) if s is not None]
        self._since: tuple[int, int] | None = None
        self._replay: Callable[[], None] | None = None

    def fits(self, most: float) -> bool:
        """Whether the next rounds, at most `most` of them, begin with a block: warmed up, and with nothing inside that the host decides."""
        gan, done = self.gan, self.gan.counts.rounds
        if self._since is None:
            self._since = (done, gan.stream.drawn)
        ema = gan.config.ema
        return (
            most >= self.size
            and done - self._since[0] >= max(WARM_UP, self._period)
            and done % self._period == 0
            and (ema is None or gan.counts.g_steps >= ema.start)
            and not any(has_point(done + i, gan.total_rounds) for i in range(1, self.size))
        )

    def run(self) -> bool:
        """Play a block. False, with nothing done, where it cannot be recorded: `gan.execution` then says why."""
        gan = self.gan
        if self._replay is None:
            try:
                self._lay_out()
                self._replay = self._recorded()
            except RuntimeError as error:  # CUDA's own, a lack of memory among them
                reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
                warnings.warn(f"recording failed, rounds run one by one: {reason}", stacklevel=2)
                gan.stop_replaying(reason)
                return False
        self._fill()
        self._replay()
        for name, n in self._counted.items():
            setattr(gan.counts, name, getattr(gan.counts, name) + n)
        for stepper, n in zip(self._steppers, self._stepped, strict=True):
            stepper.steps += n
        for stepper, gradients in zip(self._steppers, self._gradients, strict=True):
            stepper.gradients = gradients
        gan.last_logits = self._logits
        for name, value in zip(self._names, self._watched.clone().unbind(), strict=True):
            gan.trace[name].append(value)
        gan.last_z = self._z
        return True

    def _lay_out(self) -> None:
        """The memory through which the host reaches a block."""
        gan = self.gan
        assert self._since is not None
        rounds, drawn = (now - then for now, then in zip((gan.counts.rounds, gan.stream.drawn), self._since, strict=True))
        self._indices = torch.zeros(self.size * drawn // rounds, dtype=torch.long, device=gan.device)
        # One rate more than there are updates: the last look ahead is beyond them.
        updates = self.size * max(gan.config.d_steps_per_round, gan.config.g_steps_per_round) + 1
        self._scalars = torch.zeros(self.size + updates * len(self._steppers), device=gan.device)
        self._progress, *self._rates = torch.split(self._scalars, [self.size] + [updates] * len(self._steppers))
        self._z = None if gan.last_z is None else gan.last_z.clone()

    def _fill(self) -> None:
        """What the next block sees."""
        gan = self.gan
        values = [gan.spent(gan.counts.rounds + i) for i in range(self.size)]
        for stepper, rates in zip(self._steppers, self._rates, strict=True):
            values += stepper.next_rates(len(rates))
        scalars = torch.tensor(values, pin_memory=gan.device.type == "cuda")
        self._scalars.copy_(scalars, non_blocking=True)
        self._indices.copy_(gan.stream.take(len(self._indices)))
        if self._z is not None and gan.last_z is not None and gan.last_z is not self._z:
            self._z.copy_(gan.last_z)

    def _recorded(self) -> Callable[[], None]:
        """What repeats the block. Whatever the host counted while it was recorded is taken back."""
        gan = self.gan
        held = {name: getattr(gan, name) for name in ("last_z", "trace", "counts")}
        steps = [s.steps for s in self._steppers]
        gan.last_z, gan.trace, gan.counts = self._z, defaultdict(list), copy.copy(gan.counts)
        gan.stream.fed = self._indices
        for stepper, rates in zip(self._steppers, self._rates, strict=True):
            stepper.feed(rates.unbind())
        try:
            replay = self._record(self._work, gan.device)
            self._counted = {name: n - getattr(held["counts"], name) for name, n in vars(gan.counts).items()}
            self._stepped = [stepper.steps - n for stepper, n in zip(self._steppers, steps, strict=True)]
            self._gradients, self._logits = [stepper.gradients for stepper in self._steppers], gan.last_logits
            self._names = [name for name, values in gan.trace.items() for _ in values]
        finally:
            gan.stream.fed = None
            for name, value in held.items():
                setattr(gan, name, value)
            for stepper, n in zip(self._steppers, steps, strict=True):
                stepper.steps = n
                stepper.feed(None)
        return replay

    def _work(self) -> None:
        """A block's rounds, from the fixed memory and into it."""
        gan = self.gan
        for progress in self._progress.unbind():
            gan.game.progress.copy_(progress)
            gan.play_round()
        if self._z is not None and gan.last_z is not None:
            self._z.copy_(gan.last_z)
        self._watched = torch.stack([value.float().mean() for values in gan.trace.values() for value in values])
