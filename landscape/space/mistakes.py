"""Explains the mistakes of a study file in one line each."""

from pydantic import ValidationError

from landscape.config.protocol import Protocol
from landscape.core.errors import unknown
from landscape.core.frozen_model import Frozen, UserErrorAsValueError
from landscape.core.strict_yaml import Where
from landscape.published.findings import Claim
from landscape.space.axes import Entry, LocatedError
from landscape.space.search_range import Parameter
from landscape.space.settings import Confirmation, EarlyStopping, Limits, Screening, SearcherChoice, Trials

_MODELS: dict[str, type[Frozen]] = {
    "search": Parameter,
    "searcher": SearcherChoice,
    "protocol": Protocol,
    "trials": Trials,
    "limits": Limits,
    "confirmation": Confirmation,
    "screening": Screening,
    "early_stopping": EarlyStopping,
    "claims": Claim,
}


def explained(error: ValidationError, whole: type[Frozen]) -> tuple[Where, str]:
    """Return where the first mistake stands, and one line about it. `whole` is the model of a study."""
    first = error.errors()[0]
    where: Where = tuple(first["loc"])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, LocatedError):
        return cause.where, str(cause)
    dotted = ".".join(str(part) for part in where)
    if isinstance(cause, UserErrorAsValueError):
        return where, f"{dotted}: {cause}" if dotted else str(cause)
    if first["type"] == "extra_forbidden":
        model = whole if len(where) == 1 else _MODELS.get(str(where[0]), Entry)
        return where, f"{dotted}: {unknown('setting', str(where[-1]), model.model_fields)}"
    if first["type"] == "missing":
        return where[:-1], f"{dotted} is missing"
    return where, f"{dotted}={first.get('input')!r}: {first['msg'].removeprefix('Value error, ')}"
