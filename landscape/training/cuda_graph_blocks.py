"""Records blocks of whole rounds once and replays them. On a GPU a block is one CUDA graph, which the host only feeds and reads.

A graph repeats kernels with the addresses and the numbers of its recording. Everything that changes from one replay to the next is
therefore at fixed places in memory and is filled in before the replay: which samples are drawn, the share of the budget that is spent, and
the learning rates. A replay changes the same things as a round: weights, moments, running statistics and the random generator's position.
The counts of the host are added afterwards.
"""

import contextlib
import gc
import math
import warnings
from collections.abc import Callable

import torch

from landscape.config.trial_config import TrialConfig
from landscape.training.compilation import one_line
from landscape.training.data_stream import DataStream
from landscape.training.learning_curves import has_point, least_interval
from landscape.training.rounds import HostState, Rounds, one_each

Record = Callable[[Callable[[], None], torch.device], Callable[[], None]]
"""A function that records work on a device and returns a function that repeats it on the same memory. Recording does not run the work."""

WARM_UP = 3
"""The number of rounds before a recording, in which optimizers make their state and libraries choose their kernels."""
MOST_ROUNDS = 16
"""The largest number of rounds in a block. In longer blocks the host's share of the time is hardly smaller, and recording takes longer."""


_FAILED: list[torch.cuda.CUDAGraph] = []
"""Recordings that failed. They are kept because the allocator may still hold their addresses."""


