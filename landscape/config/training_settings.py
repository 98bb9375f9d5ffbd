"""Settings of training that are not components: optimizers and their schedules, the budget, the average of G, the latent distribution."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from landscape.core.frozen_model import Frozen

Unit = Literal["d_steps", "g_steps", "images", "seconds"]
WIDEST = 12**-0.5
"""The relative width of the plain mean of all weights since the start."""


class Schedule(Frozen):
    """The learning rate over training, as a factor of the optimizer's rate.

    - `constant`: the factor is always 1.
    - `linear`: from 1 to `final`, along a line.
    - `cosine`: from 1 to `final`, along half a cosine.
    - `exponential`: `decay` to the power of the step, but never below `final`.
    - `step`: multiplied by `decay` at `drops` times, which divide the decaying part into equal parts.
    """

    name: Literal["constant", "linear", "cosine", "exponential", "step"] = "constant"
    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    start: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of the budget after which the decay begins."""
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    end: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of the budget at which the decay ends. `constant` and `exponential` do not use it."""
    drops: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _decays_as_it_says(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"start={self.start:g} must lie before end={self.end:g}")
        if self.end < 1 and self.name in ("constant", "exponential"):
            raise ValueError(f"end is not used by {self.name}: leave it out")
        if self.final and self.name == "step":
            raise ValueError("final is not used by step, which falls by decay: leave it out")
        if (self.drops > 0) != (self.name == "step"):
            raise ValueError(f"drops={self.drops}: step takes one or more, {'the others none' if self.drops else 'say how many'}")
        return self


class Optimizer(Frozen):
    """The optimizer of one network. Fields that the named optimizer does not use must stay at their defaults."""

    name: Literal["adam", "adamw", "muon", "rmsprop", "schedule_free", "sgd"] = "adam"
    """`muon` updates kernels by Muon (each as a matrix of its first dimension by the rest) and all other parameters by AdamW.
    `schedule_free` is Schedule-Free AdamW (Defazio et al. 2024, arXiv:2405.15682). G is then evaluated with the average of its weights that
    the optimizer keeps. D is used as it is trained.
    """
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    beta1: Annotated[float, Field(ge=0, le=1)] = 0.5
    beta2: Annotated[float, Field(ge=0, le=1)] = 0.999
    final_beta2: Annotated[float, Field(ge=0, lt=1)] | None = None
    """The value that Adam's beta2 reaches, along half a cosine, at `beta2_saturation` of the budget (R3GAN's burn-in: 0.9 to 0.99)."""
    beta2_saturation: Annotated[float, Field(gt=0, le=1)] = 1.0
    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    final_momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    """The momentum reached, along a line, at `momentum_saturation` of the budget (the 2014 recipe: 0.5 to 0.7)."""
    momentum_saturation: Annotated[float, Field(gt=0, le=1)] = 1.0
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """RMSprop's alpha."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """How much weights are drawn to 0. Adam adds this multiple of a weight to its gradient, as an L2 term of the loss would. With AdamW,
    Muon and `schedule_free` a weight loses this share of itself at each update, times the learning rate, whatever its gradient is.
    """
    schedule: Schedule = Schedule()

    @property
    def keeps_average(self) -> bool:
        """Whether it computes the weights from an average of them that it keeps, so that nothing else may change or average them."""
        return self.name == "schedule_free"

    @model_validator(mode="after")
    def _fields_of_its_own(self) -> Self:
        # A value left over from another optimizer would give one model two identities.
        used = {
            "adam": {"beta1", "beta2", "final_beta2", "epsilon", "weight_decay"},
            "adamw": {"beta1", "beta2", "final_beta2", "epsilon", "weight_decay"},
            "muon": {"beta1", "beta2", "epsilon", "momentum", "final_momentum", "weight_decay"},
            "schedule_free": {"beta1", "beta2", "epsilon", "weight_decay"},
            "sgd": {"momentum", "final_momentum"},
            "rmsprop": {"epsilon", "smoothing", "momentum", "final_momentum"},
        }[self.name]
        reached = {"momentum_saturation": "final_momentum", "beta2_saturation": "final_beta2"}
        used |= {share for share, final in reached.items() if getattr(self, final) is not None}
        common = {"name", "learning_rate", "schedule"}
        for name, field in type(self).model_fields.items():
            if name not in used | common and getattr(self, name) != field.default:
                because = f"only with {reached[name]}" if reached.get(name) in used else f"not by {self.name}"
                raise ValueError(f"{name} is used {because}: leave it out")
        return self

    @model_validator(mode="after")
    def _adam_needs_betas_below_one(self) -> Self:
        # The search ranges in the literature are U[0, 1] for both. At exactly 1, Adam divides by zero.
        if self.name in ("adam", "adamw", "muon", "schedule_free") and (self.beta1 >= 1 or self.beta2 >= 1):
            raise ValueError(f"{self.name} needs beta1 and beta2 below 1, got {self.beta1:g} and {self.beta2:g}")
        if self.keeps_average and self.schedule != Schedule():
            raise ValueError("schedule_free averages weights in the place of a schedule: leave schedule out")
        if self.name == "adamw" and not self.weight_decay:
            raise ValueError("adamw without weight_decay is adam: give one, or name adam")
        return self


class Budget(Frozen):
    """How long to train.

    `images` counts the real images shown to D, or to the loss if there is no D. `seconds` is wall time.
    """

    amount: Annotated[float, Field(gt=0)] = 1000
    unit: Unit = "d_steps"


class Ema(Frozen):
    """An exponential moving average of G's weights, which evaluation and sampling use. Buffers are copied, not averaged.

    Exactly one of `decay`, `half_life_images` and `relative_width` is given. Images are counted as in `Budget`.
    """

    decay: Annotated[float, Field(ge=0, lt=1)] | None = None
    half_life_images: Annotated[float, Field(gt=0)] | None = None
    relative_width: Annotated[float, Field(gt=0, le=WIDEST)] | None = None
    """The standard deviation of the weights' times in the average, as a share of the time that was averaged. It stays the same while the
    average grows, because the weights of step s enter in proportion to s to a power (Karras et al. 2024, arXiv:2312.02696, appendix C).
    """
    start: Annotated[int, Field(ge=0)] = 0
    """The number of G steps before averaging begins. Until then the average is a copy of G."""
    burn_in: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of the budget over which the half-life rises from 0 to `half_life_images`, along half a cosine (R3GAN)."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if sum(value is not None for value in (self.decay, self.half_life_images, self.relative_width)) != 1:
            raise ValueError("give exactly one of decay, half_life_images and relative_width")
        if self.burn_in and self.half_life_images is None:
            raise ValueError("burn_in raises half_life_images: give that in the place of the others")
        return self


class LatentConfig(Frozen):
    """The distribution of z, a vector of size `dim`: `normal` is N(0, I), `uniform` is U[-bound, bound] in each coordinate."""

    dim: Annotated[int, Field(ge=1)] = 128
    distribution: Literal["normal", "uniform"] = "normal"
    bound: Annotated[float, Field(gt=0)] = 1.0
