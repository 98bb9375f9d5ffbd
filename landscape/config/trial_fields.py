"""The fields of a trial's configuration, as data: what is checked and completed in `trial_config` and `compatibility`."""

from typing import Annotated, Literal

from pydantic import Field

from landscape.config.choices import Choice, ComponentChoice, Regularizers
from landscape.config.training_settings import Budget, Ema, LatentConfig, Optimizer
from landscape.core.frozen_model import Frozen


class TrialFields(Frozen):
    """Everything that decides a trained model, field by field. `TrialConfig` completes and checks it."""

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
    dequantize: bool = False
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
