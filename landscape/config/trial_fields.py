"""The fields of a trial's configuration, as data. `trial_config` and `compatibility` check and complete them."""

from typing import Annotated, Literal

from pydantic import Field

from landscape.config.choices import Choice, ComponentChoice, Regularizers, TaskChoice
from landscape.config.training_settings import Budget, Ema, LatentConfig, Optimizer
from landscape.core.frozen_model import Frozen


class TrialFields(Frozen):
    """Everything that decides a trained model, field by field. `TrialConfig` completes and checks it."""

    dataset: ComponentChoice
    """A registered data set, or `folder:/path` or `zip:/path`. The path is not part of the identity, but `data_hash` is."""
    data_hash: str = ""
    """The content hash of the prepared data, filled in once the data are loaded."""
    resolution: Annotated[int, Field(ge=1)] | None = None
    """The side of the images in pixels. None keeps the data set's own, with images prepared as the protocol of their source does."""
    channels: Literal[1, 3] | None = None
    horizontal_flip: bool = False

    task: TaskChoice = Choice(name="unconditional")
    """What both networks receive of each row of the data: samples alone, or a condition too."""
    architecture: ComponentChoice
    loss: ComponentChoice
    regularizers: Regularizers = ()
    d_normalization: ComponentChoice = Choice(name="none")
    g_normalization: ComponentChoice | None = None
    """None stands for the architecture's own normalization of G."""
    latent: LatentConfig | None = None
    """The distribution of z. Whatever is not given is the architecture's own."""

    d_optimizer: Optimizer = Optimizer()
    g_optimizer: Optimizer = Optimizer()
    d_steps_per_round: Annotated[int, Field(ge=1, le=1000)] = 1
    g_steps_per_round: Annotated[int, Field(ge=1, le=1000)] = 1
    order: Literal["d_first", "g_first", "g_after_first_d", "simultaneous"] = "d_first"
    """The order of updates in a round.

    `g_first` is SNGAN's order, `g_after_first_d` that of compare_gan v2. `simultaneous` computes both gradients in one pass at the same
    weights, and then both networks step.
    """
    dequantize: bool = False
    """Whether to add U[0, 1) to the levels 0..255 of real images before dividing them by 256 (SNGAN's input noise)."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    g_batch_size: Annotated[int, Field(ge=1)] | None = None
    """None stands for `batch_size`."""
    reuse_z: bool = False
    """Whether G's step takes the z of the last D step (as compare_gan does) instead of a fresh draw. It needs equal batch sizes."""
    joint_d_call: bool = False
    """Whether D sees real and generated samples in one batch, with joint batch-norm statistics, instead of one after the other.

    This holds in G's step too, which then draws real samples.
    """

    budget: Budget = Budget()
    ema: Ema | None = None
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
