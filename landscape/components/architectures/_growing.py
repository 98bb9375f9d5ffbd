"""When a network grows that begins at a low resolution, and what it has in common with every other one that does."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate


@dataclass(frozen=True)
class Course:
    """When the networks of one training grow.

    Training has 2 n - 1 phases, n being the number of resolutions. Phase 0 trains the lowest resolution. Each further resolution has two
    phases: in the first one it is faded in, and in the second one it is trained alone. All phases are equally long, except for the last
    one, which begins when the share `grown` of the budget is spent and lasts until its end.
    """

    resolutions: int
    """How many resolutions n there are, each twice the previous one."""
    grown: float
    """The share of the budget at which the highest resolution is entirely faded in. With 0 the networks do not grow."""

    @property
    def last(self) -> int:
        """The number of the last phase."""
        return 2 * (self.resolutions - 1)

    def phase(self, share: float) -> int:
        """Return the number of the phase when `share` of the budget is spent."""
        begun = [number for number in range(self.last + 1) if share >= self.begin(number)]
        return begun[-1]

    def begin(self, phase: int) -> float:
        """Return the share of the budget at which a phase begins."""
        return self.grown * phase / self.last if self.last else 0.0

    def level(self, phase: int, share: Tensor) -> Tensor:
        """Return how far the networks have grown when `share` of the budget is spent, a 0-dim tensor.

        The level k says that resolution number k (from 0) is trained alone, and k + a says that the share a of the next one is faded in.
        """
        whole = phase // 2
        if phase % 2 == 0:
            return torch.full_like(share, whole)
        begin, end = self.begin(phase), self.begin(phase + 1)
        return whole + ((share - begin) / (end - begin)).clamp(0, 1)


class Growing(nn.Module):
    """The part of a network that grows: its phase, and how far it has grown.

    Samples always have the full resolution on the outside. Inside, only the layers of the present resolution are computed, and those of the
    previous one that the fading needs.
    """

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course
        self.phase = course.last
        """The number of the present phase. It decides which layers are computed, so it changes between rounds only."""
        self.register_buffer("growth", torch.tensor([float(course.last), float(course.resolutions - 1)]))

    @property
    def stage(self) -> int:
        """The number of the present resolution, from 0."""
        return (self.phase + 1) // 2

    @property
    def fades(self) -> bool:
        """Whether the present resolution is being faded in."""
        return self.phase % 2 == 1

    @property
    def pixels(self) -> int:
        """How many pixels of an image at full resolution, along a side, are one pixel at the present one."""
        return int(2 ** (self.course.resolutions - 1 - self.stage))

    def fresh(self, like: Tensor) -> Tensor:
        """Return the share of the present resolution while it is faded in, a 0-dim tensor of the type of `like`."""
        return (self.get_buffer("growth")[1] - (self.stage - 1)).to(like.dtype)

    def grow(self, share: float) -> int:
        """Enter the phase that is due when `share` of the budget is spent, and return its number."""
        if (phase := self.course.phase(share)) != self.phase:
            self.phase = phase
            with torch.no_grad():
                self.get_buffer("growth")[0] = phase
        return phase

    def fade(self, share: Tensor) -> None:
        """Move on within the present phase. `share`, a 0-dim tensor, is the share of the budget that is spent."""
        with torch.no_grad():
            self.get_buffer("growth")[1] = self.course.level(self.phase, share)

    def next_growth(self) -> float | None:
        """Return the share of the budget at which the next phase begins, or None in the last one."""
        return self.course.begin(self.phase + 1) if self.phase < self.course.last else None

    def _load_from_state_dict(self, *arguments: object, **keywords: object) -> None:
        super()._load_from_state_dict(*arguments, **keywords)
        growth = self.get_buffer("growth")
        if not growth.is_meta:
            self.phase = int(growth[0])

    def shown(self, real: Tensor) -> Tensor:
        """Return real images [N, C, R, R] as generated ones look in the present phase: at its resolution, and faded like them.

        They are averaged down to the present resolution, mixed with their average over blocks of 2x2 pixels while that resolution is faded
        in, and enlarged to full resolution again by repeating pixels.
        """
        small = pool(real, self.pixels)
        if self.fades:
            small = torch.lerp(enlarge(pool(small, 2), 2), small, self.fresh(small))
        return enlarge(small, self.pixels)


def pool(x: Tensor, factor: int) -> Tensor:
    """Average over blocks of `factor` x `factor` pixels."""
    return avg_pool2d(x, factor) if factor > 1 else x


def enlarge(x: Tensor, factor: int) -> Tensor:
    """Repeat every pixel `factor` times along both sides."""
    return interpolate(x, scale_factor=factor, mode="nearest") if factor > 1 else x