def cuda_graph(work: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """Record `work` as one CUDA graph on `device`. If recording fails, stream and random generator are as before."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    pool = torch.cuda.graph_pool_handle()
    with torch.cuda.device(device):
        current = torch.cuda.current_stream()
        # If a graph of an earlier model were collected during the recording, the recording would fail.
        gc.collect()
        gc.disable()
        try:
            with torch.cuda.graph(graph, pool=pool, stream=stream):
                work()
        except BaseException:
            _FAILED.append(graph)
            with contextlib.suppress(RuntimeError):
                # Up to torch 2.12, allocations otherwise still go to the recording's pool, and full memory is no longer freed.
                torch._C._cuda_endAllocateToPool(stream.device.index, pool)
            torch.cuda.set_stream(current)
            # Some versions of torch leave the generator in the state of a recording, but not a copy of it.
            generator = torch.cuda.default_generators[stream.device.index]
            generator.graphsafe_set_state(generator.clone_state())
            raise
        finally:
            gc.enable()
    replay: Callable[[], None] = graph.replay
    return replay


def period(config: TrialConfig) -> int:
    """Return the number of rounds after which the same regularizers are due again."""
    per_round = (config.d_steps_per_round, config.g_steps_per_round)
    return math.lcm(*(r.every // math.gcd(r.every, n) for r in config.regularizers for n in per_round))


def block_size(config: TrialConfig) -> int:
    """Return the rounds of a block: a multiple of `period` that fits between two points of the learning curves, or 0 if none fits."""
    apart, step = least_interval(config.rounds), period(config)
    blocks = max(math.ceil(apart / MOST_ROUNDS), 1)
    return apart // blocks // step * step or (step if step <= apart else 0)


def cannot_record(config: TrialConfig, stream: DataStream, device: torch.device) -> str:
    """Say why rounds cannot be recorded, or return "" if they can."""
    for optimizer in (config.d_optimizer, config.g_optimizer):
        if optimizer.name == "muon":
            return "muon takes its learning rate as a number"
        if optimizer.name == "schedule_free":
            return "schedule_free counts its updates as a number"
        if optimizer.final_momentum is not None or optimizer.final_beta2 is not None:
            return f"{'momentum' if optimizer.final_beta2 is None else 'beta2'} changes with every step"
    if stream.samples.device.type != device.type:
        return "the samples do not fit on the device"
    if not block_size(config):
        return "too few rounds between two points of the learning curves"
    return ""


def block_sizes(config: TrialConfig) -> tuple[int, ...]:
    """Return the sizes of all blocks in descending order: `block_size`, and 1, 2, 4, ... times `period` for what is left before a point."""
    whole, step = block_size(config), period(config)
    smaller = [step << k for k in range(MOST_ROUNDS.bit_length()) if step << k < whole]
    return (whole, *reversed(smaller)) if whole else ()


class Blocks:
    """Blocks of rounds in a few sizes. The first block of each size is recorded by `record` and then repeated."""

    def __init__(self, rounds: Rounds, record: Record) -> None:
        self.rounds, self.sizes = rounds, block_sizes(rounds.config)
        self.failed = ""
        """Why no block can be recorded. It is empty as long as this is not known."""
        self._record, self._period = record, period(rounds.config)
        self._since: tuple[int, int] | None = None
        self._recorded: dict[int, _Recorded] = {}

    def anew(self) -> "Blocks":
        """Return blocks without recordings, because networks that grow have entered another phase."""
        return Blocks(self.rounds, self._record)

    def fitting(self, most: float) -> int:
        """Return the rounds of the largest block with which the next `most` rounds may begin, or 0 if they may begin with none.

        The training must have warmed up, and the host must have nothing to decide inside of the block.
        """
        rounds, counts = self.rounds, self.rounds.state.counts
        if self._since is None:
            self._since = (counts.rounds, rounds.stream.drawn)
        ema = rounds.config.ema
        if (
            counts.rounds - self._since[0] < max(WARM_UP, self._period)
            or counts.rounds % self._period != 0
            or (ema is not None and counts.g_steps < ema.start)
        ):
            return 0
        largest = self.sizes[0]
        to_point = next((i for i in range(1, largest) if has_point(counts.rounds + i, rounds.total)), largest)
        return next((size for size in self.sizes if size <= min(most, to_point)), 0)

    def play(self, most: float) -> bool:
        """Play a block of at most `most` rounds and return True, or return False if none fits or none can be recorded.

        A block of a size whose recording failed is not tried again. If no size can be recorded, `failed` says why.
        """
        size = self.fitting(most)
        if size and size not in self._recorded:
            assert self._since is not None
            counts, stream = self.rounds.state.counts, self.rounds.stream
            drawn_per_round = (stream.drawn - self._since[1]) // (counts.rounds - self._since[0])
            try:
                self._recorded[size] = _Recorded(self.rounds, size, size * drawn_per_round, self._record)
            except Exception as error:  # No error of a driver, a library or compiled code ends the training.
                reason = one_line(error)
                self.sizes = tuple(other for other in self.sizes if other in self._recorded)
                self.failed = "" if self.sizes else reason
                how = "rounds run one by one" if self.failed else f"blocks of {size} rounds run otherwise"
                warnings.warn(f"recording failed, {how}: {reason}", stacklevel=2)
                return False
        if size:
            self._recorded[size].play()
        return size > 0


class _Recorded:
    """A recorded block, and the memory by which the host exchanges data with it."""

    def __init__(self, rounds: Rounds, size: int, draws: int, record: Record) -> None:
        self.rounds, self.size = rounds, size
        device, last_z = rounds.device, rounds.state.last_z
        self._indices = torch.zeros(draws, dtype=torch.long, device=device)
        # There is one rate more than there are updates, for the last look ahead.
        updates = size * max(rounds.config.d_steps_per_round, rounds.config.g_steps_per_round) + 1
        self._scalars = torch.zeros(size + updates * len(rounds.steppers), device=device)
        self._progress, *self._rates = torch.split(self._scalars, [size] + [updates] * len(rounds.steppers))
        self._z = None if last_z is None else last_z.clone()
        self._watched = torch.empty(0, device=device)
        counts, steps = vars(rounds.state.counts).copy(), [s.steps for s in rounds.steppers]
        with rounds.recording(last_z=self._z, indices=self._indices, rates=self._rates) as state:
            self._replay = record(lambda: self._work(state), device)
            self._counted = {name: n - counts[name] for name, n in vars(state.counts).items()}
            self._stepped = [stepper.steps - n for stepper, n in zip(rounds.steppers, steps, strict=True)]
            self._gradients, self._logits = [stepper.gradients for stepper in rounds.steppers], state.last_logits
            self._names = [name for name, values in state.trace.items() for _ in values]

    def _work(self, state: HostState) -> None:
        """Play the rounds of a block, which read and write the fixed memory."""
        for progress in self._progress.unbind():
            self.rounds.game.progress.copy_(progress)
            self.rounds.play_with_progress_given()
        if self._z is not None and state.last_z is not None:
            self._z.copy_(state.last_z)
        self._watched = one_each(value for values in state.trace.values() for value in values)

    def play(self) -> None:
        """Fill in what the next block reads, replay it, and count what it did."""
        self._fill()
        self._replay()
        state = self.rounds.state
        for name, n in self._counted.items():
            setattr(state.counts, name, getattr(state.counts, name) + n)
        for stepper, n, gradients in zip(self.rounds.steppers, self._stepped, self._gradients, strict=True):
            stepper.steps += n
            stepper.gradients = gradients
        state.last_logits, state.last_z = self._logits, self._z
        for name, value in zip(self._names, self._watched.clone().unbind(), strict=True):
            state.trace[name].append(value)

    def _fill(self) -> None:
        rounds, state = self.rounds, self.rounds.state
        values = [rounds.spent(state.counts.rounds + i) for i in range(self.size)]
        for stepper, rates in zip(rounds.steppers, self._rates, strict=True):
            values += stepper.next_rates(len(rates))
        scalars = torch.tensor(values, pin_memory=rounds.device.type == "cuda")
        self._scalars.copy_(scalars, non_blocking=True)
        self._indices.copy_(rounds.stream.take(len(self._indices)))
        if self._z is not None and state.last_z is not None and state.last_z is not self._z:
            self._z.copy_(state.last_z)
