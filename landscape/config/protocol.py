"""A protocol: everything that decides a score, as an immutable, validated model with a digest."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from landscape.config.choices import Choice, ComponentChoice, MetricChoice, from_shorthand
from landscape.config.digests import digest_of, hashed_fields, hashed_hyperparameters
from landscape.core.errors import UserError
from landscape.core.frozen_model import Frozen, UserErrorAsValueError


class Protocol(Frozen):
    """Everything that decides a score. It has a name, a version and a digest, and every score is stored with it.

    Raises (through `parse`):
        UserError: A field, a metric, the extractor or a hyperparameter is unknown or out of range.
    """

    name: str
    version: Annotated[int, Field(ge=1)] = 1
    note: str = ""
    """Says where the protocol comes from and what its scores are comparable with. It is not part of the identity."""
    metrics: tuple[Annotated[MetricChoice, BeforeValidator(from_shorthand)], ...] = ()
    extractor: ComponentChoice = Choice(name="classifier")
    weights_hash: str = ""
    """SHA-256 (16 hex digits) of the extractor's weights. It is filled in when the extractor is loaded."""
    real_split: Literal["train", "validation", "test", "all"] = "test"
    n_real: Annotated[int, Field(ge=1)] | None = None
    """Number of real samples. None stands for the whole split."""
    n_fake: Annotated[int, Field(ge=1)] | None = None
    """Number of generated samples. None stands for as many as there are real samples."""
    real_order: Literal["file", "random"] = "file"
    """Which `n_real` samples of the split are used: the first in file order, or a random subset drawn with `seed`."""
    quantize: Literal["none", "round", "floor"] = "round"
    """How generated images with values in [0, 1] become levels.

    `round` and `floor` give uint8 levels; `none` keeps floating-point values multiplied by 255, as compare_gan does.
    """
    resize: Literal["extractor", "native"] = "extractor"
    """`extractor` resizes images to the extractor's input size in its own way. `native` does not resize images that it can take as they
    are.
    """
    grayscale: Literal["tile", "refuse"] = "tile"
    """Whether 1-channel images for a 3-channel extractor are repeated over the channels or refused."""
    batch_norm: Literal["moving", "batch", "standing"] = "moving"
    """The statistics that G's batch norm uses when sampling.

    `moving` uses the moving averages, `batch` those of each batch, `standing` those accumulated over `standing_samples`.
    """
    standing_samples: Annotated[int, Field(ge=1)] = 204_800
    sampling_batch: Annotated[int, Field(ge=1)] = 64
    averaging_runs: Annotated[int, Field(ge=1)] = 1
    """How many times the generated samples are drawn anew. The value is the mean over the runs; `spread` is the population standard
    deviation.
    """
    selection_points: Annotated[int, Field(ge=1)] = 1
    """How many times during training the objective is measured on the selection samples.

    The times are evenly spaced and include the end of training.
    """
    checkpoint: Literal["last", "best_on_selection", "best_on_test"] = "last"
    """Which checkpoint is scored. Several papers used `best_on_test`; its scores are optimistic and are marked so."""
    seed: Annotated[int, Field(ge=0)] = 42
    precision: Literal["fp32", "bf16"] = "fp32"
    """The floating-point precision in which the extractor computes."""
    objective: str = ""
    """The public name of the estimate that a search minimizes or maximizes on the selection samples, such as `FD[classifier]`."""
    second_objective: str = ""
    """A second estimate, such as `recall[classifier]`, that a search for trade-offs improves beside the first, on the same samples."""

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
        """Return the protocol's identity, 16 hex digits.

        It covers everything but `note` and the objectives. The revisions of metrics and extractor enter only where one is not the first.
        """
        from landscape.config.component_identities import protocol_components, protocol_identities

        data = {
            name: value for name, value in hashed_fields(self, "protocol").items() if name not in ("note", "objective", "second_objective")
        }
        for choice, component in protocol_components(data):
            choice["hyperparameters"] = hashed_hyperparameters(component, choice["hyperparameters"])
        if changed := {name: identity for name, identity in protocol_identities(self.metrics, self.extractor).items() if identity != "r1"}:
            data["components"] = changed
        return digest_of(data)
