"""Protocol: everything that decides a score. Frozen, validated, digested."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.config.choices import Choice, ComponentChoice, MetricChoice, from_shorthand
from landscape.config.digests import digest_of, hashed_fields, hashed_hyperparameters
from landscape.core.errors import UserError
from landscape.core.frozen_model import Frozen, UserErrorAsValueError


class Protocol(Frozen):
    """Everything that decides a score. Named, versioned, hashed; a score never travels without it."""

    name: str
    version: Annotated[int, Field(ge=1)] = 1
    note: str = ""
    """Where it comes from and what it is comparable with; not identity."""
    metrics: tuple[Annotated[MetricChoice, BeforeValidator(from_shorthand)], ...] = ()
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
    quantize: Literal["none", "round", "floor"] = "round"
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
        from landscape.config.component_identities import resolve_protocol

        try:
            for name, value in resolve_protocol(self.metrics, self.extractor).items():
                object.__setattr__(self, name, value)
        except UserError as error:
            raise UserErrorAsValueError(error) from None
        return self

    def digest(self) -> str:
        """Identity, 16 hex digits: of all but note and objective, and of the code of metrics and extractor where it is not the first."""
        from landscape.config.component_identities import protocol_components, protocol_identities

        data = {name: value for name, value in hashed_fields(self, "protocol").items() if name not in ("note", "objective")}
        for choice, component in protocol_components(data):
            choice["hyperparameters"] = hashed_hyperparameters(component, choice["hyperparameters"])
        if changed := {name: identity for name, identity in protocol_identities(self.metrics, self.extractor).items() if identity != "r1"}:
            data["components"] = changed
        return digest_of(data)
