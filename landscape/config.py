"""TrialConfig: everything that decides a trained model. Protocol: everything that decides a score. Frozen, validated, digested."""

import hashlib
import json
import math
from collections.abc import Mapping
from functools import reduce
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.errors import UserError
from landscape.frozen import Frozen, UserErrorAsValueError
from landscape.shorthand import parse_component

Unit = Literal["d_steps", "g_steps", "images", "seconds"]


def _shorthand(value: object) -> object:
    """`hinge:margin=1` and {hinge: {margin: 1}} -> {name: hinge, hyperparameters: {margin: 1}}; `folder:/p` -> its path."""
    if isinstance(value, str):
        try:
            return parse_component(value)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
    if isinstance(value, Mapping) and "name" not in value and len(value) == 1:
        ((name, given),) = value.items()
        if given is not None and not isinstance(given, Mapping):
            raise UserErrorAsValueError(UserError(f"{name}: expected its hyperparameters as name: value, found {given!r}"))
        given = dict(given or {})
        return {"name": name, "hyperparameters": given} | ({"every": given.pop("every")} if "every" in given else {})
    return value


class Choice(Frozen):
    """A component and its hyperparameters; after validation in a TrialConfig every hyperparameter stands here, defaults included."""

    name: str
    hyperparameters: dict[str, Any] = Field(default_factory=dict)

    def label(self) -> str:
        """`hinge` or `gradient_penalty[weight=10]`: as plots and tables show it."""
        given = ", ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in sorted(self.hyperparameters.items()))
        return f"{self.name}[{given}]" if given else self.name


class RegularizerChoice(Choice):
    """A regularizer, applied at every `every`-th D step (G step for terms of G) and scaled by `every`."""

    every: Annotated[int, Field(ge=1)] = 1


def _drop_none(value: object) -> object:
    """A regularizer named `none` stands for an empty tuple, so that search spaces can cross it."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return [s for s in map(_shorthand, items) if s is not None and not (isinstance(s, Mapping) and s.get("name") == "none")]


ComponentChoice = Annotated[Choice, BeforeValidator(_shorthand)]
Regularizers = Annotated[
    tuple[Annotated[RegularizerChoice, BeforeValidator(_shorthand)], ...],
    BeforeValidator(_drop_none),
]


class Schedule(Frozen):
    """Learning rate over training, as a factor of the optimizer's rate.

    `constant`; `linear` from 1 to `final`; `cosine` likewise; `exponential`: `decay` to the power of the step, floored at `final`;
    `step`: times `decay` at `drops` times, which divide the decay into equal parts.
    """

    name: Literal["constant", "linear", "cosine", "exponential", "step"] = "constant"
    final: Annotated[float, Field(ge=0, le=1)] = 0.0
    start: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the budget after which the decay begins."""
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    end: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the budget at which the decay is over (`exponential` has none)."""
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
    """An optimizer of one network. Fields that the named optimizer does not use must stay at their defaults."""

    name: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    beta1: Annotated[float, Field(ge=0, le=1)] = 0.5
    beta2: Annotated[float, Field(ge=0, le=1)] = 0.999
    final_beta2: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Adam's beta2 reached along half a cosine at `beta2_saturation` of the budget (R3GAN's burn-in: 0.9 to 0.99)."""
    beta2_saturation: Annotated[float, Field(gt=0, le=1)] = 1.0
    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    final_momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Momentum reached linearly at `momentum_saturation` of the budget (the 2014 recipe: 0.5 to 0.7)."""
    momentum_saturation: Annotated[float, Field(gt=0, le=1)] = 1.0
    smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """RMSprop's alpha."""
    schedule: Schedule = Schedule()

    @model_validator(mode="after")
    def _fields_of_its_own(self) -> Self:
        # Left over from another optimizer they would give one model two identities.
        used = {
            "adam": {"beta1", "beta2", "final_beta2", "epsilon"},
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
        # Search ranges of the literature are U[0, 1] for both; at exactly 1 Adam divides by zero.
        if self.name == "adam" and (self.beta1 >= 1 or self.beta2 >= 1):
            raise ValueError(f"adam needs beta1 and beta2 below 1, got {self.beta1:g} and {self.beta2:g}")
        return self


class Budget(Frozen):
    """How long to train. `images` counts real images shown to D, or to the loss where there is no D; `seconds` is wall time."""

    amount: Annotated[float, Field(gt=0)] = 1000
    unit: Unit = "d_steps"


class Ema(Frozen):
    """Exponential moving average of G (buffers copied); evaluation and sampling use it. Exactly one of decay / half_life_images.

    Images are counted as in `Budget`.
    """

    decay: Annotated[float, Field(ge=0, lt=1)] | None = None
    half_life_images: Annotated[float, Field(gt=0)] | None = None
    start: Annotated[int, Field(ge=0)] = 0
    """G steps before averaging begins; until then the average is a copy."""
    burn_in: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the budget over which the half-life rises from 0 to `half_life_images` along half a cosine (R3GAN)."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.decay is None) == (self.half_life_images is None):
            raise ValueError("give exactly one of decay and half_life_images")
        if self.burn_in and self.half_life_images is None:
            raise ValueError("burn_in raises half_life_images: give that in the place of decay")
        return self


class LatentConfig(Frozen):
    """Distribution of z: `normal` N(0, I), `uniform` U[-bound, bound]."""

    dim: Annotated[int, Field(ge=1)] = 128
    distribution: Literal["normal", "uniform"] = "normal"
    bound: Annotated[float, Field(gt=0)] = 1.0


class TrialConfig(Frozen):
    """Everything that decides a trained model. Missing parts are filled from the components' own defaults, so a stored config is explicit.

    Raises (through `parse`):
        UserError: unknown component, hyperparameter or field; value out of range; a combination that is undefined.
    """

    dataset: ComponentChoice
    """A registered data set, or `folder:/path`, `zip:/path`; paths are not identity, `data_hash` is."""
    data_hash: str = ""
    """Content hash of the prepared data; filled by `pinned`."""
    resolution: Annotated[int, Field(ge=1)] | None = None
    """None: the data set's own; images are then as their source's protocol prepares them."""
    channels: Literal[1, 3] | None = None
    horizontal_flip: bool = False

    architecture: ComponentChoice
    loss: ComponentChoice
    regularizers: Regularizers = ()
    d_normalization: ComponentChoice = Choice(name="none")
    g_normalization: ComponentChoice | None = None
    """None: the architecture's own."""
    latent: LatentConfig | None = None
    """What is not given is the architecture's own."""

    d_optimizer: Optimizer = Optimizer()
    g_optimizer: Optimizer = Optimizer()
    d_steps_per_round: Annotated[int, Field(ge=1, le=1000)] = 1
    g_steps_per_round: Annotated[int, Field(ge=1, le=1000)] = 1
    order: Literal["d_first", "g_first", "g_after_first_d", "simultaneous"] = "d_first"
    """`g_first` as SNGAN; `g_after_first_d` as compare_gan v2; `simultaneous`: both gradients from one
    pass at the same weights, then both step."""
    dequantise: bool = False
    """Add U[0, 1) to the levels 0..255 of real images before scaling by 1/256 (SNGAN's input noise)."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    g_batch_size: Annotated[int, Field(ge=1)] | None = None
    """None: `batch_size`."""
    reuse_z: bool = False
    """G's step takes the z of the last D step (compare_gan) instead of a fresh draw. Needs equal batch sizes."""
    joint_d_call: bool = False
    """D sees real and fake in one batch (joint batch-norm statistics) instead of apart; in G's step too, which then draws real samples."""

    budget: Budget = Budget()
    ema: Ema | None = None
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @property
    def rounds(self) -> int | None:
        """Rounds (D steps and G steps together) that the budget amounts to, rounded up; None for a budget in seconds.

        A budget in D steps gives a method without a discriminator as many rounds as one with it.
        """
        per_round = {"d_steps": self.d_steps_per_round, "g_steps": self.g_steps_per_round, "images": self.images_per_round}
        return math.ceil(self.budget.amount / per_round[self.budget.unit]) if self.budget.unit in per_round else None

    @property
    def images_per_round(self) -> int:
        """Real images that D sees in a round, or the loss where there is no D."""
        from landscape.losses._base import LOSSES

        if LOSSES[self.loss.name].facts.inputs in ("logits", "energies"):
            return self.d_steps_per_round * self.batch_size
        return self.g_steps_per_round * (self.g_batch_size or self.batch_size)

    LATER: ClassVar[Mapping[str, Any]] = {
        f"{side}_optimizer.{name}": default
        for side in ("d", "g")
        for name, default in (("schedule.end", 1.0), ("schedule.drops", 0), ("final_beta2", None), ("beta2_saturation", 1.0))
    } | {"ema.burn_in": 0.0}
    """Fields that came after trials were kept, with their defaults: at them they do not enter a digest, so old digests stay."""

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        from landscape.combinations import resolve

        try:
            resolved = resolve(self)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
        for name, value in resolved.items():
            object.__setattr__(self, name, value)
        return self

    def replace(self, **changes: Any) -> Self:
        """A validated copy with some fields changed; nested fields by dotted name: `replace(**{"d_optimizer.beta1": 0.5})`."""
        data = self.to_json()
        for dotted, value in changes.items():
            *path, last = dotted.split(".")
            node = data
            for part in path:
                node = node[part]
            node[last] = value.to_json() if isinstance(value, Frozen) else value
        return type(self).parse(data)

    def identity(self) -> dict[str, Any]:
        """What `digest` is taken of: the config, the data's content and the revision or source hash of each component."""
        from landscape.combinations import component_choices, component_identities

        data = self.to_json()
        for dotted, default in self.LATER.items():
            *path, last = dotted.split(".")
            node = reduce(lambda node, name: node[name], path, data)
            if node is not None and node[last] == default:
                del node[last]
        for _, choice, component in component_choices(data):
            for name in component.later:
                if choice["hyperparameters"][name] == component.hyperparameters[name].default:
                    del choice["hyperparameters"][name]
        # A path is where the data lie, not what they are.
        data["dataset"]["hyperparameters"] = {k: v for k, v in data["dataset"]["hyperparameters"].items() if k != "path"}
        return {"config": data, "components": component_identities(data)}

    def digest(self) -> str:
        """Identity of the trained model, 16 hex digits: the same digest is never trained twice."""
        return _digest(self.identity())

    def setting_digest(self) -> str:
        """Identity without the seed: trials to aggregate."""
        return _digest(_without(self.identity(), "seed"))

    def run_digest(self) -> str:
        """Identity without the budget: trials that extend one another."""
        return _digest(_without(self.identity(), "seed", "budget"))


def _without(identity: dict[str, Any], *names: str) -> dict[str, Any]:
    return identity | {"config": {k: v for k, v in identity["config"].items() if k not in names}}


def _digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class MetricChoice(Choice):
    """A metric of a protocol."""


class Protocol(Frozen):
    """Everything that decides a score. Named, versioned, hashed; a score never travels without it."""

    name: str
    version: Annotated[int, Field(ge=1)] = 1
    note: str = ""
    """Where it comes from and what it is comparable with; not identity."""
    metrics: tuple[Annotated[MetricChoice, BeforeValidator(_shorthand)], ...] = ()
    extractor: ComponentChoice = Choice(name="classifier")
    weights_hash: str = ""
    """SHA-256 (16 hex digits) of the extractor's weights; filled when the extractor is loaded."""
    real_split: Literal["train", "validation", "test", "all"] = "test"
    n_real: Annotated[int, Field(ge=1)] | None = None
    """None: the whole split."""
    n_fake: Annotated[int, Field(ge=1)] | None = None
    """None: as many as real."""
    real_order: Literal["file", "random"] = "file"
    """Which n_real of the split: the first in file order, or a random subset from `seed`."""
    quantise: Literal["none", "round", "floor"] = "round"
    """How generated float images in [0, 1] become levels: `round` to uint8, `floor`, or `none` (floats x 255, as compare_gan)."""
    resize: Literal["extractor", "native"] = "extractor"
    """`extractor`: its own resize to its input size; `native`: no resize where it can take the images as they are."""
    grayscale: Literal["tile", "refuse"] = "tile"
    """1-channel images given to a 3-channel extractor: repeated, or refused."""
    batch_norm: Literal["moving", "batch", "standing"] = "moving"
    """Statistics of G's batch norm when sampling: moving averages; the batch's own; accumulated over `standing_samples`."""
    standing_samples: Annotated[int, Field(ge=1)] = 204_800
    sampling_batch: Annotated[int, Field(ge=1)] = 64
    averaging_runs: Annotated[int, Field(ge=1)] = 1
    """Times the fake set is drawn anew; the value is the mean, `spread` the population standard deviation."""
    selection_points: Annotated[int, Field(ge=1)] = 1
    """Times during training (evenly spaced, the end included) that the objective is measured on the selection samples."""
    checkpoint: Literal["last", "best_on_selection", "best_on_test"] = "last"
    """`best_on_test` is the published way of several papers: optimistic, and marked so."""
    seed: Annotated[int, Field(ge=0)] = 42
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the extractor."""
    objective: str = ""
    """Public name of the estimate that a search minimizes or maximizes on the selection samples (`FD[classifier]`)."""

    @model_validator(mode="after")
    def _metrics_exist(self) -> Self:
        from landscape.combinations import resolve_protocol

        try:
            for name, value in resolve_protocol(self).items():
                object.__setattr__(self, name, value)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
        return self

    def digest(self) -> str:
        """Identity, 16 hex digits: of all but note and objective, and of the code of metrics and extractor where it is not the first."""
        from landscape.combinations import protocol_identities

        data = {k: v for k, v in self.to_json().items() if k not in ("note", "objective")}
        if changed := {name: identity for name, identity in protocol_identities(self).items() if identity != "r1"}:
            data["components"] = changed
        return _digest(data)
